"""Hospitals that people proposed, as the coordination teams see them."""

from collections.abc import Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import joinedload

from idp.accounts.models import Account
from idp.core.db import db
from idp.core.errors import NotFound
from idp.core.values import frozen
from idp.saas import organisations
from idp.saas.authority import looked_after
from idp.saas.catalogue_models import Organisation, OrganisationState
from idp.saas.models import OPEN_STATES, Proposal, RequestItem
from idp.saas.paging import USUAL_SIZE, Page
from idp.saas.policy import Act, Authority, Matter, may


@frozen
class Proposed:
    """A proposal with who made it, how many requests wait for it, and the hospitals that it may be confused with."""

    proposal: Proposal
    person: Account
    requests: int
    similar: Sequence[Organisation]


def waiting(authority: Authority, number: int) -> Page[Row[Proposal, Account, int]]:
    """Return one page of the proposals that a person may decide about, the oldest first; one query.

    Each comes with the person who made it and the number of people whose requests wait for it.
    """
    asking = select(func.count(RequestItem.account_id.distinct())).where(
        RequestItem.organisation_id == Proposal.organisation_id, RequestItem.state.in_(OPEN_STATES)
    )
    rows = (
        select(Proposal, Account, asking.scalar_subquery(), func.count().over())
        .join(Organisation, Organisation.id == Proposal.organisation_id)
        .join(Account, Account.id == Proposal.account_id)
        .where(Proposal.decided_at.is_(None), Proposal.account_id != authority.account_id, looked_after(authority))
        .options(joinedload(Proposal.organisation), joinedload(Account.addresses))
        .order_by(Proposal.id)
        .limit(USUAL_SIZE)
    )
    found = db.session.execute(rows.offset((number - 1) * USUAL_SIZE)).unique().all()
    if not found and number > 1:
        return waiting(authority, 1)
    return Page(found, found[0][3] if found else 0, number, USUAL_SIZE)


def proposed(authority: Authority, proposal_id: int) -> Proposed:
    """Return one proposal; raise NotFound for what the person may not decide about."""
    found = db.session.get(Proposal, proposal_id, options=[joinedload(Proposal.organisation)])
    if found is None or not may(Act.CONFIRM, authority, matter_of(found)):
        raise NotFound("hospital_unknown")
    hospital = found.organisation
    country = hospital.path.rpartition("/")[0]
    others = organisations.similar(country, hospital.name, hospital.city or "")
    return Proposed(
        found,
        db.session.get_one(Account, found.account_id),
        len(waiting_items(hospital.id)),
        [other for other in others if other.id != hospital.id],
    )


def open_proposal(organisation: Organisation) -> int | None:
    """Return the id of the proposal that waits for a hospital; None for one that was never proposed, or is decided."""
    if organisation.state is not OrganisationState.REQUESTED:
        return None
    wanted = (Proposal.organisation_id == organisation.id) & Proposal.decided_at.is_(None)
    return db.session.scalar(select(Proposal.id).where(wanted))


def waiting_items(organisation_id: int) -> Sequence[RequestItem]:
    """Return what people asked for at a hospital and what is not decided."""
    wanted = select(RequestItem).where(
        RequestItem.organisation_id == organisation_id, RequestItem.state.in_(OPEN_STATES)
    )
    return db.session.scalars(wanted.order_by(RequestItem.account_id, RequestItem.id)).all()


def matter_of(proposal: Proposal) -> Matter:
    """Return what a decision about a proposed hospital is about."""
    return Matter(proposal.account_id, proposal.organisation.path)
