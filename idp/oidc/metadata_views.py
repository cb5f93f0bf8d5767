"""What anybody may read: the metadata (OpenID Connect Discovery 1.0; RFC 8414) and the public keys (RFC 7517)."""

from typing import Any

import orjson
from flask import Response, current_app, request
from werkzeug.http import generate_etag
from werkzeug.wrappers import Response as AnyResponse

from idp.core.exempt import bare
from idp.oidc import discovery, keys

METADATA_SECONDS = 3600
KEYS_SECONDS = 600


@bare
def metadata() -> AnyResponse:
    """Tell what the server offers; settings and factors stay as they are while a process lives."""
    prepared: bytes | None = current_app.extensions.get("ern_metadata")
    if prepared is None:
        prepared = current_app.extensions["ern_metadata"] = orjson.dumps(discovery.metadata())
    return _public(prepared, METADATA_SECONDS)


@bare
def jwks() -> AnyResponse:
    """Publish the keys that tokens are verified with: those of now, for another process may sign with a new one."""
    return _public(keys.ring(anew=True).public, KEYS_SECONDS)


def _public(document: bytes, seconds: int) -> AnyResponse:
    headers: dict[str, Any] = {
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{generate_etag(document)}"',
    }
    return Response(document, headers=headers, mimetype="application/json").make_conditional(request)
