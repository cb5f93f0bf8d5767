"""A request keeps one connection: it goes back whatever happens, is nobody else's, and never sees an older state."""

import threading
from collections.abc import Callable
from contextlib import suppress
from sqlite3 import ProgrammingError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, select
from werkzeug.exceptions import ClientDisconnected

from idp.core import clock, driver, limits
from idp.core.db import db, transaction
from idp.core.errors import Invalid, TooMany
from idp.core.limits import Budget, Counter
from idp.core.prepared import Prepared
from idp.oidc import clients
from tests.support.connections import held

BY_KEY = Prepared(select(Counter.__table__).where(Counter.key == bindparam("key")))
GUESS = Budget("guess", "ada", 1, 60)


def count(key: str, tries: int = 1) -> None:
    with transaction() as session:
        session.merge(Counter(key=key, tries=tries, window_ends=clock.now()))


def elsewhere(app: Flask, call: Callable[[], object]) -> None:
    """Make a call in another thread, in a context of its own, and wait for it."""

    def run() -> None:
        with app.app_context():
            call()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)


def kept() -> Any:
    """What the request keeps."""
    return driver.held().line


def is_under_way(connection: Any) -> bool:
    """Whether a transaction is under way, as the driver knows it."""
    return (
        connection.in_transaction if hasattr(connection, "in_transaction") else connection.info.transaction_status != 0
    )


def test_reads_counters_and_acts_of_a_request_use_one_connection_which_goes_back_at_its_end(each_app: Flask) -> None:
    with each_app.test_request_context("/"):
        BY_KEY.first(key="x")
        first = kept().connection.dbapi_connection
        limits.spend(GUESS)
        with transaction() as session:
            BY_KEY.first(key="x")
            session.get(Counter, "x")
            assert session.connection().connection.dbapi_connection is first
        BY_KEY.first(key="x")
        assert kept().connection.dbapi_connection is first and held(each_app) == 1
    assert held(each_app) == 0


def test_between_two_reads_nothing_is_under_way(each_app: Flask) -> None:
    """While a password is hashed or an address is fetched, PostgreSQL can clear away what is over."""
    with each_app.test_request_context("/"):
        for act in (lambda: BY_KEY.first(key="x"), lambda: count("x"), lambda: limits.spend(Budget("a", "b", 9, 60))):
            act()
            assert not is_under_way(kept().connection.dbapi_connection)


def test_a_read_and_an_act_see_what_another_one_committed_after_the_first_read(each_app: Flask) -> None:
    with each_app.test_request_context("/"):
        assert BY_KEY.first(key="x") is None
        elsewhere(each_app, lambda: count("x", 1))
        assert BY_KEY.first(key="x").tries == 1
        elsewhere(each_app, lambda: count("x", 2))
        with transaction() as session:
            assert BY_KEY.first(key="x").tries == 2
            assert session.get_one(Counter, "x").tries == 2


def test_two_requests_at_once_do_not_share_one(each_app: Flask) -> None:
    used: list[object] = []

    def look() -> None:
        with each_app.test_request_context("/"):
            BY_KEY.first(key="x")
            used.append(kept().connection.dbapi_connection)

    with each_app.test_request_context("/"):
        BY_KEY.first(key="x")
        used.append(kept().connection.dbapi_connection)
        elsewhere(each_app, look)
        assert held(each_app) == 1
    assert len(set(map(id, used))) == 2


def test_whoever_works_for_days_keeps_none(each_app: Flask) -> None:
    """The worker and the command line: their connection may have broken since."""
    with each_app.app_context():
        BY_KEY.first(key="x")
        count("x")
        db.session.rollback()
        assert held(each_app) == 0


def test_a_request_never_waits_for_a_connection_while_it_keeps_one_that_it_read_with(each_app: Flask) -> None:
    """As many requests at once as there are connections would wait for each other."""
    with each_app.test_request_context("/"):
        BY_KEY.first(key="x")
        db.session.get(Counter, "x")
        assert held(each_app) == 1
        count("x")
        assert held(each_app) == 1


