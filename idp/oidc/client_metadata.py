"""What may be registered of a client beyond its columns (RFC 7591, 2): each name with its rule."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from idp.core import settings
from idp.core.errors import Invalid
from idp.oidc import certificate_names, encryption, public_keys, redirect_uris, response_types, said_of_clients
from idp.oidc.public_keys import ALGORITHMS
from idp.oidc.sectors import SUBJECT_TYPES

SECRET_METHODS = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
AUTHORITY_METHOD = "tls_client_auth"
SELF_SIGNED_METHOD = "self_signed_tls_client_auth"
TLS_METHODS = (AUTHORITY_METHOD, SELF_SIGNED_METHOD)
OWN_KEY_METHODS = ("private_key_jwt", SELF_SIGNED_METHOD)
KEY_METHODS = (*OWN_KEY_METHODS, AUTHORITY_METHOD)
AUTH_METHODS = (*SECRET_METHODS, *KEY_METHODS, "none")
MOST_URIS = 20
LONGEST_NAME = 200
LONGEST_AGE = 10**9
# What a client is held to: RFC 9700, the FAPI 2.0 Security Profile, or OpenID Connect Core alone (older than PKCE).
PROFILES = ("standard", "fapi2", "legacy")
# What we sign with, and the answers for which a client may choose it beside that of its ID tokens.
SIGNING_ALGORITHMS = ("ES256", "RS256")
SIGNED_ANSWERS = ("userinfo", "introspection", "authorization")
# What a client may do at the token endpoint, unless the operator says so: redeem codes.
CODES = "authorization_code"
OWN_TOKENS = "client_credentials"
DEVICE_CODES = "urn:ietf:params:oauth:grant-type:device_code"
REFRESH_TOKENS = "refresh_token"
CHOSEN_GRANTS = (CODES, OWN_TOKENS, DEVICE_CODES)


def check(further: Mapping[str, Any], auth_method: str) -> None:
    """Raise Invalid with the first thing that is wrong."""
    for name, value in further.items():
        rule = RULES.get(name) or TAGGED.get(said_of_clients.bare(name))
        if rule is None or not rule(value):
            raise Invalid("client_metadata_wrong", name=name)
    if len(said_of_clients.tagged(further)) > said_of_clients.MOST:
        raise Invalid("client_metadata_wrong", name="languages")
    if "jwks" in further and "jwks_uri" in further:
        raise Invalid("client_metadata_wrong", name="jwks_uri")
    _check_certificates(further, auth_method)
    if auth_method in OWN_KEY_METHODS and not ("jwks" in further or "jwks_uri" in further):
        raise Invalid("client_metadata_wrong", name="jwks")
    encryption.check(further)
    response_types.check(further)
    if OWN_TOKENS in chosen_grants(further) and auth_method == "none":
        raise Invalid("auth_method_unknown")
    if further.get("profile") == "fapi2" and auth_method not in KEY_METHODS:
        raise Invalid("auth_method_unknown")


def _check_certificates(further: Mapping[str, Any], auth_method: str) -> None:
    """A certificate of an authority is known by one name, one of its own by `x5c` of the keys (RFC 8705, 2)."""
    if auth_method in TLS_METHODS and auth_method not in offered_methods():
        raise Invalid("auth_method_unknown")
    if sum(kind in further for kind in certificate_names.KINDS) != (auth_method == AUTHORITY_METHOD):
        raise Invalid("client_metadata_wrong", name="tls_client_auth_subject_dn")


def offered_methods() -> tuple[str, ...]:
    """Return how clients may prove themselves here: by certificates only where the proxy in front hands them on."""
    server = settings.current().server
    missing = () if server.client_certificates else TLS_METHODS
    if not server.client_authorities:
        missing = (*missing, AUTHORITY_METHOD)
    return tuple(method for method in AUTH_METHODS if method not in missing)


def chosen_grants(further: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the grant types that the operator chose for a client, or the one that is usual."""
    return tuple(further.get("grant_types", (CODES,)))


def _is_key_set(value: object) -> bool:
    try:
        return bool(public_keys.parsed(value) or public_keys.for_encryption(value))
    except ValueError:
        return False


