"""Reads outside the session: what they see, and what they do when the database is in trouble."""

import pytest
from flask import Flask
from sqlalchemy import bindparam, select
from sqlalchemy.exc import OperationalError

from idp.core import clock, driver
from idp.core.db import db, transaction
from idp.core.limits import Counter
from idp.core.prepared import Prepared

OF_KEY = select(Counter.__table__).where(Counter.key == bindparam("key"))
BY_KEY = Prepared(OF_KEY)


def count(key: str) -> None:
    db.session.add(Counter(key=key, tries=3, window_ends=clock.now()))
    db.session.flush()


def test_a_row_comes_with_the_values_that_the_session_would_give(each_app: Flask) -> None:
    with each_app.app_context():
        with transaction():
            count("seen")
        found = BY_KEY.first(key="seen")
        same = db.session.get_one(Counter, "seen")
        assert (found.key, found.tries, found.window_ends) == (same.key, same.tries, same.window_ends)
        assert BY_KEY.first(key="' OR 1=1 --") is None


def test_an_act_reads_what_it_wrote_and_nobody_else_does(each_app: Flask) -> None:
    with each_app.app_context():
        with pytest.raises(ZeroDivisionError), transaction():
            count("mine")
            assert BY_KEY.first(key="mine").tries == 3
            raise ZeroDivisionError
        assert BY_KEY.first(key="mine") is None


def test_a_database_in_trouble_is_told_in_the_words_that_the_edge_knows(app: Flask) -> None:
    with app.app_context():
        with transaction() as session:
            Counter.__table__.drop(session.connection())
        with pytest.raises(OperationalError):
            BY_KEY.first(key="gone")


def test_a_value_is_made_of_each_row_as_it_is_now_and_once_of_the_same(app: Flask) -> None:
    made: list[int] = []
    statement = Prepared(OF_KEY, lambda row: made.append(row.tries) or (row.key, row.tries))
    with app.app_context():
        for tries in (3, 4):
            with transaction() as session:
                session.merge(Counter(key="x", tries=tries, window_ends=clock.now()))
            assert [statement.first(key="x"), statement.first(key="x")] == [("x", tries)] * 2
    assert made == [3, 4]


def test_a_value_comes_on_each_database_and_when_the_connection_broke(each_app: Flask) -> None:
    statement = Prepared(OF_KEY, lambda row: (row.key, row.tries))
    with each_app.test_request_context("/"):
        with transaction():
            count("x")
        assert statement.first(key="x") == ("x", 3)
        driver.held().line.connection.dbapi_connection.close()
        assert statement.first(key="x") == ("x", 3) and statement.first(key="y") is None


def test_all_rows_come_in_their_order_also_when_the_connection_broke(each_app: Flask) -> None:
    ordered = Prepared(select(Counter.key).where(Counter.tries == bindparam("tries")).order_by(Counter.key))
    with each_app.test_request_context("/"):
        with transaction():
            for key in ("b", "c", "a"):
                count(key)
            assert [row.key for row in ordered.all(tries=3)] == ["a", "b", "c"]
        assert [row.key for row in ordered.all(tries=3)] == ["a", "b", "c"] and ordered.all(tries=4) == []
        driver.held().line.connection.dbapi_connection.close()
        assert [row.key for row in ordered.all(tries=3)] == ["a", "b", "c"]
