"""What people read about the events of their requests and accesses."""

from flask_babel import lazy_gettext as _l

from idp.accounts.event_words import Details, EventWords, each
from idp.core.audit import AuditEvent

STATES = {
    "active": _l("open again"),
    "locked": _l("locked"),
    "revoked": _l("taken away"),
    "expired": _l("ended"),
}
CHANGED = _l("extended or changed")


def _state(event: AuditEvent) -> Details:
    return {"state": str(STATES.get((event.after or {}).get("state", ""), CHANGED))}


EVENTS = {
    "saas.item.submitted": EventWords(_l("You asked for access to an application.")),
    "saas.item.asked": EventWords(_l("The coordination team asked you something about your request.")),
    "saas.item.granted": EventWords(_l("You got access to an application.")),
    "saas.item.refused": EventWords(_l("Your request for access was refused.")),
    "saas.item.withdrawn": EventWords(_l("A request for access was withdrawn.")),
    "saas.access.change": EventWords(_l("An access of yours was changed: %(state)s."), each(_state)),
    "saas.identity.confirm": EventWords(_l("The coordination team recognised you after all devices were deleted.")),
    "saas.identity.vouch": EventWords(_l("Our support recognised you after all devices were deleted.")),
    "saas.identity.prove": EventWords(_l("You opened what was locked after all devices were deleted.")),
    "saas.identity.ask": EventWords(_l("The coordination team was asked to recognise you.")),
    "saas.delegation.lend": EventWords(_l("The right to decide about requests was lent to you.")),
    "saas.delegation.end": EventWords(_l("The right to decide about requests that was lent to you ended.")),
    "saas.organisation.confirm": EventWords(_l("The hospital that you proposed was confirmed.")),
    "saas.organisation.refuse": EventWords(_l("The hospital that you proposed was refused.")),
}
