"""My Account's pages for second factors that are typed in: see them, add one, remove one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request, url_for
from flask import session as browser
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts import session
from idp.accounts.event_words import EVENTS, UNSHOWN
from idp.accounts.models import UserSession
from idp.accounts.return_to import local
from idp.accounts.session import Proof
from idp.core.errors import SignInRequired, TooMany
from idp.core.levels import MFA, reaches
from idp.core.values import frozen
from idp.mfa import (
    challenges,
    deliveries,
    enrolment,
    event_words,
    factors,
    forms,
    mobile_app,
    panic_views,
    qr,
    recovery,
)
from idp.mfa.challenges import Asking
from idp.mfa.factor import Factor
from idp.mfa.forms import RenameForm
from idp.mfa.models import Authenticator, Challenge, Purpose
from idp.mfa.sentences import over, span, waiting
from idp.mfa.waiting import left, progress, seconds_left

blueprint = Blueprint("mfa", __name__)
EVENTS.update(event_words.EVENTS)
UNSHOWN.update(event_words.UNSHOWN)
blueprint.add_app_template_filter(qr.svg, "qr")
blueprint.add_app_template_filter(factors.title_of, "title_of")
recovery.register()
for _path, _endpoint, _view, _methods in panic_views.ROUTES:
    blueprint.add_url_rule(_path, _endpoint, _view, methods=_methods)

blueprint.add_app_template_global(left)
blueprint.add_app_template_global(seconds_left)

FILL_IN = ["GET", "POST"]


@frozen
class Place:
    """Where one kind of factor is looked after: the path and stem of its pages, and what is said after a change.

    `named`: the person gives it a name.
    """

    kind: str
    stem: str
    path: str
    added: Any
    removed: Any
    named: bool = False

    @property
    def endpoint(self) -> str:
        """The page that lists them; `_confirm` and `_remove` are appended for the others."""
        return f"mfa.{self.stem}"


PLACES = {
    place.kind: place
    for place in (
        Place(
            "sms",
            "phones",
            "/account/phones",
            _l("Number added. Text messages with codes go to %(name)s from now on."),
            _l("%(name)s is removed. It gets no more codes."),
        ),
        Place(
            "totp",
            "authenticator_apps",
            "/account/authenticator-apps",
            _l("%(name)s is added. From now on you can sign in with its codes."),
            _l("%(name)s is removed. Its codes no longer count. Delete ERN Login in the app as well."),
        ),
        Place(
            "recovery_code",
            "recovery_codes",
            "/account/recovery-codes",
            _l("Your new recovery codes are ready. Older ones no longer count."),
            _l("Your recovery codes are deleted."),
        ),
        Place(
            "security_key",
            "security_keys",
            "/account/security-keys",
            _l("%(name)s is registered. You can sign in with it from now on."),
            _l("%(name)s is removed. Delete it on the device too, if the device lists it."),
            named=True,
        ),
        Place(
            "app_pin",
            "devices",
            "/account/devices",
            _l("%(name)s is added. You can sign in with its PIN or with QR codes from now on."),
            _l("%(name)s is removed. Remove the account in the app too."),
            named=True,
        ),
    )
}


@blueprint.get("/account/second-factor")
def add() -> ResponseReturnValue:
    """Let the person choose a second factor to add; with only one there is nothing to choose."""
    session.require_own()
    offered = [
        factor
        for factor in factors.first(factors.that_add(factors.FACTORS))
        if factor.page in current_app.view_functions
    ]
    if len(offered) == 1:
        return redirect(url_for(offered[0].page, next=_next()), 303)
    return render_template("mfa/add.html", offered=offered, next=_next())


def listed(kind: str) -> ResponseReturnValue:
    """Show what the person has of a kind, and begin to add another."""
    place, own = PLACES[kind], enrolment.own(kind)
    form = forms.offer(kind, **browser.pop(_kept(kind), {}))
    if form.validate_on_submit():
        _may_change(form, kind)
        with forms.telling(form, kind):
            enrolment.begin(_asking(own), kind, forms.values(form))
            return redirect(url_for(f"{place.endpoint}_confirm", next=_next()), 303)
    held = enrolment.authenticators(own.account_id, kind)
    page = render_template(
        f"mfa/{place.stem}.html",
        place=place,
        form=form,
        held=held,
        models=enrolment.models(held),
        removable=enrolment.may_remove(own.account, enrolment.authenticators(own.account_id)),
        pending=_pending(own, kind),
        next=_next(),
    )
    return page, form.status


def confirm(kind: str) -> ResponseReturnValue:
    """Add the factor if the answer shows that the person holds it."""
    place, own = PLACES[kind], enrolment.may_change()
    challenge = _pending(own, kind)
    if challenge is None:
        if request.method == "POST":
            flash(over(), "warning")
        return redirect(url_for(place.endpoint, next=_next()), 303)
    if "again" in request.form:
        return _again(own, challenge)
    form = forms.answer(kind)
    if form.validate_on_submit() and forms.shown(challenge):
        with forms.telling(form, kind):
            return _confirmed(own, challenge, form)
    if form.over:
        flash(over(), "warning")
        return redirect(url_for(place.endpoint, next=_next()), 303)
    return _confirm_page(factors.named(kind), form, challenge), form.status


@blueprint.get("/account/devices/state")
def pairing_state() -> ResponseReturnValue:
    """Tell the page with the pairing's QR code whether an app has read it."""
    own = session.current()
    return jsonify(progress(_pending(own, mobile_app.KIND) if own else None))


