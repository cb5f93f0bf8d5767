"""The pages of signing in and out; each belongs to one step and sends everybody else to where their attempt is."""

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import administrators, questions, session
from idp.accounts.event_words import EVENTS
from idp.core.errors import Conflict, SignInRequired, TooMany
from idp.core.levels import PHR
from idp.mfa import challenges, deliveries, enrolment, factors, forms, panic_views
from idp.mfa import panic as panics
from idp.mfa.models import Challenge, Purpose
from idp.mfa.sentences import over, span, waiting
from idp.mfa.waiting import progress
from idp.signin import attempt as attempts
from idp.signin import (
    eid_providers,
    event_words,
    known_browser,
    passkey,
    password,
    steps,
    trusted_browser_views,
    trusted_browsers,
    verification,
)
from idp.signin.arrival import at, going_on, interrupted
from idp.signin.attempt import SignIn
from idp.signin.forms import PasswordForm
from idp.signin.models import AttemptState
from idp.signin.sentences import REASONS, reason

blueprint = Blueprint("signin", __name__)
blueprint.after_app_request(known_browser.set_cookie)

EVENTS.update(event_words.EVENTS)

FILL_IN = ["GET", "POST"]
blueprint.add_url_rule("/account/trusted-browsers", "trusted_browsers", trusted_browser_views.show, methods=FILL_IN)


@blueprint.route("/login", methods=FILL_IN)
@at("password")
def login(attempt: SignIn) -> ResponseReturnValue:
    """Ask who it is, and the password."""
    form = PasswordForm(identifier=_known_as(attempt))
    if form.validate_on_submit():
        with form.telling():
            return redirect(password.judge(attempt, form.identifier.data, form.password.data), 303)
    return _login_page(attempt, form)


@blueprint.post("/login/passkey/options")
@at("password")
def passkey_options(attempt: SignIn) -> ResponseReturnValue:
    """Ask whoever holds a passkey; for the script of the page."""
    return passkey.ask(attempt).page


@blueprint.route("/login/passkey", methods=FILL_IN)
@at("password")
def use_passkey(attempt: SignIn) -> ResponseReturnValue:
    """Take a passkey in place of the password."""
    form = PasswordForm(formdata=None, identifier=_known_as(attempt))
    if request.method == "POST":
        with form.telling():
            passkey.judge(attempt, request.form.get(passkey.ANSWER, ""))
            return going_on(attempt)
    return _login_page(attempt, form)


@blueprint.route("/login/verify", methods=FILL_IN)
@at("verify")
def verify(attempt: SignIn) -> ResponseReturnValue:
    """Let the person choose a verification method, ask with it, and judge the answer."""
    if verification.give_up_denied(attempt):
        return render_template("signin/denied.html", attempt=attempt), 403
    challenge = verification.open_challenge(attempt)
    if "method" in request.form:
        return _asked(attempt, request.form["method"])
    if challenge is None or (request.method == "GET" and "choose" in request.args):
        return _choices(attempt, late=request.method == "POST")
    if "again" in request.form:
        return _asked_again(attempt, challenge, "signin.verify")
    return _answered(attempt, challenge)


@blueprint.route("/login/verify/add", methods=FILL_IN)
@at("add_factor")
def add_factor(attempt: SignIn) -> ResponseReturnValue:
    """Let somebody who has no second factor add the first one, and go on with it."""
    offered = factors.first(factors.that_add(steps.usable(attempt)))
    if not offered:
        return _no_method(attempt)
    challenge = verification.open_challenge(attempt, Purpose.ENROL)
    kind = request.args.get("method") or (offered[0].name if len(offered) == 1 else "")
    if challenge is None or "change" in request.args:
        if challenge is None and "code" in request.form:
            flash(over(), "warning")
            return redirect(url_for("signin.add_factor", t=attempt.public_id), 303)
        if kind not in {factor.name for factor in offered}:
            return render_template("signin/choose_first.html", attempt=attempt, offered=offered)
        return _offered(attempt, kind)
    if "again" in request.form:
        return _asked_again(attempt, challenge, "signin.add_factor")
    return _answered(attempt, challenge)


