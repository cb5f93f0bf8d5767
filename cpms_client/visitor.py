"""Who is visiting: what the identity server's claims say, as plain values for the rest of the program."""

from dataclasses import dataclass


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