def remove(kind: str, number: int) -> ResponseReturnValue:
    """Ask before a factor is removed, and remove it."""
    place, own = PLACES[kind], enrolment.may_change()
    found = enrolment.owned(own.account, number, kind)
    if request.method == "GET":
        return render_template("mfa/remove.html", found=found, place=place, spare=kind in factors.SPARE)
    name = enrolment.remove(own.account, number)
    flash(str(place.removed) % {"name": name}, "success")
    return redirect(url_for(place.endpoint), 303)


def rename(kind: str, number: int) -> ResponseReturnValue:
    """Give a factor another name."""
    place, own = PLACES[kind], enrolment.own(kind)
    found = enrolment.owned(own.account, number, kind)
    form = RenameForm(device_name=found.label)
    if form.validate_on_submit():
        enrolment.rename(own.account, number, form.device_name.data)
        flash(_("It is called %(name)s from now on.", name=found.name), "success")
        return redirect(url_for(place.endpoint), 303)
    return render_template("mfa/rename.html", form=form, found=found, place=place), form.status


PAGES: tuple[tuple[str, str, Callable[..., ResponseReturnValue]], ...] = (
    ("", "", listed),
    ("/confirm", "_confirm", confirm),
    ("/<int(max=2147483647):number>/remove", "_remove", remove),
    ("/<int(max=2147483647):number>/rename", "_rename", rename),
)
for place, (path, suffix, view) in product(PLACES.values(), PAGES):
    if view is rename and not place.named:
        continue
    blueprint.add_url_rule(place.path + path, place.stem + suffix, view, methods=FILL_IN, defaults={"kind": place.kind})


def _confirm_page(factor: Factor, form: forms.FactorForm, challenge: Challenge) -> str:
    wait = challenges.wait(challenge)
    return render_template(
        f"mfa/{factor.name}_enrol.html",
        frame="mfa/enrol.html",
        factor=factor,
        form=form,
        challenge=challenge,
        undelivered=deliveries.failed(challenge.handle),
        waiting=url_for("mfa.pairing_state"),
        wait=span(wait) if wait else "",
        next=_next(),
    )


def _confirmed(own: UserSession, challenge: Challenge, form: forms.FactorForm) -> ResponseReturnValue:
    place = PLACES[challenge.kind]

    def proved(added: Authenticator) -> None:
        amr = factors.amr_of(added.kind, challenges.secret_of(added))
        level = factors.named(added.kind).level
        session.strengthen(own, Proof(level, (*amr, "mfa"), with_password=False, methods=(added.kind,)))

    added = enrolment.confirm(challenge, forms.values(form), first=not reaches(own.acr, MFA), then=proved)
    flash(str(place.added) % {"name": added.name}, "success")
    return redirect(_next() or url_for(place.endpoint), 303)


def _again(own: UserSession, challenge: Challenge) -> ResponseReturnValue:
    try:
        enrolment.again(replace(_asking(own), spoken=request.form["again"] == forms.CALL), challenge)
        flash(_("A new code is on its way. Only the newest one counts."), "success")
    except TooMany as refusal:
        flash(waiting(refusal), "warning")
    return redirect(url_for(f"{PLACES[challenge.kind].endpoint}_confirm", next=_next()), 303)


def _may_change(form: forms.FactorForm, kind: str) -> None:
    """Keep what was typed for the time of the sign-in that may come first."""
    try:
        enrolment.may_change()
    except SignInRequired:
        browser[_kept(kind)] = forms.values(form)
        raise


def _pending(own: UserSession, kind: str) -> Challenge | None:
    found = challenges.current(_asking(own).binding, Purpose.ENROL)
    return found if found and found.kind == kind else None


def _asking(own: UserSession) -> Asking:
    return Asking(own.account, Purpose.ENROL, f"session:{own.sid}")


def _kept(kind: str) -> str:
    return f"typed.{kind}"


def _next() -> str | None:
    return local(request.args.get("next")) or None
