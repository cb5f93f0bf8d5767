"""The pages after PANIC: for the person whose accesses are locked, and for the approvers who recognise the person."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectMultipleField, StringField
from wtforms.validators import DataRequired, Length, Regexp

from idp.accounts import session
from idp.accounts.models import Account
from idp.core import settings
from idp.core.errors import Expired, Invalid, TooMany
from idp.core.levels import MFA
from idp.core.sentences import BY_KEY
from idp.mfa import coming_back
from idp.mfa.coming_back import Codes
from idp.mfa.models import Authenticator
from idp.mfa.recovery_codes import LONGEST, TYPED
from idp.saas import access, recognition
from idp.saas.present import acting, approver
from idp.saas.sentences import told


class ComeBackForm(FlaskForm):
    """A saved recovery code and the code from the mailbox."""

    status = 200
    recovery_code = StringField(
        _l("Recovery code"), [Length(max=LONGEST), Regexp(TYPED, message=_l("Enter one of your saved recovery codes."))]
    )
    code = StringField(
        _l("Code from the mail"), [Regexp(r"[\s-]*(\d[\s-]*){8}\Z", message=_l("Enter the 8 digits of the mail."))]
    )

    mine = SelectMultipleField(
        _l("Which of these devices are yours?"),
        [DataRequired(_l("Tick the devices that you registered yourself."))],
        coerce=int,
    )

    def offer(self, devices: Sequence[Authenticator]) -> None:
        """Ask which devices are the person's own; one alone is the one at hand."""
        self.known = [one.id for one in devices]
        if len(devices) == 1:
            del self.mine
        else:
            self.mine.choices = [SelectChoice(one.id, one.name) for one in devices]

    @property
    def codes(self) -> Codes:
        """What was typed and ticked."""
        return Codes(self.recovery_code.data, self.code.data, self.mine.data if self.mine else self.known)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Tell what was refused for the whole form, so that nobody learns which code was wrong."""
        try:
            yield
        except (Invalid, Expired, TooMany) as refusal:
            self.form_errors.append(told(refusal))
            self.status = refusal.status


def locked() -> ResponseReturnValue:
    """Show what PANIC locked and who can open it, and ask them with one button."""
    own = session.require_own()
    if request.method == "POST":
        _ask(own.account)
        return redirect(url_for("saas.locked"), 303)
    return _locked_page(own.account)


def come_back() -> ResponseReturnValue:
    """Mail a code, and open everything with it and a saved recovery code; with the new device at hand."""
    within = settings.current().session.step_up_minutes * 60
    own = session.require(MFA, within, "come_back")
    why = coming_back.obstacle(own.account)
    if why:
        flash(str(BY_KEY[f"come_back.{why}"].text), "warning")
        return _locked_page(own.account)
    to = coming_back.address(own.account)
    if "send" in request.form:
        return _sent(own.account, to)
    form = ComeBackForm()
    form.offer(coming_back.registered(own.account))
    if form.validate_on_submit():
        with form.telling():
            recognition.come_back(own.account, form.codes)
            flash(_("Everything is open again. Make new recovery codes now: the old ones no longer count."), "success")
            return redirect(url_for("mfa.recovery_codes"), 303)
    return render_template("saas/come_back.html", form=form, to=to), form.status


def _locked_page(account: Account) -> str:
    by_code = coming_back.obstacle(account) is None
    return render_template("saas/locked.html", locked=access.locked_by_panic(account.id), by_code=by_code)


def _sent(account: Account, to: str) -> ResponseReturnValue:
    try:
        coming_back.send(account)
        flash(_("We sent a code to %(address)s. Only the newest one counts.", address=to), "success")
    except TooMany as refusal:
        flash(told(refusal), "warning")
    return redirect(url_for("saas.come_back"), 303)


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
    devices, eids = recognition.added_since(found.person)
    return render_template("saas/identity.html", found=found, devices=devices, eids=eids)


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
