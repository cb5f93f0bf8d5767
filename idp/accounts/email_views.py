"""My Account: another e-mail address, and the page behind the link that confirms it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import email_change, session
from idp.accounts.forms import EmailForm
from idp.core.settings import current


def email() -> ResponseReturnValue:
    """Ask for the new address, and mail a link to it."""
    own = session.require_fresh("change_email")
    form = EmailForm()
    if form.validate_on_submit():
        with form.telling():
            email_change.begin(own.account, form.email.data, request.remote_addr)
            hours = current().passwords.link_hours
            return render_template("accounts/email_sent.html", address=form.email.data, hours=hours)
    return render_template("accounts/email.html", form=form, account=own.account), form.status


def confirm_email(token: str) -> ResponseReturnValue:
    """Ask before the address is taken, and take it; opening the page uses nothing up."""
    own = session.require_own()
    if request.method == "GET":
        address = email_change.wanted(own.account, token)
        return render_template("accounts/confirm_email.html", address=address, account=own.account)
    email_change.complete(own.account, token)
    flash(_("Your e-mail address is changed. Sign in with it from now on."), "success")
    return redirect(url_for("accounts.details"), 303)
