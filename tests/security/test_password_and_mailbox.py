"""Somebody with the password and the mailbox, and no phone, tries every door to an application with patients' data."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
import time_machine
from flask import Flask

from idp.accounts import closing, email_change, people
from idp.core import clock
from idp.core.db import db
from idp.core.levels import MFA
from idp.core.settings import Eid
from idp.saas.models import AccessState
from idp.signin.attempt import Wanted
from tests.accounts.browser import ADA
from tests.mfa.holders import AuthenticatorApp
from tests.mfa.mobile import link as app_link
from tests.mfa.mobile import new_app
from tests.oidc.relying_party import answer, register
from tests.saas.people import CPMS, MUNICH, Town, mails
from tests.security.programs import path_of, rules
from tests.security.thief import OWN_PHONE, Thief
from tests.signin.browser import Browser, newest_code
from tests.support.fake_issuer import FakeIssuer, running
from tests.support.fake_issuer import path_of as way_back
from tests.support.security_key import SecurityKey
from tests.support.settled import PASSWORD

NEW_PASSWORD = "walnut-lantern-seventeen"
OWN_MAILBOX = "nobody@elsewhere.example"
# Doors that only end or leave something, and would stop the walk.
ENDS = {"signin.logout", "oidc.logout", "accounts.not_me", "mfa.panic", "signin.panic", "accounts.delete"}


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


# Each door on its own.


def test_another_mail_address_before_and_after_panic(thief: Thief) -> None:
    thief.signs_in()
    thief.browser.open("/account/email")
    assert thief.browser.heading() == "Choose your verification method" or "proof" in thief.browser.heading()
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/account/details")
    thief.browser.submit("/account/email", email=OWN_MAILBOX, confirm_email=OWN_MAILBOX)
    assert thief.browser.heading() == "This has to wait, for your protection"
    with thief.town.app.test_request_context("/", base_url="http://localhost:8000"):
        account = people.by_uid(thief.nora.uid)
        assert account
        email_change.begin(account, OWN_MAILBOX, "198.51.100.66")
    thief.browser.open(thief.link("/account/email/confirm/", OWN_MAILBOX))
    thief.browser.submit()
    thief.email = OWN_MAILBOX
    assert not thief.is_in(), "and even with another address"
    thief.browser.open("/password/forgot")
    thief.browser.submit(identifier=OWN_MAILBOX)
    thief.browser.open(thief.link("/password/new/"))
    thief.browser.submit(new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    thief.signs_in(NEW_PASSWORD)
    thief.browser.open("/saas/locked/code")
    assert not thief.is_in()


@pytest.fixture(scope="module")
def eid_provider() -> Iterator[FakeIssuer]:
    with running() as issuer:
        yield issuer


def shows_own_eid(thief: Thief, link: str) -> None:
    away = thief.browser.client.get(link)
    assert away.status_code == 303, away.text
    back = requests.get(away.location, allow_redirects=False, timeout=5)
    thief.browser.open(way_back(back.headers["Location"]))


def eid_link_on(thief: Thief, about: str) -> str:
    return next(link for link in thief.links_on_the_page() if about in link)


def test_an_eid_of_his_own_is_linked_only_a_month_after_panic_and_opens_nothing(
    thief: Thief, eid_provider: FakeIssuer
) -> None:
    settings = thief.town.app.extensions["ern_settings"]
    own = Eid("test", "Test eID", eid_provider.issuer, "ern-login", "eid-client-secret")
    thief.town.app.extensions["ern_settings"] = replace(settings, eid=(own,))
    thief.signs_in()
    thief.browser.open("/account/eids")
    thief.browser.open(eid_link_on(thief, "/account/eids/test/link"))
    assert thief.browser.path.startswith("/login/verify"), "linking asks for the phone"
    thief.presses_panic()
    thief.signs_in()
    thief.browser.open("/account/eids")
    assert thief.browser.open(eid_link_on(thief, "/account/eids/test/link")).status_code == 403
    with time_machine.travel(clock.now() + timedelta(days=31)):
        thief.signs_in()
        thief.browser.open("/account/eids")
        shows_own_eid(thief, eid_link_on(thief, "/account/eids/test/link"))
        thief.browser = Browser(thief.town.app, address="198.51.100.67")
        thief.browser.open("/login")
        shows_own_eid(thief, eid_link_on(thief, "/login/eid/test"))
        assert thief.browser.signed_in(), "it stands for the password, no more"
        assert not thief.is_in()
        thief.registers_a_phone()
        assert not thief.is_in()


def test_a_trusted_browser_before_and_after_panic(thief: Thief) -> None:
    thief.browser.wants(Wanted(MFA, trusting=True))
    thief.browser.submit(identifier=thief.email, password=PASSWORD, trust_browser="y")
    thief.browser.submit(method="recovery_code", code="000000", trust_browser="y")
    assert not thief.is_in()
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/logout")
    thief.browser.submit()
    thief.browser.wants(Wanted(MFA, trusting=True))
    thief.browser.gives_password(thief.email)
    thief.browser.chooses()
    thief.browser.submit(code=newest_code(thief.town.app, OWN_PHONE), trust_browser="y")
    assert thief.browser.signed_in()
    assert not thief.is_in()


def test_registering_anew_with_the_same_mail(thief: Thief) -> None:
    before = people_known(thief.town.app)
    thief.browser.open("/register")
    thief.browser.submit(**{**ADA, "email": thief.email, "confirm_email": thief.email})
    told = [mail for mail in mails(thief.town.app) if mail["to"] == thief.email][-1]
    assert told["subject"] == "You already have an ERN Login account"
    assert "/register/confirm/" not in told["text"]
    assert people_known(thief.town.app) == before
    assert not thief.is_in()


def test_deleting_the_account_and_registering_anew_with_the_same_mail(thief: Thief) -> None:
    thief.signs_in()
    thief.browser.open("/account/delete")
    assert thief.browser.path.startswith("/login/verify"), "deleting asks for the phone"
    thief.presses_panic()
    thief.registers_a_phone()
    thief.browser.open("/account/details")
    thief.browser.submit("/account/delete", sure="y")
    assert thief.browser.heading() == "This has to wait, for your protection"
    with thief.town.app.test_request_context("/", base_url="http://localhost:8000"):
        closing.close(thief.nora.id)
    thief.browser = Browser(thief.town.app, address="198.51.100.68")
    thief.browser.open("/register")
    thief.browser.submit(**{**ADA, "email": thief.email, "confirm_email": thief.email})
    thief.browser.open(thief.link("/register/"))
    thief.browser.submit(new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert thief.browser.signed_in()
    answered = thief.browser.client.get(thief.party.request())
    assert "code=" not in answered.headers.get("Location", "")
    assert AccessState.ACTIVE not in {access.state for access in thief.nora.accesses()}


def test_the_page_for_a_lost_phone_and_panic_while_signing_in(thief: Thief) -> None:
    thief.browser.wants(Wanted(MFA))
    thief.browser.gives_password(thief.email)
    thief.browser.open(thief.browser.path.replace("/verify", "/verify/lost"))
    for link in thief.links_on_the_page():
        thief.browser.client.get(link)
        assert not thief.is_in()
    thief.browser.wants(Wanted(MFA))
    thief.browser.gives_password(thief.email)
    thief.browser.open(thief.browser.path.replace("/verify", "/verify/panic"))
    thief.browser.submit()
    assert thief.factors() == []
    assert not thief.is_in()
    thief.registers_a_phone()
    assert not thief.is_in()


@pytest.mark.parametrize("method", ["sms", "totp", "security_key", "app_pin"])
def test_a_first_factor_of_each_kind(thief: Thief, method: str) -> None:
    """Not beside the phone that is there; after PANIC at once, and what is locked stays so."""
    thief.browser.wants(Wanted(MFA))
    thief.browser.gives_password(thief.email)
    thief.browser.open(thief.browser.path.replace("/verify?", "/verify/add?") + f"&method={method}")
    assert thief.browser.path.startswith("/login/verify?")
    thief.presses_panic()
    thief.begins_to_add(method)
    ADDS[method](thief)
    assert thief.factors(), "the new one is there"
    assert thief.browser.heading().startswith("Your access to")
    assert not thief.is_in()


def adds_a_phone(thief: Thief) -> None:
    thief.browser.submit(phone_number=OWN_PHONE)
    thief.browser.gives_code(newest_code(thief.town.app, OWN_PHONE))


def adds_an_authenticator_app(thief: Thief) -> None:
    from idp.mfa.factor import Prompt

    thief.browser.submit(device_name="Own")
    key = thief.browser.page.text.split('<p class="mono">')[1].split("</p>")[0]
    own = AuthenticatorApp()
    own.reads(Prompt(page={"key": key}, memo={}))
    thief.browser.gives_code(own.code())


def adds_a_security_key(thief: Thief) -> None:
    thief.browser.submit(device_name="Own")
    thief.browser.uses_key(SecurityKey())


def adds_the_mobile_app(thief: Thief) -> None:
    thief.browser.submit(device_name="Own")
    new_app(thief.town.app).pairs(app_link(thief.browser, "pair"))
    thief.browser.open(thief.browser.path)
    thief.browser.submit(state="approved")


ADDS = {
    "sms": adds_a_phone,
    "totp": adds_an_authenticator_app,
    "security_key": adds_a_security_key,
    "app_pin": adds_the_mobile_app,
}


def test_methods_that_the_account_does_not_have(thief: Thief) -> None:
    """Recovery codes, an authenticator app, a key: asked for by name, each is refused."""
    thief.browser.wants(Wanted(MFA))
    thief.browser.gives_password(thief.email)
    here, token = thief.browser.path, thief.browser.token()
    for method in ("recovery_code", "totp", "security_key", "app_pin", "app_qr", "sms:1", "sms:999"):
        thief.browser.client.post(here, data={"csrf_token": token, "method": method})
        thief.browser.client.post(here, data={"csrf_token": token, "code": "000000", "state": "approved"})
        assert not thief.is_in(), method


def test_a_key_of_his_own_account_in_place_of_the_password(thief: Thief) -> None:
    """A passkey says whose it is: it opens his account, which has no access."""
    own, key = thief.town.person("Eve"), SecurityKey()
    thief.browser.wants(Wanted(MFA))
    thief.browser.gives_password(own.email)
    thief.browser.chooses()
    thief.browser.gives_code()
    thief.browser.adds_key(key)
    thief.browser.open("/logout")
    thief.browser.submit()
    thief.browser.open("/login")
    options = thief.browser.post("/login/passkey/options?" + thief.browser.path.partition("?")[2])
    thief.browser.submit(
        "/login/passkey?" + thief.browser.path.partition("?")[2], credential=key.signs(options.get_json()["options"])
    )
    session = thief.browser.signed_in()
    assert session is None or session.account.uid == own.uid
    assert not thief.is_in()


def test_a_refresh_token_of_a_simple_application(thief: Thief) -> None:
    """Until PANIC it lives at its own client, without a word about accesses; another client gets nothing for it."""
    simple = register(thief.town.app, scope="openid offline_access ern")
    thief.signs_in()
    tokens = simple.redeem(answer(thief.browser.client.get(simple.request(scope="openid offline_access ern")))["code"])
    mine = tokens.json["refresh_token"]
    assert "ern_access" not in simple.userinfo(tokens.json["access_token"]).json
    stolen = {"grant_type": "refresh_token", "refresh_token": mine, "scope": "openid ern"}
    clinical = register(thief.town.app, application_id=CPMS, scope="openid offline_access ern")
    assert redeems(thief, clinical, stolen).json["error"] == "invalid_grant"
    assert redeems(thief, simple, {**stolen, "scope": "openid"}).status_code == 200
    thief.presses_panic()
    assert redeems(thief, simple, {**stolen, "scope": "openid"}).json["error"] == "invalid_grant"
    assert not thief.is_in()


def redeems(thief: Thief, party, data: dict[str, str]):
    return thief.town.app.test_client().post("/oauth2/token", data=data, headers=party.credentials())


def test_a_device_without_a_browser(thief: Thief) -> None:
    """The code that a device shows is typed in with the password alone, and with a phone of his own after PANIC."""
    code = "urn:ietf:params:oauth:grant-type:device_code"
    alone = {"redirect_uris": [], "token_endpoint_auth_method": "none", "further": {"grant_types": [code]}}
    device, client = register(thief.town.app, application_id=CPMS, **alone), thief.town.app.test_client()
    for prepares in (thief.signs_in, thief.presses_panic, thief.registers_a_phone):
        prepares()
        asked = {"client_id": device.client_id, "scope": "openid"}
        begun = client.post("/oauth2/device_authorization", data=asked).get_json()
        thief.browser.open("/device")
        thief.browser.submit(user_code=begun["user_code"])
        assert "connected" not in thief.browser.heading()
        polled = {"grant_type": code, "device_code": begun["device_code"], "client_id": device.client_id}
        assert client.post("/oauth2/token", data=polled).get_json()["error"] == "authorization_pending"
        assert not thief.is_in()


def test_a_session_from_before_and_a_sign_in_that_the_owner_began(thief: Thief) -> None:
    """Her cookie is dead after PANIC, and her half of a sign-in is bound to her browser."""
    owner = Browser(thief.town.app)
    owner.signs_in(Wanted(MFA), identifier=thief.nora.email)
    cookie = owner.client.get_cookie("ern_session")
    begun = Browser(thief.town.app)
    begun.wants(Wanted(MFA))
    begun.gives_password(thief.nora.email)
    begun.chooses()
    thief.browser.open(begun.path)
    assert not thief.is_in()
    thief.presses_panic()
    thief.browser.client.set_cookie("ern_session", cookie.value)
    assert thief.browser.signed_in() is None
    assert not thief.is_in()


def test_an_access_that_is_asked_for_with_the_password_and_granted_in_haste(thief: Thief) -> None:
    """Before PANIC: the yes is worth her phone. After it: what was granted is locked with the rest."""
    clara = thief.town.coordinator("Carla")
    thief.signs_in()
    thief.nora.client = thief.browser.client
    thief.nora.asks("HP", path=MUNICH)
    clara.decides(thief.nora.reference(), "grant", thief.nora.items()[-1:])
    assert AccessState.ACTIVE in {access.state for access in thief.nora.accesses()}
    assert not thief.is_in()
    thief.presses_panic()
    thief.registers_a_phone()
    assert {access.state for access in thief.nora.accesses()} == {AccessState.LOCKED}
    assert not thief.is_in()


def test_the_link_that_freezes(thief: Thief) -> None:
    """He can shut the account with the owner's mail, and nobody but support opens it."""
    thief.presses_panic()
    thief.browser.open(thief.link("/account/not-me/"))
    thief.browser.submit()
    assert thief.browser.path == "/account/frozen"
    thief.signs_in()
    assert thief.browser.signed_in() is None
    assert not thief.is_in()


