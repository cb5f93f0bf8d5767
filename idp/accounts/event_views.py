"""My Account: where the person is signed in, and what happened to the account."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import own_sessions, session, tiles
from idp.accounts import security_events as events


def sessions() -> ResponseReturnValue:
    """Show where the person is signed in, and end what is not wanted."""
    own = session.require_own()
    if request.method == "GET":
        panic = tiles.exists("mfa.panic")
        return render_template("accounts/sessions.html", sessions=own_sessions.shown(own), panic=panic)
    if "end" in request.form:
        own_sessions.end_one(own, request.form["end"])
        return _done(_("The session is ended."))
    own_sessions.end_others(own)
    return _done(_("All other sessions are ended."))


def security_events() -> ResponseReturnValue:
    """Show what happened to the account."""
    own = session.require_own()
    before = request.args.get("before", type=int)
    page = events.shown(own.account, before)
    panic = tiles.exists("mfa.panic")
    return render_template("accounts/security_events.html", page=page, begun=before is not None, panic=panic)


def _done(sentence: str) -> ResponseReturnValue:
    flash(sentence, "success")
    return redirect(url_for("accounts.sessions"), 303)
