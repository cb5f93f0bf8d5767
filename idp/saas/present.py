"""Who looks at a page, and what this person may decide, read once a request."""

from flask import g

from idp.accounts import session
from idp.accounts.models import UserSession
from idp.core.errors import NotFound
from idp.saas.authority import authority_of
from idp.saas.policy import Approver, Authority


def own_authority() -> Authority:
    """Return the authority of the signed-in person; an empty one for nobody."""
    if "saas_authority" not in g:
        person = session.current()
        g.saas_authority = authority_of(person.account) if person else Authority(0)
    found: Authority = g.saas_authority
    return found


def approver() -> tuple[UserSession, Authority]:
    """Return who decides; everybody else learns nothing, and nobody reads about others with a password alone."""
    session.require()
    authority = own_authority()
    if not authority.exists:
        raise NotFound("page_unknown")
    return session.require_acting(), authority


def acting(person: UserSession) -> Approver:
    """Return the person as the one who acts, with the proof at hand."""
    return Approver(person.account_id, person.acr, person.proved_at)
