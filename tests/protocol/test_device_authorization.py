"""Devices without a browser: a person types their code elsewhere and decides (RFC 8628)."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from idp.accounts import session
from idp.core import clock
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Invalid
from idp.core.levels import MFA
from idp.oidc import device_authorization
from tests.oidc.relying_party import ISSUER
from tests.protocol.stage import OFFLINE, Client, Stage
from tests.protocol.test_dpop import TOKEN, posts, proof
from tests.protocol.test_refresh_tokens import account, closed, frozen, panic
from tests.signin.browser import Browser, person

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
PAGE = "/device"


def device(stage: Stage, method: str = "none", **further: Any) -> Client:
    """A client that lives on a device and has no address."""
    wanted = {"grant_types": [GRANT], **further}
    return stage.client(token_endpoint_auth_method=method, redirect_uris=[], further=wanted)


def begins(client: Client, **changes: str | None) -> dict[str, Any]:
    got = client.posts("/oauth2/device_authorization", **{"scope": OFFLINE, **changes})
    assert got.status_code == 200, got.json
    return got.json


def polls(client: Client, begun: dict[str, Any], **changes: str | None) -> TestResponse:
    return client.posts("/oauth2/token", **{"grant_type": GRANT, "device_code": begun["device_code"], **changes})


def later(seconds: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(seconds=seconds))


def sends(browser: Any, page: TestResponse, action: str, **fields: str) -> TestResponse:
    """Send the form of a page."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text.partition("<main")[2])
    assert token, page.text
    return browser.post(action, data={"csrf_token": token[1], **fields})


def types(stage: Stage, code: str) -> TestResponse:
    """Type a code and follow to the page after it."""
    sent = sends(stage.browser, stage.browser.get(PAGE), PAGE, user_code=code)
    return stage.browser.get(sent.headers["Location"]) if sent.status_code == 303 else sent


def says_yes(stage: Stage, page: TestResponse) -> TestResponse:
    action = re.search(r'action="(/warning/[^"]+)"', page.text)
    assert action, page.text
    return sends(stage.browser, page, action[1], person=stage.uid)


def says_no(stage: Stage, page: TestResponse) -> TestResponse:
    link = re.search(r'href="(/oauth2/authorize/[^"]+/cancel)"', page.text)
    assert link, page.text
    return stage.browser.get(link[1])


def connected(stage: Stage, client: Client, **changes: str | None) -> dict[str, Any]:
    """Begin on the device, and say yes in the browser."""
    begun = begins(client, **changes)
    page = says_yes(stage, types(stage, begun["user_code"]))
    assert page.status_code == 200 and "Your device is connected" in page.text
    return begun


def test_a_device_is_told_what_to_show(stage: Stage) -> None:
    """RFC 8628, 3.2 and 6.1: letters that are not mixed up, and enough of them."""
    client = device(stage)
    begun = begins(client)
    assert set(begun) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete", "expires_in", "interval",
    }  # fmt: skip
    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", begun["user_code"])
    assert begun["verification_uri"] == f"{ISSUER}{PAGE}" and begun["interval"] == 5 and begun["expires_in"] == 600
    assert begun["verification_uri_complete"] == f"{ISSUER}{PAGE}?user_code={begun['user_code']}"
    assert len(begun["device_code"]) == 43
    page = stage.browser.get(f"{PAGE}?user_code={begun['user_code']}")
    assert f'value="{begun["user_code"]}"' in page.text, "typed already, but not sent"
    told = stage.browser.get("/.well-known/openid-configuration").json
    assert told["device_authorization_endpoint"] == f"{ISSUER}/oauth2/device_authorization"
    assert GRANT in told["grant_types_supported"]


