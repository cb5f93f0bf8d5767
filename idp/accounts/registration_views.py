"""Creating an account: the form, the page that sends people to their mailbox, the page behind the mailed link."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import people, registration
from idp.accounts.forms import NewPasswordForm, RegisterForm
from idp.accounts.people import Person
from idp.accounts.return_to import local
from idp.core import languages
from idp.core.errors import Refusal
from idp.core.settings import current

# Where the page behind a link sends somebody who needs a new one.
AGAIN = {"accounts.confirm": "accounts.register", "accounts.confirm_email": "accounts.email"}


def register() -> ResponseReturnValue:
    """Ask for name and address, and mail a link."""
    form = RegisterForm()
    going_on = local(request.args.get("next"))
    if request.method == "GET":
        form.language.data = languages.current().code
    if form.validate_on_submit():
        with form.telling():
            registration.begin(_person(form), going_on, request.remote_addr)
            session["mailed_to"] = form.email.data
            return redirect(url_for("accounts.register_sent", next=going_on or None), 303)
    cancel = going_on or url_for("signin.login")
    return render_template("accounts/register.html", form=form, cancel=cancel), form.status


def register_sent() -> ResponseReturnValue:
    """Say that a mail is on its way; the same for an address that has an account."""
    again = url_for("accounts.register", next=local(request.args.get("next")) or None)
    if "mailed_to" not in session:
        return redirect(again, 303)
    hours = current().passwords.link_hours
    return render_template("accounts/register_sent.html", address=session["mailed_to"], hours=hours, again=again)


def confirm(token: str) -> ResponseReturnValue:
    """Show the identifier and ask for the first password; opening the page uses nothing up."""
    form = NewPasswordForm()
    if form.validate_on_submit():
        with form.telling():
            registration.complete(token, form.new_password.data)
            return _welcome(registration.going_on(token))
    return render_template("accounts/first_password.html", form=form, person=registration.invited(token)), form.status


def gone(refusal: Refusal) -> ResponseReturnValue:
    """Say why a mailed link cannot be used, and how to go on."""
    if request.endpoint == "accounts.not_me":
        return render_template("accounts/not_me_gone.html", reason=refusal.key), refusal.status
    again = url_for(AGAIN.get(request.endpoint or "", "accounts.forgot"))
    return render_template("accounts/link_gone.html", reason=refusal.key, again=again), refusal.status


def _welcome(going_on: str) -> ResponseReturnValue:
    session.pop("mailed_to", None)
    flash(_("Your account is ready. Add a second factor now: many applications need one."), "success")
    return redirect(url_for("mfa.add", next=going_on or None), 303)


def _person(form: RegisterForm) -> Person:
    return Person(
        first_name=form.first_name.data,
        last_name=form.last_name.data,
        email=people.clean_address(form.email.data),
        language=form.language.data,
        uid=people.new_uid(),
    )
