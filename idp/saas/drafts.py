"""Forms begun and not sent: kept here, so that a reload, a second tab or a sign-in in between loses nothing."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from idp.core import clock
from idp.core.db import db, transactional
from idp.core.errors import Conflict, NotFound
from idp.core.signed import new_token
from idp.saas import wishes
from idp.saas.models import Draft
from idp.saas.wishes import LONGEST_COMMENT, Wish

KEPT_DAYS = 30


@transactional
def begin(account_id: int, application_id: int) -> Draft:
    """Begin a request for an application; raise NotFound or Invalid if it cannot be asked for."""
    application = wishes.application_of(application_id)
    draft = Draft(token=new_token(), account_id=account_id, application=application, data={}, changed_at=clock.now())
    db.session.add(draft)
    return draft


def read(account_id: int, token: str) -> Draft:
    """Return a person's own draft; raise NotFound for any other."""
    draft = db.session.get(Draft, token)
    if draft is None or draft.account_id != account_id or draft.application is None:
        raise NotFound("draft_unknown")
    return draft


def unsent(account_id: int, token: str) -> Draft:
    """Return a person's own draft that was not sent yet; raise NotFound, or Conflict if it was."""
    draft = read(account_id, token)
    if draft.request_id is not None:
        raise Conflict("draft_sent")
    return draft


@transactional
def choose_application(account_id: int, token: str, application_id: int) -> None:
    """Take another application into a draft; profiles belong to an application and are chosen again."""
    application = wishes.application_of(application_id)
    draft = unsent(account_id, token)
    if draft.application_id != application_id:
        draft.application = application
        _fill(draft, profiles=[], membership=False)


@transactional
def choose_organisation(account_id: int, token: str, path: str) -> None:
    """Take an organisation into a draft; raise Invalid or NotFound if it cannot be chosen."""
    draft = unsent(account_id, token)
    draft.organisation = wishes.organisation_of(wishes.application_of(draft.application_id or 0), path)
    _fill(draft)


@transactional
def choose_profiles(account_id: int, token: str, codes: list[str], *, membership: bool) -> None:
    """Take profiles into a draft, right or not, so that nothing is lost; `wishes` judges them."""
    _fill(unsent(account_id, token), profiles=[code[:40] for code in codes[:20]], membership=membership)


@transactional
def keep_comment(token: str, comment: str) -> None:
    """Keep what was typed into the last step even if the session is over by now; only its owner knows the token."""
    draft = db.session.get(Draft, token)
    if draft is not None and draft.request_id is None:
        _fill(draft, comment=comment[: 2 * LONGEST_COMMENT])


def wish_of(draft: Draft) -> Wish:
    """Return what a draft asks for."""
    path = draft.organisation.path if draft.organisation else ""
    profiles = tuple(draft.data.get("profiles", ()))
    membership, comment = draft.data.get("membership", True), draft.data.get("comment", "")
    return Wish(draft.application_id or 0, path, profiles, membership, comment)


def _fill(draft: Draft, **filled_in: Any) -> None:
    draft.data, draft.changed_at = {**draft.data, **filled_in}, clock.now()


def decision_token(account_id: int, reference: str) -> str:
    """Return the name under which an approver's half-typed decision about a request is kept."""
    return f"{account_id}.{reference}"


@transactional
def keep_decision(account_id: int, reference: str, filled_in: dict[str, Any]) -> None:
    """Keep an approver's decision that waits for a second factor."""
    token = decision_token(account_id, reference)
    draft = db.session.get(Draft, token)
    if draft is None:
        draft = Draft(token=token, account_id=account_id)
        db.session.add(draft)
    draft.data, draft.changed_at = filled_in, clock.now()


@transactional
def take_decision(account_id: int, reference: str) -> dict[str, Any]:
    """Return the decision that was kept for an approver, once; an empty one if there is none."""
    token = decision_token(account_id, reference)
    draft = db.session.scalar(select(Draft).where(Draft.token == token, Draft.account_id == account_id))
    if draft is None:
        return {}
    db.session.delete(draft)
    return draft.data


@transactional
def sweep(now: datetime) -> None:
    """Remove what nobody went on with."""
    db.session.execute(delete(Draft).where(Draft.changed_at < now - timedelta(days=KEPT_DAYS)))
