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
