"""Accesses that nobody asked for in the portal: demonstrations, training accounts and an operator's first people.

They too come from a decided item, so that an access never exists without a decision.
"""

from sqlalchemy import select

from idp.accounts.models import Account
from idp.core import clock
from idp.core.db import db, transactional
from idp.core.errors import Invalid
from idp.core.signed import new_token
from idp.core.values import frozen
from idp.saas import accesses, wishes
from idp.saas.access_requests import Decision, move
from idp.saas.accesses import Terms
from idp.saas.catalogue_models import Application, Organisation, Profile
from idp.saas.models import LIVING_STATES, Access, AccessRequest, GuestKind, ItemState


@frozen
class Gift:
    """What is given: profiles of an application at an organisation (its path), and as whom it is decided ("demo")."""

    application_id: int
    path: str
    profiles: tuple[str, ...]
    decided_as: str
    guest: GuestKind | None = None


@transactional
def grant_directly(account: Account, gift: Gift) -> list[Access]:
    """Give the profiles that the person does not hold there yet, and return the new accesses.

    Raises NotFound for an unknown application or organisation, Invalid for an unknown profile.
    """
    accesses.expire_due(clock.now())
    application = wishes.application_of(gift.application_id)
    organisation = wishes.organisation_of(application, gift.path)
    profiles = _missing(account, application, organisation, gift)
    if not profiles:
        return []
    request = AccessRequest(
        reference=new_token(),
        account_id=account.id,
        comment="",
        language=account.language,
        form_key=new_token(),
        submitted_at=clock.now(),
        items=[wishes.item_for(account.id, organisation, profile) for profile in profiles],
    )
    db.session.add(request)
    db.session.flush()
    for item in request.items:
        move(item, ItemState.GRANTED, item.version, Decision(None, gift.decided_as))
    return [accesses.open_access(item, Terms(guest=gift.guest)) for item in request.items]


def _missing(account: Account, application: Application, organisation: Organisation, gift: Gift) -> list[Profile]:
    known = select(Profile).where(Profile.application_id == application.id, Profile.code.in_(gift.profiles))
    found = list(db.session.scalars(known.order_by(Profile.position)))
    if len(found) != len(set(gift.profiles)):
        raise Invalid("profile_unknown")
    held = set(
        db.session.scalars(
            select(Access.profile_id).where(
                Access.account_id == account.id,
                Access.organisation_id == organisation.id,
                Access.state.in_(LIVING_STATES),
            )
        )
    )
    return [profile for profile in found if profile.id not in held]
