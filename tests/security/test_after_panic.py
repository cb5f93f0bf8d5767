"""A stolen password presses PANIC: it does not destroy the account, carry its data off or take its mailbox."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import requests
import time_machine
from babel.dates import format_date

from idp.accounts import people
from idp.accounts.models import AccountState
from idp.core.levels import MFA
from idp.core.settings import Eid
from idp.signin import eid_links
from tests.oidc.relying_party import register
from tests.saas.people import CPMS, Person, Town, mails, words
from tests.security.thief import Thief
from tests.signin.browser import Browser
from tests.support.fake_issuer import path_of, running
from tests.support.security_key import SecurityKey
from tests.support.settled import PASSWORD

NOW = datetime.now(UTC).replace(microsecond=0)
NEW_PASSWORD = "walnut-lantern-seventeen"
OWN_MAILBOX = "nobody@elsewhere.example"
WAITS = "This has to wait, for your protection"
FOR_GOOD = [
    ("/account/delete", {"sure": "y"}),
    ("/account/export", {}),
    ("/account/email", {"email": OWN_MAILBOX, "confirm_email": OWN_MAILBOX}),
]


def thief_of(town: Town, person: Person) -> Thief:
    return Thief(town, person, register(town.app, application_id=CPMS))


def state(town: Town, person: Person) -> AccountState:
    with town.app.app_context():
        found = people.by_uid(person.uid)
        assert found
        return found.state


def does(person: Person, path: str, fields: dict[str, str]) -> int:
    """Post a form of My Account; the answer's status."""
    page = person.opens("/account/details")
    return person.presses(page, path, **fields).status_code


@pytest.mark.parametrize("own_phone", [False, True])
@pytest.mark.parametrize("at_stake", [True, False])
def test_nothing_that_cannot_be_undone_happens_after_panic(town: Town, at_stake: bool, own_phone: bool) -> None:
    nora = town.person("Nora")
    thief = thief_of(town, nora.holds("HP") if at_stake else nora)
    thief.presses_panic()
    if own_phone:
        thief.registers_a_phone()
    else:
        thief.signs_in()
    thief.browser.open("/account/details")
    for path, fields in FOR_GOOD:
        answer = thief.browser.submit(path, **fields)
        assert (answer.status_code, thief.browser.heading()) == (403, WAITS), path
        thief.browser.open("/account/details")
    assert state(town, nora) is AccountState.ACTIVE
    assert not [mail for mail in mails(town.app) if mail["to"] == OWN_MAILBOX]


def test_the_page_says_until_when_and_what_to_do_in_both_languages(town: Town) -> None:
    with time_machine.travel(NOW, tick=False):
        nora, noe = town.person("Nora").panics().signs_in(), town.person("Noe", "fr").panics().signs_in()
        english, french = (words(one.opens("/account/delete")) for one in (nora, noe))
    last = NOW + timedelta(days=30)
    assert "choose a new password" in english
    assert f"until {format_date(last, 'long', 'en')} nobody can delete" in english
    assert f"{format_date(last, 'long', 'fr')}, personne ne peut supprimer" in french


def test_a_new_password_can_be_chosen_at_once(town: Town) -> None:
    """Who fears for the password has to be able to change it, and the mailbox stays the owner's."""
    nora = town.person("Nora").holds("HP").panics().signs_in()
    new = {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "confirm_password": NEW_PASSWORD}
    assert does(nora, "/account/settings/password", new) == 303


