"""Documents that are the same for everybody: answered once by their view, and from then on before Flask sees a request.

That takes 4 us instead of 70, for what every application asks for whenever it starts or meets a new key.
"""

from collections.abc import Callable, Iterable
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, request

from idp.core import headers, monitoring, proxies
from idp.core.headers import Headers
from idp.core.values import frozen

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Whoever asks is part of the key, so that what the edge refuses once is never answered from here.
Key = tuple[str | None, ...]
ASKED = ("PATH_INFO", "HTTP_HOST", "REMOTE_ADDR", *proxies.FORWARDED)
# With one of these the answer may be another one.
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_RANGE")
MOST_KEPT = 1000
KEPT = "ern_documents"
KEY = "ern_login.document"


@frozen
class Document:
    """An answer that was given before: its body, all headers, whose it is, and whether it still says what is true."""

    body: bytes
    headers: Headers
    endpoint: str
    current: Callable[[], bool]


def init(app: Flask) -> None:
    """Answer documents before anything else does; what comes around the application later must not judge requests."""
    app.wsgi_app = partial(_answer, app.wsgi_app, app.extensions)  # type: ignore[method-assign]


def keep(answer: Response, current: Callable[[], bool]) -> None:
    """Give this answer to the same question from the same place, for as long as `current` says that it is true.

    A question is a GET without a query.
    """
    kept: dict[Key, Document] = current_app.extensions.setdefault(KEPT, {})
    key: Key | None = request.environ.get(KEY)
    if answer.status_code != 200 or key is None:
        return
    if len(kept) >= MOST_KEPT:
        kept.clear()
    given = headers.complete(request.environ, [*answer.headers])
    kept[key] = Document(answer.get_data(), given, request.endpoint or "none", current)


def _answer(
    application: "WSGIApplication", extensions: dict[str, Any], environ: "WSGIEnvironment", start: "StartResponse"
) -> Iterable[bytes]:
    if environ["REQUEST_METHOD"] != "GET" or environ.get("QUERY_STRING"):
        return application(environ, start)
    begun = perf_counter()
    key = environ[KEY] = tuple([environ.get(name) for name in ASKED])
    document: Document | None = extensions.get(KEPT, {}).get(key)
    if document is None or any(name in environ for name in CONDITIONS) or not document.current():
        return application(environ, start)
    start("200 OK", document.headers)
    monitoring.observe(document.endpoint, "GET", 200, perf_counter() - begun)
    return [document.body]
