"""After the whole way from no account to tokens, no secret stands in a table, in the audit trail or in the log."""

import logging
import re

import pytest
from sqlalchemy import text

from idp.accounts import people
from idp.core.db import db
from idp.saas.direct_grants import Gift, grant_directly
from tests.accounts.browser import ADA
from tests.accounts.browser import PASSWORD as CHOSEN
from tests.oidc.relying_party import RelyingParty, answer, register
from tests.saas.people import CPMS, TUEBINGEN, Town, mails
from tests.signin.browser import PHONE, Browser, newest_code

WRONG = "a-password-that-is-not-hers"
OTHER = "walnut-lantern-seventeen"


class Newcomer:
    """Somebody on the whole way, with the mistakes that people make on it; `secrets` are all that were in play."""

    def __init__(self, town: Town) -> None:
        self.app, self.browser = town.app, Browser(town.app)
        self.secrets = {CHOSEN, WRONG, OTHER}

    def keeps(self, *more: str) -> None:
        """Note what is secret by now."""
        cookies = {cookie.value for cookie in self.browser._cookies() if cookie.key != "lang"}
        self.secrets |= cookies | {secret for secret in (*more, newest_code(self.app)) if secret}

    def registers(self) -> None:
        self.browser.open("/register")
        self.browser.submit("/register", **ADA)
        link = re.search(r"/register/confirm/([\w-]+)", mails(self.app)[-1]["text"])
        assert link
        self.browser.open(link[0])
        self.browser.submit(new_password=CHOSEN, confirm_password=CHOSEN)
        self.keeps(link[1])

    def adds_a_phone(self) -> None:
        self.browser.submit("/account/phones", phone_number=PHONE)
        self.browser.submit("/account/phones/confirm", code="000000")
        self.browser.submit("/account/phones/confirm", code=newest_code(self.app))
        self.keeps()
        self.browser.open("/logout")
        self.browser.submit()

    def gets_access(self) -> None:
        with self.app.app_context():
            account = people.by_address(ADA["email"])
            assert account
            grant_directly(account, Gift(CPMS, TUEBINGEN, ("HP",), "test"))

    def signs_in(self, relying_party: RelyingParty) -> str:
        """Return the code that the application gets."""
        first = self.browser.client.get(relying_party.request())
        self.browser._show(self.browser.client.get(first.location))
        self.browser.submit(identifier=ADA["email"], password=WRONG)
        self.browser.submit(identifier=ADA["email"], password=CHOSEN)
        self.browser.submit(method="sms")
        fields = {"csrf_token": self.browser.token(), "code": newest_code(self.app)}
        back = self.browser.client.post(self.browser.path, data=fields)
        self.keeps()
        return answer(self.browser.client.get(back.location))["code"]

    def uses(self, relying_party: RelyingParty, code: str) -> None:
        tokens = relying_party.redeem(code).json
        assert relying_party.userinfo(tokens["access_token"]).status_code == 200
        relying_party.redeem(code)  # a second time: refused, and told to the trail
        self.keeps(code, str(relying_party.secret), relying_party.verifier)
        self.keeps(tokens["access_token"], tokens["id_token"])

    def changes_the_password(self) -> None:
        self.browser.open("/account/settings")
        for old in (WRONG, CHOSEN):
            fields = {"current_password": old, "new_password": OTHER, "confirm_password": OTHER}
            self.browser.submit("/account/settings/password", **fields)
        self.keeps()


def goes_the_whole_way(town: Town) -> set[str]:
    ada, relying_party = Newcomer(town), register(town.app, application_id=CPMS)
    ada.registers()
    ada.adds_a_phone()
    ada.gets_access()
    ada.uses(relying_party, ada.signs_in(relying_party))
    ada.changes_the_password()
    return ada.secrets


def rows(town: Town, *tables: str) -> str:
    """Everything that the tables hold (all tables if none is named), as text."""
    with town.app.app_context():
        names = tables or list(db.metadata.tables)
        found = [repr(row) for name in names for row in db.session.execute(text(f"SELECT * FROM {name}"))]
    return "\n".join(found)


def test_no_secret_stands_where_an_operator_reads(
    town: Town, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    secrets = goes_the_whole_way(town)
    assert len(secrets) > 12
    said = caplog.text + capsys.readouterr().err
    everything, trail = rows(town), rows(town, "audit_event")
    assert trail.count("\n") > 10
    numbers = {PHONE, PHONE.removeprefix("+"), PHONE[3:]}
    long_ones = {secret for secret in secrets if len(secret) > 6}
    assert {secret for secret in long_ones if secret in everything} == set()
    assert {secret for secret in secrets | numbers if secret in trail} == set()
    assert {secret for secret in secrets | numbers if secret in said} == set()
