"""The pages that everybody may read: the welcome page, help, privacy, accessibility, status."""

import io

import qrcode
from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from qrcode.image.svg import SvgPathImage
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as AnyResponse

from cpms_client.db import db
from cpms_client.errors import IdentityNotTrusted, IdentityUnreachable
from cpms_client.settings import Settings
from cpms_client.sign_in import signed_out_notice
from cpms_client.visitor import glance, members_only

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def welcome() -> str:
    """Say what CPMS is and lead to the sign-in."""
    glance()
    return render_template("home.html", signed_out=signed_out_notice(), still_signed_in="still" in request.args)


@blueprint.get("/start")
@members_only
def start() -> AnyResponse:
    """Lead a signed-in person to the first page of the work."""
    return redirect(url_for("dashboard.show"))


@blueprint.get("/request-access.svg")
def request_access_code() -> Response:
    """Draw the deep link of the access request as a QR code."""
    settings: Settings = current_app.extensions["cpms_settings"]
    picture = io.BytesIO()
    qrcode.make(settings.request_access_url, image_factory=SvgPathImage, border=4).save(picture)
    return Response(picture.getvalue(), content_type="image/svg+xml")


@blueprint.get("/help")
def help_and_support() -> str:
    """Answer the questions that people ask most."""
    glance()
    return render_template("help.html")


@blueprint.get("/help/consent-forms")
def consent_forms() -> str:
    """Explain what a patient is asked before being enrolled."""
    glance()
    return render_template("consent_forms.html")


@blueprint.get("/help/documentation")
def documentation() -> str:
    """Explain how a patient gets from enrolment to an outcome, and what each profile may do."""
    glance()
    return render_template("documentation.html")


@blueprint.get("/privacy")
def privacy() -> str:
    """Say what is stored about whom, and for how long."""
    glance()
    return render_template("privacy.html")


@blueprint.get("/accessibility")
def accessibility() -> str:
    """Say how CPMS can be used by everybody, and whom to tell when it cannot."""
    glance()
    return render_template("accessibility.html")


@blueprint.get("/status")
def status() -> str:
    """Say which parts of the service answer at this moment."""
    glance()
    return render_template("status.html", database=_database_answers(), identity=_identity_answers())


def _database_answers() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def _identity_answers() -> bool:
    try:
        current_app.extensions["cpms_identity_server"].metadata()
    except (IdentityUnreachable, IdentityNotTrusted):
        return False
    return True
