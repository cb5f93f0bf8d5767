"""What approvers see: the requests they may decide about, and the accesses they look after."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from idp.accounts.models import Account, EmailAddress
from idp.core import clock
from idp.core.db import db
from idp.core.errors import NotFound
from idp.core.values import frozen
from idp.saas.authority import below, looked_after, valid
from idp.saas.catalogue_models import Decider, Organisation, Profile
from idp.saas.models import (
    LIVING_STATES,
    OPEN_STATES,
    Access,
    AccessRequest,
    AccessState,
    ItemState,
    Proposal,
    RequestItem,
    RequestNote,
)
from idp.saas.paging import USUAL_SIZE, Page
from idp.saas.policy import ON_ACCESSES, Act, Authority, matter_of_access, matter_of_item, may
from idp.saas.words import search_words

ENDING_SOON = timedelta(days=14)


@frozen
class Asked:
    """What an approver looks for: `show` names one of the lists, `search` words of names, addresses or hospitals."""

    show: str = ""
    search: str = ""
    page: int = 1
    per_page: int = USUAL_SIZE


@frozen
class Case:
    """A request in a list: who asks, for what (the items that concern the approver), since when."""

    request: AccessRequest
    person: Account
    items: Sequence[RequestItem]
    days: int


REQUEST_LISTS: dict[str, tuple[ItemState, ...]] = {
    "waiting": OPEN_STATES,
    "decided": (ItemState.GRANTED, ItemState.REFUSED),
}


def cases(authority: Authority, asked: Asked) -> Page[Case]:
    """Return one page of the requests that a person may decide about; two queries, however many rows."""
    states = REQUEST_LISTS.get(asked.show, OPEN_STATES)
    newest_first = states != OPEN_STATES
    order = RequestItem.request_id.desc() if newest_first else RequestItem.request_id
    rows = _joined(select(RequestItem.request_id, func.count().over())).where(
        RequestItem.state.in_(states), _decidable(authority), *_matching(asked.search)
    )
    rows = rows.group_by(RequestItem.request_id).order_by(order).limit(asked.per_page)
    numbered = db.session.execute(rows.offset((asked.page - 1) * asked.per_page)).all()
    if not numbered and asked.page > 1:
        return cases(authority, replace(asked, page=1))
    ids = [row[0] for row in numbered]
    return Page(_cases(ids, states, newest_first), numbered[0][1] if numbered else 0, asked.page, asked.per_page)


@frozen
class ToDecide:
    """How many requests and proposed hospitals wait for a person's decision."""

    requests: int = 0
    hospitals: int = 0


def to_decide(authority: Authority) -> ToDecide:
    """Return how much waits for a person's decision; one query."""
    if not authority.exists:
        return ToDecide()
    requests = _joined(select(func.count(RequestItem.request_id.distinct())))
    hospitals = select(func.count(Proposal.id)).join(Organisation, Organisation.id == Proposal.organisation_id)
    row = db.session.execute(
        select(
            requests.where(RequestItem.state.in_(OPEN_STATES), _decidable(authority)).scalar_subquery(),
            hospitals.where(*proposed_to(authority)).scalar_subquery(),
        )
    ).one()
    return ToDecide(*row)


def proposed_to(authority: Authority) -> list[ColumnElement[bool]]:
    """Return the conditions that a proposed hospital waits for a person's decision (`policy.MAY`, said in SQL)."""
    return [Proposal.decided_at.is_(None), Proposal.account_id != authority.account_id, looked_after(authority)]


def case(authority: Authority, reference: str) -> Case:
    """Return one request with all its items; raise NotFound for what the person may not see."""
    request = db.session.scalar(select(AccessRequest).where(AccessRequest.reference == reference))
    if request is None or not any(may(Act.DECIDE, authority, matter_of_item(item)) for item in request.items):
        raise NotFound("access_request_unknown")
    person = db.session.get_one(Account, request.account_id)
    return Case(request, person, request.items, (clock.now() - request.submitted_at).days)


def decidable(authority: Authority, items: Sequence[RequestItem]) -> list[RequestItem]:
    """Return the items that still wait and that the person may decide about."""
    return [item for item in items if item.is_open and may(Act.DECIDE, authority, matter_of_item(item))]


def notes_of(request: AccessRequest) -> Sequence[tuple[RequestNote, Account]]:
    """Return the questions and answers about a request, the oldest first."""
    found = select(RequestNote, Account).join(Account, Account.id == RequestNote.author_id)
    ordered = found.where(RequestNote.request_id == request.id).order_by(RequestNote.id)
    return [(note, author) for note, author in db.session.execute(ordered)]


