"""The page of what happened to an account, and that every event about a person has its sentence."""

import ast
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event as database_event
from sqlalchemy import select

from idp.accounts import people, security_events
from idp.accounts.event_words import EVENTS, UNSHOWN
from idp.core import audit
from idp.core.audit import Actor, AuditEvent
from idp.core.db import db, transaction
from idp.core.levels import MFA
from idp.saas.models import ItemState
from tests.accounts.browser import ADA, Browser, person, sign_in, words

ROOT = Path(__file__).resolve().parents[2]
PAGE = "/account/security-events"
# What the variable parts of computed names can be.
PARTS = {
    "mfa.challenge.": ("ask", "fail", "pass", "approve", "deny"),
    "account.password.": ("change", "reset"),
    "saas.item.": tuple(state.value for state in ItemState),
    "saas.organisation.": ("confirm", "refuse"),
}


def recorded(tree: ast.Module) -> Iterator[ast.expr]:
    """The names of the events about a person that a module records."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record" and _about_a_person(node):
            yield node.args[0]


def _about_a_person(call: ast.Call) -> bool:
    return any(keyword.arg == "subject" for keyword in call.keywords)


def names(act: ast.expr) -> list[str]:
    if isinstance(act, ast.Constant):
        return [act.value]
    if isinstance(act, ast.IfExp):
        return [*names(act.body), *names(act.orelse)]
    assert isinstance(act, ast.JoinedStr), ast.unparse(act)
    stem = act.values[0].value  # type: ignore[attr-defined]
    return [f"{stem}{part}" for part in PARTS[stem]]


ACTS = sorted(
    {
        name
        for path in (ROOT / "idp").rglob("*.py")
        if "audit.record(" in (text := path.read_text("utf-8"))
        for act in recorded(ast.parse(text))
        for name in names(act)
    }
)


def test_the_events_were_found() -> None:
    assert {"session.start", "mfa.factor.add", "saas.item.granted", "oidc.grant.give"} <= set(ACTS)


@pytest.mark.parametrize("act", ACTS)
def test_every_event_about_a_person_has_a_sentence_or_a_reason_to_be_left_out(act: str) -> None:
    assert (act in EVENTS) != (act in UNSHOWN)


def test_no_sentence_is_about_an_event_that_nobody_records() -> None:
    assert sorted(set(EVENTS) - set(ACTS)) == []


@pytest.fixture
def ada(app: Flask) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser, MFA, "pwd", "sms")
    return browser


def happens(app: Flask, *acts: str, actor: str | None = None, **what: object) -> None:
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        audit.acting(Actor(actor or account.uid))
        with transaction():
            for act in acts:
                audit.record(act, subject=account.uid, **what)  # type: ignore[arg-type]


def test_the_page_tells_what_happened_from_where_and_proved_with_what(app: Flask, ada: Browser) -> None:
    ada.submit("/account/details", first_name="Adele", last_name="Ferran")
    told = words(ada.get(PAGE))
    newest, older = "The name of your account was changed.", "You signed in."
    assert told.index(newest) < told.index(older)
    for part in ("203.0.113.*", "Two factors", "Your account was created."):
        assert part in told
    assert "203.0.113.7" not in told


def test_every_sentence_can_be_written_whatever_the_event_holds(app: Flask, ada: Browser) -> None:
    happens(app, *EVENTS)
    happens(app, *EVENTS, after={}, before={})
    for language in ("en", "fr"):
        ada.client.set_cookie("lang", language)
        before = ""
        for _ in range(4):
            page = ada.get(f"{PAGE}{before}")
            assert page.status_code == 200
            assert "%(" not in words(page)
            older = re.search(r"\?before=\d+", page.text)
            before = older[0] if older else before


def test_what_somebody_else_did_is_marked(app: Flask, ada: Browser) -> None:
    assert "Not done by you" not in words(ada.get(PAGE))
    happens(app, "saas.access.change", actor="n0000001", after={"state": "revoked"})
    assert "An access of yours was changed: taken away. Not done by you" in words(ada.get(PAGE))


def test_events_come_in_pages_and_none_twice_or_never(app: Flask, ada: Browser) -> None:
    happens(app, *["account.prefer"] * 60)
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        sizes, seen, before = [], 0, None
        while True:
            page = security_events.shown(account, before)
            sizes.append(len(page.events))
            seen += len(page.events)
            before = page.older
            if before is None:
                break
        mine = select(AuditEvent).where(AuditEvent.subject == account.uid)
        assert seen == len(db.session.scalars(mine).all())
    assert sizes[:2] == [25, 25]
    first = ada.get(PAGE)
    older = re.search(r'href="(/account/security-events\?before=\d+)"', first.text)
    assert older
    assert "The newest events" in words(ada.get(older[1]))


@pytest.mark.parametrize("before", ["0", "x", "-1", "99999999999999999999"])
def test_a_made_up_page_is_no_error(ada: Browser, before: str) -> None:
    assert ada.get(f"{PAGE}?before={before}").status_code in (200, 400, 404)


def test_nobody_sees_events_of_somebody_else(app: Flask, ada: Browser) -> None:
    ada.submit("/account/details", first_name="Adele", last_name="Ferran")
    person(app, "bo@hospital.example")
    other = Browser(app)
    sign_in(other, email="bo@hospital.example")
    assert "Adele" not in words(other.get(PAGE))


def test_a_page_costs_the_same_with_many_events_and_is_one_read_of_an_index(app: Flask, ada: Browser) -> None:
    counted: list[str] = []

    def count(*arguments: object) -> None:
        counted.append(str(arguments[2]))

    happens(app, *EVENTS)
    with app.app_context():
        engine = db.engine
    database_event.listen(engine, "before_cursor_execute", count)
    ada.get(PAGE)
    few = len(counted)
    happens(app, *list(EVENTS) * 9)
    counted.clear()
    ada.get(PAGE)
    database_event.remove(engine, "before_cursor_execute", count)
    assert len(counted) <= few <= 6
    [read] = [line for line in counted if "audit_event" in line]
    explained = f"EXPLAIN QUERY PLAN {read}"
    with closing(engine.raw_connection()) as connection:
        plan = str(connection.cursor().execute(explained, [1] * read.count("?")).fetchall())
    assert "ix_audit_event_subject" in plan
    assert "TEMP B-TREE" not in plan


def test_no_secret_stands_on_the_page(app: Flask, ada: Browser) -> None:
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        digest = account.password_hash
    ada.submit("/account/details", first_name="Adele", last_name="Ferran")
    page = ada.get(PAGE).text
    cookie = ada.client.get_cookie("ern_session")
    assert cookie
    assert cookie.value not in page
    assert digest not in page
