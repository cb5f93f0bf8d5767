"""Colleagues: the people who entered CPMS, as seen at their last sign-in; the only people one can invite."""

from collections.abc import Collection

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from cpms_client import clock, policy
from cpms_client.claims import Access, Visitor
from cpms_client.db import db, transactional
from cpms_client.models import Colleague, ColleagueAccess
from cpms_client.paging import Page, Wanted, paginate
from cpms_client.policy import Act
from cpms_client.single_effect import insert_once

SEPARATOR = "\n"


@transactional
def remember(visitor: Visitor) -> None:
    """Note who entered, with which accesses; call it after every sign-in."""
    fresh = Colleague(sub=visitor.sub, name=visitor.name, email=visitor.email.casefold(), seen_at=clock.now())
    row, new = insert_once(fresh, select(Colleague).where(Colleague.sub == visitor.sub))
    if not new:
        row.name, row.email, row.seen_at = fresh.name, fresh.email, fresh.seen_at
    known = {(held.ern, held.hcp, held.country): held for held in _held(visitor.sub)}
    for access in visitor.accesses:
        held = known.pop((access.ern, access.hcp, access.country), None) or _new(visitor.sub, access)
        held.hcp_name, held.guest = access.hcp_name, access.guest
        held.profiles = SEPARATOR.join(sorted(access.profiles))
    for gone in known.values():
        db.session.delete(gone)


def _held(sub: str) -> list[ColleagueAccess]:
    return list(db.session.scalars(select(ColleagueAccess).where(ColleagueAccess.sub == sub)))


def _new(sub: str, access: Access) -> ColleagueAccess:
    row = ColleagueAccess(sub=sub, ern=access.ern, country=access.country, hcp=access.hcp)
    db.session.add(row)
    return row


def access_of(held: ColleagueAccess) -> Access:
    """Turn a remembered access back into the value that the policy reads."""
    profiles = frozenset(held.profiles.split(SEPARATOR)) - {""}
    return Access(held.ern, held.country, held.hcp, held.hcp_name, profiles, held.guest, True)


def can_take_part(held: ColleagueAccess) -> bool:
    """Tell whether a panel may invite this access: a researcher's alone may not."""
    return _allowed(held, Act.CONTRIBUTE)


def can_lead(held: ColleagueAccess) -> bool:
    """Tell whether this access may lead a panel."""
    return _allowed(held, Act.LEAD_PANEL)


def _allowed(held: ColleagueAccess, act: Act) -> bool:
    return any(policy.MAY[act][role] for role in policy.roles(access_of(held)))


def find(access_id: int) -> ColleagueAccess | None:
    """Load one remembered access with its person."""
    return db.session.get(ColleagueAccess, access_id, options=[joinedload(ColleagueAccess.colleague)])


def by_email(email: str) -> list[ColleagueAccess]:
    """List the accesses of the person who entered CPMS with this e-mail address; none if nobody did."""
    rows = select(ColleagueAccess).join(ColleagueAccess.colleague).options(joinedload(ColleagueAccess.colleague))
    return list(db.session.scalars(rows.where(Colleague.email == email.casefold()).order_by(ColleagueAccess.id)))


def in_networks(networks: Collection[str], wanted: Wanted) -> Page[ColleagueAccess]:
    """List who could be invited from these networks, by name; the search looks at name, hospital and its code."""
    rows = select(ColleagueAccess).join(ColleagueAccess.colleague).options(joinedload(ColleagueAccess.colleague))
    rows = rows.where(ColleagueAccess.ern.in_(networks), ColleagueAccess.profiles != "Researcher")
    if wanted.search:
        fields = (Colleague.name, ColleagueAccess.hcp_name, ColleagueAccess.hcp)
        rows = rows.where(or_(*(field.icontains(wanted.search, autoescape=True) for field in fields)))
    return paginate(rows.order_by(Colleague.name, ColleagueAccess.id), wanted, ColleagueAccess)
