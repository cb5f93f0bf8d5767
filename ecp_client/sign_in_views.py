"""To ERN Login and back, and out again."""

import logging

from flask import Blueprint, flash, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ecp_client import languages, logout_token, sealed, sessions, sign_in
from ecp_client.errors import IssuerSilent, SignInRefused
from ecp_client.program import program
from ecp_client.visitors import cookie_token
from ecp_client.web import local_path

sign_in_pages = Blueprint("sign_in", __name__)
FROM_AFAR = "/sign-in/back-channel-logout"
log = logging.getLogger("ecp")


@sign_in_pages.get("/sign-in")
def start() -> Response:
    """Send the browser to ERN Login; it comes back to the callback."""
    browser = session.setdefault("browser", sealed.fresh())
    there = local_path(request.args.get("next", ""))
    here = program()
    return redirect(sign_in.begin(browser, there, languages.current(), here.issuer, here.settings), 303)


@sign_in_pages.get("/sign-in/callback")
def callback() -> Response:
    """The answer of ERN Login: a new session here, or a page that says what to do."""
    here = program()
    token, there = sign_in.finish(session.get("browser", ""), request.args, here.issuer, here.settings)
    sessions.close(cookie_token(), here.settings)
    # A new person, a new form secret; `browser` stays for sign-ins that are still open in another tab.
    session.pop("csrf_token", None)
    response = redirect(there, 303)
    response.set_cookie(here.cookie, token, httponly=True, samesite="Lax", secure=here.settings.secure)
    return response


@sign_in_pages.post("/sign-out")
def sign_out() -> Response:
    """End the session here, then at ERN Login and everywhere else."""
    here = program()
    hint = sessions.close(cookie_token(), here.settings)
    session.clear()
    response = redirect(_farewell(hint), 303)
    response.delete_cookie(here.cookie, httponly=True, samesite="Lax", secure=here.settings.secure)
    return response


def end_from_afar() -> tuple[str, int]:
    """ERN Login says that a session is over (OpenID Connect Back-Channel Logout 1.0, 2.7 and 2.8)."""
    here = program()
    try:
        sid, subject = logout_token.verified(request.form.get("logout_token", ""), here.settings.client_id, here.issuer)
    except (SignInRefused, IssuerSilent) as refusal:
        log.warning("logout refused: %s", refusal)
        return "", 400
    sessions.close_named(sid, subject)
    return "", 200


def _farewell(hint: str | None) -> str:
    try:
        there = program().issuer.sign_out_url(hint) if hint else None
    except IssuerSilent:
        flash(_("You are signed out of ECP. ERN Login does not answer: close your browser to be safe."), "warning")
        return url_for("public.home")
    flash(_("You are signed out of ECP."), "success")
    return there or url_for("public.home")
