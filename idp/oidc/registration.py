"""Clients that register themselves by invitation, and look after their registration (RFC 7591, RFC 7592)."""

import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from authlib.oauth2 import OAuth2Error
from sqlalchemy import ColumnElement, delete, select, update

from idp.core import audit, clock
from idp.core.db import db, transaction, transactional
from idp.core.errors import Invalid
from idp.core.signed import digest, new_token
from idp.oidc import client_addresses, clients, logos, said_of_clients, sectors
from idp.oidc.claims import SCOPES
from idp.oidc.client_metadata import BY_CLIENTS, BY_OPERATOR, CODES, SECRET_METHODS, is_name
from idp.oidc.clients import DEFAULT_SCOPE, Client, Registration
from idp.oidc.logos import Logo
from idp.oidc.models import ClientInvitation, RegisteredClient

# OpenID Connect Registration, 2: what a client gets that does not say otherwise.
DEFAULT_SIGNING = "RS256"
TEXTS = ("client_name", "token_endpoint_auth_method", "id_token_signed_response_alg", "scope", "subject_type")
GRANT_TYPES = (CODES, "refresh_token")
LISTS = ("redirect_uris", "post_logout_redirect_uris", "grant_types", "response_types")


class NotInvited(Exception):
    """The token is missing, wrong, over or used up."""


@transactional
def invite(application_id: int | None, days: int, uses: int, decided: Mapping[str, Any] | None = None) -> str:
    """Return a token with which clients can be registered; it is shown once.

    Without an application they are open to everybody who has an account. `decided` is what the operator alone decides.
    """
    token = new_token()
    expires_at = clock.now() + timedelta(days=days)
    db.session.add(
        ClientInvitation(
            digest=digest(token),
            application_id=application_id,
            decided=dict(decided or {}),
            uses_left=uses,
            expires_at=expires_at,
        )
    )
    audit.record(
        "oidc.client.invite", object=str(application_id), after={"uses": uses, "days": days, **(decided or {})}
    )
    return token


