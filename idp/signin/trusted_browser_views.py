"""My Account's page of the browsers in which a person is not asked for the second factor."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import session
from idp.core.errors import NotFound
from idp.signin import trusted_browsers


def show() -> ResponseReturnValue:
    """Show the browsers, and trust one no longer."""
    own = session.require_own()
    if request.method == "POST":
        trusted_browsers.forget(own.account, _chosen())
        flash(_("The browser is no longer trusted. It asks for the second factor again."), "success")
        return redirect(url_for("signin.trusted_browsers"), 303)
    return render_template(
        "signin/trusted_browsers.html",
        browsers=trusted_browsers.trusted(own.account),
        possible=trusted_browsers.may_trust(own.account),
        days=trusted_browsers.days(),
    )


def _chosen() -> int:
    number = request.form.get("forget", "")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise NotFound("no_such_browser")
    return int(number)
