"""Pages of members: the upcoming meetings of a network."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ecp_client import meetings
from ecp_client.forms import MeetingForm
from ecp_client.visitors import drafted, keeps_what_was_typed, member_of

meeting_pages = Blueprint("meetings", __name__, url_prefix="/spaces/<ern>/meetings")


@meeting_pages.get("")
def index(ern: str) -> str:
    """What is coming up."""
    person = member_of(ern)
    calendar = meetings.upcoming(ern, request.args.get("page", 1, int))
    return render_template("meetings.html", ern=ern, person=person, calendar=calendar)


@meeting_pages.route("/new", methods=["GET", "POST"])
@keeps_what_was_typed(MeetingForm)
def new(ern: str) -> str | Response:
    """Announce a meeting."""
    author = member_of(ern)
    form = MeetingForm(data=drafted(author))
    if not form.validate_on_submit():
        return render_template("meeting_form.html", ern=ern, form=form)
    meetings.announce(author, str(form.once.data), ern, (form.title.data, form.place.data), form.starts_at())
    flash(_("Your meeting is announced."), "success")
    return redirect(url_for("meetings.index", ern=ern), 303)


@meeting_pages.get("/<int(max=2147483647):meeting_id>/delete")
def ask_to_call_off(ern: str, meeting_id: int) -> str:
    """Ask once before a meeting goes."""
    author = member_of(ern)
    return render_template("meeting_delete.html", ern=ern, meeting=meetings.own(ern, meeting_id, author))


@meeting_pages.post("/<int(max=2147483647):meeting_id>/delete")
def call_off(ern: str, meeting_id: int) -> Response:
    """Call off one's own meeting."""
    meetings.call_off(ern, meeting_id, member_of(ern))
    flash(_("Your meeting is called off."), "success")
    return redirect(url_for("meetings.index", ern=ern), 303)