@pytest.mark.parametrize("error", [Invalid("x"), ZeroDivisionError(), KeyboardInterrupt()])
def test_what_fails_gives_it_back_with_nothing_done_and_the_request_can_go_on(
    each_app: Flask, error: BaseException
) -> None:
    with each_app.test_request_context("/"):
        with pytest.raises(type(error)), transaction():
            count("x")
            raise error
        assert held(each_app) == 0 and BY_KEY.first(key="x") is None
        count("x")
        assert BY_KEY.first(key="x").tries == 1
    assert held(each_app) == 0


def test_an_exhausted_counter_is_counted_all_the_same(each_app: Flask) -> None:
    with each_app.test_request_context("/"):
        limits.spend(GUESS)
        for _ in range(2):
            with pytest.raises(TooMany):
                limits.spend(GUESS)
        assert BY_KEY.first(key="guess:ada").tries == 3


def test_what_counts_last_is_spared_where_another_counter_is_exhausted(each_app: Flask) -> None:
    own = limits.Budget("own", "ada", 2, 60)
    with each_app.test_request_context("/"):
        limits.spend(GUESS, then=own)
        with pytest.raises(TooMany, match="guess"):
            limits.spend(GUESS, then=own)
        assert (BY_KEY.first(key="guess:ada").tries, BY_KEY.first(key="own:ada").tries) == (2, 1)
        limits.spend(own)
        with pytest.raises(TooMany, match="own"):
            limits.spend(limits.Budget("free", "ada", 9, 60), then=own)
        assert BY_KEY.first(key="free:ada").tries == 1


@pytest.mark.parametrize("error", [None, Invalid("x"), ClientDisconnected(), ZeroDivisionError()])
def test_no_answer_leaves_one_behind(each_app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception | None) -> None:
    """A refusal, a client that went away, a mistake of ours: whatever comes after the first read."""
    asked: list[int] = []

    def find(_client_id: object) -> None:
        BY_KEY.first(key="x")
        asked.append(held(each_app))
        if error:
            raise error

    monkeypatch.setattr(clients, "find", find)
    monkeypatch.setitem(each_app.config, "PROPAGATE_EXCEPTIONS", False)
    each_app.test_client().post("/oauth2/token", data={"client_id": "x", "client_secret": "x"})
    assert asked == [1] and held(each_app) == 0


def test_a_connection_that_broke_under_a_request_is_replaced(each_app: Flask) -> None:
    with each_app.test_request_context("/"):
        count("x", 7)
        kept().connection.dbapi_connection.close()
        assert BY_KEY.first(key="x").tries == 7


def test_what_comes_back_makes_transactions_again_for_whoever_takes_it_next(each_app: Flask) -> None:
    with each_app.test_request_context("/"):
        BY_KEY.first(key="x")
    with each_app.app_context(), db.engine.connect() as connection:
        connection.execute(select(Counter))
        assert is_under_way(connection.connection.dbapi_connection)


def test_on_sqlite_the_next_request_goes_on_with_it_and_nobody_keeps_it_open_at_the_end(app: Flask) -> None:
    used: list[Any] = []
    for _ in range(2):
        with app.test_request_context("/"):
            BY_KEY.first(key="x")
            used.append(kept().own)
    assert used[0] is used[1]
    with app.app_context():
        db.engine.dispose()
    with pytest.raises(ProgrammingError, match="closed"):
        used[0].execute("SELECT 1")


def test_on_sqlite_more_requests_at_once_than_the_pool_has_do_not_wait_for_each_other(app: Flask) -> None:
    """Whoever waits for the pool would not hear of those that are given back past it."""
    reading = threading.Barrier(20)

    def look() -> None:
        with app.test_request_context("/"):
            BY_KEY.first(key="x")
            reading.wait(20)

    threads = [threading.Thread(target=look) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not reading.broken and held(app) == 0


@pytest.mark.parametrize("error", [None, ZeroDivisionError()])
def test_a_connection_that_is_given_back_meanwhile_is_lent_to_one_only(app: Flask, error: Exception | None) -> None:
    with app.test_request_context("/"):
        with suppress(ZeroDivisionError), driver.Borrowed() as line:
            driver.give_back()
            if error:
                raise error
        assert app.extensions[driver.FREE] == [line]
        assert BY_KEY.first(key="x") is None and kept() is line