def test_settings_and_a_new_password_with_the_old_one(thief: Thief) -> None:
    thief.signs_in()
    thief.browser.open("/account/settings")
    thief.browser.submit(language="fr")
    thief.browser.open("/account/settings/password")
    thief.browser.submit(current_password=PASSWORD, new_password=NEW_PASSWORD, confirm_password=NEW_PASSWORD)
    assert not thief.is_in()
    for page in ("details", "workplace", "sessions", "trusted-browsers", "applications", "security-events", "export"):
        thief.browser.open(f"/account/{page}")
        assert not thief.is_in()


def test_deciding_for_himself(thief: Thief) -> None:
    thief.presses_panic()
    thief.registers_a_phone()
    token = {"csrf_token": thief.browser.token()}
    for path in (f"/saas/approvals/identities/{thief.nora.uid}", "/saas/approvals/accesses/1", "/saas/delegations"):
        refused = thief.browser.client.post(path, data={**token, "act": "unlock", "reason": "x"})
        assert refused.status_code in (303, 403, 404)
        assert not thief.is_in()


def people_known(app: Flask) -> int:
    with app.app_context():
        return int(db.session.query(people.Account).count())


# By endpoint that takes a form: the test that tries it.
DOORS = {
    "accounts.change_password": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.settings": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.details": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.workplace": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.sessions": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.export": "test_settings_and_a_new_password_with_the_old_one",
    "accounts.register": "test_registering_anew_with_the_same_mail",
    "accounts.confirm": "test_deleting_the_account_and_registering_anew_with_the_same_mail",
    "accounts.delete": "test_deleting_the_account_and_registering_anew_with_the_same_mail",
    "accounts.email": "test_another_mail_address_before_and_after_panic",
    "accounts.confirm_email": "test_another_mail_address_before_and_after_panic",
    "accounts.forgot": "test_a_new_password_through_the_mailbox",
    "accounts.new_password": "test_a_new_password_through_the_mailbox",
    "accounts.not_me": "test_the_link_that_freezes",
    "device_api.pair": "test_a_first_factor_of_each_kind",
    "eids.unlink": "test_an_eid_of_his_own_is_linked_only_a_month_after_panic_and_opens_nothing",
    "mfa.panic": "test_panic_and_a_phone_of_his_own",
    "mfa.recovery_codes": "test_recovery_codes_of_his_own_and_a_second_panic",
    "mfa.recovery_codes_confirm": "test_recovery_codes_of_his_own_and_a_second_panic",
    "oidc.authorize": "test_the_password_alone",
    "oidc.device": "test_a_device_without_a_browser",
    "oidc.device_authorization": "test_a_device_without_a_browser",
    "oidc.token": "test_a_refresh_token_of_a_simple_application",
    "oidc.userinfo": "test_a_refresh_token_of_a_simple_application",
    "oidc.applications": "test_settings_and_a_new_password_with_the_old_one",
    "saas.access": "test_deciding_for_himself",
    "saas.delegations": "test_deciding_for_himself",
    "saas.identity": "test_deciding_for_himself",
    "saas.come_back": "test_a_code_in_the_mailbox_without_a_saved_one",
    "saas.locked": "test_asking_the_approvers_and_a_hasty_yes_to_a_new_request",
    **dict.fromkeys(
        ("saas.application", "saas.create", "saas.organisation", "saas.profile", "saas.recap", "saas.request_access"),
        "test_an_access_that_is_asked_for_with_the_password_and_granted_in_haste",
    ),
    "signin.add_factor": "test_a_first_factor_of_each_kind",
    "signin.login": "test_the_password_alone",
    "signin.panic": "test_the_page_for_a_lost_phone_and_panic_while_signing_in",
    "signin.passkey_options": "test_a_key_of_his_own_account_in_place_of_the_password",
    "signin.use_passkey": "test_a_key_of_his_own_account_in_place_of_the_password",
    "signin.trusted_browsers": "test_a_trusted_browser_before_and_after_panic",
    "signin.verify": "test_methods_that_the_account_does_not_have",
}
TYPED = ("authenticator_apps", "devices", "phones", "security_keys")
EVERYWHERE = "test_every_address_of_the_server_with_the_new_phone"
FACTORS = "a factor is added with a fresh proof, after PANIC as the first one; all are posted to by " + EVERYWHERE
# What takes a form and is no door, and why.
NO_DOORS = {
    **dict.fromkeys(
        [
            f"mfa.{stem}{act}"
            for stem in ("authenticator_apps", "devices", "phones")
            for act in ("", "_confirm", "_remove")
        ],
        FACTORS,
    ),
    **dict.fromkeys([f"mfa.security_keys{act}" for act in ("", "_confirm", "_remove", "_rename")], FACTORS),
    "mfa.devices_rename": "a name",
    "mfa.recovery_codes_remove": "takes away",
    "device_api.answer": "a call signed with a key that a device keeps",
    "device_api.nothing": "says that there is no such call",
    "device_api.subscribe": "a call signed with a key that a device keeps",
    "device_api.unsubscribe": "the same",
    "device_api.unlink": "the same, and it only takes away",
    "oidc.end_device": "takes away",
    "oidc.agree": "a yes to what a checked request asks for",
    "oidc.go_on": "the same",
    "oidc.introspect": "a program with its secret",
    "oidc.logout": "ends a session",
    "oidc.par": "a program with its secret",
    "oidc.register": "a program with an initial access token; its client belongs to no application",
    "oidc.revoke": "takes away",
    "saas.answer": "words to the approvers",
    "saas.approval": "asks inside the act who decides (tests/saas)",
    "saas.hospital": "asks inside the act who decides (tests/saas)",
    "saas.propose": "a hospital for the approvers to judge",
    "saas.withdraw": "takes away",
    "signin.logout": "ends a session",
    "sms_reports.status": "the provider of text messages, by its signature",
}


def test_every_form_is_a_door_that_is_tried_or_known_to_be_none(thief: Thief) -> None:
    """A new page that takes a form fails here until somebody has thought about it."""
    posted = {rule.endpoint for rule in rules(thief.town.app, "POST")}
    assert posted == set(DOORS) | set(NO_DOORS)
    assert not set(DOORS) & set(NO_DOORS)
    assert {name for name in DOORS.values() if name not in globals()} == set()
