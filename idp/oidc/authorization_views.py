"""The authorization endpoint (RFC 6749, 3.1): lead the person where a check wants, and answer the client."""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from idp.accounts import origins
from idp.core import clock, incoming
from idp.core.driver import held
from idp.core.exempt import csrf_exempt
from idp.oidc import (
    authorization,
    authorization_requests,
    checks,
    consent_views,
    consents,
    device_authorization,
    presentation,
    refused,
    responses,
)
from idp.oidc.authorization import Request
from idp.oidc.checks import Asked
from idp.saas import access
from idp.signin.attempt import Wanted


@csrf_exempt
def authorize() -> Response | str:
    """Take a client's request (RFC 6749, 3.1)."""
    asked = incoming.current()
    client, wish = authorization_requests.read(asked.query if asked.method == "GET" else asked.fields)
    return _proceed(Request(client, wish, clock.now()))


def resume(handle: str) -> Response | str:
    """Go on with a request that waited for the person."""
    return _proceed(authorization.kept(handle))


def go_on(handle: str) -> Response | str:
    """Go on with a request that the person was warned of and agreed to."""
    return _proceed(authorization.kept(handle), agreed_by=request.form.get("person"))


def cancel(handle: str) -> Response:
    """Go back to the application without a code (RFC 6749, 4.1.2.1)."""
    kept = authorization.kept(handle)
    refused.refuse(authorization.look(kept), "access_denied", "the person went back")


def _proceed(asked_for: Request, agreed_by: str | None = None) -> Response | str:
    held().ui_locales = asked_for.parameters.ui_locales
    asked = authorization.look(asked_for, agreed_by)
    check = checks.first_unmet(asked)
    if check is None:
        return responses.good_response(asked.client, asked.parameters.target, authorization.answer(asked))
    if "none" in asked.parameters.prompt:
        refused.refuse(asked, check.error, check.name)
    if check.page in SIGN_IN:
        wanted = partial(_wanted, asked, force=SIGN_IN[check.page])
        return redirect(authorization.lead_to_sign_in(asked_for, wanted), 303)
    return PAGES[check.page](asked, authorization.keep(asked_for))


def _device(asked: Asked, handle: str) -> str:
    code = asked.parameters.target.user_code or ""
    waits = device_authorization.waiting(code)
    return render_template(
        "oidc/device_confirm.html",
        application=presentation.name_of(asked.client),
        code=device_authorization.shown(code),
        at=waits.created_at,
        place=origins.place(waits.source),
        wishes=presentation.wishes(asked.client, consents.wanted(asked.client, asked.parameters)),
        go_on=url_for("oidc.go_on", handle=handle),
        back=url_for("oidc.cancel", handle=handle),
    )


def _wanted(asked: Asked, handle: str, *, force: bool) -> Wanted:
    return Wanted(
        level=asked.level,
        application=presentation.name_of(asked.client),
        about=presentation.about(asked.client, asked.parameters.ui_locales) or None,
        return_to=url_for("oidc.resume", handle=handle),
        cancel_to=url_for("oidc.cancel", handle=handle),
        force=force,
        methods=asked.methods,
        trusting=asked.trusting and not force,
        login_hint=asked.parameters.login_hint,
        form_target=asked.parameters.target.redirect_uri or None,
    )


def _no_access(asked: Asked, handle: str) -> str:
    application_id = asked.client.application_id
    responses.let_forms_end(asked.parameters.target)
    locked = refused.locked(asked)
    return render_template(
        "oidc/locked.html" if locked else "oidc/no_access.html",
        locked=locked,
        application=presentation.name_of(asked.client),
        request_access=access.deep_link(application_id) if application_id else None,
        again=url_for("oidc.resume", handle=handle),
        back=url_for("oidc.cancel", handle=handle),
    )


def _warn(asked: Asked, handle: str) -> str:
    responses.let_forms_end(asked.parameters.target)
    return render_template(
        "oidc/warning.html",
        application=presentation.name_of(asked.client),
        address=urlsplit(asked.parameters.target.redirect_uri).netloc or _("an application on this device"),
        go_on=url_for("oidc.go_on", handle=handle),
        back=url_for("oidc.cancel", handle=handle),
    )


# With what was proved before, or without.
SIGN_IN = {"sign_in": False, "sign_in_again": True}
PAGES: dict[str, Callable[[Asked, str], Response | str]] = {
    "no_access": _no_access,
    "consent": consent_views.ask,
    "device": _device,
    "warn": _warn,
}
