"""What anybody may read: the metadata (OpenID Connect Discovery 1.0; RFC 8414) and the public keys (RFC 7517)."""

from typing import Any

import orjson
from flask import Response, request
from werkzeug.http import generate_etag
from werkzeug.wrappers import Response as AnyResponse

from idp.core import documents, settings
from idp.core.exempt import bare
from idp.oidc import discovery, keys

METADATA_SECONDS = 3600
KEYS_SECONDS = 600


@bare
def metadata() -> AnyResponse:
    """Tell what the server offers; settings and factors stay as they are while a process lives."""
    answer = _public(orjson.dumps(discovery.metadata()), METADATA_SECONDS)
    documents.keep(answer, settings.still(settings.current()))
    return answer.make_conditional(request)


@bare
def jwks() -> AnyResponse:
    """Publish the keys that tokens are verified with: those of now, for another process may sign with a new one."""
    ring = keys.ring(anew=True)
    answer = _public(ring.public, KEYS_SECONDS)
    documents.keep(answer, keys.still(ring))
    return answer.make_conditional(request)


def _public(document: bytes, seconds: int) -> Response:
    headers: dict[str, Any] = {
        "Cache-Control": f"public, max-age={seconds}",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{generate_etag(document)}"',
    }
    return Response(document, headers=headers, mimetype="application/json")
