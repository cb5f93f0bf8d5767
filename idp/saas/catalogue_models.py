"""What may be asked for: the tree of organisations, the applications and their access profiles."""

from enum import StrEnum

from sqlalchemy import Enum, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from idp.core.db import Model


class OrganisationKind(StrEnum):
    """The levels of the tree; `guest` is the entry "0000 Guest Access" beside the healthcare providers of a country."""

    NETWORK = "network"
    COUNTRY = "country"
    PROVIDER = "provider"
    GUEST = "guest"


class OrganisationState(StrEnum):
    """`requested`: its own creation waits, and it can already be chosen. `closed`: it can no longer be chosen."""

    ACTIVE = "active"
    REQUESTED = "requested"
    CLOSED = "closed"


class Decider(StrEnum):
    """Who decides about a profile: the network's coordination team, or the platform administrator."""

    COORDINATION_TEAM = "coordination_team"
    ADMINISTRATOR = "administrator"


def enum_column(kind: type[StrEnum]) -> Enum:
    """Return the column type that stores the values of an enumeration as text."""
    return Enum(
        kind, native_enum=False, length=20, values_callable=lambda members: [member.value for member in members]
    )


class ReferenceVersion(Model):
    """Which reference data are loaded, so that a start with the same data does nothing."""

    __tablename__ = "saas_reference_version"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))


def country_of(path: str) -> str | None:
    """Return the country in the path of an organisation; None for a network's."""
    return path.split("/")[1] if "/" in path else None


class Organisation(Model):
    """A node of the tree network > country > provider; `path` ("ERN-RND/DE/DE22") names it and tells its subtree.

    A hospital in several networks is several nodes under one code: accesses, approvers and claims are about the pair
    of network and hospital, and nothing hangs on the hospital alone. `reference` is what claims carry: the official
    `code`, or an identifier of ours for a hospital whose code is not known (the code is then never shown).
    The country is the node above, never the letters of a code.
    """

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    path: Mapped[str] = mapped_column(String(300), unique=True)
    network: Mapped[str] = mapped_column(String(32), index=True)
    kind: Mapped[OrganisationKind] = mapped_column(enum_column(OrganisationKind))
    state: Mapped[OrganisationState] = mapped_column(enum_column(OrganisationState))
    reference: Mapped[str] = mapped_column(String(160))
    code: Mapped[str | None] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(300))
    city: Mapped[str | None] = mapped_column(String(100))
    membership: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int]
    words: Mapped[str] = mapped_column(Text)

    @property
    def country(self) -> str | None:
        """The country's ISO 3166 code; None for a network."""
        return country_of(self.path)

    @property
    def can_be_chosen(self) -> bool:
        """Whether a request can name it."""
        leaf = self.kind in (OrganisationKind.PROVIDER, OrganisationKind.GUEST)
        return leaf and self.state is not OrganisationState.CLOSED


class Application(Model):
    """An entry of the catalogue; `level` is the least level of authentication (`acr`) that it accepts.

    `text_messages`: whether a code by text message is accepted as second factor.
    `trusted_browsers`: whoever trusts a browser is not asked for the second factor in it (never where patients are).
    `membership_id` names the application whose membership for the same organisation this one relies on.
    """

    __tablename__ = "application"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(100))
    short_name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    takes_requests: Mapped[bool]
    takes_guests: Mapped[bool]
    level: Mapped[str] = mapped_column(String(64))
    locked_after_panic: Mapped[bool]
    trusted_browsers: Mapped[bool]
    text_messages: Mapped[bool]
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("application.id"))

    @property
    def label(self) -> str:
        """The name with its usual short form."""
        return self.name if self.short_name == self.name else f"{self.name} ({self.short_name})"


class Profile(Model):
    """An access profile of an application; `needs` is the code of another one that goes with it in the same hospital.

    `decides`: who holds it belongs to the coordination team of the network.
    """

    __tablename__ = "access_profile"
    __table_args__ = (Index("uq_access_profile_code", "application_id", "code", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("application.id"))
    code: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16), default="active")
    position: Mapped[int]
    decided_by: Mapped[Decider] = mapped_column(enum_column(Decider))
    decides: Mapped[bool]
    needs: Mapped[str | None] = mapped_column(String(40))
    for_guests: Mapped[bool]