def register(token: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Register a client and return what RFC 7591, 3.2.1 and RFC 7592, 3 want told.

    Raises NotInvited, or OAuth2Error for metadata that cannot be used, which leaves the invitation as it was.
    """
    invitation = db.session.scalar(select(ClientInvitation).where(_living(token)))
    if invitation is None:
        raise NotInvited
    wanted = _registration(metadata, invitation.application_id, invitation.decided)
    return _register(token, wanted, _visited(wanted))


def by_operator(registration: Registration) -> tuple[Client, str | None]:
    """Register a client on the word of the operator, and return it with its secret; raise Invalid as `clients` does."""
    found = client_addresses.visit(registration)
    with transaction():
        client, secret = clients.register(registration)
        logos.keep(client.client_id, found)
    return client, secret


@transactional
def _register(token: str, wanted: Registration, found: Mapping[str, Logo]) -> dict[str, Any]:
    used = update(ClientInvitation).where(_living(token)).values(uses_left=ClientInvitation.uses_left - 1)
    if not db.session.execute(used).rowcount:  # type: ignore[attr-defined]
        raise NotInvited
    client, secret = clients.register(wanted)
    logos.keep(client.client_id, found)
    own = new_token()
    db.session.get_one(RegisteredClient, client.client_id).registration_digest = digest(own)
    told = described(client) | {"registration_access_token": own}
    return told | ({"client_secret": secret, "client_secret_expires_at": 0} if secret else {})


@transactional
def own(client_id: str, token: str) -> Client:
    """Return the client whose registration a token opens; raise NotInvited for any other (RFC 7592, 2.1).

    A token that was replaced counts until the new one comes.
    """
    row = db.session.get(RegisteredClient, client_id)
    kept = (row.registration_digest, row.previous_registration_digest) if row else ()
    presented = digest(token)
    if row is None or not any(one is not None and hmac.compare_digest(one, presented) for one in kept):
        raise NotInvited
    if row.previous_registration_digest not in (None, presented):
        row.previous_registration_digest = None
    found = clients.find(client_id)
    if found is None:
        raise NotInvited
    return found


def change(client: Client, token: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Replace a registration as a whole (RFC 7592, 2.2); the secret stays, and so does the application.

    The answer carries a new token for the registration (RFC 7592, 3), which takes the place of `token`.
    """
    if metadata.get("client_id") != client.client_id:
        raise OAuth2Error("client_id is not that of this registration", error="invalid_client_metadata")
    secret = metadata.get("client_secret")
    if secret is not None and not (isinstance(secret, str) and client.check_client_secret(secret)):
        raise OAuth2Error("client_secret is not that of this registration", error="invalid_client_metadata")
    decided = {name: client.further[name] for name in BY_OPERATOR if name in client.further}
    wanted = _registration(metadata, client.application_id, decided)
    if wanted.token_endpoint_auth_method != client.token_endpoint_auth_method:
        raise OAuth2Error("token_endpoint_auth_method cannot be changed", error="invalid_client_metadata")
    return _change(client.client_id, token, wanted, _visited(wanted))


@transactional
def _change(client_id: str, token: str, wanted: Registration, found: Mapping[str, Logo]) -> dict[str, Any]:
    changed = clients.change(client_id, wanted)
    logos.keep(client_id, found)
    row, own = db.session.get_one(RegisteredClient, client_id), new_token()
    row.registration_digest, row.previous_registration_digest = digest(own), digest(token)
    return described(changed) | {"registration_access_token": own}


def described(client: Client) -> dict[str, Any]:
    """Return a registration as it is told to its client: nothing that was not understood, no secret."""
    shown = {name: value for name, value in client.further.items() if name in BY_CLIENTS}
    shown |= said_of_clients.tagged(client.further)
    return {
        **shown,
        "client_id": client.client_id,
        "client_name": client.client_name,
        "redirect_uris": list(client.redirect_uris),
        "post_logout_redirect_uris": list(client.post_logout_redirect_uris),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "grant_types": list(client.grant_types),
        "response_types": list(client.further.get("response_types", ["code"])),
        "subject_type": client.further.get("subject_type", sectors.PUBLIC),
        "scope": client.scope,
    }


@transactional
def sweep() -> None:
    """Forget invitations that are over or used up."""
    over = (ClientInvitation.expires_at < clock.now()) | (ClientInvitation.uses_left <= 0)
    db.session.execute(delete(ClientInvitation).where(over))


def _living(token: str) -> ColumnElement[bool]:
    lives = (ClientInvitation.uses_left > 0) & (ClientInvitation.expires_at > clock.now())
    return (ClientInvitation.digest == digest(token)) & lives


def _registration(metadata: Mapping[str, Any], application_id: int | None, decided: Mapping[str, Any]) -> Registration:
    """Read the metadata (RFC 7591, 2); what we do not understand is left out and not told back."""
    metadata = {name: value for name, value in metadata.items() if value is not None}  # RFC 7592, 2.2
    _check_types(metadata)
    name = metadata.get("client_name", "")
    if not is_name(name):
        raise OAuth2Error("client_name is missing or unfit to be shown", error="invalid_client_metadata")
    method = metadata.get("token_endpoint_auth_method", SECRET_METHODS[0])
    further = {key: metadata[key] for key in BY_CLIENTS if key in metadata} | said_of_clients.tagged(metadata)
    return Registration(
        client_name=name,
        redirect_uris=metadata.get("redirect_uris", []),
        post_logout_redirect_uris=metadata.get("post_logout_redirect_uris", []),
        application_id=application_id,
        token_endpoint_auth_method=method,
        id_token_signed_response_alg=metadata.get("id_token_signed_response_alg", DEFAULT_SIGNING),
        scope=_scope(metadata),
        further={**further, "asks_consent": True, **decided},
    )


def _check_types(metadata: Mapping[str, Any]) -> None:
    wrong = [name for name in TEXTS if not isinstance(metadata.get(name, ""), str)]
    for name in LISTS:
        value = metadata.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value) or len(value) > 50:
            wrong.append(name)
    if not wrong:
        wrong += ["grant_types"] * bool(set(metadata.get("grant_types", ())) - set(GRANT_TYPES))
        wrong += ["response_types"] * bool(set(metadata.get("response_types", ())) - {"code"})
    if wrong:
        raise OAuth2Error(f"{wrong[0]} is not supported or malformed", error="invalid_client_metadata")


def _scope(metadata: Mapping[str, Any]) -> str:
    """The scopes that exist, of those asked for; refresh tokens come with offline_access alone."""
    wanted = dict.fromkeys(str(metadata.get("scope", DEFAULT_SCOPE)).split())
    if "refresh_token" in metadata.get("grant_types", ()):
        wanted["offline_access"] = None
    return " ".join(scope for scope in {"openid": None, **wanted} if scope in SCOPES)


def _visited(wanted: Registration) -> Mapping[str, Logo]:
    try:
        return client_addresses.visit(wanted)
    except Invalid as refusal:
        raise _refused(refusal) from None


def _refused(refusal: Invalid) -> OAuth2Error:
    """RFC 7591, 3.2.2."""
    if refusal.key.startswith("redirect_uri"):
        return OAuth2Error("a redirect URI is missing or may not be used", error="invalid_redirect_uri")
    return OAuth2Error(f"{refusal.key} {refusal.details.get('name', '')}".strip(), error="invalid_client_metadata")
