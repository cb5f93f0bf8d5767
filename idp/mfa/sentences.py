"""What people read when something about a second factor is refused, and how long they wait."""

from datetime import timedelta
from typing import Any

from flask_babel import format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.core.errors import TooMany
from idp.core.sentences import BY_KEY, Sentence

BY_KEY.update(
    {
        "last_factor": Sentence(
            _l("This is your last verification method"),
            _l("Your account always asks for two factors, so one has to stay. Add another one first."),
        ),
        "factor_exists": Sentence(
            _l("Your account has a verification method by now"),
            _l("It was added meanwhile, in another window. Sign in with it. Nothing was changed here."),
        ),
        "factor_used": Sentence(
            _l("This was used elsewhere at the same moment"),
            _l("For your safety it counts only once. Try again with a new code. Nothing was changed here."),
        ),
        "spare_needs_factor": Sentence(
            _l("Add a device first"),
            _l("Recovery codes stand in for a device that is lost. Add a phone, an app or a key first."),
        ),
        "come_back.mails": Sentence(
            _l("Too many mails in a short time"), _l("We sent you several codes already. Look into your mailbox.")
        ),
        "come_back.answers": Sentence(
            _l("Too many tries today"), _l("Ask your coordination team to call you back, or go on tomorrow.")
        ),
        "come_back.over": Sentence(
            _l("This code is no longer valid"),
            _l("It is too old, was wrong too often, or everything is open by now. Ask for a new one."),
        ),
        "come_back.no_codes": Sentence(
            _l("You have no saved recovery codes"),
            _l("Only codes that you made before all devices were deleted open anything. Ask your coordination team."),
        ),
        "come_back.reset": Sentence(
            _l("Your password was replaced through your mailbox"),
            _l("So the mailbox is no second proof any more. Ask your coordination team to call you back."),
        ),
        "come_back.no_address": Sentence(
            _l("Your e-mail address is too new"),
            _l("We send such a code only to an address from well before. Ask your coordination team to call you back."),
        ),
        "come_back.wrong": Sentence(
            _l("One of the two codes is not right"), _l("Look at both again. The mailed code is the newest one.")
        ),
        "no_such_factor": Sentence(
            _l("This verification method is not there"),
            _l("It may have been removed in another window. Open your account to see what is there."),
        ),
        "challenge.failures": Sentence(
            _l("Too many wrong codes today"),
            _l("To protect your account we pause. Nothing was changed."),
        ),
    }
)


# No request went to the mobile app.
REQUESTS: dict[str, Any] = {
    "app.requests": _l(
        "No request was sent: too many in a short time. You can send one in %(wait)s, or use the QR code."
    ),
    "app.paused": _l(
        "No request was sent: somebody said on your phone that the last one was not you. "
        "You can send one in %(wait)s, or use the QR code."
    ),
}


def waiting(refusal: TooMany) -> str:
    """Return when the next code can be sent, for a person who has to wait."""
    wait = span(refusal.retry_after)
    if refusal.key in REQUESTS:
        return str(REQUESTS[refusal.key] % {"wait": wait})
    return str(_("No code was sent: too many in a short time. You can ask for one in %(wait)s.", wait=wait))


def over() -> str:
    """Return what happened to a code that can no longer be answered."""
    return str(_("This code is no longer valid: it is too old, was used, or was wrong too often. Ask for a new one."))


def span(seconds: int) -> str:
    """Return a length of time as people say it."""
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1))
