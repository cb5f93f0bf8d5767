"""A browser's way to a provider and back: begun here, bound to this browser, and used once."""

from dataclasses import asdict
from datetime import timedelta

from flask import request
from sqlalchemy import ColumnElement, delete, select, update

from idp.core import clock, settings, vault
from idp.core.db import db, transactional
from idp.core.errors import Expired
from idp.core.limits import Budget, source_of, spend
from idp.core.settings import Eid
from idp.core.signed import digest, new_token
from idp.signin import eid_tokens, known_browser
from idp.signin.eid_tokens import Secrets
from idp.signin.models import EidVisit

SEAL = "eid_visit"
VISITS_PER_HOUR = 120


def begin(provider: Eid, *, attempt_id: int | None = None, account_id: int | None = None) -> str:
    """Begin a visit, for a sign-in or to link, and return the provider's address for it.

    Raise TooMany for too many from one source, EidRefused if the provider cannot be reached.
    """
    spend(Budget("eid.visit", source_of(request.remote_addr), VISITS_PER_HOUR, 3600))
    state, known = new_token(), Secrets(new_token(), new_token())
    address = eid_tokens.way_to(provider, state, known, anew=account_id is not None)
    _keep(
        EidVisit(
            digest=digest(state),
            browser=known_browser.current().binding,
            provider=provider.id,
            attempt_id=attempt_id,
            account_id=account_id,
            sealed=vault.seal_json(SEAL, asdict(known)),
            expires_at=clock.now() + timedelta(minutes=settings.current().session.attempt_minutes),
        )
    )
    return address


@transactional
def _keep(visit: EidVisit) -> None:
    db.session.add(visit)


def find(provider: Eid, state: str) -> EidVisit:
    """Return this browser's open visit at a provider; raise Expired("eid_visit_over") for any other."""
    mine = (EidVisit.digest == digest(state), EidVisit.browser == known_browser.current().binding)
    found = db.session.scalar(select(EidVisit).where(*mine, EidVisit.provider == provider.id, *_open()))
    if found is None:
        raise Expired("eid_visit_over")
    return found


@transactional
def take(visit: EidVisit) -> Secrets:
    """Use a visit up, before anything is asked of the provider; raise Expired if another request did."""
    taken = db.session.execute(update(EidVisit).where(EidVisit.id == visit.id, *_open()).values(used_at=clock.now()))
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Expired("eid_visit_over")
    return Secrets(**vault.unseal_json(SEAL, visit.sealed))


@transactional
def sweep() -> None:
    """Remove the visits whose time is over."""
    db.session.execute(delete(EidVisit).where(EidVisit.expires_at <= clock.now()))


def _open() -> tuple[ColumnElement[bool], ...]:
    return (EidVisit.used_at.is_(None), EidVisit.expires_at > clock.now())
