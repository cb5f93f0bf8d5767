"""One's own pages: home, and User Data details with everything one ever asked for."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.accounts import questions, session
from idp.saas import access_requests, approvals, standing
from idp.saas.forms import AnswerForm
from idp.saas.paging import page_number
from idp.saas.present import own_authority


def home() -> ResponseReturnValue:
    """Show what the person holds and waits for. Seven queries: session 2, authority, held, ways in, waiting, decide."""
    person = session.require()
    held = standing.held_by(person.account_id)
    return render_template(
        "saas/home.html",
        held=held,
        entrances=questions.entrances(standing.opened_by([access for access, _ in held])),
        endings=standing.endings([access for access, _ in held]),
        waiting=standing.waiting_of(person.account_id),
        to_decide=approvals.to_decide(own_authority()),
    )


def user_data() -> ResponseReturnValue:
    """Show the person, accesses and requests. At most six queries: session 2, authority, held, requests, factors."""
    person = session.require()
    return render_template(
        "saas/user_data.html",
        account=person.account,
        own_language=standing.language_name(person.account.language),
        factors=questions.second_factors(person.account_id),
        held=standing.held_by(person.account_id),
        page=standing.requests_of(person.account_id, page_number(request.args)),
    )


def withdraw(item_id: int) -> ResponseReturnValue:
    """Take back a wish that still waits."""
    person = session.require()
    access_requests.withdraw(person.account_id, item_id)
    flash(_("Your request is withdrawn."), "success")
    return redirect(url_for("saas.user_data"), 303)


def answer(reference: str) -> ResponseReturnValue:
    """Answer what an approver asked about a request."""
    person = session.require()
    asked = access_requests.own_request(person.account_id, reference)
    form = AnswerForm()
    if form.is_submitted():
        with form.telling():
            access_requests.answer(person.account_id, reference, form.answer.data or "")
            flash(_("Your answer is sent."), "success")
            return redirect(url_for("saas.user_data"), 303)
    return render_template("saas/answer.html", form=form, asked=asked, notes=approvals.notes_of(asked)), form.status
