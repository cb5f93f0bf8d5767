"""The headers of each answer: what browsers may load, frame, remember and tell others."""

import re

from flask import Flask, Response, g
from werkzeug.datastructures import Headers

from idp.core.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # an own Origin header has to arrive with our own forms
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), "
    "geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
WEB_TARGET = re.compile(r"(https?://[A-Za-z0-9.\-]+(?::\d+)?|https?://\[[0-9A-Fa-f:.]+\](?::\d+)?)(?:[/?#]|$)")
APP_TARGET = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*:)")


def init(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer of the application."""
    always = dict(ALWAYS)
    if settings.secure_cookies:
        always["Strict-Transport-Security"] = STRICT_TRANSPORT

    @app.after_request
    def protect(answer: Response) -> Response:
        add(answer.headers, always, g.get("form_target", ""))
        return answer


def add(headers: Headers, always: dict[str, str], form_target: str) -> None:
    """Add what the view did not set itself; nothing dynamic may be stored unless a view says so."""
    for name, value in always.items():
        headers.setdefault(name, value)
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("Content-Security-Policy", f"{POLICY} {form_target}" if form_target else POLICY)


def allow_form_target(address: str) -> None:
    """Let the forms of this answer end at one foreign address, for a sign-in that goes on to a relying party.

    Browsers apply `form-action` to the redirects after a post too (CSP Level 3, 6.4.1). `address` is a registered
    redirect URI; raise ValueError if it has no origin.
    """
    found = WEB_TARGET.match(address) or (None if address.startswith("http") else APP_TARGET.match(address))
    if not found:
        raise ValueError("the address has no origin")
    g.form_target = found[1]
