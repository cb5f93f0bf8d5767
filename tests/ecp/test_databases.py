"""The same on SQLite and PostgreSQL: migrations up and down, the story, and parallel acts."""

import threading
from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import create_engine, inspect

from ecp_client import cli, posts
from ecp_client.db import Model, db
from ecp_client.models import BrowserSession, Membership, Person, Post
from tests.ecp.conftest import Browser, hidden_fields, prepare
from tests.ecp.issuer import Issuer, access

SPACE = "/spaces/ERN-RND"


def at_once(count: int, act: Callable[[], int]) -> list[int]:
    """The results of the same act by so many threads at the same moment."""
    gate, results = threading.Barrier(count), []

    def run() -> None:
        gate.wait()
        results.append(act())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results)


@pytest.fixture
def running(database_url: str, start: Callable[..., Flask], ecp_template: str) -> Flask:
    return start(prepare(database_url))


def test_migrations_go_up_and_down_and_agree_with_the_models(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ECP_DATABASE_URL", database_url)
    assert cli.main(["prepare"]) == cli.main(["prepare"]) == 0
    assert "ready to start" in capsys.readouterr().out
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Model.metadata) == []
    assert cli.main(["downgrade", "base"]) == 0
    assert inspect(engine).get_table_names() == ["alembic_version"]
    command.upgrade(cli.migrations(database_url), "head")
    assert "person" in inspect(engine).get_table_names()
    engine.dispose()


def test_the_story_of_a_member(running: Flask, issuer: Issuer) -> None:
    lena = Browser(running.test_client(), issuer)
    lena.signs_in()
    assert "Your post is on the notice board." in lena.sends(f"{SPACE}/posts/new", title="Übung", text="Größe").text
    assert "1 entry" in lena.opens(f"{SPACE}/members?q=hartwig").text
    assert "<h3>Other</h3>" in lena.sends(f"{SPACE}/posts/1/edit", title="Other", text="Text").text
    lena.signs_out()
    assert lena.opens(SPACE).status_code == 302


def test_one_answer_of_the_issuer_opens_one_session_however_often_it_arrives(running: Flask, issuer: Issuer) -> None:
    lena = Browser(running.test_client(), issuer)
    address = lena.goes_to_issuer()
    form_cookie = lena.client.get_cookie("ecp_form", domain="localhost")
    assert form_cookie

    def arrive() -> int:
        copy = Browser(running.test_client(), issuer)
        copy.client.set_cookie("ecp_form", form_cookie.value, domain="localhost")
        return copy.comes_back(address).status_code

    assert at_once(10, arrive) == [303] + [400] * 9
    with running.app_context():
        assert len(db.session.scalars(db.select(BrowserSession)).all()) == 1


def test_first_sign_ins_of_one_person_at_the_same_moment_make_one_person(running: Flask, issuer: Issuer) -> None:
    def sign_in() -> int:
        return Browser(running.test_client(), issuer).signs_in().status_code

    assert at_once(6, sign_in) == [303] * 6
    with running.app_context():
        assert len(db.session.scalars(db.select(Person)).all()) == 1
        assert len(db.session.scalars(db.select(Membership)).all()) == 1


def test_parallel_pages_after_a_change_of_rights_agree(running: Flask, issuer: Issuer) -> None:
    lena = Browser(running.test_client(), issuer)
    lena.signs_in()
    issuer.userinfo = {"ern_access": [access("ERN-RND", "DE03"), access("ITHACA", "FR07", "FR")]}
    with running.app_context():
        session = db.session.scalars(db.select(BrowserSession)).one()
        session.checked_at = session.checked_at.replace(year=2000)
        db.session.commit()

    def open_space() -> int:
        copy = Browser(running.test_client(), issuer)
        copy.client.set_cookie("ecp_session", lena.cookie(), domain="localhost")
        return copy.opens(SPACE).status_code

    assert at_once(8, open_space) == [200] * 8
    with running.app_context():
        assert sorted(row.hcp for row in db.session.scalars(db.select(Membership))) == ["DE03", "FR07"]


def test_one_form_sent_many_times_at_once_makes_one_post(running: Flask, issuer: Issuer) -> None:
    lena = Browser(running.test_client(), issuer)
    lena.signs_in()
    form = hidden_fields(lena.opens(f"{SPACE}/posts/new").text)
    with running.app_context():
        author = db.session.scalars(db.select(Person)).one().id

    def send() -> int:
        with running.app_context():
            posts.write("ERN-RND", db.session.get_one(Person, author), form["once"], "Once", "Text")
        return 0

    assert at_once(10, send) == [0] * 10
    with running.app_context():
        assert len(db.session.scalars(db.select(Post)).all()) == 1
