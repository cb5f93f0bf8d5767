"""Who is looking: the person behind the cookie of this request."""

from flask import g, request

from ecp_client import sessions
from ecp_client.models import Person
from ecp_client.program import program


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
