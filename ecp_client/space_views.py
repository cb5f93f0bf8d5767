"""Pages of members: their networks, the notice board, the other members."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from ecp_client import membership, posts, spaces, visitors
from ecp_client.errors import NoMembership
from ecp_client.forms import PostForm
from ecp_client.visitors import drafted, keeps_what_was_typed, member_of

space_pages = Blueprint("spaces", __name__)


@space_pages.get("/spaces")
def index() -> str | Response:
    """The networks of the person; with only one, straight into it."""
    person = visitors.signed_in()
    networks = membership.networks(person)
    if not networks:
        raise NoMembership
    if len(networks) == 1:
        return redirect(url_for("spaces.home", ern=networks[0]))
    return render_template("spaces.html", person=person, networks=networks)


@space_pages.get("/spaces/<ern>")
def home(ern: str) -> str:
    """The notice board of one network, and who one is in it."""
    person = member_of(ern)
    board = posts.board(ern, request.args.get("page", 1, int))
    return render_template("space.html", ern=ern, person=person, board=board, size=spaces.size(ern))


@space_pages.get("/spaces/<ern>/members")
def members(ern: str) -> str:
    """Who belongs to the network."""
    member_of(ern)
    search = request.args.get("q", "").strip()[: spaces.LONGEST_SEARCH]
    found = spaces.members(ern, search, request.args.get("page", 1, int))
    return render_template("members.html", ern=ern, members=found, search=search)


@space_pages.route("/spaces/<ern>/posts/new", methods=["GET", "POST"])
@keeps_what_was_typed(PostForm)
def new_post(ern: str) -> str | Response:
    """Write a post."""
    author = member_of(ern)
    form = PostForm(data=drafted(author))
    if not form.validate_on_submit():
        return render_template("post_form.html", ern=ern, form=form, heading=_("Write a post"))
    posts.write(ern, author, str(form.once.data), str(form.title.data), str(form.text.data))
    flash(_("Your post is on the notice board."), "success")
    return redirect(url_for("spaces.home", ern=ern), 303)


@space_pages.route("/spaces/<ern>/posts/<int(max=2147483647):post_id>/edit", methods=["GET", "POST"])
@keeps_what_was_typed(PostForm)
def edit_post(ern: str, post_id: int) -> str | Response:
    """Change one's own post."""
    author = member_of(ern)
    post = posts.own(ern, post_id, author)
    form = PostForm(data={"title": post.title, "text": post.text} | drafted(author))
    if not form.validate_on_submit():
        return render_template("post_form.html", ern=ern, form=form, heading=_("Edit your post"))
    posts.edit(post, str(form.title.data), str(form.text.data))
    flash(_("Your post is changed."), "success")
    return redirect(url_for("spaces.home", ern=ern), 303)


@space_pages.get("/spaces/<ern>/posts/<int(max=2147483647):post_id>/delete")
def ask_to_delete(ern: str, post_id: int) -> str:
    """Ask once before a post goes."""
    author = member_of(ern)
    return render_template("post_delete.html", ern=ern, post=posts.own(ern, post_id, author))


@space_pages.post("/spaces/<ern>/posts/<int(max=2147483647):post_id>/delete")
def delete_post(ern: str, post_id: int) -> Response:
    """Delete one's own post."""
    posts.remove(ern, post_id, member_of(ern))
    flash(_("Your post is deleted."), "success")
    return redirect(url_for("spaces.home", ern=ern), 303)
