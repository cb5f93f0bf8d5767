"""What accounts asks of the areas above, which it does not know: they register who answers, when they are imported."""

from collections.abc import Callable, Sequence

from idp.accounts.models import Account
from idp.core.levels import LEVELS

FactorNames = Callable[[int], Sequence[str]]
Visits = Callable[[Sequence[int]], dict[int, list[str]]]
Duty = Callable[[int], bool]
Strongest = Callable[[int], str | None]
Things = Callable[[int], Sequence[str]]
Vouching = Callable[[Account], bool]
Leaving = Callable[[int], Sequence[str]]

FACTORS: list[FactorNames] = []
VISITS: list[Visits] = []
DUTIES: list[Duty] = []
LEVELS_HELD: list[Strongest] = []
DEVICES: list[Things] = []
LOCKED: list[Things] = []
TRUSTED: list[Vouching] = []
LEAVING: list[Leaving] = []


def second_factors(account_id: int) -> list[str]:
    """Return the names of the second factors that an account can use now."""
    return [name for names in FACTORS for name in names(account_id)]


def applications(session_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the names of the applications visited in each session; a session without a visit may be missing."""
    found: dict[int, list[str]] = {}
    for visits in VISITS:
        for session_id, names in visits(session_ids).items():
            found.setdefault(session_id, []).extend(names)
    return found


def strongest_level(account_id: int) -> str | None:
    """Return the strongest level that a usable second factor of the account reaches; None without one."""
    found = [level for levels in LEVELS_HELD if (level := levels(account_id))]
    return max(found, key=LEVELS.index, default=None)


def must_keep_mfa(account_id: int) -> bool:
    """Say whether the account's rights forbid to switch "always require multi-factor" off (administrators aside)."""
    return any(duty(account_id) for duty in DUTIES)


def devices(account_id: int) -> list[str]:
    """Return what PANIC deletes, as its owner knows it; whoever answers deletes it on `factors_wiped`."""
    return [name for things in DEVICES for name in things(account_id)]


def locked_by_panic(account_id: int) -> list[str]:
    """Return what PANIC locks until the person is recognised, as its owner knows it."""
    return [name for things in LOCKED for name in things(account_id)]


def in_trusted_browser(account: Account) -> bool:
    """Say whether this request comes from a browser in which the person is not asked for the second factor."""
    return any(vouching(account) for vouching in TRUSTED)


def leaving(account_id: int) -> list[str]:
    """Return what others will miss once the account is closed, in the language of the page."""
    return [sentence for sentences in LEAVING for sentence in sentences(account_id)]


def answers_second_factors(names: FactorNames) -> FactorNames:
    """Register a function that names the usable second factors of an account (its id)."""
    FACTORS.append(names)
    return names


def answers_applications(visits: Visits) -> Visits:
    """Register a function that names the applications visited in each of the sessions (their ids)."""
    VISITS.append(visits)
    return visits


def answers_strongest_level(levels: Strongest) -> Strongest:
    """Register a function that returns the strongest level that an account (its id) reaches with a second factor."""
    LEVELS_HELD.append(levels)
    return levels


def answers_must_keep_mfa(duty: Duty) -> Duty:
    """Register a function that says whether an account (its id) holds rights that need two factors always."""
    DUTIES.append(duty)
    return duty


def answers_devices(things: Things) -> Things:
    """Register a function that names what PANIC deletes of an account (its id), in the language of the page."""
    DEVICES.append(things)
    return things


def answers_locked_by_panic(things: Things) -> Things:
    """Register a function that names what PANIC locks for an account (its id), in the language of the page."""
    LOCKED.append(things)
    return things


def answers_trusted_browser(vouching: Vouching) -> Vouching:
    """Register a function that says whether an account's owner trusts the browser of this request."""
    TRUSTED.append(vouching)
    return vouching


def answers_leaving(sentences: Leaving) -> Leaving:
    """Register a function that says what others will miss of an account (its id)."""
    LEAVING.append(sentences)
    return sentences
