"""Hospitals that are not in the list: people propose them, the coordination team confirms or refuses them."""

from itertools import groupby

from sqlalchemy import update

from idp.accounts.models import Account
from idp.core import audit, clock, limits
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Invalid, NotFound
from idp.core.limits import Budget
from idp.core.values import frozen
from idp.saas import drafts, hospitals, organisations, team_notices
from idp.saas.access_requests import DAY, LONGEST_TEXT, Decision, move
from idp.saas.authority import acting_authority, administrators, team_of
from idp.saas.catalogue_models import Organisation, OrganisationState
from idp.saas.models import ItemState, Proposal, RequestItem
from idp.saas.policy import Act, Approver, acting_as, may
from idp.saas.words import fold

PER_DAY = 5
LONGEST_NAME, LONGEST_CITY = 200, 100


@frozen
class Hospital:
    """What a person says about a missing hospital; `different`: it is none of those that look like it."""

    country: str
    name: str
    city: str
    different: bool = False


@frozen
class Opinion:
    """What a coordination team says about a proposed hospital."""

    accepted: bool
    reason: str = ""


def propose(account_id: int, token: str, hospital: Hospital) -> Organisation:
    """Add a hospital to the list, choose it in the person's draft, and tell who decides about it.

    Raises NotFound for another place than a country, Invalid for what lacks something or looks like a hospital of the
    list, TooMany beyond the proposals of a day.
    """
    _check(hospital)
    if not hospital.different and organisations.similar(hospital.country, hospital.name, hospital.city):
        raise Invalid("hospital_similar")
    limits.spend(Budget("hospital_proposals", account_id, PER_DAY, DAY))
    return _propose(account_id, token, hospital)


def _check(hospital: Hospital) -> None:
    if not fold(hospital.name) or "://" in hospital.name:
        raise Invalid("hospital_name_needed")
    if not fold(hospital.city) or "://" in hospital.city:
        raise Invalid("hospital_city_needed")
    if len(hospital.name) > LONGEST_NAME:
        raise Invalid("hospital_name_long")
    if len(hospital.city) > LONGEST_CITY:
        raise Invalid("hospital_city_long")


@transactional
def _propose(account_id: int, token: str, hospital: Hospital) -> Organisation:
    added = organisations.propose(hospital.country, hospital.name, hospital.city)
    drafts.choose_organisation(account_id, token, added.path)
    proposal = Proposal(organisation=added, account_id=account_id, proposed_at=clock.now())
    db.session.add(proposal)
    db.session.flush()
    deciders = team_of(added, but=account_id) or administrators(but=account_id)
    if not deciders:
        raise Invalid("nobody_decides", network=added.network)
    team_notices.hospital_proposed(proposal, db.session.get_one(Account, account_id), deciders)
    return added


@transactional
def decide(approver: Approver, proposal_id: int, opinion: Opinion) -> None:
    """Confirm a hospital, or take it out of the list and refuse what people asked for there; everybody is told.

    Raises SignInRequired without a fresh second factor, NotFound for what the approver may not decide, Invalid for a
    refusal without a reason, Conflict (who, at) if somebody was faster.
    """
    actor, authority = acting_authority(approver)
    proposal = db.session.get(Proposal, proposal_id, with_for_update=True)
    if proposal is None or not may(Act.CONFIRM, authority, hospitals.matter_of(proposal)):
        raise NotFound("hospital_unknown")
    if not opinion.accepted and not opinion.reason.strip():
        raise Invalid("reason_needed")
    if len(opinion.reason) > LONGEST_TEXT:
        raise Invalid("reason_long")
    _note(proposal, actor, opinion)
    role = acting_as(authority, hospitals.matter_of(proposal))
    decision = Decision(actor.id, role, opinion.reason.strip() or None)
    refused = [] if opinion.accepted else _refuse_all(proposal.organisation_id, decision)
    _tell(proposal, actor, refused)


def _note(proposal: Proposal, actor: Account, opinion: Opinion) -> None:
    """Write the decision down if there is none yet; the only place where a proposed hospital changes its state."""
    reason = opinion.reason.strip() or None
    changed = db.session.execute(
        update(Proposal)
        .where(Proposal.id == proposal.id, Proposal.decided_at.is_(None))
        .values(accepted=opinion.accepted, decided_at=clock.now(), decided_by_id=actor.id, reason=reason)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise _too_late(proposal)
    hospital, before = proposal.organisation, proposal.organisation.state
    hospital.state = OrganisationState.ACTIVE if opinion.accepted else OrganisationState.CLOSED
    person = db.session.get_one(Account, proposal.account_id)
    audit.record(
        f"saas.organisation.{'confirm' if opinion.accepted else 'refuse'}",
        subject=person.uid,
        object=hospital.path,
        before={"state": before.value},
        after={"state": hospital.state.value, "reason": reason},
    )


def _too_late(proposal: Proposal) -> Conflict:
    db.session.refresh(proposal)
    faster = db.session.get(Account, proposal.decided_by_id) if proposal.decided_by_id else None
    return Conflict("already_decided", who=faster.name if faster else "-", at=proposal.decided_at)


def _refuse_all(organisation_id: int, decision: Decision) -> list[RequestItem]:
    refused = list(hospitals.waiting_items(organisation_id))
    for item in refused:
        move(item, ItemState.REFUSED, item.version, decision)
    return refused


def _tell(proposal: Proposal, actor: Account, refused: list[RequestItem]) -> None:
    """Tell who proposed it and everybody who asked for it, each once."""
    asked = {id_: list(items) for id_, items in groupby(refused, key=lambda item: item.account_id)}
    for account_id in dict.fromkeys([proposal.account_id, *asked]):
        person = db.session.get_one(Account, account_id)
        team_notices.hospital_decided(person, proposal, actor, asked.get(account_id, []))
