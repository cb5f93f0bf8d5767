"""The pages after PANIC: for the person whose accesses are locked, and for the approvers who recognise the person."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import session
from idp.accounts.models import Account
from idp.core.errors import TooMany
from idp.saas import access, recognition
from idp.saas.present import acting, approver
from idp.saas.sentences import told


def locked() -> ResponseReturnValue:
    """Show what PANIC locked and who can open it, and ask them with one button."""
    own = session.require_own()
    if request.method == "POST":
        _ask(own.account)
        return redirect(url_for("saas.locked"), 303)
    return render_template("saas/locked.html", locked=access.locked_by_panic(own.account_id))


def identities() -> ResponseReturnValue:
    """Show the people who wait to be recognised."""
    _person, authority = approver()
    return render_template("saas/identities.html", waiting=recognition.waiting(authority))


def identity(uid: str) -> ResponseReturnValue:
    """Show one of them, and confirm the identity."""
    person, authority = approver()
    found = recognition.of(authority, uid)
    if request.method == "POST":
        recognition.confirm(acting(person), uid)
        flash(_("The identity of %(name)s is confirmed. We told the person.", name=found.person.name), "success")
        return redirect(url_for("saas.identities"), 303)
    return render_template("saas/identity.html", found=found)


def _ask(account: Account) -> None:
    try:
        asked = recognition.ask(account)
    except TooMany as refusal:
        flash(told(refusal), "warning")
        return
    if asked:
        flash(_("We wrote to the people who can open it. They call you back."), "success")
    else:
        flash(_("Nobody can open it here at this moment. Write to the help desk."), "warning")