def _is_address(value: object) -> bool:
    """An address that we fetch; the guarded fetcher judges it again at each visit."""
    try:
        return isinstance(value, str) and len(value) <= 2000 and bool(urlsplit(value).hostname)
    except ValueError:
        return False


def _is_resource(value: object) -> bool:
    """An absolute URI without a fragment (RFC 8707, 2); it need not be an address."""
    try:
        return isinstance(value, str) and 0 < len(value) <= 500 and bool(urlsplit(value).scheme) and "#" not in value
    except ValueError:
        return False


def _are_resources(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_URIS and all(map(_is_resource, value))


def _is_call_address(value: object) -> bool:
    """An address that the outbox calls: it stands in a column of messages."""
    return _is_address(value) and len(str(value)) <= 254 and "#" not in str(value)


def is_name(value: object) -> bool:
    """A name that can be shown to people."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and value.isprintable() and bool(value.strip())


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_NAME and value.isprintable()


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_URIS and all(map(_is_text, value))


def _is_age(value: object) -> bool:
    """A number of seconds."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_AGE


def _is_web_page(value: object) -> bool:
    """A link that people may follow from our pages: never a script."""
    return _is_address(value) and str(value).startswith("https://")


def _are_descriptions(value: object) -> bool:
    """For each scope, by the codes of languages, what people read of it."""
    return isinstance(value, dict) and len(value) <= MOST_URIS and all(map(_is_description, value.values()))


def _is_description(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(is_name, value.values()))


RULES: dict[str, Callable[[Any], bool]] = {
    "application_type": lambda value: value in redirect_uris.APPLICATION_TYPES,
    "asks_consent": lambda value: isinstance(value, bool),
    "jwks": _is_key_set,
    "jwks_uri": _is_address,
    "client_uri": _is_web_page,
    "logo_uri": _is_address,
    "policy_uri": _is_web_page,
    "tos_uri": _is_web_page,
    "initiate_login_uri": _is_web_page,
    "sector_identifier_uri": _is_address,
    "contacts": _are_texts,
    "software_id": _is_text,
    "software_version": _is_text,
    "default_max_age": _is_age,
    "default_acr_values": _are_texts,
    "require_auth_time": lambda value: isinstance(value, bool),
    "frontchannel_logout_uri": _is_address,
    "frontchannel_logout_session_required": lambda value: isinstance(value, bool),
    "backchannel_logout_uri": _is_call_address,
    "backchannel_logout_session_required": lambda value: isinstance(value, bool),
    "dpop_bound_access_tokens": lambda value: isinstance(value, bool),
    **encryption.RULES,
    **{f"{answer}_signed_response_alg": lambda value: value in SIGNING_ALGORITHMS for answer in SIGNED_ANSWERS},
    "tls_client_certificate_bound_access_tokens": lambda value: isinstance(value, bool),
    **{kind: partial(certificate_names.valid, kind) for kind in certificate_names.KINDS},
    "request_uris": lambda value: isinstance(value, list) and len(value) <= MOST_URIS and all(map(_is_address, value)),
    "subject_type": lambda value: value in SUBJECT_TYPES,
    "request_object_signing_alg": lambda value: value in ALGORITHMS,
    "require_pushed_authorization_requests": lambda value: isinstance(value, bool),
    "require_signed_request_object": lambda value: isinstance(value, bool),
    "token_endpoint_auth_signing_alg": lambda value: value in ALGORITHMS,
    "profile": lambda value: value in PROFILES,
    "resources": _are_resources,
    "protects": _are_resources,
    "response_types": response_types.is_list,
    "scope_descriptions": _are_descriptions,
    "grant_types": lambda value: isinstance(value, list) and bool(value) and all(one in CHOSEN_GRANTS for one in value),
}

# The members that people read, which may be given for a language too.
TAGGED = {name: RULES.get(name, is_name) for name in said_of_clients.MEMBERS}

# What only the operator decides about a client.
BY_OPERATOR = (
    "asks_consent",
    "profile",
    "grant_types",
    "response_types",
    "resources",
    "protects",
    "scope_descriptions",
)
BY_CLIENTS = tuple(name for name in RULES if name not in BY_OPERATOR)