@pytest.mark.parametrize("method", ["none", "client_secret_basic", "private_key_jwt"])
def test_the_person_sees_who_asks_and_the_device_gets_tokens(stage: Stage, method: str) -> None:
    """RFC 8628, 3.3 to 3.5 and 5.4."""
    client = device(stage, method)
    begun = begins(client)
    assert polls(client, begun).json["error"] == "authorization_pending"
    page = types(stage, begun["user_code"].lower().replace("-", " "))
    assert "Rare Registry" in page.text and begun["user_code"] in page.text and "Your e-mail address" in page.text
    assert "Did somebody send you this code" in page.text
    done = says_yes(stage, page)
    assert done.status_code == 200 and "Your device is connected" in done.text
    with later(5):
        got = polls(client, begun)
    assert got.status_code == 200 and got.headers["Cache-Control"] == "no-store"
    claims = client.verified(got.json["id_token"])
    assert claims["sub"] == stage.uid and "nonce" not in claims
    assert client.userinfo(got.json["access_token"]).json["sub"] == stage.uid
    assert client.refresh(got.json["refresh_token"]).status_code == 200
    with later(60):
        assert polls(client, begun).json["error"] == "invalid_grant", "once"
        assert client.userinfo(got.json["access_token"]).status_code == 401, "RFC 6749, 4.1.2"


def test_the_person_says_no(stage: Stage) -> None:
    """RFC 8628, 3.5: access_denied; and nobody says yes afterwards."""
    client = device(stage)
    begun = begins(client)
    page = types(stage, begun["user_code"])
    assert "not connected" in says_no(stage, page).text
    assert polls(client, begun).json["error"] == "access_denied"
    assert says_yes(stage, page).status_code in {400, 410}
    assert "No device waits for this code" in types(stage, begun["user_code"]).text
    with later(30):
        assert polls(client, begun).json["error"] == "access_denied"
    with stage.app.app_context():
        told = db.session.query(AuditEvent).filter_by(act="oidc.device.deny").one()
        assert told.subject == stage.uid and told.object == client.client_id


def test_a_code_has_its_time(stage: Stage) -> None:
    """RFC 8628, 3.5: expired_token."""
    client = device(stage)
    begun, answered = begins(client), connected(stage, client)
    with later(601):
        assert polls(client, begun).json["error"] == polls(client, answered).json["error"] == "expired_token"
        assert "No device waits for this code" in types(stage, begun["user_code"]).text
    with stage.app.app_context(), later(8000):
        device_authorization.sweep()
        assert db.session.query(device_authorization.DeviceAuthorization).count() == 0


def test_who_asks_too_often_waits_longer(stage: Stage) -> None:
    """RFC 8628, 3.5: slow_down adds five seconds, for this and all later questions."""
    client = device(stage)
    begun = begins(client)
    start = clock.now()
    for second, error in ((0, "authorization_pending"), (5, "authorization_pending"), (7, "slow_down"),
                          (13, "slow_down"), (34, "authorization_pending"), (44, "slow_down")):  # fmt: skip
        with time_machine.travel(start + timedelta(seconds=second), tick=False):
            assert polls(client, begun).json["error"] == error, second


def test_a_code_is_asked_for_by_its_own_client_only(stage: Stage) -> None:
    """RFC 8628, 3.4."""
    client, other = device(stage), device(stage)
    begun = connected(stage, client)
    assert polls(other, begun).json["error"] == "invalid_grant"
    assert polls(client, {"device_code": begun["user_code"]}).json["error"] == "invalid_grant"
    assert polls(client, begun, device_code=None).json["error"] == "invalid_request"
    assert polls(client, begun).status_code == 200


@pytest.mark.parametrize(("changes", "error"), [
    ({"scope": "profile"}, "invalid_scope"),
    ({"scope": None}, "invalid_scope"),
    ({"resource": "https://elsewhere.example/"}, "invalid_target"),
    ({"client_id": "nobody"}, "invalid_client"),
])  # fmt: skip
def test_a_wrong_request_makes_no_code(stage: Stage, changes: dict[str, str | None], error: str) -> None:
    """RFC 8628, 3.1."""
    got = device(stage).posts("/oauth2/device_authorization", **{"scope": OFFLINE, **changes})
    assert got.status_code in {400, 401} and got.json["error"] == error
    assert stage.app.test_client().get("/oauth2/device_authorization").status_code == 405


