"""The ways in which a verb says no; only the web edge turns them into pages."""


class Refusal(Exception):
    """An act was refused for a reason with a stable key; `message` is the sentence for the page, lazy or not."""

    status = 422

    def __init__(self, key: str, message: object = "") -> None:
        """Keep the key for logs and tests, and the sentence (text or lazy text) for the person."""
        super().__init__(key)
        self.key = key
        self.message = message


class NotFound(Refusal):
    """The thing does not exist, or this person may not know that it does."""

    status = 404

    def __init__(self, key: str = "not_found", message: object = "") -> None:
        """Default to the plain 'not found'."""
        super().__init__(key, message)


class NotAllowed(Refusal):
    """The person may see the thing but not do this to it."""

    status = 403

    def __init__(self, key: str = "not_allowed", message: object = "") -> None:
        """Default to the plain 'not allowed'."""
        super().__init__(key, message)


class Conflict(Refusal):
    """The thing changed meanwhile, or was already done."""

    status = 409

    def __init__(self, key: str = "conflict", message: object = "") -> None:
        """Default to the plain 'conflict'."""
        super().__init__(key, message)


class SignInNeeded(Exception):
    """Nobody is signed in, or not freshly enough; `sub` is who was, `max_age` the wanted freshness in seconds."""

    def __init__(self, sub: str | None = None, max_age: int | None = None) -> None:
        """Remember who was signed in, so that a posted form can wait for the same person."""
        super().__init__("sign-in needed")
        self.sub = sub
        self.max_age = max_age


class EntryRefused(Exception):
    """The person is signed in, but one of the three entry conditions is missing."""


class IdentityUnreachable(Exception):
    """The identity server gives no usable answer now; without it nobody sees data."""


class IdentityNotTrusted(Exception):
    """The identity server's answer breaks the protocol; the reason is for the log, never for the page."""


class TokenRefused(Exception):
    """The identity server no longer accepts the access token (RFC 6750, 3.1): the person has to sign in again."""
