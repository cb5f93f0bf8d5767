"""The space of an ERN: who belongs to it, how many, and where they work."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from ecp_client.db import db
from ecp_client.membership import plain
from ecp_client.models import Membership

PAGE_SIZE = 25
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Size:
    """How many people and countries an ERN has here."""

    members: int
    countries: int


@dataclass(frozen=True)
class MemberPage:
    """One page of the members that match a search; pages count from 1."""

    members: Sequence[Membership]
    found: int
    page: int
    pages: int


def size(ern: str) -> Size:
    """The size of the space; one query."""
    people = func.count(Membership.person_id.distinct())
    counted = select(people, func.count(Membership.country.distinct())).where(Membership.ern == ern)
    members, countries = db.session.execute(counted).one()
    return Size(members, countries)


def members(ern: str, search: str, page: int) -> MemberPage:
    """The members of an ERN whose name, hospital or country has every word of the search; two queries."""
    wanted = [Membership.ern == ern, *_words(search)]
    found = db.session.scalar(select(func.count(Membership.id)).where(*wanted)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    page = min(max(1, page), pages)
    rows = select(Membership).where(*wanted).order_by(Membership.sort_key, Membership.id)
    shown = rows.options(joinedload(Membership.person)).limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return MemberPage(db.session.scalars(shown).all(), found, page, pages)


def _words(search: str) -> list[ColumnElement[bool]]:
    words = plain(search[:LONGEST_SEARCH]).split()
    return [Membership.search_key.contains(word, autoescape=True) for word in words]
