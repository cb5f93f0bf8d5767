"""What `request`, `g` and `current_app` lead to where method and address alone name the view.

Flask makes two adapters for addresses, looks for the view in a tree, and tells its signals of each step. Here the view
is known, and an adapter is made when an address is: half of what goes on around the view of a program, and a seventh of
client credentials, an eighth of introspection, a quarter of UserInfo.
"""

from functools import cached_property
from typing import TYPE_CHECKING

from flask import Flask
from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request
from werkzeug.routing import MapAdapter, Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Around(AppContext):
    """What `g` and `current_app` lead to."""

    def __init__(self, app: Flask) -> None:
        """Make as little as possible."""
        self.app = app
        self.g = app.app_ctx_globals_class()
        self._cv_tokens = []

    @cached_property
    def url_adapter(self) -> MapAdapter | None:  # type: ignore[override]
        """What makes addresses where there is no request."""
        return self.app.create_url_adapter(None)


class ShortWay(RequestContext):
    """What `request` leads to, for a rule without variables: `with` it, the request is under way."""

    def __init__(self, app: Flask, environ: "WSGIEnvironment", rule: Rule) -> None:
        """Read as little of the request as possible."""
        self.app = app
        self.request = app.request_class(environ)
        self.request.json_module = app.json
        self.request.url_rule, self.request.view_args = rule, {}
        self.flashes = None
        self._session = app.session_interface.open_session(app, self.request)
        self._after_request_functions = []
        self._cv_tokens = []

    @cached_property
    def url_adapter(self) -> MapAdapter | None:  # type: ignore[override]
        """What makes addresses."""
        return self.app.create_url_adapter(self.request)

    def push(self) -> None:
        """Let the request begin."""
        self._outer = _cv_app.set(Around(self.app))
        self._before = _cv_request.set(self)

    def pop(self, exc: BaseException | None = None) -> None:
        """Let the request end: what it holds, like connections, is given back."""
        try:
            self.request.close()
            self.app.do_teardown_appcontext(exc)
        finally:
            self.request.environ["werkzeug.request"] = None  # a circle that the garbage collector would have to find
            _cv_request.reset(self._before)
            _cv_app.reset(self._outer)
