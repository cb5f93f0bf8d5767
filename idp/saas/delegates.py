"""Who decides by delegation, and what can be lent: what the page of the coordinators shows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from idp.accounts.models import Account, EmailAddress
from idp.core import clock
from idp.core.db import db
from idp.core.values import frozen
from idp.saas.authority import lent
from idp.saas.catalogue_models import Organisation, OrganisationKind, OrganisationState
from idp.saas.models import Delegation
from idp.saas.paging import USUAL_SIZE, Page
from idp.saas.policy import Authority

LENDABLE = (OrganisationKind.COUNTRY, OrganisationKind.PROVIDER)


@frozen
class Lent:
    """A delegation that counts, as a row of the list."""

    id: int
    name: str
    email: str
    organisation: Organisation
    until: datetime
    lender_id: int
    lender: str


def listed(authority: Authority, number: int) -> Page[Lent]:
    """Return one page of who decides, by delegation, in the networks that a person coordinates; one query."""
    delegate, lender = aliased(Account), aliased(Account)
    address = select(EmailAddress.address).where(EmailAddress.account_id == delegate.id, EmailAddress.is_primary)
    rows = (
        select(
            Delegation.id,
            func.trim(delegate.first_name + " " + delegate.last_name),
            address.limit(1).scalar_subquery(),
            Organisation,
            Delegation.valid_until,
            Delegation.delegator_id,
            func.trim(lender.first_name + " " + lender.last_name),
            func.count().over(),
        )
        .join(Organisation, Organisation.id == Delegation.organisation_id)
        .join(delegate, delegate.id == Delegation.delegate_id)
        .join(lender, lender.id == Delegation.delegator_id)
        .where(Organisation.network.in_(authority.networks), lent(clock.now()))
        .order_by(Organisation.path, Delegation.id)
        .limit(USUAL_SIZE)
    )
    found = db.session.execute(rows.offset((number - 1) * USUAL_SIZE)).all()
    if not found and number > 1:
        return listed(authority, 1)
    return Page([Lent(*row[:-1]) for row in found], found[0][-1] if found else 0, number, USUAL_SIZE)


def lendable(authority: Authority) -> Sequence[Organisation]:
    """Return the countries and hospitals that a person may lend, each country before its hospitals; one query."""
    mine = select(Organisation).where(
        Organisation.network.in_(authority.networks),
        Organisation.kind.in_(LENDABLE),
        Organisation.state == OrganisationState.ACTIVE,
    )
    return db.session.scalars(mine.order_by(Organisation.network, Organisation.position)).all()
