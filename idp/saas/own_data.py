"""What the portal keeps about a person, for the export of one's own data."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select

from idp.accounts.models import Account
from idp.accounts.own_data import listed, of, part
from idp.core.db import db
from idp.saas.models import Access, AccessRequest, Delegation, Proposal, RequestItem, RequestNote


@part("access_requests", AccessRequest, RequestItem, RequestNote)
def _requests(account: Account) -> list[dict[str, Any]]:
    return [_request(request, account) for request in of(account, AccessRequest.account_id)]


def _request(request: AccessRequest, account: Account) -> dict[str, Any]:
    written = select(RequestNote).where(RequestNote.request_id == request.id, RequestNote.author_id == account.id)
    columns = ("state", "decided_at", "decided_as", "reason")
    return {
        **listed([request], "reference", "submitted_at", "language", "comment")[0],
        "items": _placed(request.items, *columns),
        "answers": listed(db.session.scalars(written), "text", "written_at"),
    }


@part("accesses", Access)
def _accesses(account: Account) -> list[dict[str, Any]]:
    columns = ("state", "guest", "valid_from", "valid_until", "changed_at", "reason")
    return _placed(of(account, Access.account_id), *columns)


@part("delegations", Delegation)
def _delegations(account: Account) -> list[dict[str, Any]]:
    mine = or_(Delegation.delegate_id == account.id, Delegation.delegator_id == account.id)
    found = db.session.scalars(select(Delegation).where(mine).order_by(Delegation.id))
    return [
        {"lent_by_me": each.delegator_id == account.id, **listed([each], "valid_until", "ended_at")[0]}
        for each in found
    ]


@part("hospital_proposals", Proposal)
def _proposals(account: Account) -> list[dict[str, Any]]:
    return [
        {"organisation": each.organisation.path, **listed([each], "proposed_at", "accepted", "decided_at", "reason")[0]}
        for each in of(account, Proposal.account_id)
    ]


def _placed(rows: Iterable[RequestItem | Access], *columns: str) -> list[dict[str, Any]]:
    """Return rows with the application, organisation and profile that they are about."""
    return [
        {
            "application": row.application.label,
            "organisation": row.organisation.path,
            "profile": row.profile.code,
            **listed([row], *columns)[0],
        }
        for row in rows
    ]
