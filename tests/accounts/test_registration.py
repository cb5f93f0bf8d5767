"""Creating an account, from the form to the first session."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from threading import BoundedSemaphore

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from idp.accounts import links, passwords
from idp.accounts.models import MailedLink
from idp.core import clock
from idp.core.db import db
from tests.accounts.browser import (
    ADA,
    PASSWORDS,
    Browser,
    accounts,
    at_work,
    link,
    mails,
    person,
    sessions,
    token_of,
    words,
)


def test_a_newcomer_gets_an_account_and_a_session_through_the_mailed_link(app: Flask, browser: Browser) -> None:
    sent = browser.registers()
    assert (sent.status_code, sent.location) == (303, "/register/sent")
    assert "ada.ferran@hospital.example" in words(browser.get("/register/sent"))
    assert [mail["to"] for mail in mails(app)] == [ADA["email"]]
    assert accounts(app) == []

    page = browser.get(link(app))
    assert "Choose your new password" in words(page)
    done = browser.submit(link(app), **PASSWORDS)
    assert (done.status_code, done.location) == (303, "/account/second-factor")
    [account] = accounts(app)
    assert (account.name, account.email, account.language) == ("Ada Ferran", ADA["email"], "en")
    assert f"{account.uid} (External)" in words(page)
    assert browser.has_session()


def test_the_first_session_proves_the_password_and_nothing_more(app: Flask, browser: Browser) -> None:
    browser.registers()
    browser.submit(link(app), **PASSWORDS)
    [session] = sessions(app)
    assert (session.acr, session.amr) == ("https://refeds.org/profile/sfa", ["pwd"])


def test_the_welcome_tells_the_identifier_to_the_mailbox(app: Flask, browser: Browser) -> None:
    browser.registers()
    browser.submit(link(app), **PASSWORDS)
    welcome = mails(app)[-1]
    assert welcome["to"] == ADA["email"]
    assert accounts(app)[0].uid in welcome["text"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("first_name", "  ", "Enter your first name."),
        ("last_name", "", "Enter your last name."),
        ("first_name", "x" * 101, "Use at most 100 characters."),
        ("first_name", "http://evil.example", "A name has letters only."),
        ("last_name", "visit evil.example", "A name has letters only."),
        ("email", "", "Enter your e-mail address."),
        ("email", "ada.ferran", "Enter an e-mail address in the form name@hospital.example."),
        ("email", "a" * 300 + "@hospital.example", "Enter an e-mail address in the form name@hospital.example."),
        ("confirm_email", "ada@hospital.example", "The two e-mail addresses are not the same."),
        ("confirm_email", "", "Enter your e-mail address again."),
        ("language", "xx", "Choose a language from the list."),
        ("privacy", "", "Read the privacy statement and tick the box."),
    ],
)
def test_bad_input_is_explained_and_nothing_typed_is_lost(
    app: Flask, browser: Browser, field: str, value: str, sentence: str
) -> None:
    fields = {**ADA, field: value}
    if not value:
        del fields[field]
    page = browser.submit("/register", **fields)
    assert page.status_code == 400
    assert words(page).startswith("There is a problem")
    assert words(page).count(sentence) == 2
    assert "<title>Error: " in page.text
    assert all(kept in page.text for name, kept in fields.items() if name not in (field, "language"))
    assert mails(app) == []


def test_names_of_all_of_europe_are_accepted(app: Flask, browser: Browser) -> None:
    for number, name in enumerate(("Ægir Þór", "O'Brien-Łukasz", "Μαρία", "J. R.", "Иван")):
        address = f"p{number}@hospital.example"
        sent = browser.registers(first_name=name, email=address, confirm_email=address)
        assert sent.status_code == 303, name


def test_a_known_address_looks_the_same_on_the_page_and_only_its_mailbox_is_told(app: Flask, browser: Browser) -> None:
    uid = person(app)
    known = browser.registers(email="Ada.Ferran@Hospital.Example", confirm_email="Ada.Ferran@Hospital.Example")
    stranger = browser.registers(email="new@hospital.example", confirm_email="new@hospital.example")
    assert (known.status_code, known.location, known.text) == (stranger.status_code, stranger.location, stranger.text)
    [told, invited] = mails(app)
    assert (told["to"], told["subject"]) == (ADA["email"], "You already have an ERN Login account")
    assert uid in told["text"]
    assert told["links"] == ["/login"]
    assert invited["to"] == "new@hospital.example"


def test_no_password_is_hashed_before_the_link_is_used(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("argon2.PasswordHasher.hash", lambda *_: pytest.fail("hashed"))
    monkeypatch.setattr("argon2.PasswordHasher.verify", lambda *_: pytest.fail("hashed"))
    assert browser.registers().status_code == 303


def test_an_unverified_address_blocks_nobody(app: Flask, browser: Browser) -> None:
    Browser(app, "198.51.100.9").registers(first_name="Mallory")
    browser.registers()
    browser.submit(link(app), **PASSWORDS)
    assert [account.first_name for account in accounts(app)] == ["Ada"]


def test_of_two_links_for_one_address_the_first_completed_wins(app: Flask, browser: Browser) -> None:
    browser.registers()
    browser.registers()
    first, second = (mail["links"][0] for mail in mails(app))
    other = Browser(app)
    page = other.get(first)
    browser.submit(second, **PASSWORDS)
    for answer in (other.get(first), other.post(first, token_of(page), **PASSWORDS)):
        assert answer.status_code == 409
        assert "This address has an account already" in words(answer)
        assert 'href="/login"' in answer.text
    assert len(accounts(app)) == 1


def test_looking_at_the_link_uses_nothing_up(app: Flask, browser: Browser) -> None:
    browser.registers()
    scanner = Browser(app)
    for _ in range(3):
        assert scanner.get(link(app)).status_code == 200
        assert scanner.client.head(link(app)).status_code == 200
    assert browser.submit(link(app), **PASSWORDS).status_code == 303


def test_a_used_link_says_so_and_leads_to_the_sign_in(app: Flask, browser: Browser) -> None:
    browser.registers()
    used = link(app)
    browser.submit(used, **PASSWORDS)
    answer = Browser(app).get(used)
    assert answer.status_code == 410
    assert "This link was used already" in words(answer)
    assert 'href="/login"' in answer.text


@pytest.mark.parametrize("token", ["x", "x" * 43, "%F0%9F%94%91", "a.b-c_d"])
def test_a_garbled_link_is_explained_and_leads_to_a_new_one(browser: Browser, token: str) -> None:
    answer = browser.get(f"/register/confirm/{token}")
    assert answer.status_code == 410
    assert "We do not know this link" in words(answer)
    assert 'href="/register"' in answer.text


def test_a_form_posted_to_a_garbled_link_signs_nobody_in(app: Flask, browser: Browser) -> None:
    csrf = token_of(browser.get("/register"))
    for path in ("/register/confirm/x", "/password/new/x"):
        assert browser.post(path, csrf, **PASSWORDS).status_code == 410
    assert accounts(app) == []


def test_the_page_about_the_mail_needs_a_mail(browser: Browser) -> None:
    assert browser.get("/register/sent").location == "/register"


def test_links_and_the_names_in_them_are_forgotten_in_the_end(app: Flask, browser: Browser) -> None:
    browser.registers()
    with app.app_context():
        links.sweep()
        assert db.session.scalar(select(func.count()).select_from(MailedLink)) == 1
        with time_machine.travel(clock.now() + timedelta(days=32)):
            links.sweep()
        assert db.session.scalar(select(func.count()).select_from(MailedLink)) == 0


def test_an_expired_link_is_refused_and_leads_to_a_new_one(app: Flask, browser: Browser) -> None:
    browser.registers()
    late = link(app)
    page = browser.get(late)
    with time_machine.travel(clock.now() + timedelta(hours=24, seconds=1)):
        for answer in (browser.get(late), browser.post(late, token_of(page), **PASSWORDS)):
            assert answer.status_code == 410
            assert "The time of this link is over" in words(answer)
            assert 'href="/register"' in answer.text
    assert accounts(app) == []


def test_the_token_itself_is_not_in_the_database(app: Flask, browser: Browser) -> None:
    browser.registers()
    with app.app_context():
        [kept] = db.session.scalars(select(MailedLink))
        assert link(app).rpartition("/")[2].encode() not in bytes(kept.digest) + repr(kept.data).encode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"new_password": "short"}, "Use at least 10 characters."),
        ({"new_password": "x" * 129}, "Use at most 128 characters."),
        ({"new_password": "password123"}, "Many people use this password"),
        ({"new_password": "ada-ferran-2026"}, "This password is made of your name"),
        ({"new_password": ""}, "Enter a new password."),
    ],
)
def test_an_unfit_password_is_explained_and_the_link_lives_on(
    app: Flask, browser: Browser, fields: dict[str, str], sentence: str
) -> None:
    browser.registers()
    page = browser.submit(link(app), **{**fields, "confirm_password": fields["new_password"]})
    assert page.status_code == 400
    assert sentence in words(page)
    assert fields["new_password"] == "" or fields["new_password"] not in page.text
    assert browser.submit(link(app), **PASSWORDS).status_code == 303


def test_a_busy_server_says_so_and_the_link_lives_on(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    browser.registers()
    everything = BoundedSemaphore(1)
    app.extensions["ern_password_permits"] = everything
    with everything:
        page = browser.submit(link(app), **PASSWORDS)
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "We are busy at this moment" in words(page) or "was not carried out" in words(page)
    assert accounts(app) == []
    assert browser.submit(link(app), **PASSWORDS).status_code == 303


def test_two_passwords_that_differ_are_refused(app: Flask, browser: Browser) -> None:
    browser.registers()
    page = browser.submit(link(app), **{**PASSWORDS, "confirm_password": "something-else-9"})
    assert "The two passwords are not the same." in words(page)
    assert accounts(app) == []


def test_a_double_click_lands_signed_in(app: Flask, browser: Browser) -> None:
    browser.registers()
    used = link(app)
    page = browser.get(used)
    browser.post(used, token_of(page), **PASSWORDS)
    again = browser.post(used, token_of(page), **PASSWORDS)
    assert (again.status_code, again.location) == (303, "/account/second-factor")
    assert len(sessions(app)) == 1
    assert browser.has_session()


def test_a_used_link_with_another_password_signs_nobody_in(app: Flask, browser: Browser) -> None:
    browser.registers()
    used = link(app)
    browser.submit(used, **PASSWORDS)
    stranger = Browser(app)
    csrf = token_of(stranger.get("/register"))
    for guess in ("wrong-horse-battery", "other-horse-battery"):
        answer = stranger.post(used, csrf, new_password=guess, confirm_password=guess)
        assert answer.status_code == 410
    assert not stranger.has_session()


def test_a_used_link_is_no_second_way_in_later(app: Flask, browser: Browser) -> None:
    browser.registers()
    used = link(app)
    browser.submit(used, **PASSWORDS)
    late = Browser(app)
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        answer = late.post(used, token_of(late.get("/register")), **PASSWORDS)
        assert answer.status_code == 410
        assert not late.has_session()


def test_parallel_uses_of_one_link_make_one_account(each_app: Flask) -> None:
    first = Browser(each_app)
    first.registers()
    used = link(each_app)
    browsers = [Browser(each_app) for _ in range(6)]
    tokens = [token_of(each.get(used)) for each in browsers]
    answers: list[int] = []

    def use(each: Browser, csrf: str) -> None:
        answers.append(each.post(used, csrf, **PASSWORDS).status_code)

    at_work(*(partial(use, *pair) for pair in zip(browsers, tokens, strict=True)))
    assert len(accounts(each_app)) == 1
    assert sorted(answers)[0] == 303
    assert set(answers) <= {303, 429}
    assert [mail["subject"] for mail in mails(each_app)].count("Your ERN Login account is ready") == 1


def test_parallel_links_for_one_address_make_one_account(each_app: Flask) -> None:
    Browser(each_app).registers()
    Browser(each_app).registers()
    paths = [mail["links"][0] for mail in mails(each_app)]
    browsers = [Browser(each_app) for _ in paths]
    tokens = [token_of(each.get(path)) for each, path in zip(browsers, paths, strict=True)]
    answers: list[int] = []

    def use(each: Browser, path: str, csrf: str) -> None:
        answers.append(each.post(path, csrf, **PASSWORDS).status_code)

    at_work(*(partial(use, *job) for job in zip(browsers, paths, tokens, strict=True)))
    assert sorted(answers) == [303, 409]
    assert len(accounts(each_app)) == 1


def test_the_way_to_an_application_survives_the_mail(app: Flask, browser: Browser) -> None:
    going_on = "/oauth2/authorize?client_id=cpms&state=a%20b"
    page = browser.get("/register?next=%2Foauth2%2Fauthorize%3Fclient_id%3Dcpms%26state%3Da%2520b")
    browser.post("/register?next=%2Foauth2%2Fauthorize%3Fclient_id%3Dcpms%26state%3Da%2520b", token_of(page), **ADA)
    done = Browser(app).submit(link(app), **PASSWORDS)
    assert done.location == "/account/second-factor?next=/oauth2/authorize?client_id%3Dcpms%26state%3Da%2520b"
    assert going_on.replace("&", "&amp;") in page.text


def test_a_foreign_way_on_is_dropped(app: Flask, browser: Browser) -> None:
    page = browser.get("/register?next=//evil.example/")
    assert 'href="/login">Cancel' in page.text
    browser.post("/register?next=//evil.example/", token_of(page), **ADA)
    assert browser.submit(link(app), **PASSWORDS).location == "/account/second-factor"


def test_too_many_mails_to_one_address_are_refused_and_the_form_keeps_what_was_typed(
    app: Flask, browser: Browser
) -> None:
    for _ in range(5):
        browser.registers()
    page = Browser(app, "198.51.100.1").registers()
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "We sent several mails to this address already" in words(page)
    assert ADA["email"] in page.text
    assert len(mails(app)) == 5


def test_one_source_cannot_flood_many_mailboxes(app: Flask, browser: Browser) -> None:
    chosen = app.extensions["ern_settings"]
    app.extensions["ern_settings"] = replace(chosen, limits=replace(chosen.limits, links_per_hour=1))
    statuses = []
    for number in range(21):
        address = f"p{number}@hospital.example"
        statuses.append(browser.registers(email=address, confirm_email=address).status_code)
    assert statuses == [303] * 20 + [429]
    assert Browser(app, "198.51.100.1").registers().status_code == 303


def test_the_mail_comes_in_the_language_that_was_chosen(app: Flask, browser: Browser) -> None:
    browser.registers(language="fr")
    assert mails(app)[0]["language"] == "fr"


def test_registering_ends_the_session_of_somebody_else_in_this_browser(app: Flask, browser: Browser) -> None:
    browser.registers()
    browser.submit(link(app), **PASSWORDS)
    browser.registers(email="bo@hospital.example", confirm_email="bo@hospital.example")
    browser.submit(link(app), **PASSWORDS)
    assert [each.ended_at is None for each in sessions(app)] == [False, True]
