"""Sign-out that a relying party asks for (RP-Initiated Logout 1.0, 2)."""

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from idp.accounts import session
from idp.core import headers
from idp.core.exempt import csrf_exempt
from idp.oidc import frontchannel_logout, logout

# So long an application may take to end its session before the person goes on.
LONGEST_SECONDS = 5


@csrf_exempt
def end_session() -> Response:
    """End the session because a relying party asks (RP-Initiated Logout 1.0, 2)."""
    asked = logout.read(request.form if request.method == "POST" else request.args)
    if logout.needs_confirmation(asked):
        return redirect(url_for("signin.logout"), 303)
    page, current = None, session.current()
    if current is not None:
        session.end([current], "logout")
        page = frontchannel_logout.page_for(current, asked.location)
    return redirect(page or asked.location or url_for("signin.signed_out"), 303)


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
