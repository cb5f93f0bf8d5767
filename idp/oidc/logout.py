"""Logout that a relying party asks for (OpenID Connect RP-Initiated Logout 1.0)."""

from collections.abc import Mapping

from authlib.common.urls import add_params_to_uri

from idp.accounts import session
from idp.core.errors import Invalid
from idp.core.values import frozen
from idp.oidc import clients, tokens


@frozen
class Asked:
    """The session that the hint names, and where the person is to go on; None without."""

    sid: str | None = None
    location: str | None = None


def read(given: Mapping[str, str]) -> Asked:
    """Return what is asked; raise Invalid for a hint that is not ours or not this client's (2 and 4).

    Without a hint nobody goes anywhere, with one only to an address that its client registered (3).
    """
    hint = given.get("id_token_hint")
    if not hint:
        return Asked()
    try:
        claims = tokens.read_id_token_hint(hint)
    except tokens.TokenRefused:
        raise Invalid("logout_malformed") from None
    if given.get("client_id") not in (None, "", claims["aud"]):
        raise Invalid("logout_malformed")
    client = clients.find(claims["aud"])
    location, state = given.get("post_logout_redirect_uri"), given.get("state")
    if client is None or location not in client.post_logout_redirect_uris:
        return Asked(claims["sid"])
    return Asked(claims["sid"], add_params_to_uri(location, {"state": state}) if state else location)


def needs_confirmation(asked: Asked) -> bool:
    """Say whether the person has to confirm: without a hint, or with one for another session (section 6)."""
    current = session.current()
    return current is not None and asked.sid != current.sid
