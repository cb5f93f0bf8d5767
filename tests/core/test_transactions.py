"""One act is one transaction, on both databases."""

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from idp.core import audit, limits
from idp.core.audit import AuditEvent
from idp.core.db import db, transaction, transactional
from idp.core.errors import TooMany
from idp.core.limits import Budget, Counter


@transactional
def _tell(name: str) -> None:
    audit.record(name)


def _events() -> int:
    return db.session.scalar(select(func.count()).select_from(AuditEvent)) or 0


def test_an_act_that_fails_leaves_nothing_behind(each_app: Flask) -> None:
    with each_app.app_context():
        with pytest.raises(ZeroDivisionError), transaction():
            _tell("first")
            raise ZeroDivisionError
        assert _events() == 0
        _tell("second")
        assert [e.act for e in db.session.scalars(select(AuditEvent))] == ["second"]


def test_tries_are_given_back_with_the_act_of_the_success_and_not_when_it_fails(each_app: Flask) -> None:
    budget = Budget("guess", "ada", 1, 60)
    with each_app.app_context():
        limits.spend(budget)
        with pytest.raises(ZeroDivisionError), transaction():
            limits.forgive(budget)
            raise ZeroDivisionError
        with pytest.raises(TooMany):
            limits.spend(budget)
        with transaction():
            limits.forgive(budget)
        limits.spend(budget)


def test_a_change_outside_an_act_is_a_mistake_of_ours(app: Flask) -> None:
    with app.app_context():
        db.session.add(Counter(key="x", tries=1))
        with pytest.raises(RuntimeError), transaction():
            pass
        db.session.rollback()
        with pytest.raises(RuntimeError):
            audit.record("nowhere")


def test_parallel_acts_keep_the_audit_chain_whole(each_app: Flask) -> None:
    def work() -> None:
        with each_app.app_context():
            for _ in range(5):
                _tell("parallel")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with each_app.app_context():
        assert _events() == 40
        assert audit.verify() is None


@pytest.mark.parametrize(
    "tampering", ["UPDATE audit_event SET act = 'x' WHERE id = 2", "DELETE FROM audit_event WHERE id = 2"]
)
def test_a_changed_or_missing_event_breaks_the_chain(app: Flask, tampering: str) -> None:
    with app.app_context():
        for name in ("one", "two", "three"):
            _tell(name)
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.exec_driver_sql(tampering)
        assert audit.verify() in (2, 3)


def test_a_cut_off_end_breaks_the_chain(app: Flask) -> None:
    with app.app_context():
        for name in ("one", "two"):
            _tell(name)
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.exec_driver_sql("DELETE FROM audit_event WHERE id = 2")
        assert audit.verify() == 2


def test_an_event_cannot_be_rewritten_through_the_program(app: Flask) -> None:
    with app.app_context():
        _tell("one")
        with pytest.raises(RuntimeError), transaction() as session:
            session.scalars(select(AuditEvent)).one().act = "other"


def test_a_hundred_parallel_tries_are_judged_as_often_as_the_budget_says(each_app: Flask) -> None:
    allowed: list[int] = []
    waits: list[int] = []

    def attempt() -> None:
        with each_app.app_context():
            for number in range(5):
                try:
                    limits.spend(Budget("guess", "ada", 7, 60))
                except TooMany as refusal:
                    waits.append(refusal.retry_after)
                else:
                    allowed.append(number)

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(allowed) == 7
    assert all(0 < wait <= 60 for wait in waits)


def test_a_counter_outlives_the_act_it_guards_and_may_not_be_spent_inside(app: Flask) -> None:
    with app.app_context(), pytest.raises(RuntimeError), transaction():
        limits.spend(Budget("guess", "ada", 1, 60))
