"""An application with the whole web edge around a few views that misbehave on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import Flask, flash, g, jsonify, render_template, request
from flask_babel import gettext
from flask_wtf import FlaskForm
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server
from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Email, InputRequired, Length, Regexp

import idp
from idp.core import configuration, db, errors, headers, languages, settings, web
from idp.core.application import Application
from idp.core.exempt import bare, csrf_exempt
from tests.support.lending import TEMPLATES

ISSUER = "http://localhost:8000"

PAGE = """{% extends "layout_saas.html" %}
{% from "macros/forms.html" import field, code_field, select, checkbox, radios, form as posting, error_summary %}
{% from "macros/buttons.html" import acts, button, link, row_button %}
{% from "macros/notices.html" import notification, for_application, flashed %}
{% from "macros/tables.html" import table, row, cell, organisations, organisation, search_form, pagination, showing %}
{% from "macros/choices.html" import radio %}
{% from "macros/steps.html" import steps %}
{% from "macros/tiles.html" import tiles, link_tile, method_tile %}
{% from "macros/lists.html" import kv, path, up_path, state, empty %}
{% block title %}Everything{% endblock %}
{% block main %}<div class="flow">
{{ error_summary(form) }}<h1>Everything</h1>{{ flashed() }}{{ for_application("CPMS <b>live</b>") }}
{{ path([("My Account", "/account"), ("Here", None)]) }}
{{ steps(["Select application", "Select organisation", "Select access profile"], 2) }}
{% call notification("warning", "One way only", "Save recovery codes.") %}
{{ link("Go on", "/on", "secondary") }}{% endcall %}
{% call posting("/form", "card flow") %}
{{ field(form.first_name, autocomplete="given-name", attrs={"autocapitalize": "none"}) }}
{{ field(form.email, "Your address at the hospital.", autocomplete="email") }}
{{ select(form.language) }}{{ code_field(form.code, "6 digits.", maxlength=7) }}
{{ field(form.password, autocomplete="new-password") }}{{ field(form.comment, optional=True, rows=3) }}
{{ radios(form.decision, "Choose one") }}
{% call checkbox(form.privacy) %}I have read the <a class="ecl-link" href="/privacy">privacy statement</a>{% endcall %}
{% call acts() %}{{ button("Save", icon="lock") }}{{ link("Cancel", "/", css="push") }}{% endcall %}{% endcall %}
{% call posting("/form", "") %}{% call tiles() %}
{{ method_tile("sms", "sms", "Mobile Phone + SMS", "A text", "Last time") }}
{% endcall %}{% endcall %}
{% call tiles() %}{{ link_tile("/account/panic", "alert", "Delete all", "Lost phone", bad=True) }}{% endcall %}
{% set columns = ["Number", "Status", ""] %}
{% call table("My numbers", columns) %}{% call row() %}{{ cell(columns[0], "+49 417") }}
{% call cell(columns[1]) %}{{ state("Confirmed", "ok") }}{% endcall %}
{% call cell("") %}{{ row_button("Remove", "+49 417", "remove", 1) }}{% endcall %}{% endcall %}{% endcall %}
<h2 id="org">Organisations</h2>{{ up_path([("ERN-RND", "/rnd"), ("Germany", None)], "/up") }}
{{ search_form("Organisations", "Name or code", request.args.search or "", 25, keep=["node"]) }}
{% call organisations("org") %}{{ organisation("BOND", "Bones", href="?node=BOND") }}
{% call organisation("DE22", "Full member") %}{{ radio("o-DE22", "organisation", "DE22", "DE22", True) }}
{% endcall %}{% endcall %}
{{ showing(p) }}{{ pagination(p) }}{{ kv([("Name", "Lena"), ("Phone", None)]) }}{{ empty("Nobody waits.", "Later.") }}
</div>{% endblock %}"""


class Everything(FlaskForm):
    """One field of each kind."""

    first_name = StringField("First name", [InputRequired("Enter your first name")])
    email = EmailField("E-mail", [Email("Enter an e-mail address like name@hospital.example")])
    language = SelectField("E-mail language", choices=languages.choices())
    code = StringField("Challenge code", [Regexp(r"^\d{6}$", message="This code is not right.")])
    password = PasswordField("Password", [InputRequired("Enter your password"), Length(10, 128, "Too short")])
    comment = TextAreaField("Comments")
    decision = RadioField(
        "Your decision", choices=[SelectChoice("yes"), SelectChoice("no")], validators=[InputRequired("Choose")]
    )
    privacy = BooleanField("Privacy", [InputRequired("Confirm that you have read the privacy statement")])


def build(**environ: str) -> Flask:
    """Make the application; `environ` overrides settings as the environment does."""
    chosen = configuration.load({"ERN_CONFIG": "test", **environ})
    app = Application("idp", root_path=str(Path(idp.__file__).parent))
    app.extensions["ern_settings"] = chosen
    db.init(app, chosen)
    web.init(app)
    app.jinja_env.bytecode_cache = TEMPLATES
    app.jinja_env.loader = ChoiceLoader([app.jinja_env.loader, DictLoader({"everything.html": PAGE})])
    app.context_processor(_visitor)
    for address, view in VIEWS.items():
        app.add_url_rule(address, view_func=view, methods=["GET", "POST"])
    app.add_url_rule("/oauth2/refuse", endpoint="protocol_refusal", view_func=refuse)
    app.add_url_rule("/only-post", view_func=only_post, methods=["POST"])
    return app


def _visitor() -> dict[str, Any]:
    if g.get("menu_breaks"):
        raise RuntimeError("the account's menu is broken")
    tabs = [{"text": "Home", "href": "/saas/", "current": True}, {"text": "More", "href": "/more", "current": False}]
    return {"current_account": SimpleNamespace(name="Lena Hartwig", uid="n00axup3"), "saas_tabs": tabs}


def form() -> str:
    shown = Everything()
    if shown.validate_on_submit():
        flash("Saved")
    page = SimpleNamespace(page=3, pages=9, first=51, last=75, total=211)
    return render_template("everything.html", form=shown, p=page)


@bare
def token() -> Any:
    return jsonify(client=request.form.get("client_id", ""))


@csrf_exempt
def authorize() -> str:
    headers.allow_form_target(request.args.get("to", "https://rp.example:8443/callback?a=1"))
    return "authorized"


def refuse() -> str:
    kind = getattr(errors, request.args["kind"])
    extra = {"retry_after": 90} if issubclass(kind, errors.TooMany) else {}
    raise kind(request.args.get("key", "unheard_of"), **extra)


def crash() -> str:
    g.menu_breaks = "menu" in request.args
    raise ValueError("a secret of the house")


def database_away() -> str:
    raise OperationalError("SELECT 1", {}, Exception("gone"))


def too_deep() -> str:
    raise RecursionError


def echo() -> str:
    return request.form.get("text", "") + request.args.get("text", "")


def said() -> str:
    g.account_language = request.args.get("account")
    g.ui_locales = request.args.get("ui", "").split()
    return gettext("There is a problem")


def only_post() -> str:
    return render_template("core/support.html", settings=settings.current())


VIEWS = {
    "/form": form,
    "/oauth2/token": token,
    "/oauth2/authorize": authorize,
    "/refuse": refuse,
    "/crash": crash,
    "/database-away": database_away,
    "/too-deep": too_deep,
    "/echo": echo,
    "/said": said,
}


@contextmanager
def serving(building: Callable[..., Flask] = build) -> Iterator[str]:
    """Serve it, or another application that is built as it is, on a free port of this machine; yields its address."""
    server = make_server("127.0.0.1", 0, Flask(__name__), threaded=True)
    issuer = f"http://localhost:{server.server_port}"
    server.app = building(ERN_SERVER__ISSUER=issuer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield issuer
    server.shutdown()
    thread.join(10)
    server.server_close()
