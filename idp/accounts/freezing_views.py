"""The page behind a mailed link "This was not me": it asks first, because mail scanners open every link."""

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from idp.accounts import freezing


def not_me(token: str) -> ResponseReturnValue:
    """Ask before the account is frozen, and freeze it."""
    if request.method == "POST":
        freezing.alarm(token)
        return redirect(url_for("accounts.frozen"), 303)
    return render_template("accounts/not_me.html", account=freezing.alarmed(token))


def frozen() -> ResponseReturnValue:
    """Say what a frozen account is, and how its owner comes back."""
    return render_template("accounts/frozen.html")
