"""The endpoints for programs: tokens given (RFC 6749, 3.2), judged (RFC 7662), given back (RFC 7009), and UserInfo."""

import orjson
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response

from idp.core import incoming, settings
from idp.core.answers import JSON, Ready
from idp.core.exempt import bare
from idp.core.incoming import Incoming
from idp.oidc import (
    authorization_requests,
    client_authentication,
    dpop,
    introspection,
    mutual_tls,
    protection,
    revocation,
    sender_constraints,
    server,
    userinfo,
)
from idp.oidc.clients import Client
from idp.oidc.confirmation import Confirmation
from idp.oidc.dpop import ProofRefused
from idp.oidc.token_requests import TokenRequest
from idp.oidc.tokens import TokenRefused

# RFC 6749, 5.1.
NEVER_STORED = (("Content-Type", JSON), ("Cache-Control", "no-store"), ("Pragma", "no-cache"))


@bare
def token() -> Response:
    """Exchange a code, a refresh token or the client's own proof for tokens."""
    sent = incoming.current()
    client = client_authentication.authenticate(sent)
    asked = TokenRequest(client, sent.fields, sender_constraints.binding(client, sender_constraints.shown(sent)))
    protection.make_ready("id_token", client)
    return Ready(orjson.dumps(server.answer(asked)), NEVER_STORED)


@bare
def push() -> Response:
    """Take an authorization request ahead of the browser (RFC 9126, 2)."""
    sent = incoming.current()
    client = client_authentication.authenticate(sent)
    answer = {
        "request_uri": authorization_requests.push(client, sent.fields, dpop.proved(sent)),
        "expires_in": settings.current().oidc.pushed_request_seconds,
    }
    return Ready(orjson.dumps(answer), [("Content-Type", JSON)], 201)


@bare
def introspect() -> Response:
    """Tell a client what one of its tokens is worth."""
    sent = incoming.current()
    client, presented = _asking(sent)
    answer = introspection.told(presented, client)
    if sent.accept_mimetypes.best_match((JSON, introspection.MEDIA_TYPE)) == introspection.MEDIA_TYPE:
        return Response(introspection.as_jwt(answer, client), mimetype=introspection.MEDIA_TYPE)
    return Ready(orjson.dumps(answer), [("Content-Type", JSON)])


@bare
def revoke() -> Response:
    """Take a token back from the client that gives it up."""
    client, presented = _asking(incoming.current(), public=True)
    revocation.give_back(presented, client)
    return Response(status=200)


@bare
def person() -> Response:
    """Give the claims that an access token opens (OpenID Connect Core, 5.3)."""
    sent = incoming.current()
    scheme, presented = _presented(sent)
    if presented is None:
        return _challenge(scheme)
    try:
        body, kind = userinfo.answer(presented, _shown(sent, scheme, presented))
        return Ready(body, [("Content-Type", kind)])
    except TokenRefused:
        return _challenge(scheme, "invalid_token")
    except ProofRefused:
        return _challenge(dpop.SCHEME, ProofRefused.error)


def refused(error: OAuth2Error) -> Response:
    """Answer an error of an endpoint for programs (RFC 6749, 5.2)."""
    status, body, headers = error()
    return Response(orjson.dumps(dict(body)), status, headers)


def _asking(sent: Incoming, *, public: bool = False) -> tuple[Client, str]:
    """Return the client that asks about a token, and the token."""
    client = client_authentication.authenticate(sent)
    if not public:
        client_authentication.require_confidential(client)
    if not sent.fields.get("token"):
        raise InvalidRequestError("The parameter token is missing.")
    return client, sent.fields["token"]


def _presented(sent: Incoming) -> tuple[str, str | None]:
    """Return the scheme and the token of the header, else the token of the form (RFC 6750, 2.1, 2.2; RFC 9449, 7.1)."""
    scheme, _, value = sent.headers.get("Authorization", "").partition(" ")
    named = dpop.SCHEME if scheme.lower() == dpop.SCHEME.lower() else "Bearer"
    if scheme.lower() in ("bearer", dpop.SCHEME.lower()) and value:
        return named, value.strip()
    return named, sent.fields.get("access_token") or None


def _shown(sent: Incoming, scheme: str, token: str) -> Confirmation:
    """What the request shows besides the token; a proof counts with its own scheme only (RFC 9449, 7.2)."""
    if scheme == dpop.SCHEME:
        return sender_constraints.shown(sent, token)
    return Confirmation(x5t=mutual_tls.thumbprint(sent))


def _challenge(scheme: str, error: str = "") -> Response:
    told = [f'{scheme} realm="userinfo"']
    if error:
        told.append(f'error="{error}"')
    if scheme == dpop.SCHEME:
        told.append(f'algs="{" ".join(dpop.ALGORITHMS)}"')
    return Response(status=401, headers={"WWW-Authenticate": ", ".join(told)})
