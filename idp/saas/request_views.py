"""The wizard "New application access": four steps over a draft that is kept on the server."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import questions, session
from idp.accounts.models import UserSession
from idp.core.languages import here
from idp.saas import access_requests, catalogue, drafts, organisations, wishes
from idp.saas.forms import ApplicationForm, OrganisationForm, ProfileForm, RecapForm
from idp.saas.models import Draft
from idp.saas.organisations import Wanted
from idp.saas.paging import page_number, page_size

TOP = {"search": None, "page": None}


def request_access() -> ResponseReturnValue:
    """Step 1 without an application. Four queries: session 2, authority, applications."""
    return _begin(session.require(), "")


def create(application_id: int) -> ResponseReturnValue:
    """Step 1 with the application that a deep link names."""
    person = session.require()
    wishes.application_of(application_id)
    return _begin(person, str(application_id))


def application(token: str) -> ResponseReturnValue:
    """Step 1 again, for a request that was begun."""
    person = session.require()
    draft = drafts.unsent(person.account_id, token)
    form = ApplicationForm(data={"application": str(draft.application_id)})
    if form.is_submitted():
        with form.telling():
            drafts.choose_application(person.account_id, token, form.application_id)
            return _go("saas.organisation", token)
    return _application_page(form)


def organisation(token: str) -> ResponseReturnValue:
    """Step 2. At most six queries, however many rows: session 2, authority, draft, path, list."""
    person = session.require()
    draft = drafts.unsent(person.account_id, token)
    form = OrganisationForm()
    if form.is_submitted():
        with form.telling():
            drafts.choose_organisation(person.account_id, token, form.organisation.data or "")
            return _go("saas.profile", token)
    return _organisation_page(draft, form)


def profile(token: str) -> ResponseReturnValue:
    """Step 3."""
    person = session.require()
    draft = drafts.unsent(person.account_id, token)
    if draft.organisation is None:
        return _go("saas.organisation", token)
    wish = drafts.wish_of(draft)
    form = ProfileForm(data={"profile": list(wish.profiles), "membership": wish.membership})
    if form.is_submitted():
        drafts.choose_profiles(person.account_id, token, form.profile.data or [], membership=form.membership.data)
        with form.telling():
            wishes.check_chosen(person.account_id, drafts.wish_of(draft))
            return _go("saas.recap", token)
    return _profile_page(person, draft, form)


def recap(token: str) -> ResponseReturnValue:
    """Step 4: see what will be sent, add a comment, send it."""
    if request.method == "POST":
        drafts.keep_comment(token, request.form.get("comment", ""))
    person = session.require()
    draft = (
        drafts.read(person.account_id, token) if request.method == "POST" else drafts.unsent(person.account_id, token)
    )
    wish = drafts.wish_of(draft)
    if not wish.profiles:
        return _go("saas.profile", token)
    form = RecapForm(data={"comment": wish.comment})
    if request.form.get("go") == "back":
        return _go("saas.profile", token)
    if form.is_submitted():
        with form.telling():
            sent = access_requests.submit(person.account_id, wish, token)
            return _sent(sent.items[0].organisation.network)
    return _recap_page(person, draft, form)


def _begin(person: UserSession, application_id: str) -> ResponseReturnValue:
    form = ApplicationForm(data={"application": application_id})
    if form.is_submitted():
        with form.telling():
            return _go("saas.organisation", drafts.begin(person.account_id, form.application_id).token)
    return _application_page(form)


def _application_page(form: ApplicationForm) -> ResponseReturnValue:
    form.offer(catalogue.applications())
    return render_template("saas/step_application.html", form=form), form.status


def _organisation_page(draft: Draft, form: OrganisationForm) -> ResponseReturnValue:
    trail = organisations.trail(request.args.get("node", ""))
    guests = bool(draft.application and draft.application.takes_guests)
    search, number, size = request.args.get("search", "")[:200], page_number(request.args), page_size(request.args)
    node = trail[-1] if trail else None
    page = organisations.listing(node, Wanted(search, number, size, guests))
    chosen = draft.organisation
    shown = {
        "trail": trail,
        "trail_links": [(organisations.label(found), here(node=found.path, **TOP)) for found in trail],
        "up": here(node=trail[-2].path if len(trail) > 1 else None, **TOP),
        "page": page,
        "search": search,
        "draft": draft,
        "chosen": chosen,
        "can_go_on": bool(chosen) or any(found.can_be_chosen for found in page.items),
    }
    return render_template("saas/step_organisation.html", form=form, **shown), form.status


def _profile_page(person: UserSession, draft: Draft, form: ProfileForm) -> ResponseReturnValue:
    offered = wishes.offers_for(person.account_id, draft)
    return render_template("saas/step_profile.html", form=form, draft=draft, offered=offered), form.status


def _recap_page(person: UserSession, draft: Draft, form: RecapForm) -> ResponseReturnValue:
    factors = questions.second_factors(person.account_id)
    offered = wishes.offers_for(person.account_id, draft)
    shown = {"draft": draft, "wish": drafts.wish_of(draft), "factors": factors, "offered": offered}
    return render_template("saas/step_recap.html", form=form, **shown), form.status


def _go(endpoint: str, token: str) -> ResponseReturnValue:
    return redirect(url_for(endpoint, token=token), 303)


def _sent(network: str) -> ResponseReturnValue:
    flash(
        _(
            "Your request is sent to the coordination team of %(network)s. We write to you when it is decided.",
            network=network,
        ),
        "success",
    )
    return redirect(url_for("saas.home"), 303)
