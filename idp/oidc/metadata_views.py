"""What anybody may read: the metadata (OpenID Connect Discovery 1.0; RFC 8414) and the public keys (RFC 7517)."""

from typing import Any

import orjson
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from idp.core.exempt import bare
from idp.oidc import discovery, keys

METADATA_SECONDS = 3600
KEYS_SECONDS = 600


@bare
def metadata() -> AnyResponse:
    """Tell what the server offers."""
    return _public(discovery.metadata(), METADATA_SECONDS)


@bare
def jwks() -> AnyResponse:
    """Publish the keys that tokens are verified with."""
    return _public(keys.ring().public, KEYS_SECONDS)


def _public(document: dict[str, Any], seconds: int) -> AnyResponse:
    answer = Response(orjson.dumps(document), mimetype="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.add_etag()
    return answer.make_conditional(request)
