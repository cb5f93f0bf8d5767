"""People who have an account already: made in one act, by the verbs, for tests of what comes then."""

from idp.accounts import passwords, people
from idp.accounts.models import Account
from idp.core.db import transaction
from idp.core.errors import Conflict
from idp.mfa import enrolment

PASSWORD = "violet-harbour-eleven"


def settled(name: str, email: str, *phones: str, language: str = "en", **flags: bool) -> Account:
    """Make an account with confirmed phones, or give the one that has the address; stand in a context of the server.

    `{:02d}` in a number stands for the account's id; `flags` are boolean columns of the account.
    """
    first, _, last = name.partition(" ")
    hashed = passwords.hash_of(PASSWORD)
    someone = people.Person(first, last, people.clean_address(email), language, people.new_uid())
    with transaction():
        try:
            account = people.add(someone, hashed, **flags)
        except Conflict:
            account = people.by_address(email)
        assert account, email
        for phone in phones:
            enrolment.add_confirmed_phone(account, phone.format(account.id % 100))
        return account
