"""The three conditions for entering CPMS: a second factor, an active access, a matching ECP membership."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from cpms_client.claims import Access, read_accesses

SECOND_FACTOR_LEVELS = frozenset({"https://refeds.org/profile/mfa", "phr"})


class Condition(Enum):
    """What must be fulfilled, in the order in which it is shown."""

    SECOND_FACTOR = "second_factor"
    ACCESS = "access"
    ECP_MEMBERSHIP = "ecp_membership"


@dataclass(frozen=True)
class Verdict:
    """Which conditions are missing, all accesses that were granted, and those of them that open CPMS."""

    missing: tuple[Condition, ...]
    granted: tuple[Access, ...]
    opening: tuple[Access, ...]


def judge(acr: str, claims: dict[str, Any]) -> Verdict:
    """Judge a sign-in level and the identity server's claims; guests need no ECP membership."""
    granted = read_accesses(claims)
    opening = tuple(access for access in granted if access.guest or access.ecp_member)
    fulfilled = {
        Condition.SECOND_FACTOR: acr in SECOND_FACTOR_LEVELS,
        Condition.ACCESS: bool(granted),
        Condition.ECP_MEMBERSHIP: bool(opening),
    }
    return Verdict(tuple(condition for condition, met in fulfilled.items() if not met), granted, opening)
