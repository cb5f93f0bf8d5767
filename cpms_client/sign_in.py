"""Signing in and out at the identity server: OpenID Connect, code flow with PKCE, state and nonce."""

import re
import secrets
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask import session as browser_memory
from flask_babel import get_locale
from werkzeug.wrappers import Response

from cpms_client import attempts, id_token, kept_forms, logout_token, sessions
from cpms_client.attempts import Attempt
from cpms_client.errors import IdentityNotTrusted, IdentityUnreachable, Refusal, TokenRefused
from cpms_client.identity_server import IdentityServer
from cpms_client.refusal_pages import access_locked, sign_in_failed
from cpms_client.sealed import new_token
from cpms_client.settings import Settings
from cpms_client.visitor import current_session, glance_session, remember, session_cookie

blueprint = Blueprint("sign_in", __name__)
FROM_AFAR = "/sign-in/back-channel-logout"

LEVEL = "https://refeds.org/profile/mfa"
LONGEST_PATH = 1000
LONGEST_PARAMETER = 2000


@blueprint.get("/sign-in")
def begin() -> Response:
    """Send the person to the identity server, and remember where to go afterwards."""
    browser_memory.setdefault("browser", new_token())
    wished = request.args.get("max_age", "")
    max_age = int(wished) if re.fullmatch("[0-9]{1,6}", wished, re.ASCII) else None
    attempt = attempts.begin(browser_memory["browser"], local_path(request.args.get("return_to", "")), max_age)
    return redirect(_issuer().authorization_url(attempt.verifier, **_wishes(attempt)))


@blueprint.get("/sign-in/callback")
def callback() -> tuple[str, int] | Response:
    """Take the person back: judge the answer, open a session, go on where the person wanted to go."""
    try:
        attempt = attempts.take(_single("state"), browser_memory.get("browser", ""))
    except Refusal as refusal:
        return sign_in_failed(refusal.key)
    try:
        _check_sender()
        if "error" in request.args:
            return _refused(attempt.return_to)
        token = _open_session(attempt)
    except (IdentityNotTrusted, TokenRefused) as reason:
        current_app.logger.warning("sign-in refused: %s", reason)
        return sign_in_failed("not_trusted", attempt.return_to)
    except IdentityUnreachable:
        return sign_in_failed("unreachable", attempt.return_to)
    return _with_session(redirect(attempt.return_to, 303), token)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session here, then at the identity server (RP-Initiated Logout 1.0)."""
    session = glance_session()
    state = new_token()
    browser_memory.clear()
    browser_memory["signed_out"] = state
    response = redirect(_way_out(session.tokens if session else {}, state), 303)
    response.delete_cookie(_settings().cookie("session"), secure=_settings().public, httponly=True, samesite="Lax")
    if session:
        sessions.end(session)
    return response


def end_from_afar() -> tuple[str, int]:
    """Hear from the identity server that a session is over (OpenID Connect Back-Channel Logout 1.0, 2.7 and 2.8)."""
    try:
        ended = logout_token.judge(_issuer(), request.form.get("logout_token", ""))
    except (IdentityNotTrusted, IdentityUnreachable) as reason:
        current_app.logger.warning("logout refused: %s", reason)
        return "", 400
    sessions.end_named(ended.sid, ended.sub)
    return "", 200


@blueprint.get("/kept/<token>")
def kept_form(token: str) -> str:
    """Show that a form is still here after a new sign-in, ready to be sent by the same person."""
    return render_template("kept_form.html", kept=kept_forms.find(token, current_session().sub))


def enter(token: str) -> Response:
    """Answer with the session cookie and the start page; the training sign-in uses it too."""
    return _with_session(redirect(url_for("home.start"), 303), token)


def local_path(path: str) -> str:
    """Keep a path of this server; anything else becomes the start page, so nobody is sent elsewhere."""
    usable = path.startswith("/") and path.isprintable() and len(path) <= LONGEST_PATH
    return path if usable and not path.startswith(("//", "/\\")) else url_for("home.start")


def _wishes(attempt: Attempt) -> dict[str, Any]:
    wishes = {"state": attempt.state, "nonce": attempt.nonce, "acr_values": LEVEL, "ui_locales": str(get_locale())}
    return wishes if attempt.max_age is None else wishes | {"max_age": str(attempt.max_age)}


def _check_sender() -> None:
    """Refuse an answer that another issuer sent (RFC 9207, 2.4)."""
    promised = _issuer().metadata().get("authorization_response_iss_parameter_supported") is True
    sender = request.args.getlist("iss")
    if (sender or promised) and sender != [_settings().issuer]:
        raise IdentityNotTrusted("callback: iss")
    if _single("error") == _single("code"):
        raise IdentityNotTrusted("callback: neither code nor error")


def _refused(return_to: str) -> tuple[str, int]:
    """Explain the error (RFC 6749, 4.1.2.1); `error_uri` at the identity server is where a lost access is opened."""
    error, page = _single("error"), _single("error_uri")
    if error == "access_denied" and page.startswith(_settings().at_issuer("/")):
        names = [name.strip() for name in _single("error_contacts").split(",")]
        return access_locked(page, [name for name in names if name], return_to)
    return sign_in_failed(error, return_to)


def _open_session(attempt: Attempt) -> str:
    issuer = _issuer()
    tokens = issuer.redeem(_single("code"), attempt.verifier)
    sign_in = id_token.judge(issuer, tokens["id_token"], attempt.nonce, attempt.max_age)
    claims = issuer.person(tokens["access_token"], sign_in.sub)
    kept = {name: tokens[name] for name in ("access_token", "id_token")}
    token = sessions.start(sign_in, claims, kept, session_cookie())
    remember(sign_in.sub, sign_in.acr, claims)
    return token


def _with_session(response: Response, token: str) -> Response:
    settings = _settings()
    response.set_cookie(settings.cookie("session"), token, secure=settings.public, httponly=True, samesite="Lax")
    return response


def _way_out(tokens: dict[str, str], state: str) -> str:
    home = url_for("home.welcome", state=state)
    try:
        return (_issuer().logout_url(tokens["id_token"], state) if tokens else None) or home
    except (IdentityUnreachable, IdentityNotTrusted):
        return home + "&still=1"


def _single(name: str) -> str:
    values = request.args.getlist(name)
    return values[0] if len(values) == 1 and len(values[0]) <= LONGEST_PARAMETER else ""


def _issuer() -> IdentityServer:
    issuer: IdentityServer = current_app.extensions["cpms_identity_server"]
    return issuer


def _settings() -> Settings:
    settings: Settings = current_app.extensions["cpms_settings"]
    return settings


def signed_out_notice() -> bool:
    """Tell whether this browser has just been logged out (RP-Initiated Logout 1.0, 3: the state comes back)."""
    expected = browser_memory.get("signed_out", "")
    return bool(expected) and secrets.compare_digest(expected, request.args.get("state", ""))
