"""What people may add to their account for applications to read: where they work, and in which time zone."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import bindparam, select

from idp.accounts.models import Account, PersonalDetails
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import Invalid
from idp.core.prepared import Prepared
from idp.core.values import frozen

LONGEST = 200
DATE = re.compile(r"(0000|[0-9]{4})(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?")
# Names such as "Etc/GMT+1" and "EST5EDT" are for machines.
AREAS = ("Europe/", "Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Indian/", "Pacific/")


@frozen
class Workplace:
    """Where a person works and in which time zone; what was not told is empty."""

    street_address: str = ""
    postal_code: str = ""
    locality: str = ""
    country: str = ""
    zoneinfo: str = ""

    @property
    def formatted(self) -> str:
        """The address as on an envelope, line by line (OpenID Connect Core, 5.1.1)."""
        town = f"{self.postal_code} {self.locality}".strip()
        return "\n".join(line for line in (self.street_address, town, self.country) if line)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _is_page(value: object) -> bool:
    return _is_text(value) and str(value).startswith("https://")


def _is_date(value: object) -> bool:
    return isinstance(value, str) and bool(DATE.fullmatch(value))


# Claims for which an account has no field (OpenID Connect Core, 5.1), and what may stand in them.
FURTHER: dict[str, Callable[[object], bool]] = {
    "middle_name": _is_text,
    "nickname": _is_text,
    "profile": _is_page,
    "picture": _is_page,
    "website": _is_page,
    "gender": _is_text,
    "birthdate": _is_date,
}


@cache
def time_zones() -> tuple[str, ...]:
    """Return the time zones of places, those of Europe first."""
    of_places = (zone for zone in available_timezones() if zone.startswith(AREAS))
    return tuple(sorted(of_places, key=lambda zone: (not zone.startswith(AREAS[0]), zone)))


def workplace_of(account_id: int) -> Workplace:
    """Return what a person told."""
    return _of(account_id).workplace


def further_of(account_id: int) -> Mapping[str, str]:
    """Return the claims beside those of the account: the time zone, and what the operator set."""
    return _of(account_id).claims


class Details(NamedTuple):
    """What a row says."""

    workplace: Workplace
    claims: Mapping[str, str]


def _of(account_id: int) -> Details:
    return BY_ACCOUNT.first(account_id=account_id) or NOTHING


def _read(row: Any) -> Details:
    workplace = Workplace(**{name: getattr(row, name) for name in Workplace.__dataclass_fields__})
    return Details(workplace, {**row.further, **({"zoneinfo": row.zoneinfo} if row.zoneinfo else {})})


NOTHING = Details(Workplace(), {})
BY_ACCOUNT = Prepared(
    select(PersonalDetails.__table__).where(PersonalDetails.account_id == bindparam("account_id")), _read
)


@transactional
def keep_workplace(account: Account, told: Workplace) -> None:
    """Keep what a person tells; the trail says that it changed, not to what."""
    if told == workplace_of(account.id):
        return
    row = _row(account)
    for name in Workplace.__dataclass_fields__:
        setattr(row, name, getattr(told, name))
    audit.record("account.details", subject=account.uid)


@transactional
def keep_further(account: Account, claims: Mapping[str, Any]) -> None:
    """Set what the operator knows, in place of what was set before; raise Invalid for another or a malformed claim."""
    wrong = [name for name, value in claims.items() if name not in FURTHER or not FURTHER[name](value)]
    if wrong:
        raise Invalid("claim_wrong", name=wrong[0])
    _row(account).further = dict(claims)
    audit.record("account.further_claims", subject=account.uid)


def _row(account: Account) -> PersonalDetails:
    """Return the row of an account, made if there is none; the account counts as changed (`updated_at`)."""
    now = clock.now()
    row = db.session.get(PersonalDetails, account.id)
    if row is None:
        empty = dict.fromkeys(Workplace.__dataclass_fields__, "")
        row = PersonalDetails(account_id=account.id, further={}, updated_at=now, **empty)
        db.session.add(row)
    row.updated_at = db.session.get_one(Account, account.id).updated_at = now
    return row
