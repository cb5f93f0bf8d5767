"""Answers of the authorization endpoint, to the registered address, always with the issuer (RFC 9207)."""

import re
from datetime import timedelta
from functools import lru_cache
from urllib.parse import quote_plus

from flask import Response, make_response, render_template

from idp.accounts import session
from idp.core import clock, headers, settings, web
from idp.core.answers import Ready
from idp.core.errors import Invalid
from idp.oidc import device_authorization, protection, session_management
from idp.oidc.clients import Client
from idp.oidc.parameters import ErrorResponse, Target

# JARM names none; its own type keeps it from being taken for an ID token (RFC 8725, 3.11).
JWT_TYPE = "oauth-authz-resp+jwt"
JWT_LIFETIME = timedelta(minutes=10)
# What stands in a query as it is (RFC 3986, 2.3): codes, tokens and most states; the issuer never.
PLAIN = re.compile(r"[A-Za-z0-9._~-]*")
encoded = lru_cache(100)(quote_plus)


class Redirect(Ready):
    """A redirect to a client, whose address goes out as it was registered, character by character.

    Flask's own tells people in HTML to click, and makes an address of what could be a text: 45 us.
    """

    def __init__(self, address: str) -> None:
        """Lead to the address with GET, whatever this request was (RFC 9110, 15.4.4)."""
        super().__init__(b"", [("Location", address), ("Content-Type", "text/html; charset=utf-8")], 303)


def good_response(client: Client, target: Target, parameters: dict[str, str]) -> Response:
    """Give the client what it asked for (RFC 6749, 4.1.2 and 4.2.2); a device asks itself, and the person reads so."""
    if target.user_code is not None:
        return make_response(render_template("oidc/device_answered.html", error=None))
    return _answer(client, target, parameters)


def error_response(refused: ErrorResponse) -> Response:
    """Give the client the error (RFC 6749, 4.1.2.1); a device hears it when it asks again (RFC 8628, 3.5)."""
    if refused.target.user_code is not None:
        current = session.current()
        device_authorization.deny(refused.target.user_code, current.account.uid if current else None)
        return make_response(render_template("oidc/device_answered.html", error=refused.error))
    parameters = {"error": refused.error, **refused.more}
    if refused.description:
        parameters["error_description"] = refused.description
    return _answer(refused.client, refused.target, parameters)


def let_forms_end(target: Target) -> None:
    """Let the forms of a page end at the client's address, if it has one."""
    if target.user_code is None:
        headers.allow_form_target(target.redirect_uri)


def _answer(client: Client, target: Target, parameters: dict[str, str]) -> Response:
    if target.state is not None:
        parameters["state"] = target.state
    parameters["iss"] = settings.current().server.issuer
    if browser_state := session_management.state_for(client.client_id, target.redirect_uri):
        parameters["session_state"] = browser_state
    if target.mode.endswith("jwt"):
        try:
            parameters = {"response": _signed(client, parameters)}
        except protection.NoKey:
            return web.refused(Invalid("answer_unprotected"))
    if target.mode.startswith("form_post"):
        return _form(target, parameters)
    joint = "&" if "?" in target.redirect_uri else "?"
    if target.mode.startswith("fragment"):
        joint = "#"
    return Redirect(f"{target.redirect_uri}{joint}{_query(parameters)}")


def _query(parameters: dict[str, str]) -> str:
    """Write what `urlencode` does, which encodes what needs no encoding too, in five functions for each text."""
    return "&".join(
        [f"{name}={value if PLAIN.fullmatch(value) else encoded(value)}" for name, value in parameters.items()]
    )


def _signed(client: Client, parameters: dict[str, str]) -> str:
    """JWT Secured Authorization Response Mode (JARM), 2.1 and 2.2."""
    over = int((clock.now() + JWT_LIFETIME).timestamp())
    claims = {**parameters, "aud": client.client_id, "exp": over}
    return protection.protected("authorization", claims, JWT_TYPE, client)


def _form(target: Target, parameters: dict[str, str]) -> Response:
    """A page whose form goes to the client: by itself with script, by its button without (Form Post, 2)."""
    headers.allow_form_target(target.redirect_uri)
    return make_response(render_template("oidc/form_post.html", address=target.redirect_uri, parameters=parameters))