def held_beside(request: AccessRequest) -> Sequence[Access]:
    """Return what the person of a request holds already."""
    held = select(Access).where(Access.account_id == request.account_id, valid(clock.now()))
    return db.session.scalars(held.options(*access_parts()).order_by(Access.id)).all()


def accesses(authority: Authority, asked: Asked) -> Page[tuple[Access, Account]]:
    """Return one page of the accesses that a person looks after; two queries, however many rows."""
    rows = (
        select(Access, Account, func.count().over())
        .join(Organisation, Organisation.id == Access.organisation_id)
        .join(Account, Account.id == Access.account_id)
        .where(Access.account_id != authority.account_id, looked_after(authority))
        .where(_in_list(asked.show, clock.now()), *_matching(asked.search))
        .options(*access_parts(), selectinload(Account.addresses))
        .order_by(Account.last_name, Account.first_name, Access.id)
        .limit(asked.per_page)
    )
    found = db.session.execute(rows.offset((asked.page - 1) * asked.per_page)).all()
    if not found and asked.page > 1:
        return accesses(authority, replace(asked, page=1))
    return Page([(row[0], row[1]) for row in found], found[0][2] if found else 0, asked.page, asked.per_page)


def access_of(authority: Authority, access_id: int) -> tuple[Access, Account, frozenset[Act]]:
    """Return an access, its holder and what the person may do with it; raise NotFound if that is nothing."""
    access = db.session.get(Access, access_id, options=access_parts())
    if access is None:
        raise NotFound("access_unknown")
    matter = matter_of_access(access)
    acts = frozenset(act for act in ON_ACCESSES if may(act, authority, matter))
    if not acts:
        raise NotFound("access_unknown")
    return access, db.session.get_one(Account, access.account_id), acts


def access_parts() -> list[ORMOption]:
    """Return what is loaded with each access; no constant: making one configures all mappers, 25 ms of a start."""
    return [joinedload(Access.application), joinedload(Access.organisation), joinedload(Access.profile)]


def _item_parts() -> list[ORMOption]:
    parts = (RequestItem.request, RequestItem.application, RequestItem.organisation, RequestItem.profile)
    return [joinedload(part) for part in parts]


def _cases(ids: Sequence[int], states: Sequence[ItemState], newest_first: bool) -> list[Case]:
    found = select(RequestItem, Account).join(Account, Account.id == RequestItem.account_id)
    wanted = found.where(RequestItem.request_id.in_(ids), RequestItem.state.in_(states))
    order = RequestItem.request_id.desc() if newest_first else RequestItem.request_id
    now = clock.now()
    cases: dict[int, Case] = {}
    for item, person in db.session.execute(
        wanted.options(*_item_parts(), joinedload(Account.addresses)).order_by(order, RequestItem.id)
    ).unique():
        request = item.request
        known = cases.setdefault(request.id, Case(request, person, [], (now - request.submitted_at).days))
        cases[request.id] = replace(known, items=[*known.items, item])
    return list(cases.values())


def _joined(rows: Any) -> Any:
    return (
        rows.select_from(RequestItem)
        .join(Organisation, Organisation.id == RequestItem.organisation_id)
        .join(Profile, Profile.id == RequestItem.profile_id)
        .join(Account, Account.id == RequestItem.account_id)
    )


def _decidable(authority: Authority) -> ColumnElement[bool]:
    """The rows for which `policy.MAY` allows a decision, said in SQL."""
    team = below(authority.subtrees) & (Profile.decided_by == Decider.COORDINATION_TEAM)
    return (RequestItem.account_id != authority.account_id) & or_(team, _beside_administrator(authority))


def _beside_administrator(authority: Authority) -> ColumnElement[bool]:
    if not authority.is_administrator:
        return false()
    other, wanted = aliased(RequestItem), aliased(Profile)
    return exists().where(
        other.request_id == RequestItem.request_id,
        wanted.id == other.profile_id,
        wanted.decided_by == Decider.ADMINISTRATOR,
    )


def _in_list(show: str, now: datetime) -> ColumnElement[bool]:
    if show == "locked":
        return Access.state == AccessState.LOCKED
    if show == "ending":
        return (
            (Access.state == AccessState.ACTIVE) & (Access.valid_until > now) & (Access.valid_until < now + ENDING_SOON)
        )
    return Access.state.in_(LIVING_STATES)


def _matching(search: str) -> list[ColumnElement[bool]]:
    name = func.lower(Account.first_name + " " + Account.last_name)
    address = exists().where(
        EmailAddress.account_id == Account.id, EmailAddress.normalized.contains(search.strip().lower(), autoescape=True)
    )
    if not search.strip():
        return []
    words = search_words(search)
    in_hospital = and_(*(Organisation.words.contains(word) for word in words)) if words else false()
    return [or_(name.contains(search.strip().lower(), autoescape=True), address, in_hospital)]
