"""From what a client asks for to the level of authentication that is needed, and back to the `acr` it gets."""

from typing import Any

from idp.core.levels import LEVELS, SFA, reaches
from idp.mfa import factors


class Unmet(Exception):
    """The client insists on a level that nobody can reach here (Unmet Authentication Requirements 1.0)."""


def wanted_level(acr_values: tuple[str, ...], acr_claim: dict[str, Any] | None, floor: str) -> str:
    """Return the level that a sign-in must reach: at least `floor`, and the weakest that satisfies the client.

    `acr_values` are wishes (OpenID Connect Core, 3.1.2.1), an essential `acr` claim is a condition (5.5.1.1):
    raises Unmet if none of its values can be reached.
    """
    essential = _essential(acr_claim)
    if essential:
        return _at_least(floor, _weakest(essential))
    known = [value for value in acr_values if value in reachable()]
    return _at_least(floor, _weakest(tuple(known))) if known else floor


def told_level(session_acr: str, acr_values: tuple[str, ...], acr_claim: dict[str, Any] | None) -> str:
    """Return the `acr` for the token: the strongest asked value that the session reaches, else what it has."""
    asked = [value for value in (*_essential(acr_claim), *acr_values) if reaches(session_acr, value)]
    return max(asked, key=LEVELS.index) if asked else session_acr


def reachable() -> tuple[str, ...]:
    """Return the levels that some verification method of this server reaches."""
    highest = max((LEVELS.index(factor.level) for factor in factors.FACTORS), default=LEVELS.index(SFA))
    return LEVELS[: highest + 1]


def _essential(acr_claim: dict[str, Any] | None) -> tuple[str, ...]:
    if not acr_claim or acr_claim.get("essential") is not True:
        return ()
    values = acr_claim.get("values") or [acr_claim.get("value")]
    return tuple(value for value in values if isinstance(value, str))


def _weakest(values: tuple[str, ...]) -> str:
    known = [value for value in values if value in reachable()]
    if not known:
        raise Unmet
    return min(known, key=LEVELS.index)


def _at_least(floor: str, level: str) -> str:
    return max(floor, level, key=LEVELS.index)
