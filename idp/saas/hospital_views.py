"""The pages about hospitals that are not in the list: proposing one, and deciding about it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from idp.accounts import session
from idp.accounts.models import UserSession
from idp.core.errors import Conflict, SignInRequired
from idp.saas import drafts, hospitals, organisations, proposals
from idp.saas.catalogue_models import Organisation
from idp.saas.models import Draft
from idp.saas.paging import page_number
from idp.saas.policy import Authority
from idp.saas.present import acting, approver
from idp.saas.sentences import told
from idp.saas.team_forms import HospitalForm, OpinionForm


def propose(token: str) -> ResponseReturnValue:
    """Propose a hospital for the country that the address names, and go on with the request."""
    person = session.require()
    draft = drafts.unsent(person.account_id, token)
    trail = organisations.trail(request.args.get("node", ""))
    if len(trail) < 2:
        return redirect(url_for("saas.organisation", token=token, node=request.args.get("node")), 303)
    form = HospitalForm(data={"name": request.args.get("search", "")[:200]})
    if form.is_submitted():
        with form.telling():
            added = proposals.propose(person.account_id, token, form.hospital(trail[1].path))
            flash(_proposed(added), "success")
            return redirect(url_for("saas.profile", token=token), 303)
    return _propose_page(draft, trail[1], form)


def _propose_page(draft: Draft, country: Organisation, form: HospitalForm) -> ResponseReturnValue:
    hospital = form.hospital(country.path)
    asked = form.is_submitted() and (hospital.name or hospital.city)
    similar = organisations.similar(country.path, hospital.name, hospital.city) if asked else []
    return render_template(
        "saas/step_hospital.html", form=form, draft=draft, country=country, similar=similar
    ), form.status


def _proposed(added: Organisation) -> str:
    return str(
        _(
            "%(hospital)s is proposed to the coordination team of %(network)s. "
            "You can already go on with your request.",
            hospital=added.name,
            network=added.network,
        )
    )


def waiting() -> ResponseReturnValue:
    """Show the hospitals that wait. Four queries, however many rows: session 2, authority, page."""
    _person, authority = approver()
    return render_template("saas/hospitals.html", page=hospitals.waiting(authority, page_number(request.args)))


def hospital(proposal_id: int) -> ResponseReturnValue:
    """Show one proposed hospital and decide about it."""
    person, authority = approver()
    hospitals.proposed(authority, proposal_id)
    form = _restored(person, proposal_id) if request.method == "GET" else OpinionForm()
    if form.is_submitted():
        with form.telling():
            return _decided(person, proposal_id, form)
    return _hospital_page(authority, proposal_id, form)


def _decided(person: UserSession, proposal_id: int, form: OpinionForm) -> ResponseReturnValue:
    """Carry the decision out; what was typed is kept when a second factor is needed first, or somebody was faster."""
    try:
        proposals.decide(acting(person), proposal_id, form.said())
    except SignInRequired:
        drafts.keep_decision(person.account_id, _name(proposal_id), form.kept())
        raise
    except Conflict as refusal:
        flash(told(refusal), "warning")
        return redirect(url_for("saas.hospital", proposal_id=proposal_id), 303)
    flash(_("Your decision is saved. We told the people concerned."), "success")
    return redirect(url_for("saas.hospitals"), 303)


def _hospital_page(authority: Authority, proposal_id: int, form: OpinionForm) -> ResponseReturnValue:
    found = hospitals.proposed(authority, proposal_id)
    return render_template("saas/hospital.html", form=form, found=found), form.status


def _restored(person: UserSession, proposal_id: int) -> OpinionForm:
    kept = drafts.take_decision(person.account_id, _name(proposal_id))
    return OpinionForm(formdata=MultiDict(kept) if kept else None)


def _name(proposal_id: int) -> str:
    return f"hospital-{proposal_id}"
