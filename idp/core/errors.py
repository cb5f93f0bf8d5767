"""The ways in which the program refuses: stable keys inside, HTTP only at the outermost edge."""

from typing import Any


class Refusal(Exception):
    """Something was asked that cannot be done; `key` names the sentence that is shown for it."""

    status = 400

    def __init__(self, key: str, **details: Any) -> None:
        super().__init__(key)
        self.key = key
        self.details = details


class Invalid(Refusal):
    """The input is not acceptable; forms show it at the field, the edge as a page."""


class NotAllowed(Refusal):
    """The person is known, may know that the thing exists, and may not do this."""

    status = 403


class NotFound(Refusal):
    """It does not exist, or the person may not know that it does."""

    status = 404


class Conflict(Refusal):
    """Somebody or something was faster: the state asked for is no longer there."""

    status = 409


class Expired(Refusal):
    """A link, code or page whose time has passed or which was used already."""

    status = 410


class TooMany(Refusal):
    """A limit is reached; `retry_after` says in seconds when it is worth trying again."""

    status = 429

    def __init__(self, key: str, retry_after: int, **details: Any) -> None:
        super().__init__(key, **details)
        self.retry_after = retry_after


class Busy(TooMany):
    """The server has no room at this moment."""

    status = 503


class SignInRequired(Refusal):
    """The act needs a session, a higher level or a fresher proof than the one at hand.

    `level` is an ACR value of `levels`, `within` the greatest age of the proof in seconds (None: any age),
    `reason` the key of the sentence that tells the person why we ask again.
    """

    status = 401

    def __init__(self, level: str, within: int | None = None, reason: str = "sign_in") -> None:
        super().__init__("sign_in_required")
        self.level = level
        self.within = within
        self.reason = reason
