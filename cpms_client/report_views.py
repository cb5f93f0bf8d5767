"""Reports: key figures and the openings of a person for coordinators, anonymised counts for researchers."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cpms_client import openings, policy, reports
from cpms_client.errors import NotFound
from cpms_client.forms import SearchForm, wanted
from cpms_client.policy import Act
from cpms_client.report_forms import QueryForm
from cpms_client.reports import Breakdown
from cpms_client.visitor import current_visitor, members_only

blueprint = Blueprint("report", __name__, url_prefix="/reports")


@blueprint.get("")
@members_only
def show() -> str:
    """Show the reports that there are for this visitor; everybody else is told who gets them."""
    visitor = current_visitor()
    return render_template(
        "reports/show.html",
        coordinates=policy.may(visitor, Act.SEE_KPIS),
        dispatches=bool(policy.accesses(visitor, Act.DISPATCH_REQUEST)),
        researches=policy.may(visitor, Act.QUERY_ANONYMISED),
    )


@blueprint.get("/figures")
@members_only
def figures() -> str:
    """Show the key figures of the networks that the visitor coordinates."""
    return render_template("reports/figures.html", figures=reports.key_figures(current_visitor()))


@blueprint.get("/counts")
@members_only
def counts() -> ResponseReturnValue:
    """Count anonymised patients."""
    visitor = current_visitor()
    networks = reports.researched_networks(visitor)
    if not networks:
        raise NotFound()
    form = QueryForm(request.args)
    form.offer(networks)
    if form.validate():
        found = reports.count(visitor, form.ern.data, Breakdown(form.by.data), form.code())
        return render_template("reports/counts.html", form=form, found=found)
    return render_template("reports/counts.html", form=form, found=None), 422


@blueprint.get("/openings")
@members_only
def who_opened_what() -> str:
    """Answer "what did this person open" in the coordinator's own networks."""
    page = openings.of_person(current_visitor(), wanted())
    return render_template("reports/openings.html", page=page, search=SearchForm(request.args))
