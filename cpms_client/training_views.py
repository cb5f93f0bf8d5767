"""The sign-in page of the training accounts; it is registered in the training environment only."""

from flask import Blueprint, current_app, render_template
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField

from cpms_client import networks, training
from cpms_client.sign_in import enter
from cpms_client.visitor import session_cookie

blueprint = Blueprint("training", __name__)


class TrainingForm(FlaskForm):
    """Which of the 192 accounts."""

    ern = SelectField(_l("Network"))
    account = RadioField(_l("Account"), default="coordinator")


@blueprint.before_request
def training_only() -> None:
    """Hide these pages wherever the configuration is not the training one, should they ever be registered there."""
    if not current_app.extensions["cpms_settings"].training:
        raise NotFound


@blueprint.route("/training", methods=["GET", "POST"])
def choose() -> str | Response | tuple[str, int]:
    """Let people choose a training account and enter with it."""
    form = TrainingForm()
    form.ern.choices = list(networks.labels().items())
    form.account.choices = [(kind.code, kind.word) for kind in training.KINDS.values()]
    for field in (form.ern, form.account):
        field.validators = ()
        field.validate_choice = False
    if not form.is_submitted():
        return render_template("training.html", form=form)
    if form.ern.data not in networks.labels():
        form.ern.errors = [_("Choose a network from the list.")]
    if form.account.data not in training.KINDS:
        form.account.errors = [_("Choose one of the accounts.")]
    if form.errors:
        return render_template("training.html", form=form), 422
    return enter(training.enter(training.account(form.ern.data, form.account.data), session_cookie()))
