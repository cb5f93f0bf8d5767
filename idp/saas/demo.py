"""The accesses of the demonstration people."""

import tomllib
from pathlib import Path

from idp.accounts import people
from idp.core.configuration import CONFIG
from idp.core.errors import NotFound
from idp.saas.direct_grants import Gift, grant_directly
from idp.saas.models import GuestKind

FILE = CONFIG / "demo" / "accesses.toml"


def load(file: Path = FILE) -> int:
    """Give the demonstration people what they hold and return how many accesses are new; what is there stays.

    Raises NotFound if a person of the file has no account.
    """
    added = 0
    for row in tomllib.loads(file.read_text("utf-8"))["access"]:
        account = people.by_address(row["email"])
        if account is None:
            raise NotFound("demo_person_unknown", email=row["email"])
        guest = GuestKind(row["guest"]) if "guest" in row else None
        gift = Gift(row["application"], row["organisation"], tuple(row["profiles"]), "demo", guest)
        added += len(grant_directly(account, gift))
    return added
