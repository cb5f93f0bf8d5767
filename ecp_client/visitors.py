"""Who is looking: the person behind the cookie of this request."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import g, request

from ecp_client import drafts, membership, sessions
from ecp_client.errors import IssuerSilent, SignInNeeded
from ecp_client.forms import Noted
from ecp_client.models import Person
from ecp_client.program import program

P = ParamSpec("P")
R = TypeVar("R")


def cookie_token() -> str:
    """The session token that the browser sent, or nothing."""
    return request.cookies.get(program().cookie, "")


def greeted() -> Person | None:
    """The person whose name stands in the header; gives no right to anything."""
    if "greeted" not in g:
        token = cookie_token()
        session = sessions.present(token, program().settings) if token else None
        g.greeted = session.person if session else None
    person: Person | None = g.greeted
    return person


def signed_in() -> Person:
    """The person, still confirmed by ERN Login; raises SignInNeeded, IssuerSilent."""
    session = sessions.confirmed(cookie_token(), program().issuer, program().settings)
    g.greeted = session.person
    return session.person


def member_of(ern: str) -> Person:
    """The signed-in member of this network; raises NotFound for everybody else."""
    person = signed_in()
    membership.inside(person, ern)
    return person


def keeps_what_was_typed(form: type[Noted]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A form that cannot be taken now, for want of a sign-in or of ERN Login, is kept as a draft."""

    def wrapped(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def keeping(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return view(*args, **kwargs)
            except (SignInNeeded, IssuerSilent) as error:
                _keep(getattr(error, "person_id", None) or getattr(greeted(), "id", None), form)
                raise

        return keeping

    return wrapped


def drafted(author: Person) -> dict[str, Any]:
    """What the author typed here before and lost, for a form that is opened again."""
    return drafts.take(author, request.path) if request.method == "GET" else {}


def _keep(author_id: int | None, form: type[Noted]) -> None:
    if request.method == "POST" and author_id:
        drafts.keep(author_id, request.path, form().typed())
