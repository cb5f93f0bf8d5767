"""Answers to programs, which go out as they were made."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = "application/json"


class Ready(Response):
    """An answer whose status, headers and body are ready: nothing is closed after it, nothing made of its address.

    What Werkzeug looks through before it sends one is a sixth of UserInfo.
    """

    def __init__(self, body: bytes, headers: Iterable[tuple[str, str]], status: int = 200) -> None:
        """Keep what is to be sent, with its length."""
        sent = Headers()
        for name, value in headers:
            sent.add(name, value)
        sent.add("Content-Length", str(len(body)))
        super().__init__(status=status, headers=sent)
        self.response = [body]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it."""
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response  # type: ignore[return-value]
