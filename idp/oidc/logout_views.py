"""Sign-out that a relying party asks for (RP-Initiated Logout 1.0, 2)."""

from authlib.oauth2 import OAuth2Error
from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from idp.accounts import session
from idp.core import headers
from idp.core.errors import Invalid
from idp.core.exempt import csrf_exempt
from idp.oidc import frontchannel_logout, logout
from idp.oidc.server import server

# So long an application may take to end its session before the person goes on.
LONGEST_SECONDS = 5


@csrf_exempt
def end_session() -> Response:
    """End the session because a relying party asks (RP-Initiated Logout 1.0, 2)."""
    try:
        asked = server.validate_endpoint_request("end_session")
    except OAuth2Error:
        raise Invalid("logout_malformed") from None
    if logout.needs_confirmation(asked):
        return redirect(url_for("signin.logout"), 303)
    current = session.current()
    answer: Response | None = server.create_endpoint_response("end_session", asked)
    location = answer.location if answer else None
    page = frontchannel_logout.page_for(current, location) if current else None
    return redirect(page or location or url_for("signin.signed_out"), 303)


def farewell() -> Response | str:
    """Let the applications of a session that is over end theirs, then go on (Front-Channel Logout 1.0, 3)."""
    found = frontchannel_logout.read(request.args.get("t", ""))
    if found is None:
        return redirect(url_for("signin.signed_out"), 303)
    headers.allow_frames(found.frames)
    values = {"frames": found.frames, "location": found.location, "seconds": LONGEST_SECONDS}
    answer = make_response(render_template("oidc/farewell.html", **values))
    if found.location:
        answer.headers["Refresh"] = f"{LONGEST_SECONDS}; url={found.location}"  # for browsers without script
    return answer
