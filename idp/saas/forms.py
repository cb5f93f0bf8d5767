"""The forms of the access-request portal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from idp.core import settings
from idp.core.errors import Invalid, TooMany
from idp.saas.access_requests import LONGEST_TEXT
from idp.saas.catalogue_models import Application
from idp.saas.decisions import Ruling, Verdict
from idp.saas.models import GuestKind
from idp.saas.sentences import told

# At which field a refusal is shown; any other is about the form as a whole.
AT_FIELD = {
    "application_needed": "application",
    "application_not_open": "application",
    "application_unknown": "application",
    "organisation_needed": "organisation",
    "no_guests": "organisation",
    "profile_needed": "profile",
    "profile_unknown": "profile",
    "profile_needs": "profile",
    "profile_held": "profile",
    "profile_waiting": "profile",
    "comment_long": "comment",
    "answer_long": "answer",
    "reason_needed": "reason",
    "reason_long": "reason",
    "until_wrong": "until",
    "answer_needed": "answer",
    "hospital_name_needed": "name",
    "hospital_name_long": "name",
    "hospital_city_needed": "city",
    "hospital_city_long": "city",
    "hospital_similar": "different",
    "organisation_exists": "name",
    "delegate_needed": "person",
    "delegate_unknown": "person",
    "delegate_self": "person",
    "delegate_coordinates": "person",
    "delegation_exists": "person",
    "scope_needed": "scope",
    "delegation_day": "until",
    "delegation_outlives": "until",
}


class PortalForm(FlaskForm):
    """A form that shows refusals where they belong and keeps what was typed; `status` is that of the answer."""

    status = 200

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn refusals of the verb into sentences of this form; others pass."""
        try:
            yield
        except (Invalid, TooMany) as refusal:
            self.refuse(refusal)

    def refuse(self, refusal: Invalid | TooMany) -> None:
        """Show a refusal at its field, or for the whole form."""
        self.status = refusal.status
        text = told(refusal, helpdesk=settings.current().saas.helpdesk)
        name = AT_FIELD.get(refusal.key, "")
        if name in self:
            self[name].errors = [*self[name].errors, text]
        else:
            self.form_errors.append(text)


class ApplicationForm(PortalForm):
    """Step 1: which application."""

    application = SelectField(_l("Application"), validate_choice=False)

    def offer(self, applications: list[Application]) -> None:
        """Fill the list; what takes no requests here stands in it with the reason, and cannot be chosen."""
        self.application.choices = [SelectChoice("", gettext("[No value selected]")), *map(_choice, applications)]

    @property
    def application_id(self) -> int:
        """The id chosen; raises Invalid if none was."""
        chosen = self.application.data or ""
        if not (chosen.isascii() and chosen.isdigit() and len(chosen) < 10):
            raise Invalid("application_needed")
        return int(chosen)


def _choice(application: Application) -> SelectChoice:
    if application.takes_requests:
        return SelectChoice(str(application.id), application.label)
    closed = gettext("%(application)s (no requests here)", application=application.label)
    return SelectChoice(str(application.id), closed, {"disabled": True})


class OrganisationForm(PortalForm):
    """Step 2: which organisation (its path)."""

    organisation = StringField(_l("Organisations"))


class ProfileForm(PortalForm):
    """Step 3: which profiles."""

    profile = SelectMultipleField(_l("Access Profile"), validate_choice=False)
    membership = BooleanField(_l("Also ask for membership of the ERN Collaborative Platform"))


class RecapForm(PortalForm):
    """Step 4: a comment, and sending."""

    comment = TextAreaField(_l("Comments"))


class AnswerForm(PortalForm):
    """The answer to an approver's question."""

    answer = TextAreaField(_l("Your answer"))


class DecisionForm(PortalForm):
    """What an approver decides about the items of one request."""

    item = SelectMultipleField(_l("Profiles"), validate_choice=False)
    decision = RadioField(
        _l("Your decision"),
        choices=[
            SelectChoice(Verdict.GRANT.value, _l("Approve")),
            SelectChoice(Verdict.REFUSE.value, _l("Refuse")),
            SelectChoice(Verdict.ASK.value, _l("Ask the person something, decide later")),
        ],
        validate_choice=False,
    )
    guest = RadioField(
        _l("Kind of guest"),
        choices=[
            SelectChoice(GuestKind.CONSULT.value, _l("Consult only: takes part in panels of others")),
            SelectChoice(
                GuestKind.VIRTUAL_CENTRE.value,
                _l("With Guest Virtual Centre: also enrols own patients and starts panels"),
            ),
        ],
        default=GuestKind.CONSULT.value,
        validate_choice=False,
    )
    until = DateField(_l("Ends on"), validators=[Optional()])
    reason = TextAreaField(_l("Message to the person"))

    def ruling(self) -> Ruling:
        """Return the decision; raise Invalid for what cannot be read as one."""
        if self.decision.data not in set(Verdict):
            raise Invalid("decision_needed")
        if self.until.raw_data and self.until.raw_data[0] and not self.until.data:
            raise Invalid("until_wrong")
        reason = self.reason.data or ""
        if len(reason) > LONGEST_TEXT:
            raise Invalid("reason_long")
        guest = GuestKind(self.guest.data) if self.guest.data in set(GuestKind) else GuestKind.CONSULT
        return Ruling(Verdict(self.decision.data), _seen(self.item.data or []), reason, self.until.data, guest)

    def kept(self) -> dict[str, Any]:
        """Return what was typed, to be kept while the person proves who he is."""
        return {name: self[name].raw_data or [] for name in ("item", "decision", "guest", "until", "reason")}


def _seen(values: list[str]) -> dict[int, int]:
    """Read check boxes of the form "id:version"; raise Invalid for anything else."""
    pairs = [value.partition(":") for value in values]
    digits = [part for id_, _, version in pairs for part in (id_, version)]
    if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in digits):
        raise Invalid("items_needed")
    return {int(id_): int(version) for id_, _, version in pairs}


class AccessForm(PortalForm):
    """An act on an access, with its reason."""

    reason = TextAreaField(_l("Message to the person"))
