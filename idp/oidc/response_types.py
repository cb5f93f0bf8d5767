"""Response types and modes: which there are, and who may use which (OAuth 2.0 Multiple Response Types; JARM, 2.3).

What gives tokens through the browser is for certification and for old clients (RFC 9700, 2.1.2): the operator switches
it on for the server and then for each client.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from idp.core import settings
from idp.core.errors import Invalid

CODE = "code"
NONE = "none"
TOKEN = "token"  # noqa: S105 - a word of the protocol
ID_TOKEN = "id_token"  # noqa: S105
IMPLICIT = "implicit"
ALWAYS = (CODE, NONE)
LEGACY = ("id_token", "id_token token", "code id_token", "code token", "code id_token token")
# The first is what a client gets that does not say otherwise.
QUERY_MODES = ("query", "form_post", "query.jwt", "form_post.jwt", "jwt")
FRAGMENT_MODES = ("fragment", "form_post", "fragment.jwt", "form_post.jwt", "jwt")
BOUND = ("dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens")


def offered() -> tuple[str, ...]:
    """Return the response types of this server."""
    return (*ALWAYS, *LEGACY) if settings.current().oidc.legacy_response_types else ALWAYS


def may_use(further: Mapping[str, Any], response_type: str) -> bool:
    """Say whether a client registered this response type; to give nothing hurts nobody."""
    return response_type == NONE or response_type in further.get("response_types", (CODE,))


def named(text: str) -> str:
    """Return a response type as we write it: the order of its values does not count (RFC 6749, 3.1.1)."""
    return text if text in ALWAYS else " ".join(sorted(text.split()))


@lru_cache(100)
def gives(response_type: str, what: str) -> bool:
    """Say whether the authorization endpoint answers with a code, a token or an ID token."""
    return what in response_type.split()


def modes(response_type: str) -> tuple[str, ...]:
    """Return how an answer may travel: tokens never in the query, which is logged and sent on (section 5)."""
    through_browser = response_type in LEGACY and response_type in offered()
    return FRAGMENT_MODES if through_browser else QUERY_MODES


def offered_modes() -> list[str]:
    """Return the response modes of this server."""
    return list(dict.fromkeys(mode for one in offered() for mode in modes(one)))


def offered_grants() -> list[str]:
    """Return the grant type that stands for tokens through the browser (RFC 7591, 2.1), if they are offered."""
    return [IMPLICIT] if any(modes(one) is FRAGMENT_MODES for one in offered()) else []


def is_list(value: object) -> bool:
    """Say whether a registered value is a list of response types."""
    return isinstance(value, list) and bool(value) and all(one in (*ALWAYS, *LEGACY) for one in value)


def check(further: Mapping[str, Any]) -> None:
    """Raise Invalid for types that only old clients may have, and for tokens that would go out unbound."""
    chosen = further.get("response_types", ())
    old = [one for one in chosen if one in LEGACY]
    unbound = any(gives(one, TOKEN) for one in old) and any(further.get(name) for name in BOUND)
    if unbound or (old and further.get("profile") != "legacy"):
        raise Invalid("client_metadata_wrong", name="response_types")
