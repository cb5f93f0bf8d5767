"""Where an authorization request comes from: an address, a form, a pushed request, a request object."""

from authlib.oauth2 import OAuth2Error

from idp.core import fields
from idp.core.errors import Invalid
from idp.core.fields import Fields
from idp.oidc import clients, parameter_reader, pushed_requests, request_objects
from idp.oidc.clients import Client
from idp.oidc.parameters import ErrorResponse, Parameters
from idp.oidc.request_objects import ObjectRefused

# What belongs to the proof of the client at the endpoint for pushed requests, not to the request.
PROOF = ("client_secret", "client_assertion", "client_assertion_type")


def read(given: Fields) -> tuple[Client, Parameters]:
    """Read a request of a browser; raise Invalid or Expired for a page, ErrorResponse for an answer to the client."""
    client = clients.find(given.get("client_id")) if "client_id" not in given.repeated else None
    if client is None:
        raise Invalid("client_unknown")
    if "request_uri" in given and given["request_uri"].startswith(pushed_requests.PREFIX):
        pushed = pushed_requests.find(client, given["request_uri"])
        # What stands outside does not count (RFC 9126, 4; FAPI 2.0 Security Profile, 5.3.2.2).
        return client, parameter_reader.read(client, fields.unpacked(pushed.parameters), pushed.digest.hex())
    if client.must_push:
        raise _refusal(client, given, "invalid_request", "this client has to push its requests")
    try:
        inside = request_objects.unpacked(client, given)
    except ObjectRefused as refused:
        raise _refusal(client, given, refused.error, refused.description) from None
    return client, parameter_reader.read(client, inside)


def push(client: Client, form: Fields, jkt: str | None) -> str:
    """Judge a request that a client sends ahead, keep it and return its request_uri.

    `jkt` is the key proved with it, which the code will count with (RFC 9449, 10.1). Raises
    OAuth2Error with the same errors that the authorization endpoint would give (RFC 9126, 2.3).
    """
    given = fields.unpacked({name: values for name, values in form.packed().items() if name not in PROOF})
    given.setdefault("client_id", client.client_id)
    try:
        if "request_uri" in given:
            raise ObjectRefused("invalid_request", "request_uri may not be pushed")
        if client.must_sign_requests and "request" not in given:
            raise ObjectRefused("invalid_request", "this client has to sign its requests")
        inside = request_objects.unpacked(client, given)
        if jkt is not None and inside.setdefault("dpop_jkt", jkt) != jkt:
            raise ObjectRefused("invalid_dpop_proof", "dpop_jkt is another key than the one proved")
        parameter_reader.read(client, inside)
    except ObjectRefused as refused:
        raise OAuth2Error(refused.description, error=refused.error, status_code=400) from None
    except ErrorResponse as refused:
        raise OAuth2Error(refused.description, error=refused.error, status_code=400) from None
    except Invalid:
        raise OAuth2Error("the redirect_uri is not registered", error="invalid_request", status_code=400) from None
    return pushed_requests.keep(client, inside)


def _refusal(client: Client, given: Fields, error: str, description: str) -> ErrorResponse:
    """An error goes to the client if what stands outside names one of its addresses, else it is a page."""
    return ErrorResponse(client, parameter_reader.target(client, given), error, description)
