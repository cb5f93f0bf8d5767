"""Pages for everybody: the front door and the papers in the footer."""

from flask import Blueprint, render_template

public = Blueprint("public", __name__)


@public.get("/")
def home() -> str:
    """What ECP is, and the two ways in."""
    return render_template("home.html")


@public.get("/membership")
def membership() -> str:
    """How to become a member, and what happens next."""
    return render_template("membership.html")


@public.get("/privacy")
def privacy() -> str:
    """What is kept about people here, why, and how long."""
    return render_template("privacy.html")


@public.get("/support")
def support() -> str:
    """Where to turn with which question."""
    return render_template("support.html")


@public.get("/accessibility")
def accessibility() -> str:
    """What works for whom, and whom to tell when it does not."""
    return render_template("accessibility.html")
