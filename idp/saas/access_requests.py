"""Requests from submission to decision: the only module that assigns the state of an item."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import selectinload

from idp.accounts.models import Account
from idp.core import audit, clock, limits, settings, signals
from idp.core.db import db, transactional
from idp.core.errors import Conflict, Expired, Invalid, NotFound
from idp.core.limits import Budget
from idp.core.signed import new_token
from idp.core.values import frozen
from idp.saas import notices, wishes
from idp.saas.models import OPEN_STATES, AccessRequest, Draft, ItemState, RequestItem, RequestNote
from idp.saas.wishes import Wish

# What an item can become; nobody but `move` assigns its state.
MOVES: dict[ItemState, tuple[ItemState, ...]] = {
    ItemState.SUBMITTED: (ItemState.GRANTED, ItemState.REFUSED, ItemState.WITHDRAWN, ItemState.ASKED),
    ItemState.ASKED: (ItemState.SUBMITTED, ItemState.GRANTED, ItemState.REFUSED, ItemState.WITHDRAWN, ItemState.ASKED),
    ItemState.GRANTED: (),
    ItemState.REFUSED: (),
    ItemState.WITHDRAWN: (),
}
DAY = 24 * 3600
LONGEST_TEXT = 10_000


@frozen
class Decision:
    """Who decided, as what, and with which words."""

    by_id: int | None
    decided_as: str
    reason: str | None = None


def submit(account_id: int, wish: Wish, draft_token: str) -> AccessRequest:
    """Send a request; a draft that was sent already returns its request again.

    Raises Invalid (key of a sentence) for what cannot be asked, TooMany beyond the requests of a day.
    """
    limits.spend(Budget("access_requests", account_id, settings.current().limits.requests_per_day, DAY))
    return _submit(account_id, wish, draft_token)


@transactional
def _submit(account_id: int, wish: Wish, draft_token: str) -> AccessRequest:
    # The row of the person is the lock: two tabs of one person send one after the other.
    account = db.session.get_one(Account, account_id, with_for_update=True)
    sent = db.session.scalar(select(AccessRequest).where(AccessRequest.form_key == draft_token))
    if sent is not None and sent.account_id == account_id:
        return sent
    draft = db.session.get(Draft, draft_token)
    if draft is None or draft.account_id != account_id:
        raise Expired("draft_unknown")
    request = AccessRequest(
        reference=new_token(),
        account_id=account_id,
        comment=wish.comment,
        language=account.language,
        form_key=draft_token,
        submitted_at=clock.now(),
        items=wishes.items_of(account_id, wish),
    )
    db.session.add(request)
    db.session.flush()
    wishes.check_decidable(request)
    draft.request_id, draft.changed_at = request.id, clock.now()
    for item in request.items:
        _audit(item, None, account)
    notices.new_request(request)
    return request


@transactional
def withdraw(account_id: int, item_id: int) -> None:
    """Take one's own open wish back; raises NotFound for another person's, Conflict if it is decided already."""
    item = db.session.get(RequestItem, item_id)
    if item is None or item.account_id != account_id:
        raise NotFound("access_request_unknown")
    move(item, ItemState.WITHDRAWN, item.version, Decision(account_id, "requester"))


@transactional
def answer(account_id: int, reference: str, text: str) -> None:
    """Answer the approver's question; the request waits for a decision again."""
    request = own_request(account_id, reference)
    asked = [item for item in request.items if item.state is ItemState.ASKED]
    if not asked:
        raise Conflict("nothing_asked")
    if not text.strip():
        raise Invalid("answer_needed")
    if len(text) > LONGEST_TEXT:
        raise Invalid("answer_long")
    askers = select(Account).where(Account.id.in_([item.decided_by_id for item in asked]))
    told = list(db.session.scalars(askers.options(selectinload(Account.addresses))))
    for item in asked:
        move(item, ItemState.SUBMITTED, item.version, Decision(None, "requester"))
    add_note(request, account_id, text)
    notices.answered(asked, told)


@transactional
def withdraw_all(account_id: int) -> None:
    """Withdraw every open wish of a closed account."""
    mine = select(RequestItem).where(RequestItem.account_id == account_id, RequestItem.state.in_(OPEN_STATES))
    for item in db.session.scalars(mine):
        move(item, ItemState.WITHDRAWN, item.version, Decision(account_id, "requester"))


def own_request(account_id: int, reference: str) -> AccessRequest:
    """Return a person's own request; raise NotFound for any other."""
    request = db.session.scalar(select(AccessRequest).where(AccessRequest.reference == reference))
    if request is None or request.account_id != account_id:
        raise NotFound("access_request_unknown")
    return request


def add_note(request: AccessRequest, author_id: int, text: str) -> None:
    """Keep a question or an answer with the request; belongs into an act."""
    note = RequestNote(request_id=request.id, author_id=author_id, text=text.strip(), written_at=clock.now())
    db.session.add(note)


def move(item: RequestItem, to: ItemState, version: int, decision: Decision) -> None:
    """Change the state of an item that is still what the person saw (`version`); belongs into an act.

    Raises Conflict with who decided and when, if somebody was faster.
    """
    before = item.state
    if to not in MOVES[before]:
        raise _too_late(item)
    changed = db.session.execute(
        update(RequestItem)
        .where(RequestItem.id == item.id, RequestItem.version == version, RequestItem.state == before)
        .values(
            state=to,
            version=version + 1,
            decided_at=None if to is ItemState.SUBMITTED else clock.now(),
            decided_by_id=decision.by_id,
            decided_as=decision.decided_as,
            reason=decision.reason,
        )
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise _too_late(item)
    _audit(item, before, db.session.get_one(Account, item.account_id))


def _too_late(item: RequestItem) -> Conflict:
    db.session.refresh(item)
    faster = db.session.get(Account, item.decided_by_id) if item.decided_by_id else None
    return Conflict("already_decided", who=faster.name if faster else "-", at=item.decided_at, state=item.state)


def _audit(item: RequestItem, before: ItemState | None, person: Account) -> None:
    after: dict[str, Any] = {"state": item.state.value, "version": item.version}
    if before is None:
        after |= {
            "application": item.application_id,
            "organisation": item.organisation.path,
            "profile": item.profile.code,
        }
    audit.record(
        f"saas.item.{item.state.value}",
        subject=person.uid,
        object=f"item:{item.id}",
        before={"state": before.value} if before else None,
        after=after,
    )


def open_items(items: Sequence[RequestItem]) -> list[RequestItem]:
    """Return the items that still wait."""
    return [item for item in items if item.is_open]


def _erase(account_id: int) -> None:
    """Erase what a person wrote; what was asked and decided stays."""
    for statement in (
        update(AccessRequest).where(AccessRequest.account_id == account_id).values(comment=""),
        update(RequestNote).where(RequestNote.author_id == account_id).values(text=""),
        delete(Draft).where(Draft.account_id == account_id),
    ):
        db.session.execute(statement)


@signals.account_closed.connect
def _account_closed(account_id: int) -> None:
    withdraw_all(account_id)
    _erase(account_id)
