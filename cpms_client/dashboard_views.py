"""The dashboard: what waits for me, my panels, the patients of my hospital; and the requests for assistance."""

from flask import Blueprint, render_template, request

from cpms_client import panel_lists, patients, policy
from cpms_client.forms import SearchForm, wanted
from cpms_client.panel_records import OPEN_STAGES
from cpms_client.policy import Act
from cpms_client.states import Stage
from cpms_client.visitor import current_visitor, members_only

blueprint = Blueprint("dashboard", __name__)


@blueprint.get("/dashboard")
@members_only
def show() -> str:
    """Show the first page of the work, in at most six queries."""
    visitor = current_visitor()
    dispatches = panel_lists.handles_requests(visitor)
    return render_template(
        "dashboard/show.html",
        waiting=panel_lists.waiting(visitor),
        panels=panel_lists.few(visitor),
        patients=patients.few(visitor) if patients.places(visitor) else None,
        requests=panel_lists.new_requests(visitor) if dispatches else None,
        hospital=patients.has_hospital(visitor),
        researches=policy.may(visitor, Act.QUERY_ANONYMISED),
        sub=visitor.sub,
    )


@blueprint.get("/requests")
@members_only
def requests() -> str:
    """Show the requests for assistance to my networks."""
    everything = request.args.get("which") == "all"
    stages = tuple(Stage) if everything else OPEN_STAGES
    page = panel_lists.requests(current_visitor(), wanted(), stages)
    return render_template("dashboard/requests.html", page=page, search=SearchForm(request.args), everything=everything)
