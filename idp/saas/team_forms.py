"""The forms about proposed hospitals and delegations."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, DateField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from idp.core import clock
from idp.core.errors import Invalid
from idp.saas import organisations
from idp.saas.catalogue_models import Organisation, OrganisationKind
from idp.saas.delegation import LONGEST, Loan
from idp.saas.forms import PortalForm
from idp.saas.proposals import Hospital, Opinion
from idp.saas.words import fold


class HospitalForm(PortalForm):
    """A hospital that is not in the list; `different` is shown once there are some that look like it."""

    name = StringField(_l("Name of the hospital"))
    city = StringField(_l("City"))
    different = BooleanField(_l("My hospital is none of these"))

    def hospital(self, country: str) -> Hospital:
        """Return what was typed, without stray spaces and line ends."""
        name, city = (" ".join((field.data or "").split()) for field in (self.name, self.city))
        return Hospital(country, name, city, different=bool(self.different.data))


class OpinionForm(PortalForm):
    """What the coordination team says about a proposed hospital."""

    opinion = RadioField(
        _l("Your decision"),
        choices=[
            SelectChoice("confirm", _l("Confirm: it belongs to the network")),
            SelectChoice("refuse", _l("Refuse: take it out of the list, with the requests for it")),
        ],
        validate_choice=False,
    )
    reason = TextAreaField(_l("Message to the people"))

    def said(self) -> Opinion:
        """Return the decision; raise Invalid if none was chosen."""
        if self.opinion.data not in ("confirm", "refuse"):
            raise Invalid("decision_needed")
        return Opinion(self.opinion.data == "confirm", self.reason.data or "")

    def kept(self) -> dict[str, Any]:
        """Return what was typed, to be kept while the person proves who he is."""
        return {name: self[name].raw_data or [] for name in ("opinion", "reason")}


class DelegationForm(PortalForm):
    """Who decides for which country or hospital, until which day."""

    person = StringField(_l("E-mail address or identifier"))
    scope = SelectField(_l("Country or hospital"), validate_choice=False)
    until = DateField(_l("Last day"), validators=[Optional()])

    def offer(self, scopes: Sequence[Organisation]) -> None:
        """Fill the list: under each country the country itself, then its hospitals."""
        groups: dict[str, list[SelectChoice]] = {"": [SelectChoice("", gettext("[No value selected]"))]}
        several = len({scope.network for scope in scopes}) > 1
        for scope in scopes:
            country = organisations.country_name(scope.country or "")
            heading = f"{scope.network}, {country}" if several else country
            groups.setdefault(heading, []).append(_scope_choice(scope, country))
        first = groups.pop("")
        ordered = sorted(groups.items(), key=lambda group: fold(group[0]))
        self.scope.choices = {gettext("Country or hospital"): first} | dict(ordered)

    def loan(self) -> Loan:
        """Return what was typed; a day that cannot be read is none."""
        return Loan(self.person.data or "", self.scope.data or "", self.until.data)

    def kept(self) -> dict[str, Any]:
        """Return what was typed, to be kept while the person proves who he is."""
        return {name: self[name].raw_data or [] for name in ("person", "scope", "until")}

    @property
    def bounds(self) -> dict[str, str]:
        """The first and the last day that can be chosen."""
        today = clock.now().date()
        return {"min": today.isoformat(), "max": (today + LONGEST - timedelta(days=1)).isoformat()}


def _scope_choice(scope: Organisation, country: str) -> SelectChoice:
    whole = scope.kind is OrganisationKind.COUNTRY
    text = gettext("All of %(country)s", country=country) if whole else organisations.label(scope)
    return SelectChoice(scope.path, text)
