"""What people read about the events of the audit trail that concern them; areas above add theirs to `EVENTS`."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l

from idp.core.audit import AuditEvent
from idp.core.values import frozen

Details = Mapping[str, Any]


def nothing(found: Sequence[AuditEvent]) -> list[Details]:
    """Return no details: the sentence names none."""
    return [{} for _ in found]


@frozen
class EventWords:
    """A sentence (lazy text), and what its %(name)s stand for: of all events of one page at once, in their order."""

    text: Any
    details: Callable[[Sequence[AuditEvent]], Sequence[Details]] = nothing

    def written(self, values: Details) -> str:
        """Return the sentence of one event in the language of the page."""
        text = str(self.text)
        return text % values if values else text


def each(details: Callable[[AuditEvent], Details]) -> Callable[[Sequence[AuditEvent]], Sequence[Details]]:
    """Make the details of a page from those of one event, for sentences that need nothing but the event."""
    return lambda found: [details(event) for event in found]


ENDS = {
    "owner": _l("ended in My Account"),
    "signed_out": _l("you logged out"),
    "logout": _l("you logged out of an application"),
    "replaced": _l("you signed in again in the same browser"),
    "password": _l("the password was changed"),
    "frozen": _l("the account was frozen"),
    "panic": _l("all devices were deleted"),
}
ENDED = _l("ended by the server")


def _end(event: AuditEvent) -> Details:
    return {"why": str(ENDS.get((event.after or {}).get("reason", ""), ENDED))}


EVENTS: dict[str, EventWords] = {
    "account.create": EventWords(_l("Your account was created.")),
    "account.administrator": EventWords(_l("You became a platform administrator.")),
    "account.rename": EventWords(_l("The name of your account was changed.")),
    "account.details": EventWords(_l("The time zone or the workplace of your account was changed.")),
    "account.further_claims": EventWords(_l("Our support changed what applications read about you.")),
    "account.prefer": EventWords(_l("The settings of your account were changed.")),
    "account.email.ask": EventWords(_l("Another e-mail address was asked for.")),
    "account.email.change": EventWords(_l("The e-mail address was changed.")),
    "account.export": EventWords(_l("Your data was downloaded.")),
    "account.password.change": EventWords(_l("The password was changed.")),
    "account.password.reset": EventWords(_l("The password was replaced through your mailbox.")),
    "account.password.forgot": EventWords(_l("Somebody asked for a link to choose a new password.")),
    "account.freeze": EventWords(_l("The account was frozen: nobody could sign in.")),
    "account.unfreeze": EventWords(_l("Our support opened the frozen account again.")),
    "session.start": EventWords(_l("You signed in.")),
    "session.strengthen": EventWords(_l("You proved once more that it is you.")),
    "session.end": EventWords(_l("A session ended: %(why)s."), each(_end)),
}
# Events about a person that the page leaves out, and why.
UNSHOWN: dict[str, str] = {"account.close": "nobody can open the page any more"}
