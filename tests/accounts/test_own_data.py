"""The export of one's own data: complete, without secrets, for its owner only."""

import json
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from idp.accounts import own_data
from idp.core import clock
from idp.core.db import Model
from idp.core.levels import MFA
from idp.saas import catalogue
from tests.accounts.browser import Browser, mails, person, sign_in, token_of
from tests.oidc.relying_party import register
from tests.saas.people import Town
from tests.signin.browser import PHONE
from tests.signin.browser import Browser as Guest
from tests.signin.browser import person as guest

# Tables that name an account and are not in the export, and why.
LEFT_OUT = {
    "challenge": "a question under way; it is gone within a day and holds nothing but secrets",
    "eid_visit": "a browser on its way to a provider of eIDs; it is gone within the hour",
    "sign_in_attempt": "a sign-in under way; it is gone within a day",
    "request_draft": "a form that was not sent; it is gone within days",
    "access_version": "a number that only says that accesses changed",
}


@pytest.fixture
def ada(app: Flask, no_factor: None) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    return browser


def takes(browser: Browser) -> TestResponse:
    return browser.post("/account/export", token_of(browser.get("/account/details")))


def tables_about_people() -> set[str]:
    tables = Model.metadata.tables.values()
    about = {t.name for t in tables for key in t.foreign_keys if key.target_fullname == "account.id"}
    return about | {"account", "audit_event"}


@pytest.mark.parametrize("table", sorted(tables_about_people()))
def test_every_table_about_people_is_exported_or_left_out_for_a_reason(app: Flask, table: str) -> None:
    assert (table in own_data.TABLES) != (table in LEFT_OUT)


def test_the_file_is_json_that_names_its_format_and_its_owner(app: Flask, ada: Browser) -> None:
    answer = takes(ada)
    assert answer.mimetype == "application/json"
    told = json.loads(answer.data)
    uid = told["account"]["uid"]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="ern-login-{uid}.json"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert (told["format"], told["version"], told["issuer"]) == ("ern-login-export", 1, "http://localhost:8000")
    assert set(told) == {"format", "version", "made_at", "issuer", *own_data.PARTS}
    assert [event["act"] for event in told["events"]][:2] == ["account.create", "session.start"]
    assert told["sessions"][0]["source"] == "203.0.113.7"


def test_it_holds_what_the_person_did_everywhere_and_no_secret(app: Flask) -> None:
    with app.app_context():
        catalogue.load_reference()
    town = Town(app)
    nora, clara = town.person("Nora").signs_in(MFA), town.coordinator()
    nora.asks("HP", comment="Room 12")
    clara.decides(nora.reference(), "grant", nora.items(), reason="Welcome.")
    page = nora.opens("/account/details")
    answer = nora.presses(page, "/account/export")
    told = json.loads(answer.data)
    [request] = told["access_requests"]
    assert (request["comment"], request["items"][0]["state"], request["items"][0]["reason"]) == (
        "Room 12",
        "granted",
        "Welcome.",
    )
    assert told["accesses"][0]["organisation"] == "ERN-RND/DE/DE22"
    assert told["factors"][0]["phone_number"].startswith("+4917139200")
    for secret in ("argon2", "digest", "sealed", "hash", "Clara", clara.email):
        assert secret not in answer.text


def test_it_tells_which_applications_got_what(app: Flask) -> None:
    guest(app, "mira.osten@hospital.example", PHONE)
    party, browser = register(app), Guest(app)
    browser.signs_in()
    browser.client.get(party.request())
    sign_in(Browser(app), email="mira.osten@hospital.example")
    mira = Browser(app)
    sign_in(mira, MFA, "pwd", "sms", email="mira.osten@hospital.example")
    [grant] = json.loads(takes(mira).data)["grants"]
    assert (grant["application"], grant["scope"]) == ("Rare Registry", "openid profile email")


def test_a_fresh_proof_is_needed_and_the_person_comes_back_to_the_page(app: Flask, ada: Browser) -> None:
    csrf = token_of(ada.get("/account/details"))
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        answer = ada.post("/account/export", csrf)
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
    assert mails(app) == []


def test_taking_the_data_is_told_to_the_mailbox(app: Flask, ada: Browser) -> None:
    takes(ada)
    assert [mail["subject"] for mail in mails(app)] == ["The data of your ERN Login account was downloaded"]


def test_only_a_form_gets_it(ada: Browser) -> None:
    assert ada.get("/account/export").status_code == 405


def test_nobody_elses_data_is_in_it(app: Flask, ada: Browser) -> None:
    person(app, "bo@hospital.example")
    other = Browser(app, "198.51.100.9")
    sign_in(other, email="bo@hospital.example")
    text = takes(ada).text
    assert "bo@hospital.example" not in text
    assert "198.51.100.9" not in text
