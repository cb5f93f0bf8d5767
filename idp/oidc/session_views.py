"""The frame that an application asks whether the session changed (Session Management 1.0, 3.2)."""

from flask import render_template
from werkzeug.exceptions import NotFound

from idp.core import headers, settings
from idp.oidc import session_management


def check_session() -> str:
    """Give the page of the frame: the one page of ours that others may frame, and it shows nothing."""
    if not session_management.offered():
        raise NotFound
    headers.open_to_frames("https:" if settings.current().in_production else "https: http:")
    return render_template("oidc/check_session.html", cookie=session_management.cookie_name())
