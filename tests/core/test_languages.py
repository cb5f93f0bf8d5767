"""Which language a request gets, and how a person changes it."""

import pytest
from flask import g
from flask.testing import FlaskClient

from idp.core import languages
from tests.support.edge import build


@pytest.fixture
def client() -> FlaskClient:
    return build().test_client()


def _language(client: FlaskClient, query: str = "", accept: str = "") -> str:
    page = client.get(f"/privacy{query}", headers={"Accept-Language": accept}).text
    return page.partition('<html lang="')[2][:2]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CH,en;q=0.5", "fr"),
        ("de, fr;q=0.8, en;q=0.7", "fr"),
        ("xx", "en"),
        (";;q=", "en"),
        ("fr;q=0, en", "en"),
        ("*", "en"),
    ],
)
def test_the_browsers_wish_is_followed(client: FlaskClient, accept: str, expected: str) -> None:
    assert _language(client, accept=accept) == expected


def test_a_choice_is_remembered_and_leaves_the_address(client: FlaskClient) -> None:
    answer = client.get("/said?a=1&lang=fr&a=2&b=%C3%A9")
    assert (answer.status_code, answer.headers["Location"]) == (303, "http://localhost:8000/said?a=1&a=2&b=%C3%A9")
    assert "lang=fr" in answer.headers["Set-Cookie"]
    assert _language(client, accept="en") == "fr"


def test_a_language_that_is_not_offered_is_ignored(client: FlaskClient) -> None:
    assert client.get("/privacy?lang=xx").status_code == 200


def test_a_choice_never_leads_to_another_host(client: FlaskClient) -> None:
    sent = {"PATH_INFO": "//evil.example/", "REQUEST_URI": "//evil.example/?lang=fr"}
    location = client.get("/?lang=fr", environ_overrides=sent).headers["Location"]
    assert location.startswith("http://localhost:8000/")


def test_the_persons_choice_wins_over_application_account_and_browser() -> None:
    app = build()

    def chosen(cookie: str = "", ui: str = "", account: str = "", accept: str = "") -> str:
        sent = {"Accept-Language": accept, "Cookie": f"lang={cookie}"}
        with app.test_request_context("/", headers=sent):
            g.ui_locales = ui.split()
            g.account_language = account
            return languages.select_locale()

    assert chosen("en", "fr", "fr", "fr") == "en"
    assert chosen("", "de fr-CA", "en", "en") == "fr"
    assert chosen("zz", "", "fr", "en") == "fr"
    assert chosen("", "", "", "fr") == "fr"


def test_the_menu_offers_each_language_in_its_own_name_and_keeps_the_address(client: FlaskClient) -> None:
    page = client.get("/form?node=BOND").text
    assert 'href="/form?node=BOND&amp;lang=fr" hreflang="fr" lang="fr">Français</a>' in page
    assert 'hreflang="en" lang="en" aria-current="true">English</a>' in page


def test_a_page_that_is_only_an_answer_links_to_the_page_before(client: FlaskClient) -> None:
    token = client.get("/form").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    for referrer, expected in (("http://localhost:8000/form?x=1", "/form"), ("https://evil.example/a", "/"), ("", "/")):
        page = client.post("/only-post", data={"csrf_token": token}, headers={"Referer": referrer}).text
        assert f'href="{expected}?lang=fr"' in page


def test_outside_a_request_texts_are_english() -> None:
    with build().app_context():
        assert languages.select_locale() == "en"
        assert languages.current().name == "English"


def test_the_list_of_mail_languages_is_what_is_offered() -> None:
    assert [(choice.value, choice.label) for choice in languages.choices()] == [
        ("en", "English (en)"),
        ("fr", "Français (fr)"),
    ]
