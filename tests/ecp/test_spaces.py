"""The space of a network: only its members, their list, and the notice board."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import event

from ecp_client import clock, membership
from ecp_client.db import db
from ecp_client.models import Person, Post
from tests.ecp.conftest import BASE, Browser, hidden_fields
from tests.ecp.issuer import Issuer, access, person

SPACE = "/spaces/ERN-RND"
NEW = f"{SPACE}/posts/new"


def fill(ecp: Flask, count: int, ern: str = "ERN-RND") -> None:
    """So many members, as if each had signed in once."""
    with ecp.app_context():
        for number in range(count):
            who = person(f"{ern}{number:03}", f"Zoë Example {number:03}", access(ern, f"DE{number % 9}"))
            row = Person(subject=who["sub"], identifier="-", name="-", first_seen_at=clock.now())
            db.session.add(row)
            db.session.flush()
            membership.record(row, who, clock.now())
        db.session.commit()


def queries(ecp: Flask, browser: Browser, path: str) -> int:
    """How many statements one page costs."""
    seen: list[str] = []
    with ecp.app_context():
        engine = db.engine
    listener = lambda *args: seen.append(args[2])  # noqa: E731 - kept to be removed
    event.listen(engine, "before_cursor_execute", listener)
    assert browser.opens(path).status_code == 200
    event.remove(engine, "before_cursor_execute", listener)
    return len(seen)


@pytest.mark.parametrize("path", ["", "/members", "/posts/new", "/posts/1/edit", "/posts/1/delete"])
def test_nobody_sees_the_space_of_another_network(member: Browser, another: Browser, path: str) -> None:
    another.enters(person("n00other", "Otto Other", access("ITHACA")))
    another.sends("/spaces/ITHACA/posts/new", title="Hello", text="World")
    assert member.opens(f"/spaces/ITHACA{path}").status_code == 404
    assert member.opens(f"/spaces/Invented{path}").status_code == 404
    assert another.opens(f"/spaces/ITHACA{path}").status_code == 200


def test_a_post_is_not_reachable_through_another_network(member: Browser, another: Browser) -> None:
    another.enters(person("n00other", "Otto Other", access("ITHACA")))
    another.sends("/spaces/ITHACA/posts/new", title="Hello", text="World")
    assert member.opens(f"{SPACE}/posts/1/edit").status_code == 404
    member.sends(f"{SPACE}/posts/new", follow=True, title="x", text="y")
    token = hidden_fields(member.opens("/").text)["csrf_token"]
    member.posts(f"{SPACE}/posts/1/delete", csrf_token=token)
    assert "World" in another.opens("/spaces/ITHACA").text


def test_members_are_listed_with_hospital_country_and_date(member: Browser) -> None:
    page = member.opens(f"{SPACE}/members").text
    for words in ("Lena Hartwig", "DE22 - Hospital DE22", "Germany", "1 entry."):
        assert words in page


def test_members_are_paged_by_25_with_links(member: Browser, ecp: Flask) -> None:
    fill(ecp, 60)
    first = member.opens(f"{SPACE}/members").text
    assert first.count('<tr class="ecl-table__row"><td') == 25
    assert f'href="{SPACE}/members?page=2"' in first
    last = member.opens(f"{SPACE}/members?page=99").text
    assert last.count('<tr class="ecl-table__row"><td') == 11
    assert member.opens(f"{SPACE}/members?page=-5").status_code == 200
    assert member.opens(f"{SPACE}/members?page=x").status_code == 200


@pytest.mark.parametrize(
    ("search", "found"),
    [("zoe 007", 1), ("ZOË", 30), ("hartwig", 1), ("de22", 1), ("allemagne", 31), ("%", 0), ("_", 0), ("' or 1=1", 0)],
)
def test_members_are_found_by_name_hospital_and_country(member: Browser, ecp: Flask, search: str, found: int) -> None:
    fill(ecp, 30)
    page = member.client.get(f"{SPACE}/members", query_string={"q": search}, base_url=BASE).text
    assert f"{found} entr" in page if found else "Nobody matches" in page


def test_the_search_stays_in_the_links_to_other_pages_and_languages(member: Browser, ecp: Flask) -> None:
    fill(ecp, 30)
    page = member.opens(f"{SPACE}/members?q=zoe").text
    assert "q=zoe&amp;page=2" in page or "page=2&amp;q=zoe" in page
    assert "q=zoe&amp;lang=fr" in page


def test_lists_cost_the_same_number_of_queries_whatever_their_length(member: Browser, ecp: Flask) -> None:
    before = queries(ecp, member, f"{SPACE}/members"), queries(ecp, member, SPACE)
    fill(ecp, 40)
    for number in range(12):
        member.sends(NEW, title=f"Post {number}", text="Text")
    assert (queries(ecp, member, f"{SPACE}/members"), queries(ecp, member, SPACE)) == before
    assert max(before) <= 6


def test_only_those_who_signed_in_here_are_counted(member: Browser, another: Browser) -> None:
    assert "1 member, 1 country." in member.opens(SPACE).text
    another.enters(person("n00iiii1", "Ida Test", access("ERN-RND", "IT08", "IT")))
    assert "2 members, 2 countries." in member.opens(SPACE).text


def test_a_post_is_published_for_the_network_with_author_and_date(member: Browser, another: Browser) -> None:
    page = member.sends(NEW, title="Webinar", text="First <b>line</b>\r\nsecond\r\n\r\nNew paragraph")
    assert "Your post is on the notice board." in page.text
    another.enters(person("n00iiii1", "Ida Test"))
    board = another.opens(SPACE).text
    assert "<h3>Webinar</h3>" in board
    assert "Lena Hartwig, " in board
    assert "<p>First &lt;b&gt;line&lt;/b&gt;<br>second</p>" in board
    assert "<p>New paragraph</p>" in board
    assert "/edit" not in board
    assert "No patient data here." in board


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"title": "", "text": "Kept text"}, "Write a title."),
        ({"title": "Kept title", "text": "  \r\n "}, "Write the text of your post."),
        ({"title": "t" * 151, "text": "Kept text"}, "Use at most 150 characters."),
        ({"title": "Kept title", "text": "t" * 5001}, "Use at most 5000 characters."),
    ],
)
def test_a_bad_post_gets_words_and_keeps_what_was_typed(member: Browser, fields: dict[str, str], words: str) -> None:
    page = member.sends(NEW, **fields).text
    assert "<title>Error: " in page
    assert page.count(words) == 2
    assert 'role="alert"' in page
    assert "Kept" in page
    assert "No post yet" in member.opens(SPACE).text


def test_the_same_form_sent_twice_makes_one_post(member: Browser, ecp: Flask) -> None:
    form = hidden_fields(member.opens(NEW).text) | {"title": "Once", "text": "Only once"}
    assert member.posts(NEW, follow=False, **form).status_code == 303
    assert member.posts(NEW, follow=False, **form).status_code == 303
    with ecp.app_context():
        assert len(db.session.scalars(db.select(Post)).all()) == 1


def test_an_author_edits_and_deletes(member: Browser) -> None:
    member.sends(NEW, title="Old", text="Old text")
    page = member.sends(f"{SPACE}/posts/1/edit", title="New", text="New text").text
    assert "<h3>New</h3>" in page
    assert "(changed " in page
    assert "cannot be brought back" in member.opens(f"{SPACE}/posts/1/delete").text
    token = hidden_fields(member.opens(f"{SPACE}/posts/1/delete").text)["csrf_token"]
    for _ in range(2):
        page = member.posts(f"{SPACE}/posts/1/delete", csrf_token=token)
        assert page.status_code == 200
    assert "No post yet" in page.text
    assert "no longer there" in member.opens(f"{SPACE}/posts/1/edit").text


def test_nobody_changes_the_post_of_another(member: Browser, another: Browser) -> None:
    member.sends(NEW, title="Mine", text="Mine")
    another.enters(person("n00iiii1", "Ida Test"))
    assert another.opens(f"{SPACE}/posts/1/edit").status_code == 403
    token = hidden_fields(another.opens("/").text)["csrf_token"]
    assert another.posts(f"{SPACE}/posts/1/edit", csrf_token=token, title="x", text="y").status_code == 403
    another.posts(f"{SPACE}/posts/1/delete", csrf_token=token)
    assert "<h3>Mine</h3>" in member.opens(SPACE).text


def test_a_post_deleted_while_it_is_edited_is_not_brought_back(member: Browser) -> None:
    member.sends(NEW, title="Mine", text="Mine")
    form = hidden_fields(member.opens(f"{SPACE}/posts/1/edit").text)
    member.posts(f"{SPACE}/posts/1/delete", csrf_token=form["csrf_token"])
    assert member.posts(f"{SPACE}/posts/1/edit", **form, title="x", text="y").status_code == 404


def test_the_board_is_paged_newest_first(member: Browser) -> None:
    for number in range(11):
        member.sends(NEW, title=f"Post {number}", text="Text")
    assert "<h3>Post 10</h3>" in member.opens(SPACE).text
    assert "<h3>Post 0</h3>" not in member.opens(SPACE).text
    assert "<h3>Post 0</h3>" in member.opens(f"{SPACE}?page=2").text


def test_a_post_written_while_the_session_ran_out_is_still_there_after_signing_in(member: Browser) -> None:
    form = hidden_fields(member.opens(NEW).text) | {"title": "Long title", "text": "Long work"}
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=True):
        need = member.posts(NEW, follow=False, **form)
        assert need.location == f"/sign-in?next={NEW}"
        back = member.signs_in(path=need.location)
        page = member.opens(back.location).text
        assert "Long title" in page
        assert "Long work" in page
        assert "Long work" not in member.opens(NEW).text


def test_a_post_written_while_the_issuer_is_down_is_kept(member: Browser, issuer: Issuer) -> None:
    form = hidden_fields(member.opens(NEW).text) | {"title": "Long title", "text": "Long work"}
    issuer.down = True
    with time_machine.travel(clock.now() + timedelta(seconds=90), tick=True):
        page = member.posts(NEW, **form)
        assert page.status_code == 503
        assert f'href="{NEW}"' in page.text
        issuer.down = False
        assert "Long work" in member.opens(NEW).text


def test_a_post_without_the_token_of_the_form_is_refused(member: Browser) -> None:
    page = member.posts(NEW, title="x", text="y")
    assert page.status_code == 400
    assert "This form is too old" in page.text


def test_somebody_who_lost_the_membership_cannot_post(member: Browser, issuer: Issuer) -> None:
    form = hidden_fields(member.opens(NEW).text) | {"title": "x", "text": "y"}
    issuer.userinfo = {"ern_access": [access("ITHACA")]}
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=True):
        assert member.posts(NEW, **form).status_code == 404


def test_a_membership_keeps_its_date_while_it_lasts(member: Browser) -> None:
    with time_machine.travel(clock.now() + timedelta(days=40), tick=True):
        member.signs_in()
        page = member.opens(f"{SPACE}/members").text
        assert f"{clock.now() - timedelta(days=40):%Y}" in page
        assert f"{clock.now():%B}" not in page
