"""Why we refuse, as kinds with a stable key; only the edge turns them into pages."""


class Refusal(Exception):
    """A request that is not carried out; `key` names the words in `error_pages`."""

    key = "refused"
    status = 400

    def __init__(self, key: str | None = None, detail: str = "") -> None:
        """`detail` goes to the log only, never to a page."""
        super().__init__(detail or key or self.key)
        self.key = key or self.key


class BadRequest(Refusal):
    """What was sent cannot be read."""

    key = "unreadable"
    status = 400


class NotFound(Refusal):
    """There is no such thing, or this person may not know that there is."""

    key = "not_found"
    status = 404


class NotYours(Refusal):
    """Visible to this person, but only its author may change it."""

    key = "not_yours"
    status = 403


class SignInRefused(Refusal):
    """The way back from ERN Login did not end in a session."""

    key = "sign_in_failed"
    status = 400


class NoMembership(Refusal):
    """The person has no active access to this platform."""

    key = "no_membership"
    status = 403


class IssuerSilent(Refusal):
    """ERN Login cannot be reached or does not make sense; without it nothing personal is shown."""

    key = "issuer_silent"
    status = 503


class SignInNeeded(Refusal):
    """Nobody is signed in here, or the proof has become too old."""

    key = "sign_in_needed"
    status = 401

    def __init__(self, person_id: int | None = None) -> None:
        """`person_id` is known when a session of this browser ran out: what was typed can be kept."""
        super().__init__()
        self.person_id = person_id
