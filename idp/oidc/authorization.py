"""An authorization request on its way: looked at, kept while the person does something, answered."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select

from idp.accounts import administrators, session
from idp.core import clock, settings
from idp.core.db import db, transactional
from idp.core.errors import Expired, Invalid
from idp.core.levels import MFA, PHR, SFA
from idp.core.prepared import Prepared
from idp.core.signed import digest, new_token
from idp.core.values import frozen
from idp.mfa import factors
from idp.oidc import (
    assurance,
    authorization_answers,
    clients,
    device_authorization,
    grants,
    parameters,
    protection,
    pushed_requests,
)
from idp.oidc.checks import Asked
from idp.oidc.clients import Client
from idp.oidc.grants import Given
from idp.oidc.models import AuthorizationRequest
from idp.oidc.parameters import ErrorResponse, Parameters
from idp.oidc.response_types import ID_TOKEN, NONE, gives
from idp.saas import access
from idp.signin import attempt, trusted_browsers
from idp.signin.attempt import Wanted

KEEP = Prepared(insert(AuthorizationRequest).inline())
KEPT = Prepared(select(AuthorizationRequest.__table__).where(AuthorizationRequest.digest == bindparam("digest")))


@frozen
class Request:
    """A request that was read: by whom, for what, since when; `handle` names it once it is kept."""

    client: Client
    parameters: Parameters
    since: datetime
    handle: str | None = None


def look(request: Request, agreed_by: str | None = None) -> Asked:
    """Put a request beside the session of this browser; raise ErrorResponse if its level can never be met.

    `agreed_by`: see `Asked`.
    """
    client, wish, current = request.client, request.parameters, session.at_hand()
    card = access.application(client.application_id) if client.application_id is not None else None
    trusting = card is not None and card.trusted_browsers and not _asks_for_more(wish)
    floor = card.level if card else SFA
    if trusting and floor == MFA and current and trusted_browsers.vouches(current.account):
        floor = SFA
    try:
        level = assurance.wanted_level(wish.acr_values, wish.acr_claim, floor)
    except assurance.Unmet:
        raise ErrorResponse(
            client, wish.target, "unmet_authentication_requirements", "no verification method reaches the wanted acr"
        ) from None
    if current and administrators.must_resist_phishing(current.account):
        level = PHR
    methods = None if card is None or card.text_messages else factors.but_text_messages()
    return Asked(client, wish, request.since, level, current, clock.now(), trusting, methods, agreed_by)


def answer(asked: Asked) -> dict[str, str]:
    """Return what the client gets for a request whose checks are met.

    Raises Expired for a pushed one that was answered before, Invalid if the client shows no key that it wants used.
    """
    wish = asked.parameters
    try:
        if gives(wish.response_type, ID_TOKEN):
            protection.make_ready(ID_TOKEN, asked.client)
        return authorization_answers.parameters(asked.client, wish, _give(asked))
    except protection.NoKey:
        raise Invalid("answer_unprotected") from None


@transactional
def _give(asked: Asked) -> Given | None:
    """Record what the person gives; nothing for a client that only wants to know that it could have it."""
    if asked.session is None:
        raise RuntimeError("an answer without a session")
    wish = asked.parameters
    if wish.pushed is not None:
        pushed_requests.complete(wish.pushed)
    if wish.response_type == NONE:
        return None
    given = grants.give(wish, asked.session, assurance.told_level(asked.session.acr, wish.acr_values, wish.acr_claim))
    if wish.target.user_code is not None:
        device_authorization.approve(wish.target.user_code, given.grant_id)
    return given


@transactional
def keep(request: Request) -> str:
    """Keep a request while the person signs in, and return its handle; a kept one keeps the handle it has."""
    if request.handle is not None:
        return request.handle
    handle = new_token()
    KEEP.run(
        digest=digest(handle),
        client_id=request.client.client_id,
        parameters=request.parameters.as_json(),
        created_at=request.since,
        expires_at=request.since + timedelta(minutes=settings.current().session.attempt_minutes),
    )
    return handle


@transactional
def lead_to_sign_in(request: Request, wanted: Callable[[str], Wanted]) -> str:
    """Keep a request and begin the sign-in that it waits for (`wanted` gets the handle); return its first address."""
    return attempt.begin(wanted(keep(request)))


def kept(handle: str) -> Request:
    """Return a kept request; raise Expired if there is none, or its time is over.

    It may be answered more than once while it lives: each answer needs the session, like the same request sent anew.
    """
    row = KEPT.first(digest=digest(handle))
    client = clients.find(row.client_id) if row else None
    if row is None or client is None or row.expires_at <= clock.now():
        raise Expired("authorization_expired")
    return Request(client, parameters.restored(row.parameters), row.created_at, handle)


def _asks_for_more(wish: Parameters) -> bool:
    """Say whether the client asks for a level or a fresh sign-in of its own: a trusted browser gives it neither."""
    return bool(wish.acr_values or wish.acr_claim or wish.max_age is not None or "login" in wish.prompt)


@transactional
def sweep() -> None:
    """Remove the requests that nobody came back to."""
    db.session.execute(delete(AuthorizationRequest).where(AuthorizationRequest.expires_at < clock.now()))