def test_who_is_recognised_waits_no_longer(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").panics()
    nora.adds_a_phone()
    nora.signs_in(MFA)
    assert nora.opens("/account/delete").status_code == 403
    address = f"/saas/approvals/identities/{nora.uid}"
    assert clara.presses(clara.opens(address), address).status_code == 303
    assert nora.opens("/account/delete").status_code == 200
    assert does(nora, "/account/export", {}) == 200


def test_after_a_month_the_owner_had_time_to_read_of_it(town: Town) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        nora = town.person("Nora").panics()
        clock.shift(timedelta(days=30, seconds=-1))
        assert nora.signs_in().opens("/account/delete").status_code == 403
        clock.shift(timedelta(seconds=1))
        assert nora.signs_in().opens("/account/delete").status_code == 200
        assert does(nora, "/account/delete", {"sure": "y"}) == 303
    assert state(town, nora) is AccountState.CLOSED


def test_each_panic_begins_the_time_anew(town: Town) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        nora = town.person("Nora").panics()
        clock.shift(timedelta(days=29))
        nora.adds_a_phone()
        nora.panics()
        clock.shift(timedelta(days=29))
        assert nora.signs_in().opens("/account/delete").status_code == 403


# What was added in the meantime does not outlive the owner's return.


def resets(town: Town, person: Person) -> None:
    """Choose a new password through the mailbox."""
    browser = Browser(town.app)
    browser.open("/password/forgot")
    browser.submit(identifier=person.email)
    browser.open(thief_of(town, person).link("/password/new/"))
    browser.submit(new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert browser.page.status_code == 200, browser.words()


@pytest.mark.parametrize("at_stake", [True, False])
def test_a_passkey_of_the_thief_does_not_outlive_a_new_password(town: Town, at_stake: bool) -> None:
    """A passkey signs in without the password: replacing that alone would not throw the thief out."""
    nora, key = town.person("Nora"), SecurityKey()
    thief = thief_of(town, nora.holds("HP") if at_stake else nora)
    thief.presses_panic()
    thief.signs_in()
    thief.browser.adds_key(key)
    assert thief.factors() == ["security_key"]
    resets(town, nora)
    assert thief.factors() == [] and thief.browser.signed_in() is None
    told = [mail for mail in mails(town.app) if mail["to"] == nora.email and "deleted again" in mail["text"]]
    assert len(told) == 1
    assert not thief.is_in()


def test_a_new_password_with_nothing_added_tells_of_no_second_panic(town: Town) -> None:
    nora = town.person("Nora").holds("HP").panics()
    resets(town, nora)
    assert not [mail for mail in mails(town.app) if "deleted again" in mail["text"]]


def test_a_new_password_leaves_the_devices_of_who_was_recognised(town: Town) -> None:
    clara, nora = town.coordinator(), town.person("Nora").holds("HP").panics()
    nora.adds_a_phone()
    address = f"/saas/approvals/identities/{nora.uid}"
    clara.presses(clara.opens(address), address)
    resets(town, nora)
    assert thief_of(town, nora).factors() == ["sms"]


def test_a_month_later_devices_of_who_waits_still_go_and_of_who_need_not_stay(town: Town) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        nora, noe = town.person("Nora").holds("HP").panics(), town.person("Noe").panics()
        clock.shift(timedelta(days=31))
        for one in (nora, noe):
            one.adds_a_phone()
            resets(town, one)
        assert [thief_of(town, one).factors() for one in (nora, noe)] == [[], ["sms"]]


@pytest.mark.parametrize("half_way", [False, True])
def test_no_eid_is_linked_before_the_owner_is_recognised(town: Town, half_way: bool) -> None:
    with running() as issuer:
        chosen = town.app.extensions["ern_settings"]
        provider = Eid("test", "Test eID", issuer.issuer, "ern-login", "eid-client-secret")
        town.app.extensions["ern_settings"] = replace(chosen, eid=(provider,))
        nora = town.person("Nora")
        thief = thief_of(town, nora)
        if not half_way:
            thief.presses_panic()
        thief.browser.enters(MFA, nora.email)
        thief.browser.open("/account/eids")
        link = unescape(re.findall(r'href="(/account/eids/test/link[^"]*)"', thief.browser.page.text)[0])
        if half_way:
            away = thief.browser.client.get(link).location
            link = path_of(requests.get(away, allow_redirects=False, timeout=5).headers["Location"])
            nora.panics()
            thief.browser.enters(MFA, nora.email)
        assert thief.browser.open(link).status_code == 403 and thief.browser.heading() == WAITS
    with town.app.app_context():
        assert eid_links.linked(nora.id) == []


def test_an_address_that_was_asked_for_before_is_not_confirmed_after_it(town: Town) -> None:
    nora = town.person("Nora").signs_in(MFA)
    assert does(nora, "/account/email", FOR_GOOD[2][1]) == 200
    link = thief_of(town, nora).link("/account/email/", OWN_MAILBOX)
    nora.panics()
    nora.signs_in()
    assert nora.opens(link).status_code == 410
    with town.app.app_context():
        assert people.by_address(OWN_MAILBOX) is None
