"""The levels of authentication, in the order of their strength (REFEDS profiles; OpenID EAP ACR values)."""

SFA = "https://refeds.org/profile/sfa"
MFA = "https://refeds.org/profile/mfa"
PHR = "phr"

LEVELS = (SFA, MFA, PHR)


def reaches(have: str | None, want: str) -> bool:
    """Say whether the level at hand is at least the wanted one; an unknown level reaches nothing."""
    return have in LEVELS and want in LEVELS and LEVELS.index(have) >= LEVELS.index(want)


def stronger(one: str, other: str) -> str:
    """Return the stronger of two levels."""
    return max(one, other, key=LEVELS.index)
