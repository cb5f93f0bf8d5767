"""The page of the coordinators: who decides for which country or hospital, until when."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from idp.accounts.models import UserSession
from idp.core.errors import Conflict, NotFound, SignInRequired
from idp.saas import delegates, delegation, drafts
from idp.saas.paging import page_number
from idp.saas.policy import Authority
from idp.saas.present import acting, approver
from idp.saas.sentences import told
from idp.saas.team_forms import DelegationForm

KEPT = "delegations"


def delegations() -> ResponseReturnValue:
    """Show the delegations, add one, end one. Six queries: session 2, authority, what was typed, list, places."""
    person, authority = approver()
    if not authority.networks:
        raise NotFound("page_unknown")
    if request.method == "POST" and "end" in request.form:
        return _ended(person)
    form = _restored(person) if request.method == "GET" else DelegationForm()
    if form.is_submitted():
        with form.telling():
            return _lent(person, form)
    return _page(person, authority, form)


def _lent(person: UserSession, form: DelegationForm) -> ResponseReturnValue:
    """Lend; what was typed is kept when a second factor is needed first."""
    try:
        delegation.lend(acting(person), form.loan())
    except SignInRequired:
        drafts.keep_decision(person.account_id, KEPT, form.kept())
        raise
    flash(_("The delegation is saved. We told you both by mail."), "success")
    return redirect(url_for("saas.delegations"), 303)


def _ended(person: UserSession) -> ResponseReturnValue:
    number = request.form.get("end", 0, type=int)
    try:
        delegation.take_back(acting(person), number if 0 < number < 2**31 else 0)
    except Conflict as refusal:
        flash(told(refusal), "warning")
    else:
        flash(_("The delegation has ended. We told you both by mail."), "success")
    return redirect(url_for("saas.delegations"), 303)


def _page(person: UserSession, authority: Authority, form: DelegationForm) -> ResponseReturnValue:
    form.offer(delegates.lendable(authority))
    page = delegates.listed(authority, page_number(request.args))
    networks = ", ".join(sorted(authority.networks))
    shown = {"page": page, "networks": networks, "own_id": person.account_id}
    return render_template("saas/delegations.html", form=form, **shown), form.status


def _restored(person: UserSession) -> DelegationForm:
    kept = drafts.take_decision(person.account_id, KEPT)
    return DelegationForm(formdata=MultiDict(kept) if kept else None)
