"""The Flask application, with a short way to views without variables, and less on the way to those of programs.

What Flask does before and after a view serves pages: sessions, languages, hooks that set cookies. Programs need none of
it (`exempt.bare`).
"""

from collections.abc import Callable
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response
from flask.ctx import RequestContext
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from idp.core import incoming, monitoring, web
from idp.core.addresses import LateRule
from idp.core.incoming import Incoming
from idp.core.short_way import ShortWay
from idp.core.templates import Templates

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


# A wrong method, or which ones there are (OPTIONS), is Flask's to answer.
ASKED = {"GET", "HEAD", "POST", "PUT", "DELETE"}


class Application(Flask):
    """Flask as this server uses it: nothing is served from a folder, and every answer is counted."""

    request_class = Incoming
    url_rule_class = LateRule
    jinja_environment = Templates

    def request_context(self, environ: "WSGIEnvironment") -> RequestContext:
        """Return what `request` leads to: a short way where method and address alone name the view."""
        rule = self._ways.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        return super().request_context(environ) if rule is None else ShortWay(self, environ, rule)

    @cached_property
    def _ways(self) -> dict[tuple[str, str], Rule]:
        """The rules without variables by method and address."""
        rules = [rule for rule in self.url_map.iter_rules() if not rule.arguments]
        return {(method, rule.rule): rule for rule in rules for method in ASKED & (rule.methods or set())}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or a hook as it is: none is a coroutine, and Flask looks at each at every request."""
        return func

    def full_dispatch_request(self) -> Response:
        """Answer a request, and count the answer."""
        begun = perf_counter()
        answer = super().full_dispatch_request()
        monitoring.count(incoming.current(), answer.status_code, perf_counter() - begun)
        return answer

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Judge the request; pages have hooks of their own after that."""
        return web.judge(incoming.current()) or (None if self._for_program() else super().preprocess_request())

    def process_response(self, response: Response) -> Response:
        """Call what sets cookies and the like on pages; a view of programs has its own blueprint's hooks alone."""
        if not self._for_program():
            return super().process_response(response)
        for hook in self.after_request_funcs.get(incoming.current().blueprint, ()):
            response = hook(response)  # type: ignore[assignment]
        return response

    def _for_program(self) -> bool:
        rule = incoming.current().url_rule
        return rule is not None and getattr(self.view_functions[rule.endpoint], "bare", False)
