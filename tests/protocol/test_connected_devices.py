"""My Account lists what a person connected by a device's code, whether consent was asked or not, and ends it."""

import re
from datetime import timedelta

import pytest
import time_machine
from werkzeug.test import TestResponse

from idp.accounts import people, session
from idp.core import clock
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.levels import SFA
from tests.protocol.stage import Client, Stage
from tests.protocol.test_consent import says_yes as consents
from tests.protocol.test_consent import stranger
from tests.protocol.test_device_authorization import begins, connected, device, polls, says_yes, sends, types
from tests.saas.people import statements
from tests.signin.browser import Browser, person

PAGE = "/account/applications"
END = re.compile(r'action="(/account/applications/devices/\d+/end)"')


def on_device(stage: Stage, **changes: str | None) -> tuple[Client, dict[str, str]]:
    """A device of the house with its tokens, and its client."""
    client = device(stage)
    got = polls(client, connected(stage, client, **changes))
    assert got.status_code == 200, got.json
    return client, got.json


def doors(stage: Stage) -> list[str]:
    return END.findall(stage.browser.get(PAGE).text)


def ends(stage: Stage, action: str) -> TestResponse:
    return sends(stage.browser, stage.browser.get(PAGE), action)


def events(stage: Stage) -> int:
    with stage.app.app_context():
        return db.session.query(AuditEvent).filter_by(act="oidc.device.end", subject=stage.uid).count()


def test_it_is_listed_with_its_name_and_since_when(stage: Stage) -> None:
    assert "No device yet" in stage.browser.get(PAGE).text
    client, tokens = on_device(stage)
    begun = clock.now()
    with time_machine.travel(begun + timedelta(hours=5)):
        stage.proves(SFA)
        client.refresh(tokens["refresh_token"])
        page = stage.browser.get(PAGE).text
    section = page.partition("Connected devices</h2>")[2]
    assert "Rare Registry" in section
    since, used = re.findall(r"(\d\d:\d\d) \(UTC\)", section)[:2]
    assert (since, used) == (f"{begun:%H:%M}", f"{begun + timedelta(hours=5):%H:%M}")


def test_the_page_asks_the_same_of_the_database_however_much_is_connected(stage: Stage) -> None:
    counts = []
    for _ in range(3):
        on_device(stage)
        other = stranger(stage)
        consents(stage, stage.browser.get(other.request()))
        with statements(stage.app) as seen:
            assert stage.browser.get(PAGE).status_code == 200
        counts.append(len(seen))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 6


def test_ending_it_takes_the_tokens_of_this_device_alone(stage: Stage) -> None:
    client, tokens = on_device(stage)
    other, others = on_device(stage)
    newest, oldest = doors(stage)
    assert newest != oldest
    done = ends(stage, oldest)
    assert done.status_code == 303 and "not connected any more" in stage.browser.get(done.headers["Location"]).text
    assert client.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert other.refresh(others["refresh_token"]).status_code == 200
    assert doors(stage) == [newest] and events(stage) == 1
    assert "ended a device" in stage.browser.get("/account/security-events").text


def test_it_is_ended_once(stage: Stage) -> None:
    on_device(stage)
    (door,) = doors(stage)
    page = stage.browser.get(PAGE)
    assert [sends(stage.browser, page, door).status_code for _ in range(2)] == [303, 404]
    assert events(stage) == 1


def test_a_device_that_has_not_fetched_its_tokens_yet_can_be_stopped(stage: Stage) -> None:
    client = device(stage)
    begun = connected(stage, client)
    (door,) = doors(stage)
    ends(stage, door)
    assert polls(client, begun).json["error"] == "invalid_grant"


def test_nobody_ends_a_device_of_somebody_else_or_what_is_none(stage: Stage) -> None:
    client, tokens = on_device(stage)
    (door,) = doors(stage)
    person(stage.app, "other@hospital.example")
    other = Browser(stage.app)
    other.enters(identifier="other@hospital.example")
    assert "/devices/" not in other.open(PAGE).text
    assert other.post(door).status_code == 404
    stage.code(stage.client())  # a grant by the browser has no door here
    assert doors(stage) == [door]
    assert ends(stage, door.replace("1", "2")).status_code == 404
    assert client.refresh(tokens["refresh_token"]).status_code == 200 and events(stage) == 0


def test_one_that_asked_for_consent_is_listed_under_both(stage: Stage) -> None:
    client = device(stage, asks_consent=True)
    begun = begins(client)
    asked = types(stage, begun["user_code"])
    says_yes(stage, consents(stage, asked))
    assert polls(client, begun).status_code == 200
    page = stage.browser.get(PAGE).text
    assert "Take back" in page and END.search(page)


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
def test_it_is_listed_as_long_as_it_counts(stage: Stage, scope: str) -> None:
    on_device(stage, scope=scope)
    assert len(doors(stage)) == 1
    with stage.app.app_context():
        account = people.by_identifier(stage.uid)
        assert account
        session.end_all(account.id, "test")
    stage.proves(SFA)
    assert len(doors(stage)) == ("offline_access" in scope)
