"""The device grant at the token endpoint (RFC 8628, 3.4), in Authlib's frame."""

from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, InvalidRequestError, TokenEndpointMixin, UnauthorizedClientError
from authlib.oauth2.rfc6749.hooks import hooked
from flask import g

from idp.oidc import device_authorization, grants
from idp.oidc.client_metadata import DEVICE_CODES


class DeviceCodeGrant(BaseGrant, TokenEndpointMixin):
    """A device asks whether its person agreed."""

    GRANT_TYPE = DEVICE_CODES

    def validate_token_request(self) -> None:
        """Redeem rather than look up: from here on the code is used, if it is good."""
        client = self.request.client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not use device codes.")
        code = self.request.payload.data.get("device_code")
        if not code:
            raise InvalidRequestError("The parameter device_code is missing.")
        self.request.user = device_authorization.redeem(code, client)
        if client.public:
            self.request.user = grants.bind(self.request.user, g.confirmation)

    @hooked  # type: ignore[untyped-decorator]
    def create_token_response(self) -> tuple[int, dict[str, Any], Any]:
        """Answer with tokens."""
        user = self.request.user
        return 200, self.generate_token(user=user, scope=user.scope), self.TOKEN_RESPONSE_HEADER
