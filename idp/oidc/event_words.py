"""What people read about the events of applications that they used."""

from collections.abc import Sequence

from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from idp.accounts.event_words import Details, EventWords
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.oidc.models import RegisteredClient


def _applications(found: Sequence[AuditEvent]) -> list[Details]:
    wanted = {event.object for event in found}
    names = select(RegisteredClient.client_id, RegisteredClient.client_name)
    rows = db.session.execute(names.where(RegisteredClient.client_id.in_(wanted)))
    known: dict[str, str] = {client_id: name for client_id, name in rows}  # noqa: C416 - rows are typed, their dict is not
    return [{"application": known.get(event.object or "", event.object)} for event in found]


EVENTS = {
    "oidc.grant.give": EventWords(_l("An application signed you in: %(application)s."), _applications),
    "oidc.device.deny": EventWords(_l("You said no to a device that wanted to use: %(application)s."), _applications),
    "oidc.device.end": EventWords(_l("You ended a device's connection to: %(application)s."), _applications),
    "oidc.consent.give": EventWords(_l("You gave an application permission: %(application)s."), _applications),
    "oidc.consent.take_back": EventWords(_l("You took a permission back from: %(application)s."), _applications),
}
