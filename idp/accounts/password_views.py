"""A forgotten password: asking for a link, and choosing a new password behind it."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import forgotten
from idp.accounts.forms import ForgottenForm, NewPasswordForm
from idp.core import languages
from idp.core.settings import current


def forgot() -> ResponseReturnValue:
    """Ask who forgot the password, and mail a link."""
    form = ForgottenForm()
    if form.validate_on_submit():
        with form.telling():
            forgotten.begin(form.identifier.data, languages.current().code, request.remote_addr)
            return redirect(url_for("accounts.forgot_sent"), 303)
    return render_template("accounts/forgot.html", form=form, cancel=url_for("signin.login")), form.status


def forgot_sent() -> ResponseReturnValue:
    """Say that a mail is on its way if there is an account."""
    return render_template("accounts/forgot_sent.html", hours=current().passwords.link_hours)


def new_password(token: str) -> ResponseReturnValue:
    """Ask for the new password; opening the page uses nothing up, and nobody is signed in by it."""
    form = NewPasswordForm()
    if form.validate_on_submit():
        with form.telling():
            forgotten.complete(token, form.new_password.data)
            flash(_("Your password is changed. Sign in with the new one."), "success")
            return redirect(url_for("signin.login"), 303)
    return render_template("accounts/new_password.html", form=form, account=forgotten.asking(token)), form.status


def change_password() -> ResponseReturnValue:
    """Lead password programs to the page where the password is changed (W3C, well-known change-password)."""
    return redirect(url_for("accounts.settings"), 302)
