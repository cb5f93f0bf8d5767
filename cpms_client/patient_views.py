"""Patients: the lists, enrolment, one record, its consents, and who opened it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from cpms_client import consents, openings, patients, words
from cpms_client.consents import EFFECTS
from cpms_client.errors import Conflict, NotFound
from cpms_client.forms import Form, SearchForm, wanted
from cpms_client.openings import Reason
from cpms_client.patient_forms import EnrolForm, edit_form
from cpms_client.policy import Act
from cpms_client.states import ConsentKind
from cpms_client.visitor import current_visitor, freshly_proved, members_only

blueprint = Blueprint("patient", __name__, url_prefix="/patients")
blueprint.record_once(lambda state: words.install(state.app))

Answer = str | Response | tuple[str, int]


@blueprint.get("", endpoint="list")
@members_only
def list_patients() -> str:
    """Show the patients of my hospital, or those whom I enrolled."""
    visitor = current_visitor()
    which = "mine" if request.args.get("which") == "mine" or not patients.has_hospital(visitor) else "hospital"
    found = patients.mine(visitor, wanted()) if which == "mine" else patients.of_my_hospital(visitor, wanted())
    return render_template(
        "patients/list.html",
        page=found,
        which=which,
        search=SearchForm(request.args),
        has_hospital=patients.has_hospital(visitor),
        may_enrol=bool(patients.places(visitor)),
        starting=request.args.get("start") == "panel",
    )


@blueprint.route("/enrol", methods=["GET", "POST"])
@members_only
def enrol() -> Answer:
    """Enrol a patient."""
    visitor = current_visitor()
    places = patients.places(visitor)
    if not places:
        raise NotFound()
    form = EnrolForm()
    form.offer(places)
    if form.validate_on_submit():
        patient = patients.enrol(visitor, form.chosen_place(), form.patient_data(), form.consents(), form.key())
        flash(_("%(nickname)s is enrolled.", nickname=patient.nickname))
        return redirect(url_for("patient.show", pseudonym=patient.pseudonym), 303)
    form.fresh_key()
    return render_template("patients/enrol.html", form=form), 422 if form.errors else 200


@blueprint.get("/<pseudonym>")
@members_only
def show(pseudonym: str) -> str:
    """Show one patient; each showing is in the access log."""
    record = patients.open_record(current_visitor(), pseudonym, "patient.show")
    return render_template("patients/show.html", record=record, patient=record.patient)


@blueprint.get("/<pseudonym>/birth")
@members_only
def birth(pseudonym: str) -> str:
    """Show the full date of birth, to the treating hospital only."""
    patient = patients.open_for(current_visitor(), pseudonym, Reason(Act.EDIT_PATIENT, "patient.birth"))
    return render_template("patients/birth.html", patient=patient)


@blueprint.route("/<pseudonym>/edit", methods=["GET", "POST"])
@members_only
def edit(pseudonym: str) -> Answer:
    """Change a patient's data."""
    visitor = current_visitor()
    patient = patients.open_for(visitor, pseudonym, Reason(Act.EDIT_PATIENT, "patient.edit"))
    form = edit_form(patient)
    if form.validate_on_submit():
        try:
            patients.edit(visitor, pseudonym, form.patient_data(), form.read_version())
        except Conflict as conflict:
            form.refuse(conflict)
            form.version.data = str(patient.version)
        else:
            flash(_("The record is saved."))
            return redirect(url_for("patient.show", pseudonym=pseudonym), 303)
    return render_template("patients/edit.html", form=form, patient=patient), 422 if form.errors else 200


@blueprint.get("/<pseudonym>/consents", endpoint="consents")
@members_only
def show_consents(pseudonym: str) -> str:
    """Show what the patient agreed to, since when, and the way to change it."""
    sheet = consents.sheet(current_visitor(), pseudonym, "patient.consents")
    return render_template("patients/consents.html", sheet=sheet, patient=sheet.patient, form=Form())


@blueprint.post("/<pseudonym>/consents/<kind>/give")
@members_only
def give_consent(pseudonym: str, kind: str) -> Answer:
    """Note that the patient gives a consent."""
    return _changed(pseudonym, kind, gives=True)


@blueprint.get("/<pseudonym>/consents/<kind>/withdraw")
@members_only
@freshly_proved()
def ask_withdrawal(pseudonym: str, kind: str) -> str:
    """Say what a withdrawal does before it is done."""
    patient = patients.open_for(current_visitor(), pseudonym, Reason(Act.CHANGE_CONSENT, "patient.ask_withdrawal"))
    chosen = _kind(kind)
    return render_template("patients/withdraw.html", patient=patient, kind=chosen, effects=EFFECTS[chosen], form=Form())


@blueprint.post("/<pseudonym>/consents/<kind>/withdraw")
@members_only
@freshly_proved()
def withdraw_consent(pseudonym: str, kind: str) -> Answer:
    """Note that the patient takes a consent back."""
    return _changed(pseudonym, kind, gives=False)


def _kind(typed: str) -> ConsentKind:
    try:
        return ConsentKind(typed)
    except ValueError:
        raise NotFound() from None


def _changed(pseudonym: str, kind: str, *, gives: bool) -> Response:
    change = consents.give if gives else consents.withdraw
    try:
        change(current_visitor(), pseudonym, _kind(kind))
    except Conflict as conflict:
        flash(str(conflict.message), "warning")
    else:
        flash(_("The consent is noted as given.") if gives else _("The consent is noted as withdrawn."))
    return redirect(url_for("patient.consents", pseudonym=pseudonym), 303)


@blueprint.get("/<pseudonym>/openings")
@members_only
def who_opened(pseudonym: str) -> str:
    """Answer "who opened this patient"."""
    patient = patients.open_for(current_visitor(), pseudonym, Reason(Act.SEE_OPENINGS, "patient.who_opened"))
    return render_template("patients/openings.html", patient=patient, page=openings.of_patient(patient.id, wanted()))
