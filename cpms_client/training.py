"""The practising environment: 192 invented accounts, eight for each network, and how one of them enters."""

from dataclasses import dataclass

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from cpms_client import clock, colleagues, networks, sessions
from cpms_client.claims import Access, Visitor
from cpms_client.entry import SECOND_FACTOR_LEVELS
from cpms_client.errors import NotFound
from cpms_client.id_token import SignIn

HOSPITALS = (("TR01", "Training Hospital One"), ("TR02", "Training Hospital Two"))
COUNTRY = "BE"


@dataclass(frozen=True)
class Kind:
    """One of the eight accounts of a network: `hospital` indexes HOSPITALS."""

    code: str
    word: LazyString
    profiles: frozenset[str]
    hospital: int = 0
    guest: str | None = None


KINDS = {
    kind.code: kind
    for kind in (
        Kind("coordinator", _l("Coordinator"), frozenset({"Coordinator", "HP"})),
        Kind("guest", _l("Guest with Virtual Centre"), frozenset(), guest="virtual_centre"),
        Kind("registry", _l("Database and registry user"), frozenset({"Researcher", "HP"})),
        Kind("hp1", _l("HP 1"), frozenset({"HP"})),
        Kind("hp2", _l("HP 2"), frozenset({"HP"})),
        Kind("hp3", _l("HP 3"), frozenset({"HP"})),
        Kind("hp4", _l("HP 4"), frozenset({"HP"}), hospital=1),
        Kind("hp5", _l("HP 5"), frozenset({"HP"}), hospital=1),
    )
}


@dataclass(frozen=True)
class Account:
    """A training account: it exists here only, has no password, and sees invented patients."""

    name: str
    ern: str
    kind: Kind

    @property
    def visitor(self) -> Visitor:
        """The account as the rest of the program sees it."""
        hcp, hcp_name = ("0000", "Guest Access") if self.kind.guest else HOSPITALS[self.kind.hospital]
        access = Access(self.ern, COUNTRY, hcp, hcp_name, self.kind.profiles, self.kind.guest, not self.kind.guest)
        # A role is a name that nobody can mistake for a real person's.
        name = f"{self.kind.word} ({self.ern})"
        return Visitor(f"training:{self.name}", name, f"{self.name}@training.example", (access,))


def accounts() -> tuple[Account, ...]:
    """List all training accounts, network by network."""
    return tuple(account(ern, kind) for ern in networks.labels() for kind in KINDS)


def account(ern: str, kind: str) -> Account:
    """Find one account; raises NotFound."""
    if ern not in networks.labels() or kind not in KINDS:
        raise NotFound("training_account")
    return Account(f"{ern}-{kind}".lower(), ern, KINDS[kind])


def enter(chosen: Account, replaced: str | None) -> str:
    """Open a session for a training account, as if its second factor had been proved; gives the cookie's token."""
    visitor = chosen.visitor
    level = min(SECOND_FACTOR_LEVELS)
    sign_in = SignIn(sub=visitor.sub, acr=level, auth_time=clock.now(), sid="")
    token = sessions.start(sign_in, _claims(visitor), {}, replaced)
    colleagues.remember(visitor)
    return token


def _claims(visitor: Visitor) -> dict[str, object]:
    access = visitor.accesses[0]
    entry = {
        "ern": access.ern,
        "country": access.country,
        "hcp": access.hcp,
        "hcp_name": access.hcp_name,
        "profiles": sorted(access.profiles),
        "guest": access.guest,
        "ecp_member": access.ecp_member,
    }
    return {"name": visitor.name, "email": visitor.email, "ern_access": [entry]}
