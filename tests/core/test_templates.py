"""Templates are compiled once for each language, with what never changes inside."""

import pytest
from flask import Flask, render_template
from flask_babel import force_locale
from jinja2 import DictLoader

from idp.core import languages
from tests.support.edge import build

PAGES = {
    "page.html": '{% from "part.html" import part %}{% include "menu.html" %}{{ part(_("Support")) }} {{ name }}'
    "{{ _('Showing %(first)s to %(last)s of %(total)s entries', first=1, last=name, total=3) }}",
    "part.html": '{% macro part(text) %}<a href="{{ url_for("core.privacy") }}">{{ text }}</a>{% endmacro %}',
    "menu.html": "<link href=\"{{ asset('app.css') }}\">{{ _('Privacy statement') | upper }}"
    "{{ _('<b>Mine</b> & 100%%') }}",
    "absent.html": '{% if missing %}{{ url_for("not.here") }}{% endif %}{{ _("Support") }}',
    "plain.txt": '{{ _("Back & forth") }}',
}


@pytest.fixture
def app() -> Flask:
    app = build()
    app.jinja_env.loader = DictLoader(PAGES)
    app.jinja_env.bytecode_cache = None
    return app


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("code", ["en", "fr"])
def test_a_page_reads_as_its_template_says(app: Flask, name: str, code: str) -> None:
    with app.test_request_context(headers={"Accept-Language": code}):
        as_it_stands = app.jinja_env.get_template(name).render(name="<&>")
        assert render_template(name, name="<&>") == render_template(name, name="<&>") == as_it_stands


def test_each_language_has_its_own(app: Flask) -> None:
    for code, word in (("en", "Privacy"), ("fr", "Déclaration"), ("en", "Privacy"), ("fr", "Déclaration")):
        with app.test_request_context(headers={"Accept-Language": code}):
            assert word.upper() in render_template("menu.html")


def test_a_mail_is_in_the_language_of_whom_it_is_for(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}), force_locale("fr"):
        assert "DÉCLARATION" in render_template("menu.html")
    with app.app_context(), force_locale("fr"):
        assert "DÉCLARATION" in render_template("menu.html")


def test_texts_are_looked_up_when_a_template_is_read_and_never_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(languages, "told", lambda text: told.append(text) or text)
    for _ in range(3):
        with app.test_request_context():
            render_template("page.html", name="")
    assert sorted(told) == sorted({"Support", "Privacy statement", "<b>Mine</b> & 100%%"})
