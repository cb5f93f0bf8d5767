"""A session ends in time, and with every right that ERN Login takes away."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from flask import Flask

from ecp_client import clock, sealed
from ecp_client.db import db
from ecp_client.models import BrowserSession, Person
from tests.ecp.conftest import Browser
from tests.ecp.issuer import Issuer, access, person

SPACE = "/spaces/ERN-RND"


def later(**span: int) -> time_machine.travel:
    return time_machine.travel(clock.now() + timedelta(**span), tick=True)


@pytest.fixture
def member(visitor: Browser) -> Browser:
    """Somebody who went the whole way."""
    assert visitor.signs_in().status_code == 303
    return visitor


def test_the_claims_are_asked_again_after_a_minute_and_not_before(member: Browser, issuer: Issuer) -> None:
    member.opens(SPACE)
    assert issuer.asked.count("/oauth2/userinfo") == 1
    with later(seconds=61):
        assert member.opens(SPACE).status_code == 200
        assert member.opens(SPACE).status_code == 200
    assert issuer.asked.count("/oauth2/userinfo") == 2


def test_a_membership_that_was_taken_away_closes_the_space_within_a_minute(member: Browser, issuer: Issuer) -> None:
    issuer.userinfo = {"ern_access": []}
    with later(seconds=61):
        assert member.opens(SPACE).status_code == 404
        page = member.opens("/spaces")
        assert page.status_code == 403
        assert "You are not a member of a network yet" in page.text


def test_a_new_membership_opens_its_space_within_a_minute(member: Browser, issuer: Issuer) -> None:
    assert member.opens("/spaces/ITHACA").status_code == 404
    issuer.userinfo = {"ern_access": [access("ERN-RND"), access("ITHACA", "FR07", "FR")]}
    with later(seconds=61):
        assert member.opens("/spaces/ITHACA").status_code == 200


def test_without_the_issuer_nothing_is_shown_and_nothing_is_lost(member: Browser, issuer: Issuer) -> None:
    issuer.down = True
    with later(seconds=61):
        page = member.opens(SPACE)
        assert page.status_code == 503
        assert "ERN Login does not answer" in page.text
        issuer.down = False
        assert member.opens(SPACE).status_code == 200


def test_a_session_ended_at_the_issuer_is_over_here(member: Browser, issuer: Issuer) -> None:
    issuer.tokens.clear()
    with later(seconds=61):
        assert member.opens(SPACE).status_code == 302
        assert member.opens(SPACE).location == "/sign-in?next=/spaces/ERN-RND"


def test_userinfo_that_turns_into_somebody_else_ends_the_session(member: Browser, issuer: Issuer) -> None:
    issuer.userinfo = {"sub": "n00other"}
    with later(seconds=61):
        assert member.opens(SPACE).status_code == 302
    issuer.userinfo = {}
    assert member.opens(SPACE).status_code == 302


def test_an_expired_access_token_means_going_through_the_issuer_again(visitor: Browser, issuer: Issuer) -> None:
    issuer.expires_in = 120
    visitor.signs_in()
    with later(seconds=61):
        assert visitor.opens(SPACE).status_code == 200
    with later(seconds=125):
        assert visitor.opens(SPACE).status_code == 302
    assert issuer.asked.count("/oauth2/userinfo") == 2


def test_a_session_ends_after_half_an_hour_without_a_page(member: Browser) -> None:
    with later(minutes=29):
        assert member.opens(SPACE).status_code == 200
    with later(minutes=58):
        assert member.opens(SPACE).status_code == 200
    with later(minutes=89):
        assert member.opens(SPACE).status_code == 302
        assert "Login via ERN Login" in member.opens("/").text


def test_a_session_ends_after_ten_hours_in_any_case(visitor: Browser, issuer: Issuer) -> None:
    issuer.expires_in = 100_000
    visitor.signs_in()
    for minutes in range(25, 600, 25):
        with later(minutes=minutes):
            assert visitor.opens(SPACE).status_code == 200
    with later(minutes=601):
        assert visitor.opens(SPACE).status_code == 302


def test_signing_out_ends_the_session_here_and_leads_to_the_issuer(member: Browser, issuer: Issuer) -> None:
    old = member.cookie()
    there = member.signs_out()
    assert there.status_code == 303
    asked = parse_qs(urlsplit(there.location).query)
    assert there.location.startswith(f"{issuer.url}/oauth2/logout?")
    assert asked["post_logout_redirect_uri"] == ["http://localhost:8002/"]
    assert asked["client_id"] == ["ecp"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert not member.cookie()
    member.client.set_cookie("ecp_session", old, domain="localhost")
    assert member.opens(SPACE).status_code == 302
    assert "You are signed out of ECP." in member.opens("/").text


def test_signing_out_works_while_the_issuer_is_down(member: Browser, issuer: Issuer) -> None:
    issuer.down = True
    member.client.application.extensions["ecp"].issuer._metadata.read_at = -1e9
    there = member.signs_out()
    assert there.location == "/"
    assert "close your browser" in member.opens("/").text


def test_signing_out_at_an_issuer_without_that_page_ends_at_home(visitor: Browser, issuer: Issuer) -> None:
    issuer.metadata = {"end_session_endpoint": None}
    visitor.signs_in()
    assert visitor.signs_out().location == "/"


def test_signing_out_twice_is_no_error(member: Browser) -> None:
    page = member.opens("/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    member.client.set_cookie("ecp_session", "gone", domain="localhost")
    assert member.posts("/sign-out", follow=False, csrf_token=token).location == "/"


def test_signing_out_needs_the_form_of_this_browser(member: Browser) -> None:
    page = member.posts("/sign-out", csrf_token="foreign")
    assert page.status_code == 400
    assert "This form is too old" in page.text
    assert member.opens(SPACE).status_code == 200


def test_the_database_holds_neither_the_cookie_nor_a_readable_token(
    member: Browser, ecp: Flask, issuer: Issuer
) -> None:
    (token,) = issuer.tokens
    with ecp.app_context():
        session = db.session.scalars(db.select(BrowserSession)).one()
        assert member.cookie() not in session.token_hash
        assert token.encode() not in session.access_token
        assert sealed.unseal(ecp.extensions["ecp"].settings.secret_key, session.access_token) == token


def test_after_a_change_of_the_secret_people_sign_in_again(member: Browser, ecp: Flask) -> None:
    with ecp.app_context():
        db.session.scalars(db.select(BrowserSession)).one().access_token = b"unreadable"
        db.session.commit()
    with later(seconds=61):
        assert member.opens(SPACE).status_code == 302


def test_a_lost_hint_still_signs_out_here(member: Browser, ecp: Flask) -> None:
    with ecp.app_context():
        db.session.scalars(db.select(BrowserSession)).one().id_token = b"unreadable"
        db.session.commit()
    assert member.signs_out().location == "/"


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        None,
        [1, None, "x"],
        [{"ern": "ERN-RND"}],
        [access("ERN-RND", hcp="")],
        [access("ERN-RND", hcp="0000")],
        [access("ERN-RND", guest="consult")],
        [access("ERN-RND") | {"ern": 7}],
        [access("ERN-RND", country="")],
    ],
)
def test_claims_that_are_no_full_membership_give_no_right(visitor: Browser, issuer: Issuer, wrong: object) -> None:
    issuer.userinfo = {"ern_access": wrong}
    visitor.signs_in()
    assert visitor.opens("/spaces").status_code == 403
    assert visitor.opens(SPACE).status_code == 404


def test_a_person_with_two_hospitals_and_two_networks_chooses(visitor: Browser) -> None:
    both = access("ERN-RND"), access("ERN-RND", "DE03"), access("ITHACA", "FR07", "FR")
    visitor.signs_in(person("n00axup3", "Lena Hartwig", *both))
    page = visitor.opens("/spaces").text
    assert "My networks" in page
    assert page.count('class="tile"') == 2
    assert "DE03" in visitor.opens(SPACE).text


def test_a_name_comes_from_whatever_the_issuer_tells(visitor: Browser, ecp: Flask) -> None:
    visitor.signs_in(person(name="") | {"given_name": "Lena", "family_name": "Hartwig\x00\n"})
    with ecp.app_context():
        assert db.session.scalars(db.select(Person)).one().name == "Lena Hartwig"
    visitor.signs_in(person(name=""))
    with ecp.app_context():
        assert db.session.scalars(db.select(Person)).one().name == "n00axup3"
