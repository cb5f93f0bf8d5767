"""The headers of each answer: what browsers may load, frame, remember and tell others."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from idp.core.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
# Whose pages may load an answer; the only one of these that a view may say otherwise by itself.
RESOURCES = "Cross-Origin-Resource-Policy"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # an own Origin header has to arrive with our own forms
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    RESOURCES: "same-origin",
}
PERMISSIONS = (
    "camera=(), publickey-credentials-get=(self), publickey-credentials-create=(self), "
    "geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
)
# The mobile app holds accounts of several identity servers, and scans codes.
APP_POLICY = POLICY.replace("connect-src 'self'", "connect-src 'self' https:")
APP_PERMISSIONS = PERMISSIONS.replace("camera=()", "camera=(self)")
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
Headers = list[tuple[str, str]]
TARGET = "ern_login.form_target"
FOR_APP = "ern_login.for_app"
FRAMES = "ern_login.frames"
OURS = "ern_login.headers"
FRAMED = "ern_login.framed"
# What a page lacks that others may frame.
AGAINST_FRAMES = ("X-Frame-Options", RESOURCES)
WEB_TARGET = re.compile(r"(https?://[A-Za-z0-9.\-]+(?::\d+)?|https?://\[[0-9A-Fa-f:.]+\](?::\d+)?)(?:[/?#]|$)")
APP_TARGET = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:)")


def init(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the application."""
    always = [*ALWAYS.items()]
    if settings.secure_cookies:
        always.append(("Strict-Transport-Security", STRICT_TRANSPORT))
    app.wsgi_app = protect(app.wsgi_app, always)  # type: ignore[method-assign,assignment]


def protect(application: "WSGIApplication", always: Headers) -> "WSGIApplication":
    """Wrap the application, which costs a tenth of a Flask hook that searches Werkzeug's headers for each name."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[OURS] = always

        def start(status: str, given: Headers, exc_info: Any = None) -> Any:
            return start_response(status, complete(environ, given), exc_info)

        return application(environ, start)

    return answer


def complete(environ: "WSGIEnvironment", given: Headers) -> Headers:
    """Return the headers of the answer to a request: those `given` by its view, and ours."""
    own = [*environ[OURS], *_policies(environ)]
    if FRAMED in environ:
        own = [(name, value) for name, value in own if name not in AGAINST_FRAMES]
    if any(name == RESOURCES for name, _ in given):
        own = [(name, value) for name, value in own if name != RESOURCES]
    if not any(name == "Cache-Control" for name, _ in given):
        own.append(("Cache-Control", "no-store"))  # nothing dynamic is kept unless a view says so
    return given + own


def _policies(environ: "WSGIEnvironment") -> tuple[tuple[str, str], tuple[str, str]]:
    policy, permissions = (APP_POLICY, APP_PERMISSIONS) if FOR_APP in environ else (POLICY, PERMISSIONS)
    if FRAMED in environ:
        policy = policy.replace("frame-ancestors 'none'", f"frame-ancestors {environ[FRAMED]}")
    target, frames = environ.get(TARGET), environ.get(FRAMES)
    policy = f"{policy} {target}" if target else policy
    policy = f"{policy}; frame-src {frames}" if frames else policy
    return ("Content-Security-Policy", policy), ("Permissions-Policy", permissions)


def open_for_app() -> None:
    """Let the page of this answer use the camera and speak to other identity servers; for the mobile app alone."""
    request.environ[FOR_APP] = True


def allow_form_target(address: str) -> None:
    """Let the forms of this answer end at one foreign address, for a sign-in that goes on to a relying party.

    Browsers apply `form-action` to the redirects after a post too (CSP Level 3, 6.4.1). `address` is a registered
    redirect URI; raise ValueError if it has no origin.
    """
    found = WEB_TARGET.match(address) or (None if address.startswith("http") else APP_TARGET.match(address))
    if not found:
        raise ValueError("the address has no origin")
    request.environ[TARGET] = found[1]


def allow_frames(addresses: Iterable[str]) -> None:
    """Let the page of this answer load foreign pages in frames, of the origins of these registered addresses alone."""
    origins = {found[1] for address in addresses if (found := WEB_TARGET.match(address))}
    request.environ[FRAMES] = " ".join(sorted(origins))


def open_to_frames(schemes: str) -> None:
    """Let pages of these schemes frame the page of this answer, which must show nothing and do nothing by itself."""
    request.environ[FRAMED] = schemes
