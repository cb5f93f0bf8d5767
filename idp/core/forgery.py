"""Forms that another site sends in a person's name are refused; one's own stale form is offered again."""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from flask import Flask, Request, Response, current_app, g, render_template, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import generate_csrf, validate_csrf
from wtforms import ValidationError

from idp.core.errors import NotAllowed
from idp.core.incoming import Incoming
from idp.core.settings import Settings
from idp.core.signed import Signer

FIELD = "csrf_token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Never written into a page again, not even hidden: the person types them anew.
SECRETS = frozenset(
    {FIELD, "password", "new_password", "confirm_password", "current_password", "code", "pin", "confirm_pin"}
)
MAX_KEPT = 64 * 1024


class Unread(SecureCookieSession):
    """The session of a cookie that is read when a form asks for it: for a redirect that took a tenth of its time."""

    def __init__(self, read: Callable[[], SecureCookieSession | None]) -> None:
        """Keep what reads the cookie."""
        super().__init__()
        self._read = read
        self._asked = False

    @property
    def accessed(self) -> bool:
        """Whether somebody asked; Flask says so before it gives the session away."""
        return self._asked

    @accessed.setter
    def accessed(self, asked: bool) -> None:
        if asked and not self._asked:
            self._asked = True
            dict.update(self, self._read() or {})  # what was there before is no change


class FormSession(SecureCookieSessionInterface):
    """Flask's signed cookie, read when it is asked for."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """Return the session of the cookie, or an empty one."""
        return Unread(partial(super().open_session, app, request))

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie if the session changed; one that nobody asked for did not."""
        if session.accessed:
            super().save_session(app, session, response)

    def get_signing_serializer(self, app: Flask) -> Signer:
        """Return what signs the cookie: as Flask does, but made once."""
        return self._signing(str(app.secret_key))

    @lru_cache(4)  # noqa: B019 - there is one session interface for each application
    def _signing(self, key: str) -> Signer:
        how = {"key_derivation": self.key_derivation, "digest_method": self.digest_method}
        return Signer(key, salt=self.salt, serializer=self.serializer, signer_kwargs=how)


def init(app: Flask, settings: Settings) -> None:
    """Configure tokens: they live as long as the browser's session, so that a page left open over lunch still works."""
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,  # the edge calls `check`, in its own order
        WTF_I18N_ENABLED=False,  # every message is ours; WTForms would read its catalogues at each request
        SESSION_COOKIE_NAME="__Host-form" if settings.secure_cookies else "form",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = FormSession()
    app.jinja_env.globals["csrf_token"] = generate_csrf


def check(asked: Incoming) -> Any:
    """Return None if the post comes from our own form, an answer that offers it again if it is ours but stale.

    Raise NotAllowed for a post from elsewhere.
    """
    if asked.method in SAFE:
        return None
    view = current_app.view_functions.get(asked.endpoint or "")
    if view is None or getattr(view, "csrf_exempt", False):
        return None
    origin = asked.headers.get("Origin")
    if origin is not None and origin != current_app.config["ORIGIN"]:
        raise NotAllowed("foreign_form")
    try:
        validate_csrf(asked.form.get(FIELD) or asked.headers.get("X-CSRFToken"))
        g.csrf_valid = True  # so that the form itself does not judge it again
    except ValidationError:
        if origin is None or not asked.form or _size() > MAX_KEPT:
            raise NotAllowed("stale_form") from None
        return render_template("core/stale_form.html", kept=_kept()), 400
    return None


def _kept() -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in SECRETS and "password" not in name
    ]


def _size() -> int:
    return sum(len(name) + len(value) for name, value in request.form.items(multi=True))
