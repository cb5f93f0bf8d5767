"""Applications learn in the browser that its session changed (OpenID Connect Session Management 1.0), if offered."""

import hashlib
from urllib.parse import urlsplit

from flask import Response

from idp.accounts import session
from idp.accounts.open_session import AnySession
from idp.core import incoming, settings
from idp.core.signed import new_token, seal_of

PURPOSE = "browser state"
PORTS = {"https": 443, "http": 80}


def offered() -> bool:
    """Say whether the operator wants it: it needs a cookie in foreign frames, and a page that others may frame."""
    return settings.current().oidc.session_management


def cookie_name() -> str:
    """Return the name of the cookie that scripts of our frame read."""
    return "__Host-ern_browser_state" if settings.current().secure_cookies else "ern_browser_state"


def state_for(client_id: str, redirect_uri: str) -> str | None:
    """Return the `session_state` of an answer (section 2): what the client's page shows our frame, later.

    None where it is not offered, and for an address that is no page of the web.
    """
    if not offered() or (origin := _origin(redirect_uri)) is None:
        return None
    salt = new_token()[:16]
    text = f"{client_id} {origin} {_browser_state(session.at_hand())} {salt}"
    return f"{hashlib.sha256(text.encode()).hexdigest()}.{salt}"


def set_cookie(response: Response) -> Response:
    """Let the browser's state follow its session, with the answer of whatever changed it.

    Without the cookie of the session nothing is known: frames and forms of other sites do not bring it.
    """
    if not offered() or not session.was_asked_for():
        return response
    current = session.at_hand()
    if current is None and session.cookie_name() not in incoming.current().jar:
        return response
    state, name, secure = _browser_state(current), cookie_name(), settings.current().secure_cookies
    shared = {"path": "/", "secure": secure, "samesite": "None" if secure else None}
    if not state:
        response.delete_cookie(name, **shared)  # type: ignore[arg-type]
    elif incoming.current().jar.get(name) != state:
        response.set_cookie(name, state, **shared)  # type: ignore[arg-type]
    return response


def _browser_state(current: AnySession | None) -> str:
    """A name for the session that opens nothing, and that nobody can make from what applications know of it."""
    return seal_of(PURPOSE, current.sid) if current else ""


def _origin(redirect_uri: str) -> str | None:
    """The origin as browsers write it (HTML, 7.1.1): lower case, without the usual port."""
    parts = urlsplit(redirect_uri)
    if parts.scheme not in PORTS or not parts.hostname:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
