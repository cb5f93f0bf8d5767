"""Deleting an account: who may, what goes at once, what stays under the identifier alone, and who is needed."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, text

from idp.accounts import people
from idp.accounts.closing import OUTLIVE
from idp.accounts.models import Account, AccountState
from idp.core import clock, signals
from idp.core.audit import AuditEvent
from idp.core.db import Model, db
from idp.core.levels import MFA
from idp.core.outbox import Message, sweep
from idp.saas import catalogue
from idp.saas.models import Access, AccessState, ItemState
from tests.accounts.browser import ADA, PASSWORD, Browser, accounts, mails, person, sessions, sign_in, token_of, words
from tests.saas.people import Person as Colleague
from tests.saas.people import Town

PAGE = "/account/delete"
SURE = {"sure": "y"}


@pytest.fixture
def ada(app: Flask, no_factor: None) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    return browser


@pytest.fixture
def town(app: Flask) -> Town:
    with app.app_context():
        catalogue.load_reference()
    return Town(app)


def closes(who: Colleague) -> None:
    done = who.sends(PAGE, **SURE)
    assert (done.status_code, done.location) == (303, "/account/deleted"), done.text


def test_the_account_is_closed_the_person_signed_out_and_told_at_last(app: Flask, ada: Browser) -> None:
    done = ada.submit(PAGE, **SURE)
    assert (done.status_code, done.location) == (303, "/account/deleted")
    assert "Your account is deleted" in words(ada.get("/account/deleted"))
    assert not ada.has_session()
    assert ada.client.get_cookie("ern_session") is None
    [account] = accounts(app)
    assert account.state is AccountState.CLOSED
    assert (account.first_name, account.last_name, account.password_hash, account.addresses) == (
        "",
        account.uid,
        "",
        [],
    )
    assert [(mail["to"], mail["subject"]) for mail in mails(app)] == [
        (ADA["email"], "Your ERN Login account is deleted")
    ]


def test_the_page_says_what_goes_and_what_stays_and_offers_the_data_first(ada: Browser) -> None:
    told = words(ada.get(PAGE))
    for part in ("What goes, at once and for ever", "What stays", "under your identifier only", "Download my data"):
        assert part in told


def test_without_the_tick_nothing_happens(app: Flask, ada: Browser) -> None:
    page = ada.submit(PAGE)
    assert page.status_code == 400
    assert words(page).count("Tick the box if you want to go on.") == 2
    assert accounts(app)[0].state is AccountState.ACTIVE


def test_it_is_confirmed_with_a_fresh_proof(app: Flask, ada: Browser) -> None:
    csrf = token_of(ada.get(PAGE))
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert ada.get(PAGE).location.startswith("/login")
        assert ada.post(PAGE, csrf, **SURE).location.startswith("/login")
    assert accounts(app)[0].state is AccountState.ACTIVE


def test_with_a_second_factor_the_password_is_not_enough(app: Flask, has_factor: None) -> None:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    assert browser.get(PAGE).location.startswith("/login")
    sign_in(browser, MFA, "pwd", "sms")
    assert browser.get(PAGE).status_code == 200


def test_every_session_ends_and_the_areas_above_are_told_in_the_same_act(app: Flask, ada: Browser) -> None:
    other = Browser(app)
    sign_in(other)
    heard: list[int] = []

    def hear(sender: int) -> None:
        assert db.session.get_one(Account, sender).addresses, "told while the mailboxes are still known"
        heard.append(sender)

    with signals.account_closed.connected_to(hear):
        ada.submit(PAGE, **SURE)
    assert heard == [accounts(app)[0].id]
    assert not other.has_session()
    assert {(each.end_reason, each.source, each.user_agent) for each in sessions(app)} == {("closed", "", "")}


def test_if_an_area_above_cannot_follow_nothing_is_closed(app: Flask, ada: Browser) -> None:
    def fail(sender: int) -> None:
        raise RuntimeError("no")

    with signals.account_closed.connected_to(fail):
        assert ada.submit(PAGE, **SURE).status_code == 500
    assert accounts(app)[0].state is AccountState.ACTIVE
    assert ada.has_session()
    assert mails(app) == []


def test_nobody_signs_in_to_a_closed_account_or_gets_a_link_for_it(app: Flask, ada: Browser) -> None:
    uid = accounts(app)[0].uid
    ada.submit(PAGE, **SURE)
    stranger = Browser(app)
    for identifier in (uid, ADA["email"]):
        page = stranger.client.get("/login", follow_redirects=True)
        path = f"{page.request.path}?{page.request.query_string.decode()}"
        assert stranger.post(path, token_of(page), identifier=identifier, password=PASSWORD).status_code == 400
        assert stranger.submit("/password/forgot", identifier=identifier).status_code == 303
    told = [mail["subject"] for mail in mails(app)[1:]]
    assert "Choose a new password for ERN Login" not in told


def test_the_address_can_be_registered_again_and_gets_another_identifier(app: Flask, ada: Browser) -> None:
    ada.submit(PAGE, **SURE)
    again = person(app)
    old, new = accounts(app)
    assert again == new.uid != old.uid
    assert new.addresses[0].address == ADA["email"]


def test_a_second_click_closes_nothing_twice(app: Flask, ada: Browser) -> None:
    csrf = token_of(ada.get(PAGE))
    assert next(ada.post(PAGE, csrf, **SURE).status_code for _ in range(2)) == 303
    assert len(mails(app)) == 1


def test_the_last_administrator_is_needed_and_told_who_can_help(app: Flask, no_factor: None) -> None:
    person(app, is_administrator=True)
    browser = Browser(app)
    sign_in(browser, MFA, "pwd", "sms")
    page = browser.get(PAGE)
    assert "You are the last platform administrator." in words(page)
    assert 'name="sure"' not in page.text
    refused = browser.post(PAGE, token_of(page), **SURE)
    assert refused.status_code == 403
    assert "Ask the operator" in words(refused)
    assert accounts(app)[0].state is AccountState.ACTIVE
    person(app, "bo@hospital.example", is_administrator=True)
    assert browser.submit(PAGE, **SURE).status_code == 303


def test_accesses_requests_and_words_go_and_decisions_stay(town: Town) -> None:
    nora, _ = town.person("Nora").signs_in(MFA), town.coordinator()
    nora.asks("HP", comment="My telephone is in room 12")
    nora.holds("Researcher")
    closes(nora)
    assert {access.state for access in nora.accesses()} == {AccessState.REVOKED}
    assert {item.state for item in nora.items()} == {ItemState.WITHDRAWN, ItemState.GRANTED}
    with town.app.app_context():
        told = "".join(str(row) for row in db.session.execute(text("SELECT comment FROM access_request")))
    assert "room 12" not in told


def test_the_only_coordinator_is_warned_who_will_be_missed(town: Town) -> None:
    clara = town.coordinator()
    assert "You are the only coordinator of ERN-RND." in clara.opens(PAGE).text
    town.coordinator("Chiara")
    assert "only coordinator" not in clara.opens(PAGE).text


def test_nothing_personal_is_left_in_any_table_but_the_mails_that_leave(town: Town) -> None:
    nora, _ = town.person("Nora").signs_in(MFA), town.coordinator()
    nora.asks("HP", comment="It is me, Nora")
    nora.sends("/account/details", first_name="Eleonora", last_name="Vasseur")
    nora.opens("/saas/user-data")
    closes(nora)
    with town.app.app_context():
        kept = {
            name: [repr(row) for row in db.session.execute(text(f"SELECT * FROM {name}"))]
            for name in Model.metadata.tables
            if name != "outbox_message"
        }
    found = {
        name: row for name, rows in kept.items() for row in rows for word in ("nora@", "Nora", "onora") if word in row
    }
    assert found == {}
    with town.app.app_context():
        account = db.session.get_one(Account, nora.id)
        for table in Model.metadata.tables.values():
            for key in table.foreign_keys:
                if key.target_fullname == "account.id" and key.ondelete == "CASCADE" and table.name not in OUTLIVE:
                    assert db.session.execute(select(table).where(key.parent == account.id)).all() == [], table.name


def test_the_trail_keeps_what_happened_under_the_identifier(app: Flask, ada: Browser) -> None:
    uid = accounts(app)[0].uid
    ada.submit(PAGE, **SURE)
    with app.app_context():
        acts = db.session.scalars(select(AuditEvent.act).where(AuditEvent.subject == uid)).all()
    assert {"account.create", "session.start", "account.close", "session.end"} <= set(acts)


def test_mails_that_left_are_forgotten_after_thirty_days(app: Flask, ada: Browser) -> None:
    ada.submit(PAGE, **SURE)
    with app.app_context(), time_machine.travel(clock.now() + timedelta(days=31)):
        sweep()
        assert len(db.session.scalars(select(Message)).all()) == 1, "it has not left yet"
        db.session.rollback()
        db.session.execute(text("UPDATE outbox_message SET state = 'SENT'"))
        db.session.commit()
        sweep()
        assert db.session.scalars(select(Message)).all() == []


def test_closing_works_on_each_database(each_app: Flask, no_factor: None) -> None:
    person(each_app)
    browser = Browser(each_app)
    sign_in(browser)
    assert browser.submit(PAGE, **SURE).status_code == 303
    with each_app.app_context():
        assert people.by_address(ADA["email"]) is None
        assert db.session.scalars(select(Access)).all() == []
