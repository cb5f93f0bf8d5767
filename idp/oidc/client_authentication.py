"""How clients prove who they are (RFC 6749, 2.3; OpenID Connect Core, 9): one table, one method a request."""

import base64
import binascii
from collections.abc import Callable
from urllib.parse import unquote

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError

from idp.core.incoming import Incoming
from idp.core.values import frozen
from idp.oidc import client_assertions, clients, mutual_tls, resources
from idp.oidc.client_assertions import ASSERTION_TYPE
from idp.oidc.client_metadata import AUTHORITY_METHOD, SELF_SIGNED_METHOD
from idp.oidc.clients import Client

NO_METHOD = "none"


@frozen
class Presented:
    """What a request carries: how, for which client, and the proof.

    `header`, `form` and `assertion` are ways inside the message; `connection` is the certificate of the handshake.
    """

    way: str
    client_id: str | None
    proof: str = ""


@frozen
class Method:
    """A method of the registry of RFC 7591: the way its proof travels, and who judges it."""

    way: str
    judge: Callable[[Client, str], bool]


def _secret(client: Client, secret: str) -> bool:
    return client.check_client_secret(secret)


def _nothing(client: Client, proof: str) -> bool:
    """A public client proves nothing here, certificate or not; PKCE binds it (RFC 9700, 2.1.1)."""
    return True


METHODS = {
    "client_secret_basic": Method("header", _secret),
    "client_secret_post": Method("form", _secret),
    "client_secret_jwt": Method("assertion", client_assertions.proved_by_secret),
    "private_key_jwt": Method("assertion", client_assertions.proved_by_key),
    AUTHORITY_METHOD: Method("connection", mutual_tls.by_authority),
    SELF_SIGNED_METHOD: Method("connection", mutual_tls.self_signed),
    NO_METHOD: Method("connection", _nothing),
}


def authenticate(request: Incoming) -> Client:
    """Return the client that made a request.

    Raises InvalidRequestError for repeated parameters or two methods at once, InvalidClientError (401) if the proof
    is missing, wrong or not of the kind that the client registered. Must be called outside an act: keys may be fetched.
    """
    if set(request.fields.repeated) - {resources.PARAMETER}:
        raise InvalidRequestError("A parameter is repeated.")
    presented = _presented(request)
    client = clients.find(presented.client_id)
    method = METHODS.get(client.token_endpoint_auth_method) if client else None
    if client is None or method is None or method.way != presented.way or not method.judge(client, presented.proof):
        raise _refused()
    return client


def require_confidential(client: Client) -> Client:
    """Refuse a client that proves nothing, where only others may ask (RFC 7662, 2.1)."""
    if client.token_endpoint_auth_method == NO_METHOD:
        raise _refused()
    return client


def _refused() -> InvalidClientError:
    return InvalidClientError("The client is unknown or did not prove who it is.", status_code=401)


def _presented(request: Incoming) -> Presented:
    form = request.fields
    found = []
    if "Authorization" in request.headers:
        found.append(_from_header(request.headers["Authorization"]))
    if "client_secret" in form:
        found.append(Presented("form", form.get("client_id"), form["client_secret"]))
    if "client_assertion" in form or "client_assertion_type" in form:
        found.append(_from_assertion(form.get("client_assertion", ""), form.get("client_assertion_type")))
    if len(found) > 1:
        raise InvalidRequestError("More than one method of client authentication is used.")
    presented = found[0] if found else Presented("connection", form.get("client_id"), mutual_tls.presented(request))
    if form.get("client_id", presented.client_id) != presented.client_id:
        raise _refused()
    return presented


def _from_header(value: str) -> Presented:
    """RFC 6749, 2.3.1: identifier and secret are encoded as in a form."""
    scheme, _, credentials = value.partition(" ")
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise _refused() from None
    identifier, colon, secret = text.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _refused()
    return Presented("header", unquote(identifier), unquote(secret))


def _from_assertion(assertion: str, kind: str | None) -> Presented:
    if kind != ASSERTION_TYPE:
        raise _refused()
    return Presented("assertion", client_assertions.client_id_in(assertion), assertion)
