"""The platform administrator's page."""

from flask import render_template
from flask.typing import ResponseReturnValue

from idp.accounts import session
from idp.core.errors import NotFound
from idp.saas import approvals
from idp.saas.present import own_authority


def admin() -> ResponseReturnValue:
    """Show what an administrator looks after. Four queries: session 2, authority, the number that wait."""
    session.require()
    if not own_authority().is_administrator:
        raise NotFound("page_unknown")
    session.require_acting()
    return render_template("saas/admin.html", to_decide=approvals.to_decide(own_authority()))
