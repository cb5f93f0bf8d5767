"""What the identity server says about a person, read from its claims into plain values."""

from dataclasses import dataclass
from typing import Any

LONGEST = 255
GUESTS = (None, "consult", "virtual_centre")


@dataclass(frozen=True)
class Access:
    """One granted access: these profiles, for this network at this hospital; guests have no hospital of their own."""

    ern: str
    country: str
    hcp: str
    hcp_name: str
    profiles: frozenset[str]
    guest: str | None
    ecp_member: bool


@dataclass(frozen=True)
class Visitor:
    """The signed-in person and every access that opens CPMS to this person; all count at once."""

    sub: str
    name: str
    email: str
    accesses: tuple[Access, ...]


def read_accesses(claims: dict[str, Any]) -> tuple[Access, ...]:
    """Read the claim `ern_access`; an entry that is not as agreed opens nothing and is left out."""
    entries = claims.get("ern_access")
    return tuple(_access(entry) for entry in entries if _as_agreed(entry)) if isinstance(entries, list) else ()


def _as_agreed(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    texts = [entry.get(name) for name in ("ern", "country", "hcp", "hcp_name")]
    profiles = entry.get("profiles")
    guest = entry.get("guest")
    return (
        all(isinstance(text, str) and 0 < len(text) <= LONGEST for text in texts)
        and isinstance(profiles, list)
        and all(isinstance(profile, str) for profile in profiles)
        and guest in GUESTS
        and bool(profiles or guest)
    )


def _access(entry: dict[str, Any]) -> Access:
    return Access(
        ern=entry["ern"],
        country=entry["country"],
        hcp=entry["hcp"],
        hcp_name=entry["hcp_name"],
        profiles=frozenset(entry["profiles"]),
        guest=entry.get("guest"),
        ecp_member=entry.get("ecp_member") is True,
    )


def read_text(claims: dict[str, Any], name: str) -> str:
    """Read a text claim; what is missing, no text or too long is empty."""
    value = claims.get(name)
    return value if isinstance(value, str) and len(value) <= LONGEST else ""