@blueprint.get("/login/verify/state")
def verify_state() -> ResponseReturnValue:
    """Tell a page that waits for the person's phone whether it can go on."""
    found = attempts.find(request.args.get("t", ""))
    return jsonify(progress(verification.waiting(found) if found else None))


@blueprint.get("/login/verify/lost")
@at("verify")
def lost(attempt: SignIn) -> ResponseReturnValue:
    """Say what somebody can do whose phone is gone."""
    methods = verification.methods(attempt)
    titles = dict.fromkeys(str(method.factor.title) for method in methods)
    by_text = any(method.factor.name == "sms" for method in methods)
    return render_template("signin/lost.html", attempt=attempt, methods=methods, titles=titles, by_text=by_text)


@blueprint.route("/login/verify/panic", methods=FILL_IN)
def panic() -> ResponseReturnValue:
    """Delete all devices while signing in, for somebody whose account always asks for the phone that is lost."""
    found = attempts.find(request.args.get("t", ""))
    done = url_for("mfa.panic_done", next=found.return_to if found else None)
    if found and found.state is AttemptState.EXPIRED and found.account_id and panics.just_pressed(found.account_id):
        return redirect(done, 303)
    return _panic()


@at("verify")
def _panic(attempt: SignIn) -> ResponseReturnValue:
    back = url_for("signin.lost", t=attempt.public_id)
    done = url_for("mfa.panic_done", next=attempt.return_to)
    proved = steps.gave_password(attempt)
    return panic_views.asked(steps.account_of(attempt), proved=proved, done=done, cancel=back, door="sign-in")


@blueprint.get("/login/cancel")
def cancel() -> ResponseReturnValue:
    """Give up, and go back to where the sign-in was asked for."""
    found = attempts.find(request.args.get("t", ""))
    if found is None:
        return redirect(url_for("signin.login"), 303)
    attempts.cancel(found)
    return redirect(found.cancel_to or attempts.HOME, 303)


@blueprint.route("/logout", methods=FILL_IN)
def logout() -> ResponseReturnValue:
    """Ask before ending the session, and end it."""
    open_session = session.current()
    if open_session and request.method == "GET":
        return render_template("signin/logout.html")
    page = url_for("signin.signed_out")
    if open_session:
        page = questions.farewell(open_session) or page
        session.end([open_session], "signed_out")
    return redirect(page, 303)


@blueprint.get("/logout/done")
def signed_out() -> ResponseReturnValue:
    """Say that nobody is signed in here any more, and show the way back in."""
    return redirect(url_for("signin.logout"), 303) if session.current() else render_template("signin/signed_out.html")


@blueprint.app_errorhandler(SignInRequired)
def sign_in_first(needed: SignInRequired) -> ResponseReturnValue:
    """Turn "you must be signed in for this" into a sign-in that comes back to the same page."""
    return redirect(interrupted(needed), 303)


@blueprint.errorhandler(Conflict)
def overtaken(_refusal: Conflict) -> ResponseReturnValue:
    """Lead a second click, or a second window, to where the attempt is by now."""
    return redirect(url_for("signin.login", t=request.args.get("t")), 303)


def _known_as(attempt: SignIn) -> str:
    open_session = steps.credited(attempt)
    return attempt.login_hint or (open_session.account.email if open_session else "")


def _login_page(attempt: SignIn, form: PasswordForm) -> ResponseReturnValue:
    why = reason(attempt.reason, attempt.application) if steps.credited(attempt) else ""
    passkeys = passkey.offered(attempt)
    values = {"reason": why, "passkeys": passkeys, "providers": eid_providers.offered()}
    return render_template("signin/login.html", form=form, attempt=attempt, **values), form.status


