"""The pages that the foot of every page leads to."""

from flask import Blueprint, redirect, render_template
from werkzeug import Response

from idp.core import settings

bp = Blueprint("core", __name__)


@bp.get("/")
def home() -> Response:
    """Lead to the person's own page, which asks to sign in first."""
    return redirect("/account")


@bp.get("/privacy")
def privacy() -> str:
    """Show what is kept about people, why and for how long."""
    return render_template("core/privacy.html", settings=settings.current())


@bp.get("/support")
def support() -> str:
    """Show where to get help, and with what."""
    return render_template("core/support.html", settings=settings.current())


@bp.get("/accessibility")
def accessibility() -> str:
    """Show what we promise, what we tested and where to complain."""
    return render_template("core/accessibility.html", settings=settings.current())
