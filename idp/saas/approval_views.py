"""The pages of the coordination teams: what waits, deciding about it, and the accesses they look after."""

from collections.abc import Callable

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from idp.accounts import questions
from idp.accounts.models import UserSession
from idp.core.errors import Conflict, NotFound, SignInRequired
from idp.saas import accesses, approvals, decisions, drafts, hospitals, standing
from idp.saas.approvals import Asked
from idp.saas.forms import AccessForm, DecisionForm
from idp.saas.models import GuestKind
from idp.saas.paging import page_number, page_size
from idp.saas.policy import Act, Approver, Authority
from idp.saas.present import acting, approver
from idp.saas.sentences import told

ACCESS_ACTS = {
    "revoke": Act.REVOKE,
    "lock": Act.LOCK,
    "unlock": Act.UNLOCK,
    "extend": Act.EXTEND,
    "consult": Act.CHANGE_GUEST,
    "virtual_centre": Act.CHANGE_GUEST,
}


def approvals_list() -> ResponseReturnValue:
    """Show what waits. Six queries, however many rows: session 2, authority, page, items with people, hospitals."""
    _, authority = approver()
    asked = _asked()
    page, to_decide = approvals.cases(authority, asked), approvals.to_decide(authority)
    return render_template("saas/approvals.html", authority=authority, asked=asked, page=page, to_decide=to_decide)


def approval(reference: str) -> ResponseReturnValue:
    """Show one request and decide about it."""
    person, authority = approver()
    approvals.case(authority, reference)
    form = _restored(person, reference) if request.method == "GET" else DecisionForm()
    if form.is_submitted():
        with form.telling():
            return _decided(person, reference, form)
    return _case_page(authority, reference, form)


def _decided(person: UserSession, reference: str, form: DecisionForm) -> ResponseReturnValue:
    """Carry the decision out; what was typed is kept when a second factor is needed first, or somebody was faster."""
    try:
        decisions.decide(acting(person), reference, form.ruling())
    except SignInRequired:
        drafts.keep_decision(person.account_id, reference, form.kept())
        raise
    except Conflict as refusal:
        drafts.keep_decision(person.account_id, reference, form.kept())
        flash(told(refusal), "warning")
        return redirect(url_for("saas.approval", reference=reference), 303)
    flash(_("Your decision is saved. We told the person."), "success")
    return redirect(url_for("saas.approvals"), 303)


def accesses_list() -> ResponseReturnValue:
    """Show who holds what. Five queries, however many rows: session 2, authority, page with people, addresses."""
    _, authority = approver()
    asked = _asked()
    page = approvals.accesses(authority, asked)
    return render_template("saas/accesses.html", authority=authority, asked=asked, page=page)


def access(access_id: int) -> ResponseReturnValue:
    """Show one access and change it."""
    person, authority = approver()
    found, holder, acts = approvals.access_of(authority, access_id)
    kept = {} if request.method == "POST" else drafts.take_decision(person.account_id, f"access-{access_id}")
    form = AccessForm(data=kept)
    if form.is_submitted():
        if ACCESS_ACTS.get(request.form.get("act", "")) not in acts:
            raise NotFound("access_unknown")
        with form.telling():
            return _changed(person, access_id, form)
    return render_template("saas/access.html", form=form, access=found, holder=holder, allowed=acts), form.status


def _changed(person: UserSession, access_id: int, form: AccessForm) -> ResponseReturnValue:
    """Carry the act out; the message is kept when a second factor is needed first."""
    reason = form.reason.data or ""
    try:
        _change(request.form["act"], acting(person), access_id, reason)
    except SignInRequired:
        drafts.keep_decision(person.account_id, f"access-{access_id}", {"reason": reason})
        raise
    flash(_("The access is changed."), "success")
    return redirect(url_for("saas.access", access_id=access_id), 303)


def _change(name: str, approver: Approver, access_id: int, reason: str) -> None:
    verbs: dict[str, Callable[[], object]] = {
        "revoke": lambda: accesses.revoke(approver, access_id, reason),
        "lock": lambda: accesses.lock(approver, access_id, reason),
        "unlock": lambda: accesses.unlock(approver, access_id),
        "extend": lambda: accesses.extend(approver, access_id),
        "consult": lambda: accesses.change_guest(approver, access_id, GuestKind.CONSULT),
        "virtual_centre": lambda: accesses.change_guest(approver, access_id, GuestKind.VIRTUAL_CENTRE),
    }
    verbs[name]()


def _case_page(authority: Authority, reference: str, form: DecisionForm) -> ResponseReturnValue:
    case = approvals.case(authority, reference)
    return render_template(
        "saas/approval.html",
        form=form,
        case=case,
        person_language=standing.language_name(case.person.language),
        open_items=approvals.decidable(authority, case.items),
        factors=questions.second_factors(case.person.id),
        notes=approvals.notes_of(case.request),
        proposal=hospitals.open_proposal(case.items[0].organisation),
        held=approvals.held_beside(case.request),
    ), form.status


def _asked() -> Asked:
    arguments = request.args
    show, search = arguments.get("show", ""), arguments.get("search", "")[:200]
    return Asked(show, search, page_number(arguments), page_size(arguments))


def _restored(person: UserSession, reference: str) -> DecisionForm:
    """Return the form as it was typed before the second factor was asked for."""
    kept = drafts.take_decision(person.account_id, reference)
    return DecisionForm(formdata=MultiDict(kept) if kept else None)
