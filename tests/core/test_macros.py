"""The macros that every page is made of: accessible by construction, and keeping what was typed."""

import re

import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient

from idp.core.mail import Block
from tests.support.edge import ISSUER, build


@pytest.fixture(scope="module")
def app() -> Flask:
    return build()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def refused(client: FlaskClient) -> str:
    """The page after a form with many errors."""
    token = client.get("/form").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    typed = {"email": 'ada"@<x>', "comment": "<b>\n\nnote", "password": "short", "code": "12", "language": "fr"}
    return client.post("/form", data={**typed, "csrf_token": token}, headers={"Origin": ISSUER}).text


def test_an_unsent_form_shows_no_error(client: FlaskClient) -> None:
    page = client.get("/form").text
    assert "<title>Everything - Access requests - ERN Login</title>" in page
    for mark in ("error-summary", "aria-invalid", "field--bad", "ecl-feedback-message"):
        assert mark not in page


def test_errors_stand_first_and_lead_to_their_fields(refused: str) -> None:
    assert "<title>Error: Everything" in refused
    assert refused.index('role="alert" id="error-summary" tabindex="-1"') < refused.index("<h1>")
    for target in re.findall(r'<li><a class="ecl-link" href="#([^"]+)"', refused):
        assert f'id="{target}"' in refused


def test_an_error_is_said_in_the_same_words_at_the_field(refused: str) -> None:
    assert refused.count("Enter an e-mail address like name@hospital.example") == 2
    assert re.search(r'<input[^>]*aria-describedby="email-help email-err"[^>]*aria-invalid="true"', refused)


def test_typed_text_stays_and_secrets_do_not(refused: str) -> None:
    assert 'value="ada&#34;@&lt;x&gt;"' in refused
    assert "&lt;b&gt;\r\n\r\nnote" in refused or "&lt;b&gt;\n\nnote" in refused
    assert '<option selected value="fr">' in refused
    assert 'value="short"' not in refused
    assert 'value="12"' not in refused


def test_no_browser_cuts_what_a_person_pastes(client: FlaskClient) -> None:
    field = re.search(r'<input[^>]*name="password"[^>]*>', client.get("/form").text)
    assert field
    assert "maxlength" not in field[0]


def test_every_field_has_a_visible_label(client: FlaskClient) -> None:
    page = client.get("/form").text
    for control in re.findall(r"<(?:input|select|textarea)[^>]*>", page):
        if 'type="hidden"' not in control:
            identifier = re.search(r'id="([^"]+)"', control)
            assert identifier
            assert f'for="{identifier[1]}"' in page, control


def test_every_posting_form_carries_a_token_and_leaves_judging_to_the_server(client: FlaskClient) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", client.get("/form").text, re.DOTALL)
    assert len(forms) == 3
    for form in forms:
        assert 'name="csrf_token"' in form


def test_nothing_is_written_inline(client: FlaskClient) -> None:
    for address in ("/form", "/privacy", "/crash"):
        page = client.get(address).text
        assert " style=" not in page
        assert "<style" not in page
        assert not re.search(r"\son[a-z]+=", page)
        assert not re.search(r"<script(?![^>]*src=)", page)


def test_an_application_is_named_as_text(client: FlaskClient) -> None:
    assert "You are signing in to <b>CPMS &lt;b&gt;live&lt;/b&gt;</b>" in client.get("/form").text


def test_pages_of_a_list_keep_the_question(client: FlaskClient) -> None:
    page = client.get("/form?search=K%C3%B6ln&node=DE&records=25").text
    assert 'rel="next" href="/form?search=K%C3%B6ln&amp;node=DE&amp;records=25&amp;page=4"' in page
    assert '<input type="hidden" name="node" value="DE">' in page
    assert "Showing 51 to 75 of 211 entries" in page


def test_an_act_is_told_once(client: FlaskClient) -> None:
    page = client.get("/form").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    typed = {
        "first_name": "Ada",
        "email": "ada@hospital.example",
        "language": "en",
        "code": "123456",
        "password": "long enough words",
        "decision": "yes",
        "privacy": "y",
        "csrf_token": token,
    }
    assert 'role="status"' in client.post("/form", data=typed).text
    assert 'role="status"' not in client.get("/form").text


def test_a_mail_is_made_of_attributes_only_and_says_what_the_text_says(app: Flask) -> None:
    blocks = [
        Block("text", "Dear <Ada>,\nwelcome."),
        Block("code", "123456"),
        Block("link", "Go", "https://a.example/?x=1&y=2"),
    ]
    with app.app_context():
        html = render_template("mail/layout.html", subject="Your code", blocks=blocks, language="en", uid="n00axup3")
    assert '<html lang="en">' in html
    assert "Dear &lt;Ada&gt;,<br>welcome." in html
    assert 'href="https://a.example/?x=1&amp;y=2"' in html
    assert "123456" in html
    assert "Your identifier: n00axup3" in html
    for banned in (" style=", "<style", "<script", "<img", " class="):
        assert banned not in html
