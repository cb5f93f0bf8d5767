"""Every page about one's account, devices, PANIC and coming back: for all eyes and hands, on a desk and a telephone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser as Engine

from idp.accounts.models import Account
from idp.core.db import db
from idp.core.levels import SFA
from idp.mfa.models import Authenticator
from tests.browser.every_page import Walk, dressed, holds, offers_eid, server, signed_in
from tests.oidc.relying_party import RelyingParty, register
from tests.saas.people import CPMS, Person, Town, mails
from tests.security.programs import rules
from tests.support.settled import PASSWORD

# Pages that the walk has no need to see, and why.
ELSEWHERE = {
    "/login/verify/state": "JSON",
    "/account/devices/state": "JSON",
    "/account/eids/<provider_id>/link": "leads to a provider",
    "/login/eid/<provider_id>": "leads to a provider",
    "/login/passkey": "the sign-in page, once a passkey was refused",
    "/login/cancel": "leads back to the application",
}


# Pages of an account that are seen on the way through PANIC, and at its end.
AFTER_PANIC = {
    *("/account/panic/done", "/account/not-me/<token>", "/account/frozen", "/account/deleted"),
    *("/saas/locked", "/saas/locked/code"),
}


@dataclass
class Cast:
    """Who takes part, and the application with patients' data that they go to."""

    app: Flask
    party: RelyingParty
    ada: Person
    lost: Person
    gone: Person
    new: Person
    clara: Person


@pytest.fixture(params=["en", "fr"])
def walk(engine: Engine, request: pytest.FixtureRequest) -> Iterator[Walk]:
    context = engine.new_context(locale={"en": "en-GB", "fr": "fr-FR"}[request.param])
    yield Walk(context.new_page(), "", request.param)
    context.close()


@pytest.fixture
def cast(walk: Walk, sqlite_catalogue: str, tmp_path: Path) -> Iterator[Cast]:
    """A server with somebody who has one of each thing, and others for whom things come to an end or begin."""
    with server(sqlite_catalogue, tmp_path) as (app, base):
        offers_eid(app)
        walk.base, language = base, walk.language
        clara, party = Town(app).coordinator("Clara", language=language), register(app, application_id=CPMS)
        ada, lost, gone = (Person(app, name, language).holds("HP") for name in ("Ada", "Lost", "Gone"))
        with app.test_request_context("/", base_url=base):
            holds(db.session.get_one(Account, ada.id), base)
            holds(db.session.get_one(Account, lost.id), base, "recovery_code")
        yield Cast(app, party, ada, lost, gone, Person(app, "New", language, phone=False), clara)


def test_my_account_is_for_everybody(walk: Walk, cast: Cast) -> None:
    my_account(walk, cast)
    judged(walk, {path for path in paths(cast.app, "/account") if path not in AFTER_PANIC})


def test_panic_and_coming_back_and_leaving_are_for_everybody(walk: Walk, cast: Cast) -> None:
    panic_and_back(walk, cast)
    leaving(walk, cast)
    judged(walk, AFTER_PANIC)


def test_signing_in_is_for_everybody(walk: Walk, cast: Cast) -> None:
    signing_in(walk, cast)
    judged(walk, paths(cast.app, "/login"))


def judged(walk: Walk, owed: set[str]) -> None:
    """Fail with all that is wrong, and with each page that was not seen."""
    assert not walk.wrong, "\n\n".join(walk.wrong)
    patterns = {path: re.compile(re.sub(r"<[^>]+>", "[^/]+", path) + r"\Z") for path in owed - set(ELSEWHERE)}
    assert not {path for path, pattern in patterns.items() if not any(map(pattern.match, walk.seen))}


def paths(app: Flask, beginning: str) -> set[str]:
    return {rule.rule for rule in rules(app, "GET") if rule.rule.startswith(beginning)}


def my_account(walk: Walk, cast: Cast) -> None:
    """Every page of My Account, with one of each thing in it, and what comes after each form."""
    app, ada = cast.app, cast.ada
    dressed(walk.page.context, walk.base, signed_in(app, walk.base, ada.id, trusting=True))
    for path in (
        *(
            "",
            "/details",
            "/workplace",
            "/settings",
            "/settings/password",
            "/email",
            "/eids",
            "/sessions",
            "/security-events",
        ),
        *("/applications", "/trusted-browsers", "/delete", "/second-factor", "/panic", "/security-keys", "/devices"),
        *("/phones", "/authenticator-apps", "/recovery-codes"),
    ):
        walk.open(f"/account{path}")
    for stem, kind in STEMS.items():
        number = the_factor(app, ada, kind)
        walk.open(f"/account/{stem}/{number}/remove")
        if kind in ("app_pin", "security_key"):
            walk.open(f"/account/{stem}/{number}/rename")
    walk.sends("/account/devices", device_name="Tablet")
    walk.sends("/account/security-keys", device_name="Ward key")
    walk.sends("/account/authenticator-apps", device_name="Tablet")
    walk.fills(code="000000")
    walk.sends("/account/recovery-codes")
    walk.sends("/account/phones", phone_number="+49 171 3920098")
    walk.sends("/account/email", email="ada@elsewhere.example", confirm_email="ada@elsewhere.example")
    walk.open(link_to(app, "ada@elsewhere.example", "/account/email/confirm/"))
    walk.open("/logout")


