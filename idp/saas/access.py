"""The only door for the protocol: what a person may use, as the claim `ern_access` wants it (docs/federate.md)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from flask import url_for
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from idp.accounts.models import Account
from idp.core import clock
from idp.core.db import db
from idp.core.errors import NotFound
from idp.core.levels import MFA, reaches
from idp.core.prepared import Prepared
from idp.core.values import frozen
from idp.saas.authority import administrators, team_of, valid
from idp.saas.catalogue_models import Application, Decider, Organisation, Profile, country_of
from idp.saas.models import PANIC, Access, AccessState, AccessVersion, GuestKind

DECIDERS_NAMED = 5  # enough to find somebody


@frozen
class Grant:
    """What a person may do at one hospital of one network in one application.

    `hcp_code` is the hospital's code, or our own identifier where no code is known, or "0000" for guests;
    `profiles` are sorted; `ecp_member`: the person is an active member for the same network and hospital.
    """

    ern: str
    country: str
    hcp_code: str
    hcp_name: str
    profiles: tuple[str, ...]
    guest: GuestKind | None = None
    ecp_member: bool = False


@frozen
class ApplicationCard:
    """What the protocol has to know about an application; `level` is the least `acr` that it accepts.

    `trusted_browsers`: in a browser that the person trusts it asks for no second factor; `text_messages`: a code by
    text message is one.
    """

    id: int
    name: str
    needs_mfa: bool
    level: str
    trusted_browsers: bool
    text_messages: bool


def application(application_id: int) -> ApplicationCard:
    """Return an application of the catalogue; raise NotFound for an unknown one."""
    found = db.session.get(Application, application_id)
    if found is None:
        raise NotFound("application_unknown")
    return ApplicationCard(
        found.id, found.label, reaches(found.level, MFA), found.level, found.trusted_browsers, found.text_messages
    )


IN_THIS = Access.application_id == bindparam("application_id")
IS_MEMBERSHIP = Access.application_id.in_(
    select(Application.membership_id).where(Application.membership_id.is_not(None))
)
LIVING = (Access.account_id == bindparam("account_id"), valid(bindparam("now")))
PLACE = (Organisation.path, Organisation.network, Organisation.reference, Organisation.name)
HELD = Prepared(
    select(*PLACE, IN_THIS.label("own"), IS_MEMBERSHIP.label("member"), Access.guest, Profile.code)
    .join(Access, Access.organisation_id == Organisation.id)
    .join(Profile, Profile.id == Access.profile_id)
    .where(*LIVING, IN_THIS | IS_MEMBERSHIP)
    .order_by(Organisation.path, Profile.code)
)
ANY = Prepared(select(Access.id).where(*LIVING, IN_THIS).limit(1))
VERSION = Prepared(select(AccessVersion.version).where(AccessVersion.account_id == bindparam("account_id")))


def accesses_for(account_id: int, application_id: int, now: datetime | None = None) -> list[Grant]:
    """Return a person's active accesses to an application, one grant for each organisation, in a fixed order.

    `now` is the moment that counts (None: this one). One query.
    """
    rows = HELD.all(account_id=account_id, application_id=application_id, now=now or clock.now())
    grants = [_grant(list(group)) for _, group in groupby(rows, key=lambda row: row.path)]
    return [grant for grant in grants if grant.profiles]


def has_access(account_id: int, application_id: int) -> bool:
    """Say whether a person has an active access to an application."""
    return ANY.first(account_id=account_id, application_id=application_id, now=clock.now()) is not None


@frozen
class Locked:
    """Accesses to one application at one organisation that PANIC locked, and the people who can open them again."""

    application: str
    where: str
    profiles: tuple[str, ...]
    deciders: tuple[str, ...]


def locked_by_panic(account_id: int, application_id: int | None = None) -> list[Locked]:
    """Return what PANIC locked for a person, of one application or of all (None), with who can open it."""
    found = locked_accesses(account_id)
    wanted = [one for one in found if application_id in (None, one.application_id)]
    groups = groupby(wanted, key=lambda one: (one.application.label, one.organisation))
    return [_locked(label, organisation, list(group)) for (label, organisation), group in groups]


def locked_accesses(account_id: int) -> list[Access]:
    """Return the accesses of a person that PANIC locked, those of one application and organisation together."""
    return locked_of([account_id])[account_id]


def locked_of(account_ids: Collection[int]) -> dict[int, list[Access]]:
    """Return the same for several people in one read, by their ids."""
    found: dict[int, list[Access]] = {account_id: [] for account_id in account_ids}
    theirs = (Access.account_id.in_(account_ids), Access.state == AccessState.LOCKED, Access.reason == PANIC)
    ordered = select(Access).where(*theirs).order_by(Access.application_id, Access.organisation_id, Access.id)
    parts = (joinedload(Access.application), joinedload(Access.organisation), joinedload(Access.profile))
    for access in db.session.scalars(ordered.options(*parts)):
        found[access.account_id].append(access)
    return found


def deciders_of(found: Sequence[Access]) -> list[Account]:
    """Return everybody who can recognise the person whose accesses these are, each once."""
    people: dict[int, Account] = {}
    for one in found:
        by_administrator = one.profile.decided_by is Decider.ADMINISTRATOR
        but = one.account_id
        deciders = administrators(but=but) if by_administrator else team_of(one.organisation, but=but)
        people |= {account.id: account for account in deciders}
    return list(people.values())


def _locked(label: str, organisation: Organisation, found: list[Access]) -> Locked:
    names = tuple(account.name for account in deciders_of(found)[:DECIDERS_NAMED])
    where = f"{organisation.network}, {organisation.reference} {organisation.name}"
    return Locked(label, where, tuple(one.profile.code for one in found), names)


def access_version(account_id: int) -> int:
    """Return the number that rises with every change of what the person may use; 0 before the first."""
    found = VERSION.first(account_id=account_id)
    return found.version if found else 0


def deep_link(application_id: int) -> str:
    """Return the address where access to an application is asked for."""
    return url_for("saas.create", application_id=application_id, _external=True)


def _grant(rows: Sequence[Any]) -> Grant:
    at = rows[0]
    return Grant(
        ern=at.network,
        country=country_of(at.path) or "",
        hcp_code=at.reference,
        hcp_name=at.name,
        profiles=tuple(sorted(row.code for row in rows if row.own)),
        guest=max((row.guest for row in rows if row.own and row.guest), default=None),
        ecp_member=any(row.member for row in rows),
    )