def _choices(attempt: SignIn, *, late: bool = False) -> ResponseReturnValue:
    if late:
        flash(over(), "warning")
        return redirect(url_for("signin.verify", t=attempt.public_id), 303)
    offered = verification.methods(attempt)
    if not offered:
        return _no_method(attempt)
    age = steps.password_age(attempt)
    why = {"reason": reason(attempt.reason, attempt.application), "ago": span(max(age, 60))} if age is not None else {}
    return render_template("signin/choose.html", attempt=attempt, methods=offered, **why)


def _no_method(attempt: SignIn) -> ResponseReturnValue:
    account = steps.account_of(attempt)
    texts = administrators.refuses_texts(account) and not enrolment.beyond_texts(account.id)
    resists = (texts or steps.wanted_level(attempt) == PHR) and passkey.offered(attempt)
    administrator = resists and (texts or steps.needs_key(attempt))
    lost = not resists and steps.elsewhere(attempt, "verify") is None
    return render_template(
        "signin/no_method.html", attempt=attempt, add_key=resists, administrator=administrator, lost=lost
    )


def _offered(attempt: SignIn, kind: str) -> ResponseReturnValue:
    form = forms.offer(kind)
    if form.validate_on_submit():
        with forms.telling(form, kind):
            verification.begin_first(attempt, kind, forms.values(form))
            return redirect(url_for("signin.add_factor", t=attempt.public_id), 303)
    return _factor_page(attempt, "enrol", kind, form)


def _answered(attempt: SignIn, challenge: Challenge) -> ResponseReturnValue:
    enrolling = challenge.purpose is Purpose.ENROL
    form = forms.answer(challenge.kind)
    if form.validate_on_submit() and forms.shown(challenge):
        with forms.telling(form, challenge.kind):
            _judge(attempt, challenge, form)
            return going_on(attempt)
    if form.over:
        flash(over(), "warning")
        return redirect(url_for(request.endpoint or "", t=attempt.public_id), 303)
    return _factor_page(attempt, "enrol" if enrolling else "ask", challenge.kind, form, challenge)


def _judge(attempt: SignIn, challenge: Challenge, form: forms.FactorForm) -> None:
    if challenge.purpose is Purpose.ENROL:
        verification.confirm_first(attempt, challenge, forms.values(form))
    else:
        verification.answer(attempt, challenge, forms.values(form), trust="trust_browser" in request.form)


def _factor_page(
    attempt: SignIn, act: str, kind: str, form: forms.FactorForm, challenge: Challenge | None = None
) -> ResponseReturnValue:
    page = render_template(
        f"mfa/{kind}_{act}.html",
        frame=f"signin/{act}.html",
        attempt=attempt,
        factor=factors.named(kind),
        form=form,
        challenge=challenge,
        waiting=url_for("signin.verify_state", t=attempt.public_id),
        others=[factor for factor in steps.usable(attempt) if factor.name != kind],
        administrator=REASONS["administrator"] if steps.needs_key(attempt) else "",
        trust_days=trusted_browsers.days() if steps.may_trust(attempt) else 0,
        undelivered=challenge is not None and deliveries.failed(challenge.handle),
        wait=span(challenges.wait(challenge)) if challenge and challenges.wait(challenge) else "",
    )
    return page, form.status


def _asked(attempt: SignIn, method: str) -> ResponseReturnValue:
    try:
        verification.choose(attempt, method)
    except TooMany as refusal:
        flash(waiting(refusal), "warning")
    return redirect(url_for("signin.verify", t=attempt.public_id), 303)


def _asked_again(attempt: SignIn, challenge: Challenge, endpoint: str) -> ResponseReturnValue:
    try:
        verification.again(attempt, challenge, spoken=request.form["again"] == forms.CALL)
        flash(_("A new code is on its way. Only the newest one counts."), "success")
    except TooMany as refusal:
        flash(waiting(refusal), "warning")
    return redirect(url_for(endpoint, t=attempt.public_id), 303)
