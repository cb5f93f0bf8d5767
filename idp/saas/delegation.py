"""Lending the right to decide for a country or a hospital: by coordinators, for a time, within their own."""

from datetime import datetime, timedelta

from idp.accounts.models import Account, AccountState
from idp.core import audit, clock
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Invalid, NotFound
from idp.saas import organisations
from idp.saas.authority import acting_authority
from idp.saas.catalogue_models import OrganisationKind
from idp.saas.models import Delegation
from idp.saas.policy import Act, Approver, Matter, may

LONGEST = timedelta(days=366)


@transactional
def lend(approver: Approver, delegate_id: int, path: str, until: datetime) -> Delegation:
    """Let somebody decide for a country or a hospital of one's network, until a moment at most a year away.

    It counts only as long as the lender coordinates the network. Raises NotFound for what is not the lender's,
    Invalid for another kind of organisation, person or time.
    """
    lender, authority = acting_authority(approver)
    scope = organisations.find(path)
    if not may(Act.DELEGATE, authority, Matter(delegate_id, scope.path)):
        raise NotFound("organisation_unknown")
    delegate = db.session.get(Account, delegate_id)
    now = clock.now()
    lendable = scope.kind in (OrganisationKind.COUNTRY, OrganisationKind.PROVIDER) and now < until <= now + LONGEST
    if delegate is None or delegate.state is not AccountState.ACTIVE or not lendable:
        raise Invalid("delegation_wrong")
    lent = Delegation(
        delegator_id=lender.id, delegate_id=delegate_id, organisation_id=scope.id, valid_until=until, ended_at=None
    )
    db.session.add(lent)
    db.session.flush()
    audit.record("saas.delegation.lend", subject=delegate.uid, object=scope.path, after={"until": until.isoformat()})
    return lent


@transactional
def take_back(approver: Approver, delegation_id: int) -> None:
    """End a delegation of one's own at once; raises NotFound for another's, Conflict if it has ended."""
    lender, _ = acting_authority(approver)
    lent = db.session.get(Delegation, delegation_id, with_for_update=True)
    if lent is None or lent.delegator_id != lender.id:
        raise NotFound("delegation_unknown")
    if lent.ended_at is not None:
        raise Conflict("delegation_ended")
    lent.ended_at = clock.now()
    delegate = db.session.get_one(Account, lent.delegate_id)
    audit.record("saas.delegation.end", subject=delegate.uid, object=f"delegation:{lent.id}")
