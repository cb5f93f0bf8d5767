"""The Flask application, with a shorter way for the views of programs (`exempt.bare`).

What Flask does before and after a view serves pages: sessions, languages, hooks that set cookies.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from flask import Flask, Response
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue

from idp.core import monitoring, web
from idp.core.addresses import LateRule
from idp.core.templates import Templates


class Application(Flask):
    """Flask as this server uses it: nothing is served from a folder, and every answer is counted."""

    url_rule_class = LateRule
    jinja_environment = Templates

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a view or a hook as it is: none is a coroutine, and Flask looks at each at every request."""
        return func

    def full_dispatch_request(self) -> Response:
        """Answer a request, and count the answer."""
        begun = perf_counter()
        answer = super().full_dispatch_request()
        monitoring.count(request_ctx.request, answer.status_code, perf_counter() - begun)
        return answer

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Judge the request; pages have hooks of their own after that."""
        return web.judge(request_ctx.request) or (None if self._for_program() else super().preprocess_request())

    def process_response(self, response: Response) -> Response:
        """Call what sets cookies and the like on pages; a view of programs has its own blueprint's hooks alone."""
        if not self._for_program():
            return super().process_response(response)
        for hook in self.after_request_funcs.get(request_ctx.request.blueprint, ()):
            response = hook(response)  # type: ignore[assignment]
        return response

    def _for_program(self) -> bool:
        view = self.view_functions.get(request_ctx.request.endpoint or "")
        return getattr(view, "bare", False)
