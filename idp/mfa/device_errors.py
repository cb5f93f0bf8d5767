"""What the mobile app is told when a call is refused: a status and a key (docs/app-protocol.md, Errors)."""

from typing import Any

from idp.core.errors import Refusal


class AppError(Refusal):
    """A call that is refused, with the status and what else the app is told."""

    def __init__(self, status: int, key: str, **details: Any) -> None:
        super().__init__(key, **details)
        self.status = status


def malformed(field: str | None) -> AppError:
    """Return the refusal of a body, or of one field of it."""
    return AppError(400, "malformed", field=field)
