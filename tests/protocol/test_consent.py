"""Consent: asked once for each client and scope, never for the operator's own, and taken back in My Account."""

import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Invalid
from tests.oidc.relying_party import answer
from tests.protocol.stage import Client, Stage, staged
from tests.signin.browser import person


def stranger(stage: Stage, **wanted: object) -> Client:
    """A client whose operator is somebody else."""
    return stage.client(further={"asks_consent": True}, **wanted)


def says_yes(stage: Stage, page: TestResponse) -> TestResponse:
    """Press the button of the consent page and follow to the client."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text.partition("<main")[2])
    action = re.search(r'action="(/consent/[^"]+)"', page.text)
    assert token and action, page.text
    after = stage.browser.post(action[1], data={"csrf_token": token[1]})
    return stage.browser.get(after.headers["Location"])


def test_a_person_is_asked_once(stage: Stage) -> None:
    client = stranger(stage)
    page = stage.browser.get(client.request(scope="openid email offline_access"))
    assert page.status_code == 200 and 'id="consent-accept"' in page.text and 'id="consent-deny"' in page.text
    assert (
        "Your e-mail address" in page.text and "Your name" not in page.text and "while you are not there" in page.text
    )
    assert "code" in answer(says_yes(stage, page))
    assert "code" in answer(stage.browser.get(client.request(scope="openid email")))


@pytest.mark.parametrize(
    "more", [{"scope": "openid profile"}, {"scope": "openid", "claims": '{"userinfo": {"name": null}}'}]
)
def test_more_than_was_given_is_asked_for_again(stage: Stage, more: dict[str, str]) -> None:
    client = stranger(stage)
    says_yes(stage, stage.browser.get(client.request(scope="openid email")))
    page = stage.browser.get(client.request(**more))
    assert page.status_code == 200 and "Your name" in page.text
    says_yes(stage, page)
    assert "code" in answer(stage.browser.get(client.request(scope="openid email profile")))


def test_the_client_can_have_the_person_asked_again(stage: Stage) -> None:
    """OpenID Connect Core, 3.1.2.1: prompt=consent."""
    client = stranger(stage)
    says_yes(stage, stage.browser.get(client.request()))
    page = stage.browser.get(client.request(prompt="consent"))
    assert page.status_code == 200
    assert "code" in answer(says_yes(stage, page))


def test_without_a_page_there_is_an_error(stage: Stage) -> None:
    """OpenID Connect Core, 3.1.2.6."""
    got = answer(stage.browser.get(stranger(stage).request(prompt="none")))
    assert got["error"] == "consent_required"


def test_a_person_can_say_no(stage: Stage) -> None:
    client = stranger(stage)
    page = stage.browser.get(client.request())
    back = re.search(r'id="consent-deny" [^>]*href="([^"]+)"', page.text)
    assert back
    assert answer(stage.browser.get(back[1]))["error"] == "access_denied"
    assert stage.browser.get(client.request()).status_code == 200, "and is asked the next time"


@pytest.mark.parametrize("prompt", [None, "consent"])
def test_nobody_is_asked_for_an_application_of_the_house(stage: Stage, prompt: str | None) -> None:
    assert "code" in answer(stage.browser.get(stage.client().request(prompt=prompt)))


def test_a_yes_counts_for_the_person_who_said_it(stage: Stage) -> None:
    client = stranger(stage)
    page = stage.browser.get(client.request())
    says_yes(stage, page)
    action = re.search(r'action="(/consent/[^"]+)"', page.text)
    assert action
    nobody = stage.app.test_client()
    nobody.get("/login")
    assert nobody.post(action[1], data={}).status_code in (400, 403), "nor can another site say it"
    with stage.app.app_context():
        assert db.session.query(AuditEvent).filter_by(act="oidc.consent.give").count() == 1


def test_it_is_listed_and_taken_back_with_all_that_the_application_got(stage: Stage) -> None:
    client, other = stranger(stage), stranger(stage)
    for one in (client, other):
        one.client_name = "Rare Registry"
        says_yes(stage, stage.browser.get(one.request(scope="openid offline_access")))
    tokens, others = stage.tokens(client, scope="openid offline_access"), stage.tokens(other, scope="openid")
    page = stage.browser.get("/account/applications")
    assert page.text.count("Rare Registry") >= 2 and "/account/applications" in stage.browser.get("/account").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text.partition("<main")[2])
    assert token
    form = {"csrf_token": token[1], "client_id": client.client_id}
    done = stage.browser.post("/account/applications", data=form, follow_redirects=True)
    assert "was taken back" in done.text
    assert client.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert other.userinfo(others["access_token"]).status_code == 200
    assert stage.browser.get(client.request()).status_code == 200
    assert stage.browser.post("/account/applications", data=form).status_code == 404, "nothing is left to take back"


def test_links_of_an_application_are_shown(stage: Stage) -> None:
    """OpenID Connect Registration, 2: policy_uri and tos_uri."""
    further = {"asks_consent": True, "policy_uri": "https://rp.example/privacy", "tos_uri": "https://rp.example/terms"}
    page = stage.browser.get(stage.client(further=further).request())
    assert 'href="https://rp.example/privacy"' in page.text and 'href="https://rp.example/terms"' in page.text


OWN_SCOPES = "openid offline_access registry.read registry.write <b>"
LAST = {"en": "All this also while", "fr": "Tout cela aussi"}
DESCRIBED = {"registry.read": {"en": "Read your registry", "fr": "Lire votre registre"}, "openid": {"en": "Nothing"}}


@pytest.mark.parametrize(
    ("language", "read", "write"),
    [
        ("en", "Read your registry", "Access to “registry.write” in your name"),
        ("fr", "Lire votre registre", "accès à «\u00a0registry.write\u00a0» en votre nom"),
    ],
)
def test_the_operator_s_own_scopes_are_said_in_words(stage: Stage, language: str, read: str, write: str) -> None:
    client = stage.client(scope=OWN_SCOPES, further={"asks_consent": True, "scope_descriptions": DESCRIBED})
    stage.browser.set_cookie("lang", language)
    page = stage.browser.get(client.request(scope=OWN_SCOPES))
    for text in (read, write, "&lt;b&gt;"):
        assert text in page.text
    assert page.text.index(write) < page.text.index(LAST[language]), "all this: also what the operator described"
    assert "Nothing" not in page.text, "ours are not the operator's to rename"
    says_yes(stage, page)
    listed = stage.browser.get("/account/applications").text
    assert read in listed and write in listed


@pytest.mark.parametrize("wrong", ["x", {"a": "x"}, {"a": {}}, {"a": {"en": 1}}, {"a": {"en": "x" * 999}}])
def test_what_is_no_description_of_scopes_is_refused(stage: Stage, wrong: object) -> None:
    with pytest.raises(Invalid):
        stage.client(further={"scope_descriptions": wrong})


def test_consent_is_kept_on_both_databases(each_app: Flask) -> None:
    stage = staged(each_app)
    person(each_app, "other@hospital.example")
    client = stranger(stage)
    for scope in ("openid", "openid email"):
        assert "code" in answer(says_yes(stage, stage.browser.get(client.request(scope=scope))))
