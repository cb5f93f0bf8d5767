"""The people of a panel: invite, answer, remove, hand over the lead, ask a further network."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from cpms_client import colleagues, panel_people, panels
from cpms_client.errors import Conflict, NotAllowed, NotFound, Refusal
from cpms_client.forms import SearchForm, on_offer, wanted
from cpms_client.panel_forms import InviteForm, LeadForm, NetworkForm
from cpms_client.panel_views import Answer, back_to_panel, to_panel
from cpms_client.policy import Act
from cpms_client.states import SeatState
from cpms_client.visitor import current_visitor, members_only

blueprint = Blueprint("panel_people", __name__, url_prefix="/panels/<number>")


def _number(name: str) -> int:
    typed = request.form.get(name, "")
    return int(typed) if typed.isdecimal() and len(typed) < 10 else 0


@blueprint.get("/invite")
@members_only
def candidates(number: str) -> str:
    """Show whom one can invite."""
    return _candidates(number, InviteForm())


def _candidates(number: str, form: InviteForm) -> str:
    record, page = panel_people.candidates(current_visitor(), number, wanted())
    taken = {seat.sub: seat.state for seat in record.seats if seat.state not in panel_people.INVITABLE_AGAIN}
    return render_template(
        "panels/invite.html",
        panel=record.panel,
        page=page,
        taken=taken,
        form=form,
        search=SearchForm(request.args),
        fits=colleagues.can_take_part,
    )


@blueprint.post("/invite")
@members_only
def invite(number: str) -> Answer:
    """Invite the colleague whose button was pressed, or whose address was typed."""
    visitor, form = current_visitor(), InviteForm()
    chosen = "colleague" in request.form
    if not chosen and not form.validate_on_submit():
        return _candidates(number, form), 422
    try:
        if chosen:
            seat = panel_people.invite(visitor, number, _number("colleague"))
        else:
            seat = panel_people.invite_by_email(visitor, number, form.email.data)
    except (NotFound, NotAllowed):
        raise
    except Conflict as conflict:
        flash(str(conflict.message), "warning")
        return to_panel(number)
    except Refusal as refusal:
        form.refuse(refusal, "email")
        return _candidates(number, form), 422
    flash(_("%(name)s is invited and will see it on the dashboard.", name=seat.name))
    return to_panel(number)


@blueprint.post("/answer")
@members_only
@back_to_panel
def answer(number: str) -> Answer:
    """Join the panel or decline."""
    joins = request.form.get("answer") == "accept"
    panel_people.answer(current_visitor(), number, joins)
    flash(_("You joined panel %(number)s.", number=number) if joins else _("You declined the invitation."))
    return to_panel(number) if joins else redirect(url_for("dashboard.show"), 303)


@blueprint.post("/remove")
@members_only
@back_to_panel
def remove(number: str) -> Answer:
    """Take a person out of the panel."""
    seat = panel_people.remove(current_visitor(), number, _number("seat"))
    flash(_("%(name)s is no longer in the panel.", name=seat.name))
    return to_panel(number)


@blueprint.route("/lead", methods=["GET", "POST"])
@members_only
@back_to_panel
def lead(number: str) -> Answer:
    """Hand the lead over to a member."""
    visitor = current_visitor()
    page = panels.open_page(visitor, number, "people.lead")
    if Act.ASSIGN_LEAD not in page.acts:
        raise NotAllowed()
    form = LeadForm()
    joined = [seat for seat in page.record.seats if seat.state is SeatState.ACCEPTED]
    form.seat.choices = on_offer({str(seat.id): f"{seat.name}, {seat.hcp}" for seat in joined})
    if form.validate_on_submit():
        try:
            seat = panel_people.assign_lead(visitor, number, int(form.seat.data))
        except Refusal as refusal:
            form.refuse(refusal, "seat")
        else:
            flash(_("%(name)s leads the panel now.", name=seat.name))
            return to_panel(number)
    return render_template("panels/lead.html", form=form, panel=page.record.panel), 422 if form.errors else 200


@blueprint.route("/networks", methods=["GET", "POST"])
@members_only
@back_to_panel
def networks(number: str) -> Answer:
    """Ask a further network for help."""
    visitor = current_visitor()
    page = panels.open_page(visitor, number, "people.networks")
    if Act.MANAGE_PANEL not in page.acts:
        raise NotAllowed()
    form = NetworkForm()
    form.offer(page.record.networks)
    if form.validate_on_submit():
        panel_people.invite_network(visitor, number, form.ern.data)
        flash(_("%(ern)s now sees the request.", ern=form.ern.data))
        return to_panel(number)
    return render_template("panels/networks.html", form=form, panel=page.record.panel), 422 if form.errors else 200
