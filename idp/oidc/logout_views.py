"""Sign-out that a relying party asks for (RP-Initiated Logout 1.0, 2)."""

from authlib.oauth2 import OAuth2Error
from flask import redirect, url_for
from werkzeug.wrappers import Response

from idp.core.errors import Invalid
from idp.core.exempt import csrf_exempt
from idp.oidc import logout
from idp.oidc.server import server


@csrf_exempt
def end_session() -> Response:
    """End the session because a relying party asks (RP-Initiated Logout 1.0, 2)."""
    try:
        asked = server.validate_endpoint_request("end_session")
    except OAuth2Error:
        raise Invalid("logout_malformed") from None
    if logout.needs_confirmation(asked):
        return redirect(url_for("signin.logout"), 303)
    answer: Response | None = server.create_endpoint_response("end_session", asked)
    return answer or redirect(url_for("signin.signed_out"), 303)
