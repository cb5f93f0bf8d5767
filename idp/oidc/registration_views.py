"""The endpoints where clients register themselves and look after their registration (RFC 7591, 3; RFC 7592, 2)."""

from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error
from flask import Response, request, url_for

from idp.core import settings
from idp.core.exempt import bare
from idp.oidc import clients, logos, registration

LOGO_KEPT = "public, max-age=86400, immutable"


@bare
def register() -> Response:
    """Register a client by invitation."""
    return _answer(registration.register(_token(), _metadata()), 201)


@bare
def manage(client_id: str) -> Response:
    """Show, replace or remove a registration."""
    token = _token()
    client = registration.own(client_id, token)
    if request.method == "DELETE":
        clients.remove(client_id)
        return Response(status=204)
    if request.method == "PUT":
        return _answer(registration.change(client, token, _metadata()), 200)
    return _answer(registration.described(client) | {"registration_access_token": token}, 200)


@bare
def logo(digest: str) -> Response:
    """Show a client's logo to the pages of a sign-in; its address changes with its content."""
    found = logos.find(digest)
    return Response(found.body, mimetype=found.content_type, headers={"Cache-Control": LOGO_KEPT})


def not_invited(_: registration.NotInvited) -> Response:
    """Answer who has no right to register, or not to this registration (RFC 6750, 3.1)."""
    challenge = 'Bearer realm="registration", error="invalid_token"'
    return Response(orjson.dumps({"error": "invalid_token"}), 401, {"WWW-Authenticate": challenge})


def _answer(told: dict[str, Any], status: int) -> Response:
    path = url_for("oidc.manage_client", client_id=told["client_id"])
    body = told | {"registration_client_uri": settings.current().server.issuer + path}
    return Response(orjson.dumps(body), status, mimetype="application/json")


def _token() -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise registration.NotInvited
    return value.strip()


def _metadata() -> dict[str, Any]:
    try:
        metadata = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        metadata = None
    if not isinstance(metadata, dict):
        raise OAuth2Error("the body is not a JSON object", error="invalid_client_metadata")
    return metadata
