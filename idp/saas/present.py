"""What the person of this request may decide, read once a request."""

from flask import g

from idp.accounts import session
from idp.saas.authority import authority_of
from idp.saas.policy import Authority


def own_authority() -> Authority:
    """Return the authority of the signed-in person; an empty one for nobody."""
    if "saas_authority" not in g:
        person = session.current()
        g.saas_authority = authority_of(person.account) if person else Authority(0)
    found: Authority = g.saas_authority
    return found
