"""Who may do what with requests and accesses: the whole policy on one screen."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from idp.core.values import frozen
from idp.saas.catalogue_models import Decider
from idp.saas.models import Access, RequestItem


@frozen
class Authority:
    """What a person may decide now: `networks` coordinated, and `lent` subtrees (paths) delegated by coordinators.

    `lent_by` says by whom each path was lent (an account id).
    """

    account_id: int
    is_administrator: bool = False
    networks: frozenset[str] = frozenset()
    lent_by: frozenset[tuple[str, int]] = frozenset()

    @property
    def lent(self) -> frozenset[str]:
        """The paths that were lent."""
        return frozenset(path for path, _ in self.lent_by)

    @property
    def exists(self) -> bool:
        """Whether there is anything that the person may decide."""
        return self.is_administrator or bool(self.networks or self.lent)

    @property
    def subtrees(self) -> frozenset[str]:
        """The paths at and below which the person decides."""
        return self.networks | self.lent


@frozen
class Matter:
    """What is to be decided about: whose it is, where, by whom, and whether an administrator decides beside it."""

    owner_id: int
    path: str
    decided_by: Decider = Decider.COORDINATION_TEAM
    beside_administrator: bool = False


class Act(StrEnum):
    """What can be done with what other people asked for, hold or propose."""

    DECIDE = "decide"
    REVOKE = "revoke"
    LOCK = "lock"
    UNLOCK = "unlock"
    EXTEND = "extend"
    CHANGE_GUEST = "change_guest"
    DELEGATE = "delegate"
    CONFIRM = "confirm"
    RECOGNISE = "recognise"


# What is done with accesses; the rest is about requests, delegations, proposed hospitals, and people after PANIC.
ON_ACCESSES = (Act.REVOKE, Act.LOCK, Act.UNLOCK, Act.EXTEND, Act.CHANGE_GUEST)


Predicate = Callable[[Authority, Matter], bool]


def not_own(who: Authority, matter: Matter) -> bool:
    """Nobody decides about himself."""
    return who.account_id != matter.owner_id


def in_subtree(who: Authority, matter: Matter) -> bool:
    """The organisation lies in what the person coordinates, or was lent by somebody else than the one it is about."""
    lent = {path for path, delegator_id in who.lent_by if delegator_id != matter.owner_id}
    return any(matter.path == path or matter.path.startswith(f"{path}/") for path in who.networks | lent)


def coordinates(who: Authority, matter: Matter) -> bool:
    """The person coordinates the network herself; a delegate cannot delegate."""
    return matter.path.partition("/")[0] in who.networks


def ordinary(_who: Authority, matter: Matter) -> bool:
    """The profile gives no right to approve."""
    return matter.decided_by is Decider.COORDINATION_TEAM


def administrator(who: Authority, _matter: Matter) -> bool:
    """The person administers the platform."""
    return who.is_administrator


def approver_right(_who: Authority, matter: Matter) -> bool:
    """The profile gives the right to approve, or was asked for together with one.

    Without the second part the first coordinator of a network could never get HP as well.
    """
    return matter.decided_by is Decider.ADMINISTRATOR or matter.beside_administrator


TEAM = (not_own, in_subtree, ordinary)
PLATFORM = (not_own, administrator, approver_right)
# Each act with its alternatives: one of them has to hold, with all its predicates.
MAY: dict[Act, tuple[tuple[Predicate, ...], ...]] = {
    Act.DECIDE: (TEAM, PLATFORM),
    Act.REVOKE: (TEAM, (not_own, administrator)),
    Act.LOCK: (TEAM, (not_own, administrator)),
    Act.UNLOCK: (TEAM, PLATFORM),
    Act.EXTEND: (TEAM, PLATFORM),
    Act.CHANGE_GUEST: (TEAM, (not_own, administrator)),
    Act.DELEGATE: ((not_own, coordinates),),
    Act.CONFIRM: ((not_own, in_subtree), (not_own, administrator)),
    Act.RECOGNISE: (TEAM, PLATFORM),
}


def may(act: Act, who: Authority, matter: Matter) -> bool:
    """Say whether the person may do this."""
    return any(all(holds(who, matter) for holds in alternative) for alternative in MAY[act])


def acting_as(who: Authority, matter: Matter) -> str:
    """Return as what a person decides: "coordinator", "delegate" or "administrator"."""
    if coordinates(who, matter):
        return "coordinator"
    return "delegate" if in_subtree(who, matter) else "administrator"


def matter_of_item(item: RequestItem) -> Matter:
    """Return what a decision about a wanted profile is about."""
    beside = any(other.profile.decided_by is Decider.ADMINISTRATOR for other in item.request.items)
    return Matter(item.account_id, item.organisation.path, item.profile.decided_by, beside)


def matter_of_access(access: Access) -> Matter:
    """Return what an act on an access is about."""
    return Matter(access.account_id, access.organisation.path, access.profile.decided_by)


@frozen
class Approver:
    """Who acts: the account, the level of the session and when its last proof was given."""

    account_id: int
    acr: str
    proved_at: datetime
