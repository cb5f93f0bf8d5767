"""My Account's page for mobile phone numbers: see them, add one, remove one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import session
from idp.accounts.models import UserSession
from idp.accounts.return_to import local
from idp.accounts.session import Proof
from idp.core.errors import SignInRequired, TooMany
from idp.core.levels import MFA, reaches
from idp.mfa import challenges, enrolment, factors, forms
from idp.mfa.challenges import Asking
from idp.mfa.models import Authenticator, Challenge, Purpose
from idp.mfa.sentences import over, span, waiting

blueprint = Blueprint("mfa", __name__)

KIND = "sms"
TYPED = "phone_number"
FILL_IN = ["GET", "POST"]


@blueprint.route("/account/phones", methods=FILL_IN)
def phones() -> ResponseReturnValue:
    """Show the numbers, and send a first code to a new one."""
    own = session.require_own()
    form = forms.offer(KIND, phone_number=browser.pop(TYPED, ""))
    if form.validate_on_submit():
        _may_change(form)
        with forms.telling(form, KIND):
            enrolment.begin(_asking(own), KIND, forms.values(form))
            return redirect(url_for("mfa.confirm_phone", next=_next()), 303)
    page = render_template(
        "mfa/phones.html",
        form=form,
        numbers=enrolment.authenticators(own.account_id, KIND),
        removable=enrolment.may_remove(own.account, enrolment.authenticators(own.account_id)),
        pending=challenges.current(_asking(own).binding, Purpose.ENROL),
        next=_next(),
    )
    return page, form.status


@blueprint.route("/account/phones/confirm", methods=FILL_IN)
def confirm_phone() -> ResponseReturnValue:
    """Add the number if the code that went to it is typed back."""
    own = enrolment.may_change()
    challenge = challenges.current(_asking(own).binding, Purpose.ENROL)
    if challenge is None:
        if request.method == "POST":
            flash(over(), "warning")
        return redirect(url_for("mfa.phones", next=_next()), 303)
    if "again" in request.form:
        return _again(own, challenge)
    form = forms.answer(challenge.kind)
    if form.validate_on_submit():
        with forms.telling(form, challenge.kind):
            return _confirmed(own, challenge, form)
    if form.over:
        flash(over(), "warning")
        return redirect(url_for("mfa.phones", next=_next()), 303)
    wait = challenges.wait(challenge)
    page = render_template(
        "mfa/sms_enrol.html",
        frame="mfa/enrol.html",
        factor=factors.named(KIND),
        form=form,
        challenge=challenge,
        wait=span(wait) if wait else "",
        next=_next(),
    )
    return page, form.status


@blueprint.route("/account/phones/<int(max=2147483647):number>/remove", methods=FILL_IN)
def remove_phone(number: int) -> ResponseReturnValue:
    """Ask before a number is removed, and remove it."""
    own = enrolment.may_change()
    if request.method == "GET":
        found = enrolment.owned(own.account, number)
        return render_template("mfa/remove_phone.html", found=found)
    hint = enrolment.remove(own.account, number)
    flash(_("%(number)s is removed. It gets no more codes.", number=hint), "success")
    return redirect(url_for("mfa.phones"), 303)


def _confirmed(own: UserSession, challenge: Challenge, form: forms.FactorForm) -> ResponseReturnValue:
    def proved(_added: Authenticator) -> None:
        factor = factors.named(challenge.kind)
        session.strengthen(own, Proof(factor.level, (*factor.amr, "mfa"), with_password=False))

    added = enrolment.confirm(challenge, forms.values(form), first=not reaches(own.acr, MFA), then=proved)
    flash(_("Number added. Text messages with codes go to %(number)s from now on.", number=added.hint), "success")
    return redirect(_next() or url_for("mfa.phones"), 303)


def _again(own: UserSession, challenge: Challenge) -> ResponseReturnValue:
    try:
        enrolment.again(_asking(own), challenge)
        flash(_("A new code is on its way. Only the newest one counts."), "success")
    except TooMany as refusal:
        flash(waiting(refusal), "warning")
    return redirect(url_for("mfa.confirm_phone", next=_next()), 303)


def _may_change(form: forms.FactorForm) -> None:
    """Keep what was typed for the time of the sign-in that may come first."""
    try:
        enrolment.may_change()
    except SignInRequired:
        browser[TYPED] = form[TYPED].data
        raise


def _asking(own: UserSession) -> Asking:
    return Asking(own.account, Purpose.ENROL, f"session:{own.sid}")


def _next() -> str | None:
    return local(request.args.get("next")) or None
