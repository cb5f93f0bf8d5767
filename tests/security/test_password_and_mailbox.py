"""Somebody with the password and the mailbox, and no phone, tries every door to an application with patients' data."""

import re

import pytest

from idp.core.db import db
from idp.core.levels import MFA
from idp.saas.models import AccessState
from idp.signin.attempt import Wanted
from tests.oidc.relying_party import RelyingParty, register
from tests.saas.people import CPMS, MUNICH, Person, Town, mails
from tests.security.programs import path_of, rules
from tests.signin.browser import Browser, newest_code

OWN_PHONE = "+491713920077"
NEW_PASSWORD = "walnut-lantern-seventeen"
# Doors that only end or leave something, and would stop the walk.
ENDS = {"signin.logout", "oidc.logout", "accounts.not_me", "mfa.panic", "signin.panic", "accounts.delete"}


class Thief:
    """Knows the password and reads the mails of Nora, and has a telephone of his own."""

    def __init__(self, town: Town, nora: Person, party: RelyingParty) -> None:
        self.town, self.nora, self.party = town, nora, party
        self.browser = Browser(town.app, address="198.51.100.66")

    def signs_in(self, password: str = "") -> None:
        self.browser.open("/login")
        self.browser.gives_password(self.nora.email, *([password] if password else []))

    def presses_panic(self) -> None:
        self.signs_in()
        self.browser.open("/account/panic")
        self.browser.submit()
        assert self.browser.path.startswith("/account/panic/done")

    def registers_a_phone(self) -> None:
        """Take the usual way in to the application, which offers to add the first device."""
        self.browser.open(self.party.request())
        self.browser.gives_password(self.nora.email)
        self.browser.open(f"{self.browser.path}&method=sms")
        self.browser.submit(phone_number=OWN_PHONE)
        self.browser.gives_code(newest_code(self.town.app, OWN_PHONE))

    def is_in(self) -> bool:
        """Say whether the application gets a code now, and look at the accesses too."""
        answer = self.browser.client.get(self.party.request())
        got = "code=" in answer.headers.get("Location", "")
        session = self.browser.signed_in()
        held = [access.state for access in self.nora.accesses()]
        strong = session is not None and session.acr != "https://refeds.org/profile/sfa"
        assert got is (strong and AccessState.ACTIVE in held)
        return got

    def link(self, about: str) -> str:
        found = [
            mail["text"] for mail in mails(self.town.app) if mail["to"] == self.nora.email and about in mail["text"]
        ]
        path = re.search(rf"http://localhost:8000(\S*{about}\S*)", found[-1])
        assert path
        return path[1]


@pytest.fixture
def thief(town: Town) -> Thief:
    town.coordinator()
    return Thief(town, town.person("Nora").holds("HP"), register(town.app, application_id=CPMS))


def test_the_owner_gets_in_else_this_proves_nothing(thief: Thief) -> None:
    thief.browser.signs_in(Wanted(MFA), identifier=thief.nora.email)
    assert thief.is_in()


def test_the_password_alone(thief: Thief) -> None:
    thief.signs_in()
    assert not thief.is_in()


def test_a_new_password_through_the_mailbox(thief: Thief) -> None:
    thief.browser.open("/password/forgot")
    thief.browser.submit(identifier=thief.nora.email)
    thief.browser.open(thief.link("/password/new/"))
    thief.browser.submit(new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    thief.signs_in(NEW_PASSWORD)
    assert not thief.is_in()


def test_panic_and_a_phone_of_his_own(thief: Thief) -> None:
    thief.presses_panic()
    thief.registers_a_phone()
    assert thief.browser.heading().startswith("Your access to")
    assert not thief.is_in()


def test_a_code_in_the_mailbox_without_a_saved_one(thief: Thief) -> None:
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/saas/locked/code")
    assert "Only codes that you made before" in thief.browser.words()
    thief.browser.post("/saas/locked/code", send="1", recovery_code="00000-00000", code="00000000")
    assert not [mail for mail in mails(thief.town.app) if "coming back" in mail["subject"]]
    assert not thief.is_in()


def test_recovery_codes_of_his_own_and_a_second_panic(thief: Thief) -> None:
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/account/recovery-codes")
    thief.browser.submit()
    codes = re.findall(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>", thief.browser.page.text)
    thief.browser.submit(code=codes[0])
    thief.browser.open("/account/panic")
    thief.browser.submit()
    thief.registers_a_phone()
    thief.browser.open("/saas/locked/code")
    assert "Only codes that you made before" in thief.browser.words()
    assert not thief.is_in()


def test_asking_the_approvers_and_a_hasty_yes_to_a_new_request(thief: Thief) -> None:
    clara = thief.town.coordinator("Carla")
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/saas/locked")
    thief.browser.submit()
    thief.nora.client = thief.browser.client
    thief.nora.asks("HP", path=MUNICH)
    clara.decides(thief.nora.reference(), "grant", thief.nora.items()[-1:])
    assert {access.state for access in thief.nora.accesses()} == {AccessState.LOCKED}
    assert not thief.is_in()


def test_every_address_of_the_server_with_the_new_phone(thief: Thief) -> None:
    thief.presses_panic()
    thief.registers_a_phone()
    token = {"csrf_token": thief.browser.token()}
    client, app = thief.browser.client, thief.town.app
    for method, data in (
        ("GET", {}),
        ("POST", token),
        ("POST", {**token, "act": "unlock", "reason": "x", "send": "1"}),
    ):
        for rule in rules(app, method):
            if rule.endpoint in ENDS or rule.endpoint == "static":
                continue
            answer = client.open(path_of(app, rule), method=method, data=data or None)
            assert answer.status_code < 500, (rule, answer.status)
    thief.browser.signs_in(identifier=thief.nora.email)
    assert not thief.is_in()
    with app.app_context():
        db.session.remove()
    assert {access.state for access in thief.nora.accesses()} == {AccessState.LOCKED}
