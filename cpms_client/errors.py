"""The ways in which a verb says no; only the web edge turns them into pages."""


class Refusal(Exception):
    """An act was refused for a reason with a stable key; `message` is the plain sentence for the page, already translatable."""

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
