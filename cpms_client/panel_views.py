"""Panels: the list, a new request, one panel with its contributions, and the steps from stage to stage."""

import functools
from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cpms_client import panel_lists, panels, patients
from cpms_client.errors import Conflict, NotAllowed, NotFound, Refusal
from cpms_client.forms import SearchForm, wanted
from cpms_client.openings import Reason
from cpms_client.panel_forms import CloseForm, ContributionForm, OpenForm, OutcomeForm, request_form
from cpms_client.policy import Act
from cpms_client.visitor import current_visitor, members_only

blueprint = Blueprint("panel", __name__)

Answer = str | Response | tuple[str, int]


def back_to_panel(act: Callable[[str], Answer]) -> Callable[[str], Answer]:
    """Show why an act was refused on the page of the panel, whose newest state stands beside it."""

    @functools.wraps(act)
    def guarded(number: str) -> Answer:
        try:
            return act(number)
        except (NotFound, NotAllowed):
            raise
        except Refusal as refusal:
            flash(str(refusal.message), "warning")
            return to_panel(number)

    return guarded


def to_panel(number: str) -> Response:
    """Lead to the page of a panel after an act."""
    return redirect(url_for("panel.show", number=number), 303)


@blueprint.get("/panels", endpoint="list")
@members_only
def list_panels() -> str:
    """Show the panels in which I sit, or those that I may manage."""
    visitor, search = current_visitor(), SearchForm(request.args)
    manages = panel_lists.manages(visitor)
    if manages and request.args.get("which") == "managed":
        return render_template("panels/managed.html", page=panel_lists.managed(visitor, wanted()), search=search)
    page = panel_lists.mine(visitor, wanted())
    enrols = bool(patients.places(visitor))
    return render_template(
        "panels/list.html", page=page, search=search, sub=visitor.sub, manages=manages, enrols=enrols
    )


@blueprint.route("/patients/<pseudonym>/panels/new", methods=["GET", "POST"])
@members_only
def new(pseudonym: str) -> Answer:
    """Open a panel for a patient."""
    visitor = current_visitor()
    patient = patients.open_for(visitor, pseudonym, Reason(Act.OPEN_PANEL, "panel.new"))
    form = OpenForm()
    form.offer(patient.ern)
    if form.validate_on_submit():
        try:
            panel = panels.open_panel(visitor, pseudonym, form.full_request(), form.key())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            flash(_("Panel %(number)s is open. You lead it.", number=panel.number))
            return to_panel(panel.number)
    form.fresh_key()
    return render_template("panels/new.html", form=form, patient=patient), 422 if form.errors else 200


@blueprint.get("/panels/<number>")
@members_only
def show(number: str) -> str:
    """Show one panel; each showing is in the patient's access log."""
    return _shown(number, ContributionForm())


def _shown(number: str, form: ContributionForm) -> str:
    visitor = current_visitor()
    page = panels.open_page(visitor, number, "panel.show")
    form.fresh_key()
    return render_template("panels/show.html", page=page, record=page.record, panel=page.record.panel, form=form)


@blueprint.post("/panels/<number>/contributions")
@members_only
def contribute(number: str) -> Answer:
    """Add a contribution; what was typed stays on the page if it cannot be added."""
    form = ContributionForm()
    if form.validate_on_submit():
        try:
            panels.contribute(current_visitor(), number, form.text.data, form.key())
        except Conflict as conflict:
            form.refuse(conflict, "text")
        else:
            flash(_("Your contribution is in the panel."))
            return to_panel(number)
    return _shown(number, form), 422


@blueprint.route("/panels/<number>/request", methods=["GET", "POST"])
@members_only
def edit(number: str) -> Answer:
    """Change question, urgency and deadline."""
    visitor = current_visitor()
    record = panels.request_of(visitor, number, "panel.edit")
    form = request_form(record.panel)
    if form.validate_on_submit():
        try:
            panels.edit_request(visitor, number, form.request(), form.read_version())
        except Conflict as conflict:
            form.refuse(conflict)
            form.version.data = str(record.panel.version)
        else:
            flash(_("The request is saved."))
            return to_panel(number)
    return render_template("panels/edit.html", form=form, panel=record.panel), 422 if form.errors else 200


@blueprint.post("/panels/<number>/step")
@members_only
@back_to_panel
def step(number: str) -> Answer:
    """Take the step that the pressed button names."""
    panels.step(current_visitor(), number, request.form.get("step", ""))
    return to_panel(number)


@blueprint.route("/panels/<number>/outcome", methods=["GET", "POST"])
@members_only
@back_to_panel
def outcome(number: str) -> Answer:
    """Write the outcome and lay it before the members."""
    visitor = current_visitor()
    record = panels.request_of(visitor, number, "panel.outcome")
    form = OutcomeForm(data={"text": record.panel.outcome})
    if form.validate_on_submit():
        try:
            panels.write_outcome(visitor, number, form.text.data)
        except Conflict as conflict:
            form.refuse(conflict)
        else:
            flash(_("The outcome waits for the members to sign."))
            return to_panel(number)
    return render_template("panels/outcome.html", form=form, panel=record.panel), 422 if form.errors else 200


@blueprint.post("/panels/<number>/signature")
@members_only
@back_to_panel
def sign(number: str) -> Answer:
    """Sign the outcome."""
    panels.sign_off(current_visitor(), number)
    flash(_("You signed the outcome."))
    return to_panel(number)


@blueprint.route("/panels/<number>/close", methods=["GET", "POST"])
@members_only
def close(number: str) -> Answer:
    """Ask for confirmation, then close the panel."""
    visitor = current_visitor()
    page = panels.open_page(visitor, number, "panel.close")
    if Act.CLOSE_PANEL not in page.acts:
        raise NotAllowed()
    form = CloseForm()
    if form.validate_on_submit():
        try:
            panels.close(visitor, number, form.note.data)
        except Conflict as conflict:
            flash(str(conflict.message), "warning")
            return to_panel(number)
        except Refusal as refusal:
            form.refuse(refusal, "note")
        else:
            flash(_("The panel is closed."))
            return to_panel(number)
    return render_template("panels/close.html", form=form, panel=page.record.panel), 422 if form.errors else 200
