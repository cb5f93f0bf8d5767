"""Delete all my devices and eID (PANIC): the page of My Account, the same while signing in, and what comes after."""

from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from wtforms import PasswordField
from wtforms.validators import InputRequired

from idp.accounts import profile, questions, session
from idp.accounts.forms import AccountForm
from idp.accounts.models import Account
from idp.accounts.return_to import local
from idp.core import clock, settings
from idp.core.levels import MFA
from idp.mfa import enrolment
from idp.mfa import panic as panics


class PanicForm(AccountForm):
    """Only the button, where the person has just proved something."""


class PasswordPanicForm(PanicForm):
    """The button and the password."""

    current_password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password."))])


def panic() -> ResponseReturnValue:
    """Ask before everything is deleted, and delete it; any session will do, and the password or any factor."""
    if request.method == "POST" and session.ended_because() == "panic":
        return redirect(url_for("mfa.panic_done"), 303)
    own = session.require()
    within = settings.current().session.step_up_minutes * 60
    if "prove" in request.args:
        own = session.require(MFA, within, "panic")
    proved = clock.now() - own.proved_at <= timedelta(seconds=within)
    return asked(own.account, proved=proved, done=url_for("mfa.panic_done"))


def asked(account: Account, *, proved: bool, done: str, **page: Any) -> ResponseReturnValue:
    """Show the page and do what it asks; without a fresh proof (`proved`) the password has to be typed."""
    form = PanicForm() if proved else PasswordPanicForm()
    if form.validate_on_submit():
        with form.telling():
            _press(account, form)
            return redirect(done, 303)
    answer = render_template(
        "mfa/panic.html",
        form=form,
        proved=proved,
        devices=questions.devices(account.id),
        sessions=len(session.open_sessions(account.id, clock.now())),
        locked=questions.locked_by_panic(account.id),
        can_prove=bool(enrolment.authenticators(account.id)),
        **{"cancel": url_for("accounts.account"), "door": "account", **page},
    )
    return answer, form.status


def _press(account: Account, form: PanicForm) -> None:
    if isinstance(form, PasswordPanicForm):
        profile.check_password(account, form.current_password.data)
    panics.press(account.id, "owner")


def panic_done() -> ResponseReturnValue:
    """Say that it is done, and the two steps back; nobody is signed in here."""
    going_on = local(request.args.get("next")) or url_for("mfa.add")
    return render_template("mfa/panic_done.html", next=going_on)


ROUTES = (
    ("/account/panic", "panic", panic, ("GET", "POST")),
    ("/account/panic/done", "panic_done", panic_done, ("GET",)),
)
