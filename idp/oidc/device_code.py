"""The device grant (RFC 8628, 3.4): a device asks whether its person agreed."""

from authlib.oauth2.rfc6749 import InvalidRequestError

from idp.oidc import device_authorization, grants
from idp.oidc.token_requests import Allowed, TokenRequest


def redeem(asked: TokenRequest) -> Allowed:
    """Redeem a code rather than look it up: from here on it is used, if it is good."""
    code = asked.form.get("device_code")
    if not code:
        raise InvalidRequestError("The parameter device_code is missing.")
    grant = device_authorization.redeem(code, asked.client)
    if asked.client.public:
        grant = grants.bind(grant, asked.bound)
    return Allowed(asked.terms(grant.scope, grant.resources), grant)
