"""Answers of the authorization endpoint: parameters to the registered address, always with the issuer (RFC 9207)."""

from urllib.parse import urlencode

from flask import redirect
from werkzeug.wrappers import Response

from idp.core import settings
from idp.oidc.parameters import ErrorResponse, Target


def code_response(target: Target, code: str) -> Response:
    """Give the client its code (RFC 6749, 4.1.2)."""
    return _answer(target, {"code": code})


def error_response(refused: ErrorResponse) -> Response:
    """Give the client the error (RFC 6749, 4.1.2.1)."""
    parameters = {"error": refused.error}
    if refused.description:
        parameters["error_description"] = refused.description
    return _answer(refused.target, parameters)


def _answer(target: Target, parameters: dict[str, str]) -> Response:
    if target.state is not None:
        parameters["state"] = target.state
    parameters["iss"] = settings.current().server.issuer
    joint = "&" if "?" in target.redirect_uri else "?"
    return redirect(f"{target.redirect_uri}{joint}{urlencode(parameters)}", 303)
