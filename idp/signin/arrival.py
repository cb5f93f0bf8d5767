"""How requests come to a step of a sign-in, and where they go from there."""

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlsplit

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import session
from idp.accounts.return_to import local
from idp.core import headers, settings
from idp.core.errors import Invalid, SignInRequired
from idp.core.levels import SFA
from idp.signin import attempt as attempts
from idp.signin import known_browser, steps
from idp.signin.attempt import HOME, SignIn, Wanted
from idp.signin.models import AttemptState

StepView = Callable[[SignIn], ResponseReturnValue]
MARK = "t"


def at(name: str) -> Callable[[StepView], Callable[[], ResponseReturnValue]]:
    """Give a view the attempt named in the address if it is at this step; lead everybody else to where they are."""

    def decorate(view: StepView) -> Callable[[], ResponseReturnValue]:
        @wraps(view)
        def arrive() -> ResponseReturnValue:
            found = attempts.find(request.args.get(MARK, ""))
            if found is None:
                return _begin()
            g.ui_locales = (found.about or {}).get("languages", "").split()
            if found.form_target:
                headers.allow_form_target(found.form_target)
            if found.state is AttemptState.OPEN and attempts.expired(found):
                flash(_("That took too long, so we began again. Nothing is lost."), "info")
            target = steps.elsewhere(found, name)
            return redirect(target, 303) if target else view(found)

        return arrive

    return decorate


def going_on(attempt: SignIn) -> ResponseReturnValue:
    """Lead to where the attempt is now."""
    return redirect(steps.elsewhere(attempts.by_id(attempt.id), "") or attempt.return_to, 303)


def interrupted(needed: SignInRequired) -> str:
    """Begin the sign-in that a page asks for, coming back to it; return its first address."""
    plain = needed.within is None and (needed.level == SFA or needed.reason == "always_mfa")
    return attempts.begin(
        Wanted(
            level=needed.level,
            within=needed.within,
            reason=needed.reason,
            return_to=_this_page(),
            cancel_to=HOME if session.current() else None,
            trusting=plain and settings.current().session.trusted_browser_for_account,
        )
    )


def _begin() -> ResponseReturnValue:
    """Begin an attempt for My Account, or for the local page in `next`.

    A browser that was just sent here with its attempt and shows no cookie keeps none: say so instead of going round.
    """
    if MARK in request.args and known_browser.current().is_new:
        raise Invalid("cookies_needed")
    wished = local(request.args.get("next")) or HOME
    if session.current() and not request.args.get(MARK):
        return redirect(wished, 303)
    trusting = settings.current().session.trusted_browser_for_account
    return redirect(attempts.begin(Wanted(return_to=wished, trusting=trusting)), 303)


def _this_page() -> str:
    """Return the address to come back to: this one, or for a form that has no page of its own the page it stood on."""
    query = request.query_string.decode("utf-8", "replace")
    here = f"{request.path}?{query}" if query else request.path
    rule = request.url_rule
    if request.method in ("GET", "HEAD") or (rule and "GET" in (rule.methods or ())):
        return here
    before = urlsplit(request.referrer or "")
    ours = before.netloc == urlsplit(settings.current().server.issuer).netloc
    return local(before.path) or HOME if ours else HOME
