"""After PANIC, what takes the account from its owner waits until the person is recognised (SECURITY.md, 1)."""

from flask_babel import format_date

from idp.accounts import questions
from idp.core.errors import NotAllowed

# What takes the account from its owner for good: itself, its data, the mailbox that brings it back.
IRREVOCABLE = frozenset({"change_email", "close", "export"})


def refuse(account_id: int) -> None:
    """Raise NotAllowed("after_panic") while it is open whether the owner is the one who uses the account."""
    until = questions.doubted_until(account_id)
    if until:
        raise NotAllowed("after_panic", until=format_date(until, "long"))