def test_only_clients_that_were_allowed_to_may_ask(stage: Stage) -> None:
    client = stage.client()
    assert client.posts("/oauth2/device_authorization", scope=OFFLINE).json["error"] == "unauthorized_client"
    assert polls(client, {"device_code": "x"}).json["error"] == "unauthorized_client"


@pytest.mark.parametrize("event_", [panic, closed, frozen], ids=lambda value: value.__name__)
def test_panic_and_a_shut_account_end_it(stage: Stage, event_: Callable[[Flask], None]) -> None:
    client = device(stage)
    begun = connected(stage, client)
    with stage.app.app_context():
        event_(stage.app)
    assert polls(client, begun).json["error"] == "invalid_grant"


def test_a_session_that_ended_gives_nothing_to_a_device_without_offline_access(stage: Stage) -> None:
    client = device(stage)
    begun = connected(stage, client, scope="openid")
    with stage.app.app_context():
        session.end_all(account(stage.app).id, "signed_out")
    assert polls(client, begun).json["error"] == "invalid_grant"


def test_of_two_answers_at_once_one_counts(each_stage: Stage) -> None:
    """A yes and a no of the same moment never both."""
    client = device(each_stage)
    begun = begins(client)
    page = types(each_stage, begun["user_code"])
    threads = [
        threading.Thread(target=answer, args=(each_stage, page)) for answer in (says_yes, says_no, says_yes, says_no)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with each_stage.app.app_context():
        row = db.session.query(device_authorization.DeviceAuthorization).one()
        assert (row.grant_id is None) != (row.denied_at is None)


def test_a_guesser_is_stopped(stage: Stage) -> None:
    """RFC 8628, 5.1: each try counts, for its source and for all."""
    chosen = stage.app.extensions["ern_settings"]
    few = replace(chosen.limits, device_codes_per_source=3)
    stage.app.extensions["ern_settings"] = replace(chosen, limits=few)
    client = device(stage)
    begun = begins(client)
    for _ in range(3):
        assert types(stage, "BBBB-BBBB").status_code == 400
    stopped = types(stage, begun["user_code"])
    assert stopped.status_code == 429 and int(stopped.headers["Retry-After"]) > 0
    stage.app.extensions["ern_settings"] = replace(chosen, limits=replace(few, device_codes_global=3))
    form = stage.browser.get(PAGE)
    token = re.search(r'name="csrf_token" value="([^"]+)"', form.text.partition("<main")[2])
    assert token
    data, elsewhere = {"csrf_token": token[1], "user_code": begun["user_code"]}, {"REMOTE_ADDR": "203.0.113.9"}
    assert stage.browser.post(PAGE, data=data, environ_overrides=elsewhere).status_code == 429


def test_an_anonymous_device_cannot_fill_the_table(stage: Stage) -> None:
    chosen = stage.app.extensions["ern_settings"]
    stage.app.extensions["ern_settings"] = replace(chosen, limits=replace(chosen.limits, device_codes_per_source=2))
    client = device(stage)
    for _ in range(2):
        begins(client)
    assert client.posts("/oauth2/device_authorization", scope=OFFLINE).status_code == 429
    trusted = device(stage, "client_secret_basic")
    for _ in range(3):
        begins(trusted)


@pytest.mark.parametrize("typed", ["", "   ", "AEIOU", "1234", "x" * 41, "BBBB-BBB", "\u00e9", "<b>"])
def test_what_is_no_code_is_said_at_the_field(stage: Stage, typed: str) -> None:
    page = types(stage, typed)
    assert page.status_code == 400 and "There is a problem" in page.text and "<b>" not in page.text.partition("<h1")[2]


def test_nobody_answers_without_our_own_form_and_for_somebody_else(stage: Stage) -> None:
    begun = begins(device(stage))
    assert stage.browser.post(PAGE, data={"user_code": begun["user_code"]}).status_code == 403
    page = types(stage, begun["user_code"])
    action = re.search(r'action="(/warning/[^"]+)"', page.text)
    assert action and stage.browser.post(action[1], data={"person": stage.uid}).status_code == 403
    other = sends(stage.browser, page, action[1], person="n00other")
    assert "Connect a device to" in other.text, "it is asked again"


def test_a_link_alone_connects_nothing(stage: Stage) -> None:
    """RFC 8628, 5.4: whoever opens a link that somebody sent sees a form, then who asks, and has to say yes."""
    client = device(stage)
    begun = begins(client)
    stage.browser.get(begun["verification_uri_complete"])
    page = types(stage, begun["user_code"])
    stage.browser.get(page.request.path)
    assert polls(client, begun).json["error"] == "authorization_pending"


def test_somebody_who_is_not_signed_in_signs_in_first(stage: Stage) -> None:
    """The same checks as for every application: here a second factor."""
    person(stage.app, "mira@hospital.example", "+491713920077")
    client = device(stage)
    begun = begins(client, acr_values=MFA)
    browser = Browser(stage.app, "mira@hospital.example")
    page = sends(browser.client, browser.client.get(PAGE), PAGE, user_code=begun["user_code"])
    page = browser.client.get(page.headers["Location"])
    assert page.headers["Location"].startswith("/login")
    shown = browser.client.get(page.headers["Location"], follow_redirects=True)
    assert "Rare Registry" in shown.text


def test_a_device_can_ask_for_a_level(stage: Stage) -> None:
    stage.proves(MFA)
    client = device(stage)
    assert polls(client, connected(stage, client, acr_values=MFA)).json["access_token"]


def test_consent_and_access_are_asked_for_as_everywhere(stage: Stage) -> None:
    begun = begins(device(stage, asks_consent=True))
    assert 'id="consent-accept"' in types(stage, begun["user_code"]).text
    client = stage.client(
        token_endpoint_auth_method="none", redirect_uris=[], further={"grant_types": [GRANT]}, application_id=None
    )
    assert "Connect a device to" in types(stage, begins(client)["user_code"]).text


def test_a_public_client_s_tokens_are_bound_to_what_it_shows(stage: Stage) -> None:
    """RFC 9449, 5."""
    client = device(stage)
    begun = connected(stage, client)
    form = {"grant_type": GRANT, "device_code": begun["device_code"]}
    got = posts(client, "/oauth2/token", proof("POST", TOKEN), **form)
    assert got.json["token_type"] == "DPoP"
    assert client.refresh(got.json["refresh_token"]).json["error"] == "invalid_grant"


def test_it_is_for_the_resources_that_the_device_named(stage: Stage) -> None:
    """RFC 8707, 2."""
    client = device(stage, resources=["https://registry.example/api"])
    begun = connected(stage, client, resource="https://registry.example/api")
    assert polls(client, begun, resource=ISSUER).json["error"] == "invalid_target"
    again = connected(stage, client, resource="https://registry.example/api")
    assert client.userinfo(polls(client, again).json["access_token"]).status_code == 401


def test_neither_code_is_readable_in_the_database(stage: Stage) -> None:
    begun = begins(device(stage))
    kept: list[str] = []
    with stage.app.app_context():
        row = db.session.query(device_authorization.DeviceAuthorization).one()
        kept = [repr(getattr(row, column.key)) for column in row.__table__.columns]
    plain = begun["user_code"].replace("-", "")
    assert not any(secret in text for text in kept for secret in (begun["device_code"], begun["user_code"], plain))


def test_a_device_client_has_no_address_and_needs_none(stage: Stage) -> None:
    with pytest.raises(Invalid):
        stage.client(redirect_uris=[])
    assert stage.browser.get(device(stage).request()).status_code == 400
