"""National eIDs: linking, signing in, and every lie of a provider or a stranger that must open nothing."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from time import time
from typing import Any

import pytest
import time_machine
from flask import Flask
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select, update

from idp.accounts import freezing
from idp.accounts.models import Account
from idp.core import clock, signals
from idp.core.db import db, transaction
from idp.core.levels import MFA, SFA
from idp.core.settings import Eid
from idp.signin.attempt import Wanted
from idp.signin.models import EidLink
from tests.accounts.browser import at_work
from tests.oidc.relying_party import answer, register
from tests.signin.browser import EMAIL, PHONE, Browser, mails, person
from tests.support.fake_issuer import FakeIssuer, path_of, rsa_key, running
from tests.support.hop import led_to

SECRET = "eid-client-secret"
SUB = "n00axup3"


@pytest.fixture(scope="module")
def provider() -> Iterator[FakeIssuer]:
    with running() as issuer:
        yield issuer


@pytest.fixture
def issuer(provider: FakeIssuer) -> FakeIssuer:
    address = provider.issuer
    provider.__init__(address)  # type: ignore[misc]
    return provider


@pytest.fixture
def app(app: Flask, issuer: FakeIssuer) -> Flask:
    offers(app, Eid("test", "Test eID", issuer.issuer, "ern-login", SECRET))
    return app


@pytest.fixture
def mira(app: Flask) -> Browser:
    """Somebody who linked the eID, in a browser that is not signed in."""
    person(app, EMAIL, PHONE)
    with app.app_context(), transaction() as session:
        known = db.session.scalars(select(Account)).one()
        issuer = app.extensions["ern_settings"].eid[0].issuer
        session.add(EidLink(account_id=known.id, provider="test", issuer=issuer, subject=SUB, linked_at=clock.now()))
    return Browser(app)


def offers(app: Flask, *providers: Eid) -> None:
    app.extensions["ern_settings"] = replace(app.extensions["ern_settings"], eid=providers)


def leaves(browser: Browser, name: str = "Sign in with Test eID") -> str:
    """Follow the link on the page to the provider, and return the path on the way back."""
    before = browser.page.text[: browser.page.text.index(f">{name}<")]
    link = before[before.rindex('href="') + 6 :].partition('"')[0].replace("&amp;", "&")
    return visits(browser, link)


def visits(browser: Browser, link: str) -> str:
    away = browser.client.get(link)
    assert away.status_code == 303, away.text
    return path_of(led_to(away.location))


def shows_eid(browser: Browser, wanted: Wanted | None = None) -> None:
    browser.wants(wanted) if wanted else browser.open("/login")
    browser.open(leaves(browser))


def links(app: Flask) -> list[tuple[int, str]]:
    with app.app_context():
        return [(each.account_id, each.subject) for each in db.session.scalars(select(EidLink))]


def accounts(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Account)).all())


# Signing in.


def test_without_a_provider_nothing_is_offered(app: Flask) -> None:
    offers(app)
    browser = Browser(app)
    browser.open("/login")
    assert "eID" not in browser.words()
    assert browser.open("/login/eid/test").status_code == 404
    assert browser.open("/eid/test/callback?state=x&code=y").status_code == 404


def test_a_linked_eid_signs_in_like_the_password(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    shows_eid(mira)
    assert mira.path == "/account"
    found = mira.signed_in()
    assert found
    assert (found.acr, found.amr) == (SFA, ["eid"])
    assert issuer.wishes["code_challenge_method"] == "S256"
    assert "prompt" not in issuer.wishes
    with app.app_context():
        assert db.session.scalars(select(EidLink)).one().last_used_at


def test_the_second_factor_is_asked_for_all_the_same(app: Flask, mira: Browser) -> None:
    shows_eid(mira, Wanted(level=MFA))
    assert mira.path.startswith("/login/verify")
    assert mira.signed_in() is None
    mira.chooses()
    mira.gives_code()
    found = mira.signed_in()
    assert found
    assert (found.acr, found.amr) == (MFA, ["eid", "sms", "mfa"])


@pytest.mark.parametrize(("acr", "asked"), [("high", False), ("low", True), (None, True)])
def test_two_factors_at_once_only_if_the_provider_says_what_the_operator_trusts(
    app: Flask, issuer: FakeIssuer, mira: Browser, acr: str | None, asked: bool
) -> None:
    offers(app, Eid("test", "Test eID", issuer.issuer, "ern-login", SECRET, ("openid",), "mfa", ("high",)))
    issuer.person.acr = acr
    shows_eid(mira, Wanted(level=MFA))
    assert mira.path.startswith("/login/verify") == asked
    assert issuer.wishes["acr_values"] == "high"
    found = mira.signed_in()
    assert (found is None) == asked
    if found:
        assert (found.acr, found.amr) == (MFA, ["eid", "mfa"])


def test_an_application_that_names_its_methods_gets_one_of_them(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    offers(app, Eid("test", "Test eID", issuer.issuer, "ern-login", SECRET, ("openid",), "mfa"))
    shows_eid(mira, Wanted(level=MFA, methods=["sms"]))
    assert mira.path.startswith("/login/verify")


def test_tokens_do_not_tell_a_method_without_a_registered_name(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    offers(app, Eid("test", "Test eID", issuer.issuer, "ern-login", SECRET, ("openid",), "mfa"))
    party = register(app)
    shows_eid(mira, Wanted(level=MFA))
    code = answer(mira.client.get(party.request()))["code"]
    claims = party.verified(party.redeem(code).json["id_token"])
    assert (claims["acr"], claims["amr"]) == (MFA, ["mfa"])


def test_an_eid_of_nobody_opens_nothing_and_makes_no_account(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    issuer.person.sub, issuer.person.email = "somebody-else", EMAIL
    shows_eid(mira)
    assert "It is not linked to an account." in mira.words()
    assert mira.signed_in() is None
    assert accounts(app) == 1
    mira.gives_password()
    assert mira.path == "/account", "the sign-in goes on with the password"


@pytest.mark.parametrize("state", ["frozen", "closed"])
def test_an_account_that_cannot_sign_in_cannot_by_eid(app: Flask, mira: Browser, state: str) -> None:
    with app.app_context():
        if state == "frozen":
            freezing.freeze(1, "test")
        else:
            with transaction() as session:
                session.execute(update(Account).values(state="CLOSED"))
    shows_eid(mira)
    assert "It is not linked to an account." in mira.words()
    assert mira.signed_in() is None


def _none(claims: dict[str, Any]) -> str:
    def part(value: dict[str, Any]) -> str:
        import base64

        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims)}."


def _shared_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256", "kid": "one"}, claims, OctKey.import_key(SECRET), algorithms=["HS256"])


LIES: dict[str, Callable[[FakeIssuer], object]] = {
    "another nonce": lambda i: setattr(i, "twist_claims", lambda c: c.update(nonce="made-up")),
    "no nonce": lambda i: setattr(i, "twist_claims", lambda c: c.pop("nonce")),
    "for another client": lambda i: setattr(i, "twist_claims", lambda c: c.update(aud="other")),
    "for several clients": lambda i: setattr(i, "twist_claims", lambda c: c.update(aud=["ern-login", "other"])),
    "given to another client": lambda i: setattr(i, "twist_claims", lambda c: c.update(azp="other")),
    "of another issuer": lambda i: setattr(i, "twist_claims", lambda c: c.update(iss="https://evil.example")),
    "too old": lambda i: setattr(i, "twist_claims", lambda c: c.update(exp=int(time()) - 120)),
    "without an end": lambda i: setattr(i, "twist_claims", lambda c: c.pop("exp")),
    "without a name": lambda i: setattr(i, "twist_claims", lambda c: c.update(sub="")),
    "without a signature": lambda i: setattr(i, "make_id_token", _none),
    "signed with the secret": lambda i: setattr(i, "make_id_token", _shared_secret),
    "signed with an unknown key": lambda i: setattr(i, "key", rsa_key("unpublished")),
    "sent by another issuer": lambda i: setattr(i, "twist_callback", lambda a: a.update(iss="https://evil.example")),
    "sent by nobody": lambda i: setattr(i, "twist_callback", lambda a: a.pop("iss")),
    "refused by the person": lambda i: setattr(i, "authorization_error", "access_denied"),
    "unable to redeem": lambda i: i.failing.add("token"),
    "with a code of its own": lambda i: setattr(i, "twist_callback", lambda a: a.update(code="made-up")),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_provider_that_cannot_be_believed_opens_nothing(
    app: Flask, issuer: FakeIssuer, mira: Browser, lie: str
) -> None:
    LIES[lie](issuer)
    shows_eid(mira)
    assert "Test eID did not confirm who you are." in mira.words()
    assert mira.signed_in() is None
    mira.gives_password()
    assert mira.path == "/account", "the sign-in goes on with the password"


def test_metadata_that_name_another_issuer_are_not_believed(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    issuer.twist_metadata = lambda told: told.update(issuer="https://evil.example")
    mira.open("/login")
    page = mira.open(f"/login/eid/test?{mira.path.partition('?')[2]}")
    assert "Test eID did not confirm who you are." in page.text


def test_a_new_key_of_the_provider_is_found(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    shows_eid(mira)
    issuer.key = rsa_key("two")
    issuer.published.append(issuer.key)
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        issuer.twist_claims = lambda claims: claims.update(exp=int(time()) + 600)
        other = Browser(app)
        shows_eid(other)
        assert other.signed_in()


def test_the_way_back_of_another_browser_opens_nothing(app: Flask, mira: Browser) -> None:
    mira.open("/login")
    back = leaves(mira)
    thief = Browser(app)
    thief.open("/login")
    assert thief.open(back).status_code == 410
    assert thief.signed_in() is None


def test_a_way_back_is_gone_once(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    mira.open("/login")
    back = leaves(mira)
    mira.open(back)
    asked = issuer.asked.count("token")
    assert mira.client.get(back).status_code == 410
    assert issuer.asked.count("token") == asked


def test_of_many_ways_back_at_the_same_moment_one_counts(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    mira.open("/login")
    back = leaves(mira)
    cookies = [(cookie.key, cookie.value) for cookie in mira._cookies()]
    statuses: list[int] = []

    def goes() -> None:
        client = app.test_client()
        for name, value in cookies:
            client.set_cookie(name, value)
        statuses.append(client.get(back).status_code)

    at_work(*[goes] * 6)
    assert sorted(statuses) == [303, 410, 410, 410, 410, 410]
    assert issuer.asked.count("token") == 1


def test_a_state_of_one_provider_is_worth_nothing_at_another(app: Flask, issuer: FakeIssuer, mira: Browser) -> None:
    first = app.extensions["ern_settings"].eid[0]
    offers(app, first, replace(first, id="other", name="Other eID", issuer="https://other.example"))
    mira.open("/login")
    back = leaves(mira)
    assert mira.open(back.replace("/eid/test/", "/eid/other/")).status_code == 410
    assert mira.signed_in() is None


def test_a_way_back_that_took_too_long_opens_nothing(app: Flask, mira: Browser) -> None:
    mira.open("/login")
    back = leaves(mira)
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert mira.open(back).status_code == 410


@pytest.mark.parametrize("query", ["", "?state=x&code=y", "?code=y", "?state=%00"])
def test_a_made_up_way_back_opens_nothing(app: Flask, mira: Browser, query: str) -> None:
    assert mira.open(f"/eid/test/callback{query}").status_code in (400, 410)


def test_after_panic_the_eid_opens_nothing_any_more_even_half_way(app: Flask, mira: Browser) -> None:
    shows_eid(mira, Wanted(level=MFA))
    with app.app_context(), transaction():
        signals.factors_wiped.send(1)
    assert links(app) == []
    mira.open(mira.path)
    assert mira.path.startswith("/login?")
    shows_eid(mira)
    assert "It is not linked to an account." in mira.words()


# Linking.


@pytest.fixture
def ada(app: Flask) -> Browser:
    """Somebody who is signed in with two factors."""
    person(app, EMAIL, PHONE)
    browser = Browser(app)
    browser.signs_in(Wanted(level=MFA))
    return browser


def test_an_eid_is_linked_told_listed_and_unlinked(app: Flask, issuer: FakeIssuer, ada: Browser) -> None:
    ada.open("/account/eids")
    assert "You have no eID yet" in ada.words()
    ada.open(leaves(ada, "Link Test eID"))
    assert issuer.wishes["prompt"] == "login"
    assert "Test eID is linked." in ada.words()
    assert links(app) == [(1, SUB)]
    assert mails(app)[-1] == (EMAIL, "An eID was linked to your ERN Login account")
    ada.submit("/account/eids/1/unlink")
    assert "The eID is unlinked." in ada.words()
    assert links(app) == []
    assert mails(app)[-1] == (EMAIL, "An eID was unlinked from your ERN Login account")


def test_linking_needs_a_fresh_second_factor(app: Flask, ada: Browser) -> None:
    ada.open("/account/eids")
    back = leaves(ada, "Link Test eID")
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        assert ada.open(back).status_code == 200
        assert ada.path.startswith("/login")
        ada.open("/account/eids")
        assert ada.client.get("/account/eids/test/link").location.startswith("/login")
    weak = Browser(app)
    weak.signs_in()
    assert weak.client.get("/account/eids/test/link").location.startswith("/login")
    assert links(app) == []


@pytest.mark.parametrize("go", ["", "?go=made.up.token"])
def test_another_site_cannot_begin_the_linking_of_its_own_eid(ada: Browser, go: str) -> None:
    assert ada.client.get(f"/account/eids/test/link{go}").location == "/account/eids"


def test_who_signed_in_meanwhile_gets_nothing_of_it(app: Flask, ada: Browser) -> None:
    ada.open("/account/eids")
    back = leaves(ada, "Link Test eID")
    person(app, "bo@hospital.example", "+491713920019")
    ada.open("/logout")
    ada.submit()
    ada.open("/login")
    ada.gives_password("bo@hospital.example")
    with app.app_context(), transaction() as session:
        session.execute(update(Account).values(always_mfa=False))
    ada.wants(Wanted(level=MFA, within=600))
    ada.chooses()
    ada.gives_code()
    assert ada.open(back).status_code == 404
    assert links(app) == []


def test_one_eid_belongs_to_one_account(app: Flask, issuer: FakeIssuer, ada: Browser) -> None:
    person(app, "bo@hospital.example")
    with app.app_context(), transaction() as session:
        session.add(EidLink(account_id=2, provider="test", issuer=issuer.issuer, subject=SUB, linked_at=clock.now()))
    ada.open("/account/eids")
    ada.open(leaves(ada, "Link Test eID"))
    assert "One eID belongs to one account." in ada.words()
    assert links(app) == [(2, SUB)]


def test_linking_twice_changes_and_tells_nothing(app: Flask, ada: Browser) -> None:
    for _ in range(2):
        ada.open("/account/eids")
        ada.open(leaves(ada, "Link Test eID"))
    assert links(app) == [(1, SUB)]
    assert [subject for _, subject in mails(app)].count("An eID was linked to your ERN Login account") == 1


def test_a_lying_provider_links_nothing(app: Flask, issuer: FakeIssuer, ada: Browser) -> None:
    LIES["another nonce"](issuer)
    ada.open("/account/eids")
    ada.open(leaves(ada, "Link Test eID"))
    assert "Test eID did not confirm who you are." in ada.words()
    assert links(app) == []


def test_nobody_unlinks_the_eid_of_somebody_else(app: Flask, issuer: FakeIssuer, ada: Browser) -> None:
    person(app, "bo@hospital.example")
    with app.app_context(), transaction() as session:
        session.add(EidLink(account_id=2, provider="test", issuer="x", subject="y", linked_at=clock.now()))
    ada.open("/account/settings")
    assert ada.post("/account/eids/1/unlink").status_code == 404
    assert links(app) == [(2, "y")]


def test_the_page_without_providers_says_so_in_both_languages(app: Flask, ada: Browser) -> None:
    offers(app)
    for language, words in (("en", "No provider of eIDs is connected"), ("fr", "Aucun fournisseur")):
        ada.client.set_cookie("lang", language)
        ada.open("/account/eids")
        assert words in ada.words()
