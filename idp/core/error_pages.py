"""What people and programs read when something is refused or breaks: one sentence by key, else by status."""

from dataclasses import field
from typing import Any

from flask import Response, jsonify, make_response, render_template, request

from idp.core.reference import reference
from idp.core.sentences import BY_KEY, BY_STATUS, Sentence
from idp.core.values import frozen

# RFC 6749, 5.2 and 4.1.2.1: what a program reads when the protocol code itself did not answer.
OAUTH_ERRORS = {
    401: "invalid_client",
    429: "temporarily_unavailable",
    500: "server_error",
    503: "temporarily_unavailable",
}
PLAIN = (
    "<!doctype html><html lang=en><title>ERN Login</title><h1>Something went wrong on our side</h1><p>Reference: {}</p>"
)


@frozen
class Failure:
    """What is to be told: an HTTP status, the key of a sentence and what it names, and when to try again (seconds)."""

    status: int
    key: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    retry_after: int | None = None

    @property
    def sentence(self) -> Sentence:
        """The sentence of the key, else of the status, else of the status family."""
        family = BY_STATUS[400 if self.status < 500 else 500]
        return BY_KEY.get(self.key) or BY_STATUS.get(self.status, family)


def answer(failure: Failure) -> Response:
    """Say it as JSON to programs and as a page to people."""
    told = _json(failure) if for_program() else make_response(_page(failure))
    told.status_code = failure.status
    if failure.retry_after is not None:
        told.headers["Retry-After"] = str(failure.retry_after)
    return told


def for_program() -> bool:
    """Say whether the caller reads JSON rather than pages."""
    accept = request.headers.get("Accept", "")
    if "text/html" in accept:
        return False
    return request.path.startswith("/oauth2/") or "application/json" in accept


def plain(status: int) -> Response:
    """Answer without templates, languages or database, for when these are what broke."""
    return Response(PLAIN.format(reference()), status, mimetype="text/html")


def _json(failure: Failure) -> Response:
    error = failure.key or OAUTH_ERRORS.get(failure.status, "invalid_request")
    if request.path.startswith("/oauth2/"):
        error = OAUTH_ERRORS.get(failure.status, "invalid_request")
    return jsonify(error=error, error_description=failure.sentence.plain(failure.details), reference=reference())


def _same_address() -> str:
    """Return the address that was asked for; of one that is refused it may not be a text."""
    return request.full_path.rstrip("?") if request.method == "GET" else request.path


def _page(failure: Failure) -> str:
    rule = request.url_rule
    worth_it = failure.status in (429, 500, 503) and rule is not None and "GET" in (rule.methods or ())
    return render_template(
        "core/error.html",
        title=failure.sentence.title,
        text=failure.sentence.plain(failure.details),
        again=_same_address() if worth_it else None,
        reference=reference(),
        wait=failure.retry_after,
    )
