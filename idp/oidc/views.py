"""The endpoints of the protocol: read the request, call one verb, answer."""

from collections.abc import Callable
from typing import Any

import orjson
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from idp.accounts import questions
from idp.accounts.event_words import EVENTS
from idp.core import clock, headers
from idp.core.db import transaction
from idp.core.errors import Invalid
from idp.core.exempt import bare, csrf_exempt
from idp.core.sentences import BY_KEY
from idp.oidc import (
    authorization,
    checks,
    discovery,
    event_words,
    keys,
    logout,
    parameters,
    responses,
    userinfo,
    visits,
)
from idp.oidc.authorization import Request
from idp.oidc.checks import Asked
from idp.oidc.parameters import ErrorResponse
from idp.oidc.sentences import SENTENCES
from idp.oidc.server import server
from idp.oidc.tokens import TokenRefused
from idp.saas import access
from idp.signin import attempt
from idp.signin.attempt import Wanted

METADATA_SECONDS = 3600
KEYS_SECONDS = 600

blueprint = Blueprint("oidc", __name__)
blueprint.register_error_handler(ErrorResponse, responses.error_response)
BY_KEY.update(SENTENCES)
EVENTS.update(event_words.EVENTS)
questions.answers_applications(visits.applications)


@blueprint.get("/.well-known/openid-configuration", endpoint="openid_configuration")
@blueprint.get("/.well-known/oauth-authorization-server", endpoint="oauth_metadata")
@bare
def metadata() -> AnyResponse:
    """Tell what the server offers."""
    return _public(discovery.metadata(), METADATA_SECONDS)


@blueprint.get("/oauth2/jwks")
@bare
def jwks() -> AnyResponse:
    """Publish the keys that tokens are verified with."""
    return _public(keys.ring().public, KEYS_SECONDS)


@blueprint.route("/oauth2/authorize", methods=["GET", "POST"])
@csrf_exempt
def authorize() -> AnyResponse | str:
    """Take a client's request (RFC 6749, 3.1)."""
    client, wish = parameters.read(request.args if request.method == "GET" else request.form)
    g.ui_locales = wish.ui_locales
    return _proceed(Request(client, wish, clock.now()))


@blueprint.get("/oauth2/authorize/<handle>")
def resume(handle: str) -> AnyResponse | str:
    """Go on with a request that waited for the person."""
    return _proceed(authorization.kept(handle))


@blueprint.get("/oauth2/authorize/<handle>/cancel")
def cancel(handle: str) -> AnyResponse:
    """Go back to the application without a code (RFC 6749, 4.1.2.1)."""
    kept = authorization.kept(handle)
    raise ErrorResponse(kept.client, kept.parameters.target, "access_denied", "the person went back")


@blueprint.post("/oauth2/token")
@bare
def token() -> Response:
    """Exchange a code for tokens (RFC 6749, 3.2)."""
    with transaction():
        answer: Response = server.create_token_response()
    return answer


@blueprint.route("/oauth2/userinfo", methods=["GET", "POST"], endpoint="userinfo")
@bare
def person() -> Response:
    """Give the claims that an access token opens (OpenID Connect Core, 5.3)."""
    presented = _bearer_token()
    if presented is None:
        return Response(status=401, headers={"WWW-Authenticate": 'Bearer realm="userinfo"'})
    try:
        return Response(orjson.dumps(userinfo.claims_for(presented)), mimetype="application/json")
    except TokenRefused:
        challenge = 'Bearer realm="userinfo", error="invalid_token"'
        return Response(status=401, headers={"WWW-Authenticate": challenge})


@blueprint.route("/oauth2/logout", methods=["GET", "POST"], endpoint="logout")
@csrf_exempt
def end_session() -> AnyResponse:
    """End the session because a relying party asks (RP-Initiated Logout 1.0, 2)."""
    try:
        asked = server.validate_endpoint_request("end_session")
    except OAuth2Error:
        raise Invalid("logout_malformed") from None
    if logout.needs_confirmation(asked):
        return redirect(url_for("signin.logout"), 303)
    answer: AnyResponse | None = server.create_endpoint_response("end_session", asked)
    return answer or redirect(url_for("signin.signed_out"), 303)


def _proceed(asked_for: Request) -> AnyResponse | str:
    asked = authorization.look(asked_for)
    check = checks.first_unmet(asked)
    if check is None:
        return responses.code_response(asked.parameters.target, authorization.answer(asked))
    if "none" in asked.parameters.prompt:
        raise ErrorResponse(asked.client, asked.parameters.target, check.error, check.name)
    return PAGES[check.page](asked, authorization.keep(asked_for))


def _sign_in(asked: Asked, handle: str) -> AnyResponse:
    return redirect(attempt.begin(_wanted(asked, handle, force=False)), 303)


def _sign_in_again(asked: Asked, handle: str) -> AnyResponse:
    return redirect(attempt.begin(_wanted(asked, handle, force=True)), 303)


def _wanted(asked: Asked, handle: str, *, force: bool) -> Wanted:
    return Wanted(
        level=asked.level,
        application=asked.client.client_name,
        return_to=url_for("oidc.resume", handle=handle),
        cancel_to=url_for("oidc.cancel", handle=handle),
        force=force,
        login_hint=asked.parameters.login_hint,
        form_target=asked.parameters.target.redirect_uri,
    )


def _no_access(asked: Asked, handle: str) -> str:
    application_id = asked.client.application_id
    headers.allow_form_target(asked.parameters.target.redirect_uri)
    return render_template(
        "oidc/no_access.html",
        application=asked.client.client_name,
        request_access=access.deep_link(application_id) if application_id else None,
        again=url_for("oidc.resume", handle=handle),
        back=url_for("oidc.cancel", handle=handle),
    )


PAGES: dict[str, Callable[[Asked, str], AnyResponse | str]] = {
    "sign_in": _sign_in,
    "sign_in_again": _sign_in_again,
    "no_access": _no_access,
}


def _bearer_token() -> str | None:
    """Read the token from the header, else from the form (RFC 6750, 2.1 and 2.2)."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip()
    return request.form.get("access_token") or None


def _public(document: dict[str, Any], seconds: int) -> AnyResponse:
    answer = Response(orjson.dumps(document), mimetype="application/json")
    answer.headers["Cache-Control"] = f"public, max-age={seconds}"
    answer.headers["Access-Control-Allow-Origin"] = "*"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.add_etag()
    return answer.make_conditional(request)
