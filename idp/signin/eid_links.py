"""National eIDs that belong to accounts: linked by somebody who is signed in, never found by a name or an address."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from idp.accounts import people, questions
from idp.accounts.models import Account
from idp.accounts.notices import tell
from idp.core import audit, clock, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict, NotFound
from idp.core.settings import Eid
from idp.signin import eid_providers
from idp.signin.eid_tokens import Identity
from idp.signin.models import EidLink


def linked(account_id: int) -> Sequence[EidLink]:
    """Return the eIDs of an account, the oldest first."""
    return db.session.scalars(select(EidLink).where(EidLink.account_id == account_id).order_by(EidLink.id)).all()


def owner(identity: Identity) -> EidLink | None:
    """Return the link of an identity; None if no account has it."""
    named = (EidLink.issuer == identity.issuer, EidLink.subject == identity.subject)
    return db.session.scalar(select(EidLink).where(*named))


@transactional
def link(account_id: int, provider: Eid, identity: Identity) -> None:
    """Give an identity to an account; one that it has already stays as it is.

    Whether the person may is the caller's to ask (`session.require_fresh`). Raise Conflict("eid_taken") if it belongs
    to another account.
    """
    account = people.locked(account_id)
    made = EidLink(account_id=account.id, provider=provider.id, issuer=identity.issuer, subject=identity.subject)
    made.linked_at = clock.now()
    if not _insert(made):
        found = owner(identity)
        if found is None or found.account_id != account.id:
            raise Conflict("eid_taken")
        return
    audit.record("eid.link", subject=account.uid, object=provider.id)
    tell(account, "signin/mail/eid_linked", always=True, provider=provider.name)


@transactional
def unlink(account: Account, link_id: int) -> None:
    """Take an eID away from its account; raise NotFound if it is not there."""
    found = db.session.get(EidLink, link_id)
    if found is None or found.account_id != account.id:
        raise NotFound("eid_unknown")
    db.session.delete(found)
    audit.record("eid.unlink", subject=account.uid, object=found.provider)
    tell(account, "signin/mail/eid_unlinked", always=True, provider=eid_providers.name_of(found.provider))


def _insert(made: EidLink) -> bool:
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        return False
    return True


@signals.factors_wiped.connect
def forget(account_id: int) -> None:
    """Forget the eIDs too when everything that proves who somebody is goes (PANIC); inside an act."""
    db.session.execute(delete(EidLink).where(EidLink.account_id == account_id))


@questions.answers_devices
def names(account_id: int) -> list[str]:
    """Name the eIDs of an account, as they stand among what PANIC deletes."""
    return [eid_providers.name_of(found.provider) for found in linked(account_id)]
