"""What the server tells of itself (OpenID Connect Discovery 1.0, 3; RFC 8414, 2), derived from what it offers."""

from typing import Any

from flask import url_for

from idp.core import languages, settings
from idp.oidc import (
    assurance,
    client_assertions,
    client_metadata,
    dpop,
    encryption,
    keys,
    request_objects,
    response_types,
    session_management,
)
from idp.oidc.authorization_code import CHALLENGE_METHODS
from idp.oidc.claims import SCOPES
from idp.oidc.client_authentication import METHODS, NO_METHOD
from idp.oidc.parameter_reader import PROMPTS
from idp.oidc.public_keys import ALGORITHMS
from idp.oidc.sectors import SUBJECT_TYPES
from idp.oidc.server import GRANTS

TOKEN_CLAIMS = ("iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash")


def metadata() -> dict[str, Any]:
    """Return the metadata document."""
    return {
        "issuer": settings.current().server.issuer,
        "authorization_endpoint": _address("oidc.authorize"),
        "token_endpoint": _address("oidc.token"),
        "userinfo_endpoint": _address("oidc.userinfo"),
        "pushed_authorization_request_endpoint": _address("oidc.par"),
        "device_authorization_endpoint": _address("oidc.device_authorization"),
        "introspection_endpoint": _address("oidc.introspect"),
        "revocation_endpoint": _address("oidc.revoke"),
        "registration_endpoint": _address("oidc.register"),
        "jwks_uri": _address("oidc.jwks"),
        "end_session_endpoint": _address("oidc.logout"),
        "response_types_supported": list(response_types.offered()),
        "response_modes_supported": response_types.offered_modes(),
        "grant_types_supported": [*GRANTS, *response_types.offered_grants()],
        "code_challenge_methods_supported": list(CHALLENGE_METHODS),
        **_client_authentication(),
        **_protection(),
        "subject_types_supported": list(SUBJECT_TYPES),
        "scopes_supported": list(SCOPES),
        "claims_supported": sorted({*TOKEN_CLAIMS, *(name for _, names in SCOPES.values() for name in names)}),
        "acr_values_supported": list(assurance.reachable()),
        "prompt_values_supported": sorted(PROMPTS),
        "ui_locales_supported": [language.code for language in languages.OFFERED],
        "claims_parameter_supported": True,
        "authorization_response_iss_parameter_supported": True,
        **{f"{name}_parameter_supported": True for name in request_objects.PARAMETERS},
        "require_request_uri_registration": True,
        "request_object_signing_alg_values_supported": list(ALGORITHMS),
        **_session_management(),
        "frontchannel_logout_supported": True,
        "frontchannel_logout_session_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "tls_client_certificate_bound_access_tokens": settings.current().server.client_certificates,
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
        "service_documentation": _address("core.support"),
    }


def _protection() -> dict[str, list[str]]:
    """How each kind of answer can be signed and encrypted (Discovery, 3; RFC 9701, 7; JARM, 4)."""
    told: dict[str, list[str]] = {}
    for answer in encryption.ANSWERS:
        told[f"{answer}_signing_alg_values_supported"] = list(keys.ALGORITHMS)
        told[f"{answer}_encryption_alg_values_supported"] = list(encryption.ALGORITHMS)
        told[f"{answer}_encryption_enc_values_supported"] = list(encryption.CONTENT)
    return told


def _session_management() -> dict[str, str]:
    """Session Management 1.0, 3.3."""
    return {"check_session_iframe": _address("oidc.check_session")} if session_management.offered() else {}


def _client_authentication() -> dict[str, list[str]]:
    """How clients prove themselves at each endpoint that asks them to (RFC 8414, 2)."""
    every = [name for name in METHODS if name in client_metadata.offered_methods()]
    proving = [name for name in every if name != NO_METHOD]
    algorithms = [*ALGORITHMS, *client_assertions.SECRET_ALGORITHMS]
    told: dict[str, list[str]] = {}
    for endpoint, methods in (("token", every), ("revocation", every), ("introspection", proving)):
        told[f"{endpoint}_endpoint_auth_methods_supported"] = methods
        told[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = algorithms
    return told


def _address(endpoint: str) -> str:
    """Return where an endpoint is: under the issuer, whatever a proxy says of the request."""
    return settings.current().server.issuer + url_for(endpoint)
