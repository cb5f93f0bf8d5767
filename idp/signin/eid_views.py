"""National eIDs: the page of My Account, the way to a provider, and the way back from it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import doubt, session
from idp.accounts.models import UserSession
from idp.core.errors import Conflict, Expired, Invalid, NotFound
from idp.core.sentences import BY_KEY
from idp.core.settings import Eid
from idp.core.signed import sign, unsign
from idp.signin import attempt as attempts
from idp.signin import eid_links, eid_providers, eid_sign_in, eid_tokens, eid_visits, steps
from idp.signin.arrival import MARK, going_on
from idp.signin.attempt import SignIn
from idp.signin.eid_tokens import Identity

blueprint = Blueprint("eids", __name__)

# A link to a provider counts only from our own page: else another site could begin the linking of its own eID.
LINKING = "eid.link"
LINKING_SECONDS = 3600


@blueprint.get("/account/eids")
def linked() -> ResponseReturnValue:
    """Show the eIDs of the account, and the providers that can be linked."""
    own = session.require_own()
    return render_template(
        "signin/eids.html",
        links=eid_links.linked(own.account_id),
        providers=eid_providers.offered(),
        name_of=eid_providers.name_of,
        go=sign(LINKING, own.sid),
    )


@blueprint.get("/account/eids/<provider_id>/link")
def link(provider_id: str) -> ResponseReturnValue:
    """Lead to the provider, to link what it says."""
    own = _linking()
    if unsign(LINKING, request.args.get("go", ""), LINKING_SECONDS) != own.sid:
        return redirect(url_for("eids.linked"), 303)
    try:
        return redirect(eid_visits.begin(eid_providers.named(provider_id), account_id=own.account_id), 303)
    except Invalid as refusal:
        return _back_to_eids(refusal)


@blueprint.post("/account/eids/<int(max=2147483647):number>/unlink")
def unlink(number: int) -> ResponseReturnValue:
    """Take an eID away from the account."""
    own = session.require_fresh("link_eid")
    eid_links.unlink(own.account, number)
    flash(_("The eID is unlinked. It opens your account no more."), "success")
    return redirect(url_for("eids.linked"), 303)


@blueprint.get("/login/eid/<provider_id>")
def sign_in(provider_id: str) -> ResponseReturnValue:
    """Lead from the first step of a sign-in to the provider."""
    provider = eid_providers.named(provider_id)
    attempt = attempts.find(request.args.get(MARK, ""))
    if attempt is None or steps.elsewhere(attempt, "password"):
        return redirect(url_for("signin.login", t=attempt.public_id if attempt else None), 303)
    try:
        return redirect(eid_visits.begin(provider, attempt_id=attempt.id), 303)
    except Invalid as refusal:
        return _back_to_login(attempt, refusal)


@blueprint.get("/eid/<provider_id>/callback")
def callback(provider_id: str) -> ResponseReturnValue:
    """Take what the provider says, and go on with what it was asked for."""
    provider = eid_providers.named(provider_id)
    visit = eid_visits.find(provider, request.args.get("state", ""))
    if visit.attempt_id is None:
        return _link(provider, visit.account_id)
    attempt = attempts.by_id(visit.attempt_id)
    try:
        identity = _identity(provider)
        if target := steps.elsewhere(attempt, "password"):
            return redirect(target, 303)
        eid_sign_in.judge(attempt, provider, identity)
    except Invalid as refusal:
        return _back_to_login(attempt, refusal)
    return going_on(attempt)


@blueprint.errorhandler(Expired)
def over(_refusal: Expired) -> ResponseReturnValue:
    """Say that the way back from a provider led nowhere."""
    return render_template("signin/eid_over.html"), 410


def _link(provider: Eid, account_id: int | None) -> ResponseReturnValue:
    own = _linking()
    if own.account_id != account_id:
        raise NotFound("eid_unknown")
    try:
        eid_links.link(own.account_id, provider, _identity(provider))
    except (Invalid, Conflict) as refusal:
        return _back_to_eids(refusal)
    flash(_("%(name)s is linked. You can sign in with it from now on.", name=provider.name), "success")
    return redirect(url_for("eids.linked"), 303)


def _linking() -> UserSession:
    """An eID opens the account without the password: it waits, after PANIC, for what a new password would not undo."""
    own = session.require_fresh("link_eid")
    doubt.refuse(own.account_id)
    return own


def _identity(provider: Eid) -> Identity:
    visit = eid_visits.find(provider, request.args["state"])
    return eid_tokens.identify(provider, request.args.to_dict(), eid_visits.take(visit))


def _back_to_eids(refusal: Invalid | Conflict) -> ResponseReturnValue:
    flash(BY_KEY[refusal.key].plain(refusal.details), "warning")
    return redirect(url_for("eids.linked"), 303)


def _back_to_login(attempt: SignIn, refusal: Invalid) -> ResponseReturnValue:
    flash(BY_KEY[refusal.key].plain(refusal.details), "warning")
    return redirect(url_for("signin.login", t=attempt.public_id), 303)
