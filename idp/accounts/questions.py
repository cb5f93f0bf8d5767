"""What accounts asks of the areas above, which it does not know: they register who answers, when they are imported."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TypeVar

from idp.accounts.models import UserSession
from idp.accounts.open_session import AnyAccount
from idp.core.levels import LEVELS

Answer = TypeVar("Answer")
FactorNames = Callable[[int], Sequence[str]]
Visits = Callable[[Sequence[int]], dict[int, list[str]]]
Duty = Callable[[int], bool]
Strongest = Callable[[int], str | None]
Things = Callable[[int], Sequence[str]]
Vouching = Callable[[AnyAccount], bool]
Doubt = Callable[[int], datetime | None]
Leaving = Callable[[int], Sequence[str]]
Farewell = Callable[[UserSession], str | None]
Entrances = Callable[[Collection[int]], Sequence[tuple[str, str]]]

FACTORS: list[FactorNames] = []
VISITS: list[Visits] = []
DUTIES: list[Duty] = []
LEVELS_HELD: list[Strongest] = []
DEVICES: list[Things] = []
LOCKED: list[Things] = []
TRUSTED: list[Vouching] = []
DOUBTS: list[Doubt] = []
LEAVING: list[Leaving] = []
FAREWELLS: list[Farewell] = []
ENTRANCES: list[Entrances] = []


def _registering(answers: list[Answer]) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        answers.append(answer)
        return answer

    return register


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


def doubted_until(account_id: int) -> datetime | None:
    """Return until when it is open whether the owner is the one who uses the account since PANIC; None if it is not."""
    return max((until for doubt in DOUBTS if (until := doubt(account_id))), default=None)


def in_trusted_browser(account: AnyAccount) -> bool:
    """Say whether this request comes from a browser in which the person is not asked for the second factor."""
    return any(vouching(account) for vouching in TRUSTED)


def leaving(account_id: int) -> list[str]:
    """Return what others will miss once the account is closed, in the language of the page."""
    return [sentence for sentences in LEAVING for sentence in sentences(account_id)]


def farewell(session: UserSession) -> str | None:
    """Return the page that ends what this browser's session began elsewhere; None if there is nothing to end."""
    return next((page for farewells in FAREWELLS if (page := farewells(session))), None)


def entrances(application_ids: Collection[int]) -> list[tuple[str, str]]:
    """Return name and address of the ways into applications (their numbers) that a page of ours can offer."""
    return [way for ways in ENTRANCES if application_ids for way in ways(application_ids)]


# Each registers a function (as a decorator) that answers the question of the same name above.
answers_second_factors = _registering(FACTORS)
answers_applications = _registering(VISITS)
answers_strongest_level = _registering(LEVELS_HELD)
answers_must_keep_mfa = _registering(DUTIES)
answers_devices = _registering(DEVICES)
answers_locked_by_panic = _registering(LOCKED)
answers_doubted_until = _registering(DOUBTS)
answers_trusted_browser = _registering(TRUSTED)
answers_leaving = _registering(LEAVING)
answers_farewell = _registering(FAREWELLS)
answers_entrances = _registering(ENTRANCES)