STEMS = {
    "devices": "app_pin",
    "security-keys": "security_key",
    "authenticator-apps": "totp",
    "phones": "sms",
    "recovery-codes": "recovery_code",
}


def panic_and_back(walk: Walk, cast: Cast) -> None:
    """The password alone, the button, what the application says, both ways back, and freezing instead."""
    app, party, lost, clara = cast.app, cast.party, cast.lost, cast.clara
    dressed(walk.page.context, walk.base, signed_in(app, walk.base, lost.id, SFA))
    walk.sends("/account/panic")
    assert walk.page.url.startswith(f"{walk.base}/account/panic/done")
    lost.adds_a_phone()
    dressed(walk.page.context, walk.base, signed_in(app, walk.base, lost.id))
    walk.open(party.request())
    walk.open("/saas/locked")
    walk.open("/saas/locked/code")
    walk.presses("main form button")
    walk.presses("main form:has([name=code]) button")
    walk.open("/saas/user-data")
    dressed(walk.page.context, walk.base, signed_in(app, walk.base, clara.id))
    for path in ("/saas/approvals", "/saas/approvals/identities", f"/saas/approvals/identities/{lost.uid}"):
        walk.open(path)
    walk.sends(f"/saas/approvals/identities/{lost.uid}")
    walk.page.context.clear_cookies()
    walk.open(link_to(app, lost.email, "/account/not-me/"))
    walk.presses("main form button")
    walk.open(link_to(app, lost.email, "/account/not-me/"))


def leaving(walk: Walk, cast: Cast) -> None:
    """The end of an account."""
    app, gone = cast.app, cast.gone
    dressed(walk.page.context, walk.base, signed_in(app, walk.base, gone.id))
    walk.page.goto(f"{walk.base}/account/delete")
    walk.page.locator('main form:has([name="sure"]) label').first.click(position={"x": 8, "y": 8})
    walk.presses('main form:has([name="sure"]) button')
    assert walk.page.url == f"{walk.base}/account/deleted"


def signing_in(walk: Walk, cast: Cast) -> None:
    """Each question of a sign-in, the pages for a lost phone, and adding a first factor on the way."""
    party, ada, new = cast.party, cast.ada, cast.new
    walk.page.context.clear_cookies()
    for path in ("/login", "/register", "/register/sent", "/password/forgot", "/password/forgot/sent", "/logout/done"):
        walk.open(path)
    gives_password(walk, party, ada)
    chosen = walk.page.url.removeprefix(walk.base)
    for method in ("security_key", "app_pin", "app_qr", "totp", "sms", "recovery_code"):
        walk.page.goto(f"{walk.base}{chosen}&choose=1")
        walk.presses(f'main button[value="{method}"]')
    walk.fills(code="00000-00000")
    for page in ("lost", "panic"):
        walk.open(chosen.replace("/verify", f"/verify/{page}"))
    walk.page.context.clear_cookies()
    gives_password(walk, party, new)
    adding = walk.page.url.removeprefix(walk.base)
    assert adding.startswith("/login/verify/add")
    for method in ("security_key", "app_pin", "totp", "sms"):
        walk.open(f"{adding}&method={method}")


def gives_password(walk: Walk, party: RelyingParty, person: Person) -> None:
    walk.page.goto(f"{walk.base}{party.request()}")
    walk.fills(identifier=person.email, password=PASSWORD)


def the_factor(app: Flask, person: Person, kind: str) -> int:
    with app.app_context():
        return int(db.session.query(Authenticator.id).filter_by(account_id=person.id, kind=kind).scalar())


def link_to(app: Flask, address: str, about: str) -> str:
    found = [mail["text"] for mail in mails(app) if mail["to"] == address and about in mail["text"]]
    link = re.search(rf"http://localhost:\d+(\S*{about}\S*)", found[-1])
    assert link
    return link[1]
