"""Grave acts ask for a fresh proof and say why: each form of My Account is judged, a new one needs its line."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask

from idp.core.levels import MFA
from idp.signin.attempt import Wanted
from idp.signin.sentences import REASONS
from tests.signin.browser import EMAIL, OTHER_PHONE, PASSWORD, PHONE, Browser, person

LATER = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=6)
NEW = {"current_password": PASSWORD, "new_password": "copper-lantern-9812", "confirm_password": "copper-lantern-9812"}

# By endpoint: what is sent, and the reason that the person reads.
GRAVE: dict[str, tuple[str, Mapping[str, str], str]] = {
    "accounts.email": ("/account/email", {"email": "new@hospital.example"}, "change_email"),
    "accounts.change_password": ("/account/settings/password", NEW, "change_password"),
    "accounts.settings": ("/account/settings", {"language": "en", "notify_by_mail": "y"}, "weaken"),
    "mfa.phones": ("/account/phones", {"phone_number": "+49 171 3920019"}, "change_factors"),
    "mfa.phones_confirm": ("/account/phones/confirm", {"code": "123456"}, "change_factors"),
    "mfa.phones_remove": ("/account/phones/1/remove", {}, "change_factors"),
    "mfa.authenticator_apps": ("/account/authenticator-apps", {"device_name": "Tablet"}, "change_factors"),
    "mfa.authenticator_apps_confirm": ("/account/authenticator-apps/confirm", {"code": "123456"}, "change_factors"),
    "mfa.authenticator_apps_remove": ("/account/authenticator-apps/1/remove", {}, "change_factors"),
    "mfa.devices": ("/account/devices", {"device_name": "Tablet"}, "change_factors"),
    "mfa.devices_confirm": ("/account/devices/confirm", {"state": "approved"}, "change_factors"),
    "mfa.devices_remove": ("/account/devices/1/remove", {}, "change_factors"),
    "mfa.security_keys": ("/account/security-keys", {"device_name": "Key"}, "change_factors"),
    "mfa.security_keys_confirm": ("/account/security-keys/confirm", {"credential": "{}"}, "change_factors"),
    "mfa.security_keys_remove": ("/account/security-keys/1/remove", {}, "change_factors"),
    "mfa.recovery_codes": ("/account/recovery-codes", {}, "change_factors"),
    "mfa.recovery_codes_confirm": ("/account/recovery-codes/confirm", {}, "change_factors"),
    "mfa.recovery_codes_remove": ("/account/recovery-codes/1/remove", {}, "change_factors"),
    "accounts.delete": ("/account/delete", {"sure": "y"}, "close"),
    "accounts.export": ("/account/export", {}, "export"),
    "eids.unlink": ("/account/eids/1/unlink", {}, "link_eid"),
}
# Forms that ask in another way, or change nothing that matters, and why.
OTHERWISE = {
    "accounts.details": "a name; the mail about it lets the owner freeze the account",
    "accounts.workplace": "an address of the workplace, which nothing depends on",
    "accounts.confirm_email": "the link in the new mailbox is the proof",
    "accounts.not_me": "the link in the mailbox is the proof, and it only protects",
    "accounts.sessions": "ends sessions, which only protects",
    "mfa.panic": "only protects; without a fresh proof its own form asks for the password",
    "mfa.devices_rename": "a name",
    "mfa.security_keys_rename": "a name",
    "oidc.end_device": "ends what a device got, which only protects",
    "oidc.applications": "takes a consent back, which only protects",
    "signin.trusted_browsers": "trusts a browser no longer, which only protects",
    "saas.approval": "asks inside the act (tests/saas)",
    "saas.access": "asks inside the act (tests/saas)",
    "saas.identity": "asks inside the act (tests/saas)",
    "saas.hospital": "asks inside the act (tests/saas)",
    "saas.delegations": "asks inside the act (tests/saas)",
}
PLACES = ("/account", "/saas/approvals", "/saas/delegations", "/admin")


def test_every_form_of_my_account_and_of_deciding_is_judged(app: Flask) -> None:
    posted = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith(PLACES)
    }
    assert posted - set(GRAVE) == set(OTHERWISE)
    assert set(GRAVE) <= posted


def two_factors_long_ago(app: Flask, clock: Any) -> Browser:
    browser = Browser(app)
    browser.signs_in(Wanted(MFA))
    clock.shift(timedelta(minutes=11))
    return browser


def password_only(app: Flask, clock: Any) -> Browser:
    browser = Browser(app)
    browser.wants(Wanted())
    browser.gives_password()
    return browser


@pytest.mark.parametrize("endpoint", GRAVE)
def test_a_grave_act_asks_for_a_fresh_second_factor_and_says_why(app: Flask, endpoint: str) -> None:
    path, fields, reason = GRAVE[endpoint]
    always = endpoint == "accounts.settings"
    person(app, EMAIL, PHONE, OTHER_PHONE, always_mfa=always)
    with time_machine.travel(LATER, tick=False) as clock:
        for browser in (two_factors_long_ago(app, clock), *[password_only(app, clock)] * (not always)):
            browser.open("/account/details")
            browser.submit(path, **fields)
            assert browser.heading() == "One more proof, please", browser.path
            assert str(REASONS[reason]) in browser.words()
