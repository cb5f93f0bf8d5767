"""Upcoming meetings of a network: announced, listed in order, called off by who announced them."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from ecp_client import clock
from ecp_client.db import db
from ecp_client.models import Meeting
from tests.ecp.conftest import Browser, hidden_fields
from tests.ecp.issuer import access, person

LIST = "/spaces/ERN-RND/meetings"
NEW = f"{LIST}/new"


def day(distance: int) -> str:
    return f"{clock.now() + timedelta(days=distance):%Y-%m-%d}"


def meeting(title: str = "Webinar", distance: int = 3, **more: str) -> dict[str, str]:
    return {"title": title, "day": day(distance), "time": "17:00", "place": "Room 1"} | more


def test_a_meeting_is_announced_for_the_network(member: Browser, another: Browser) -> None:
    assert "No meeting is planned." in member.opens(LIST).text
    page = member.sends(NEW, **meeting(place="https://meet.example/x"))
    assert "Your meeting is announced." in page.text
    another.enters(person("n00iiii1", "Ida Test"))
    seen = another.opens(LIST).text
    assert "<h2>Webinar</h2>" in seen
    assert ", 17:00</b>" in seen
    assert "Announced by Lena Hartwig" in seen
    assert 'href="https://meet.example/x"' in seen
    assert "/delete" not in seen


def test_only_an_https_address_becomes_a_link(member: Browser) -> None:
    assert 'href="javascript' not in member.sends(NEW, **meeting(place="javascript:alert(1)")).text


def test_the_next_meeting_comes_first_and_past_ones_go(member: Browser) -> None:
    for title, distance in (("Later", 9), ("Sooner", 2)):
        member.sends(NEW, **meeting(title, distance))
    page = member.opens(LIST).text
    assert page.index("Sooner") < page.index("Later")
    with time_machine.travel(clock.now() + timedelta(days=5), tick=True):
        member.signs_in()
        assert "Sooner" not in member.opens(LIST).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": ""}, "Write a title."),
        ({"day": ""}, "Choose a day."),
        ({"day": "30.11.2026"}, "Write the day like"),
        ({"day": "2027-02-30"}, "Write the day like"),
        ({"day": "2020-01-01"}, "still to come"),
        ({"day": "0001-01-01", "time": "00:00"}, "still to come"),
        ({"day": "9999-12-31"}, "still to come"),
        ({"time": ""}, "Choose a time."),
        ({"time": "5pm"}, "Write the time like"),
        ({"place": ""}, "Say where"),
        ({"place": "p" * 301}, "Use at most 300 characters."),
    ],
)
def test_a_bad_meeting_gets_words_and_keeps_what_was_typed(member: Browser, fields: dict[str, str], words: str) -> None:
    page = member.sends(NEW, **meeting("Kept title", place="Kept place") | fields).text
    assert "<title>Error: " in page
    assert page.count(words) == 2
    assert "Kept" in page
    assert "No meeting is planned." in member.opens(LIST).text


def test_the_same_form_sent_twice_makes_one_meeting(member: Browser, ecp: Flask) -> None:
    form = hidden_fields(member.opens(NEW).text) | meeting()
    for _ in range(2):
        assert member.posts(NEW, follow=False, **form).status_code == 303
    with ecp.app_context():
        assert len(db.session.scalars(db.select(Meeting)).all()) == 1


def test_only_who_announced_a_meeting_calls_it_off(member: Browser, another: Browser) -> None:
    member.sends(NEW, **meeting())
    another.enters(person("n00iiii1", "Ida Test"))
    assert "can call it off" in another.opens(f"{LIST}/1/delete").text
    another.posts(f"{LIST}/1/delete", csrf_token=hidden_fields(another.opens("/").text)["csrf_token"])
    assert "Webinar" in member.opens(LIST).text
    token = hidden_fields(member.opens(f"{LIST}/1/delete").text)["csrf_token"]
    for _ in range(2):
        assert "No meeting is planned." in member.posts(f"{LIST}/1/delete", csrf_token=token).text
    assert member.opens(f"{LIST}/1/delete").status_code == 404


@pytest.mark.parametrize("path", ["", "/new", "/1/delete"])
def test_nobody_sees_the_meetings_of_another_network(member: Browser, another: Browser, path: str) -> None:
    another.enters(person("n00other", "Otto Other", access("ITHACA")))
    another.sends("/spaces/ITHACA/meetings/new", **meeting())
    assert another.opens(f"/spaces/ITHACA/meetings{path}").status_code == 200
    assert member.opens(f"/spaces/ITHACA/meetings{path}").status_code == 404


def test_a_meeting_typed_while_the_session_ran_out_is_still_there(member: Browser) -> None:
    form = hidden_fields(member.opens(NEW).text) | meeting("Long title")
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        need = member.posts(NEW, follow=False, **form)
        back = member.signs_in(path=need.location)
        assert "Long title" in member.opens(back.location).text
