"""My Account: what it shows and what people change in it."""

import pytest
from flask import Flask
from sqlalchemy import select

from idp.accounts import passwords, people, profile, questions, tiles
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import MFA
from tests.accounts.browser import ADA, PASSWORD, Browser, accounts, mails, person, sessions, sign_in, token_of, words

NEW = "amber-river-seventeen"
CHANGE = {"current_password": PASSWORD, "new_password": NEW, "confirm_password": NEW}
OWN_PAGES = ("/account", "/account/details", "/account/settings", "/account/sessions")


def cookie(browser: Browser) -> str:
    found = browser.client.get_cookie("ern_session")
    assert found
    return found.value


@pytest.mark.parametrize("path", [*OWN_PAGES, "/account/settings/password"])
def test_own_pages_need_a_session(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code in (302, 303)
    assert answer.location.startswith("/login")


def test_my_account_shows_who_one_is_and_only_tiles_that_lead_somewhere(
    app: Flask, browser: Browser, no_factor: None
) -> None:
    uid = person(app)
    sign_in(browser)
    page = browser.get("/account")
    assert f"Ada Ferran, {uid} (External), ada.ferran@hospital.example" in words(page)
    assert "You have no second factor yet" in words(page)
    for tile in tiles.TILES:
        assert (str(tile.title) in words(page)) == (tile.endpoint in app.view_functions)


def test_the_nine_tiles_stand_in_the_order_people_know() -> None:
    assert [str(tile.title) for tile in tiles.TILES] == [
        "My account details",
        "Configure my account",
        "Delete my account",
        "Manage my mobile devices",
        "Manage my Security Keys and Trusted Platforms",
        "Manage my mobile phone numbers",
        "Manage my eIDs",
        "Delete all my devices and eID (PANIC)",
        "Display my sessions",
    ]


def test_a_page_that_does_not_exist_is_not_shown(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    tile = tiles.Tile("accounts.nowhere", "trash", "Nowhere", "")
    link = tiles.Further("accounts.nowhere", "Nowhere")
    monkeypatch.setattr(tiles, "TILES", (*tiles.TILES, tile))
    monkeypatch.setattr(tiles, "FURTHER", (*tiles.FURTHER, link))
    with app.app_context():
        assert tile not in tiles.available()
        assert link not in tiles.further()
        assert "accounts.sessions" in {shown.endpoint for shown in tiles.available()}


def test_nobody_with_a_second_factor_is_warned(app: Flask, browser: Browser, has_factor: None) -> None:
    person(app)
    sign_in(browser)
    assert "no second factor" not in words(browser.get("/account"))


def test_details_show_names_address_and_identifier(app: Flask, browser: Browser) -> None:
    uid = person(app)
    sign_in(browser)
    told = words(browser.get("/account/details"))
    assert all(part in told for part in ("Ada Ferran", uid, ADA["email"], "Account created"))


def test_a_corrected_name_is_kept_audited_and_told(app: Flask, browser: Browser) -> None:
    uid = person(app)
    sign_in(browser)
    done = browser.submit("/account/details", first_name=" Ada  Maria ", last_name="Ferran")
    assert (done.status_code, done.location) == (303, "/account/details")
    assert "Your name is saved." in words(browser.get("/account/details"))
    assert accounts(app)[0].name == "Ada Maria Ferran"
    assert [(mail["to"], mail["subject"]) for mail in mails(app)] == [
        (ADA["email"], "Your name in ERN Login was changed")
    ]
    with app.app_context():
        event = db.session.scalars(select(AuditEvent).where(AuditEvent.act == "account.rename")).one()
        assert (event.actor, event.subject) == (uid, uid)
        assert (event.before, event.after) == (None, None)


def test_saving_the_same_name_changes_and_tells_nothing(app: Flask, browser: Browser) -> None:
    person(app)
    sign_in(browser)
    browser.submit("/account/details", first_name="Ada", last_name="Ferran")
    assert mails(app) == []


def test_a_bad_name_is_explained_and_kept_in_the_field(app: Flask, browser: Browser) -> None:
    person(app)
    sign_in(browser)
    page = browser.submit("/account/details", first_name="a@b", last_name="Ferran")
    assert page.status_code == 400
    assert 'value="a@b"' in page.text
    assert "A name has letters only." in words(page)
    assert accounts(app)[0].name == "Ada Ferran"


def test_language_and_notifications_are_changed(app: Flask, browser: Browser) -> None:
    person(app)
    sign_in(browser)
    browser.submit("/account/settings", language="fr")
    [account] = accounts(app)
    assert (account.language, account.notify_by_mail) == ("fr", False)
    told = mails(app)[-1]
    assert (told["to"], told["language"]) == (ADA["email"], "fr")


def test_without_notifications_a_harmless_change_is_not_mailed(app: Flask, browser: Browser) -> None:
    person(app, notify_by_mail=False)
    sign_in(browser)
    browser.submit("/account/settings", language="fr")
    browser.submit("/account/details", first_name="Adele", last_name="Ferran")
    assert mails(app) == []


def test_a_language_that_is_not_offered_is_refused(app: Flask, browser: Browser) -> None:
    person(app)
    sign_in(browser)
    page = browser.submit("/account/settings", language="tlh", notify_by_mail="y")
    assert page.status_code == 400
    assert "Choose a language from the list." in words(page)


def test_always_multi_factor_is_not_offered_without_a_second_factor(
    app: Flask, browser: Browser, no_factor: None
) -> None:
    person(app)
    sign_in(browser)
    assert 'name="always_mfa"' not in browser.get("/account/settings").text
    browser.submit("/account/settings", language="en", notify_by_mail="y", always_mfa="y")
    assert not accounts(app)[0].always_mfa


def test_always_multi_factor_closes_the_door_for_the_password_alone(
    app: Flask, browser: Browser, has_factor: None
) -> None:
    person(app)
    sign_in(browser)
    browser.submit("/account/settings", language="en", notify_by_mail="y", always_mfa="y")
    assert accounts(app)[0].always_mfa
    for path in OWN_PAGES:
        assert browser.get(path).location.startswith("/login")
    sign_in(browser, MFA, "pwd", "sms")
    assert browser.has_session()


def test_always_multi_factor_lets_somebody_without_a_factor_in_to_add_one(
    app: Flask, browser: Browser, no_factor: None
) -> None:
    person(app, is_administrator=True)
    sign_in(browser)
    assert browser.has_session()


def test_switching_multi_factor_off_needs_a_fresh_second_factor(app: Flask, browser: Browser, has_factor: None) -> None:
    person(app, always_mfa=True)
    sign_in(browser, MFA, "pwd", "sms")
    browser.submit("/account/settings", language="en", notify_by_mail="y")
    assert not accounts(app)[0].always_mfa
    assert "Always require multi-factor authentication: off" in mails(app)[-1]["text"]


@pytest.mark.parametrize("why", ["administrator", "approver"])
def test_who_decides_for_others_cannot_switch_multi_factor_off(
    app: Flask, browser: Browser, has_factor: None, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    person(app, always_mfa=True, is_administrator=why == "administrator")
    monkeypatch.setattr(questions, "DUTIES", [lambda account_id: why == "approver"])
    sign_in(browser, MFA, "pwd", "sms")
    page = browser.get("/account/settings")
    assert 'name="always_mfa"' not in page.text
    browser.post("/account/settings", token_of(page), language="fr")
    assert accounts(app)[0].always_mfa
    assert accounts(app)[0].language == "fr"


def test_who_becomes_an_approver_is_always_asked_from_then_on(app: Flask) -> None:
    person(app)
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        profile.require_mfa_always(account)
        profile.require_mfa_always(account)
    assert accounts(app)[0].always_mfa


def test_the_password_is_changed_with_the_old_one(app: Flask, browser: Browser) -> None:
    person(app)
    other = Browser(app)
    sign_in(other)
    sign_in(browser)
    before = cookie(browser)
    page = browser.get("/account/settings")
    done = browser.post("/account/settings/password", token_of(page), **CHANGE)
    assert (done.status_code, done.location) == (303, "/account/settings")
    with app.app_context():
        assert passwords.matches(people.by_address(ADA["email"]), NEW)
    assert browser.has_session()
    assert not other.has_session()
    assert cookie(browser) != before
    stale = Browser(app)
    stale.client.set_cookie("ern_session", before)
    assert not stale.has_session()
    assert [(mail["to"], mail["subject"]) for mail in mails(app)] == [
        (ADA["email"], "Your ERN Login password was changed")
    ]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"current_password": "wrong-wrong-wrong"}, "This is not your current password."),
        ({"current_password": ""}, "Enter your current password."),
        ({"confirm_password": "another-one-here"}, "The two passwords are not the same."),
        ({"new_password": "short", "confirm_password": "short"}, "Use at least 10 characters."),
    ],
)
def test_a_password_change_that_cannot_be_is_explained(
    app: Flask, browser: Browser, fields: dict[str, str], sentence: str
) -> None:
    person(app)
    sign_in(browser)
    page = browser.post(
        "/account/settings/password", token_of(browser.get("/account/settings")), **{**CHANGE, **fields}
    )
    assert page.status_code == 400
    assert words(page).count(sentence) == 2
    assert NEW not in page.text
    assert PASSWORD not in page.text
    assert len(sessions(app, ended=False)) == 1
    assert mails(app) == []


def test_the_old_password_cannot_be_guessed_from_an_open_session(app: Flask, browser: Browser) -> None:
    person(app)
    sign_in(browser)
    csrf = token_of(browser.get("/account/settings"))
    wrong = {**CHANGE, "current_password": "wrong-wrong-wrong"}
    statuses = [browser.post("/account/settings/password", csrf, **wrong).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    assert browser.post("/account/settings/password", csrf, **CHANGE).status_code == 429


@pytest.mark.parametrize("path", ["/register", "/password/forgot", *OWN_PAGES])
def test_pages_answer_in_french(app: Flask, browser: Browser, path: str) -> None:
    person(app, language="fr")
    sign_in(browser)
    browser.client.set_cookie("lang", "fr")
    page = browser.get(path)
    assert page.status_code == 200
    assert '<html lang="fr">' in page.text
    assert page.text.count("<h1") == page.text.count("<main") == 1
