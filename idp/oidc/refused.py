"""What a client learns when its person gets no code; most of all who can open an access that PANIC locked."""

from typing import NoReturn

from flask import url_for

from idp.oidc.checks import Asked
from idp.oidc.parameters import ErrorResponse
from idp.saas import access
from idp.saas.access import Locked

LOCKED = "the access is locked until the person is recognised"


def locked(asked: Asked) -> list[Locked]:
    """Return what PANIC locked of the application for the person who is signed in."""
    application_id = asked.client.application_id
    if asked.session is None or application_id is None or access.has_access(asked.session.account_id, application_id):
        return []
    return access.locked_by_panic(asked.session.account_id, application_id)


def refuse(asked: Asked, error: str, description: str) -> NoReturn:
    """Answer the client with an error (RFC 6749, 4.1.2.1).

    A locked access is told with the page where the person asks for help (`error_uri`), and with the names of those who
    can open it (`error_contacts`, ours: descriptions are ASCII, and names of people are not).
    """
    waiting = locked(asked) if error == "access_denied" else []
    if not waiting:
        raise ErrorResponse(asked.client, asked.parameters.target, error, description)
    names = dict.fromkeys(name for one in waiting for name in one.deciders)
    more = {"error_uri": url_for("saas.locked", _external=True), "error_contacts": ", ".join(names)}
    raise ErrorResponse(asked.client, asked.parameters.target, error, LOCKED, **more)
