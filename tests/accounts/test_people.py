"""Making accounts and finding them again."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from idp.accounts import passwords, people
from idp.accounts.people import Person
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Conflict, Invalid
from tests.accounts.browser import PASSWORD, accounts, at_work, person


def test_an_account_is_made_once_however_often_it_is_asked_for(app: Flask) -> None:
    first, again = person(app), person(app, "ADA.Ferran@Hospital.EXAMPLE")
    assert first == again
    assert re.fullmatch(r"n[0-9a-z]{7}", first)
    with app.app_context():
        acts = db.session.scalars(select(AuditEvent.act).where(AuditEvent.subject == first)).all()
        assert acts == ["account.create"]


def test_a_new_account_has_one_verified_primary_address(app: Flask) -> None:
    person(app)
    [account] = accounts(app)
    [address] = account.addresses
    assert (address.address, address.is_primary) == ("ada.ferran@hospital.example", True)
    assert address.verified_at == account.created_at


@pytest.mark.parametrize(("flags", "expected"), [({}, False), ({"is_administrator": True}, True)])
def test_administrators_are_always_asked_for_two_factors(app: Flask, flags: dict[str, bool], expected: bool) -> None:
    person(app, **flags)
    assert accounts(app)[0].always_mfa is expected


@pytest.mark.parametrize("typed", ["ada.ferran@hospital.example", " Ada.Ferran@HOSPITAL.example ", "UID", " uid "])
def test_a_person_is_found_by_address_or_identifier(app: Flask, typed: str) -> None:
    uid = person(app)
    with app.app_context():
        found = people.by_identifier(typed.replace("UID", uid.upper()).replace("uid", uid))
        assert found
        assert found.uid == uid


@pytest.mark.parametrize("typed", ["", "@", "a@b", "nobody@hospital.example", "n0000000", "x" * 5000, "ada.ferran"])
def test_nobody_is_found_by_anything_else(app: Flask, typed: str) -> None:
    person(app)
    with app.app_context():
        assert people.by_identifier(typed) is None


def test_an_identifier_that_is_taken_is_replaced(app: Flask) -> None:
    uid = person(app)
    with app.app_context():
        twin = people.add(Person("Bo", "Lind", "bo@hospital.example", "en", uid), "hash")
        assert twin.uid != uid
    assert len(accounts(app)) == 2


def test_a_taken_address_is_a_conflict_and_writes_nothing(each_app: Flask) -> None:
    uid = person(each_app)
    with each_app.app_context(), pytest.raises(Conflict):
        people.add(Person("Bo", "Lind", "Ada.Ferran@hospital.example", "en", "n1234567"), "hash")
    assert [account.uid for account in accounts(each_app)] == [uid]


def test_an_address_that_is_none_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(Invalid):
        people.create("Ada", "Ferran", "not an address", PASSWORD, "en")


def test_parallel_makers_get_the_same_account(each_app: Flask) -> None:
    found: list[str] = []
    at_work(*[lambda: found.append(person(each_app))] * 4)
    assert len(found) == 4
    assert len(set(found)) == 1
    with each_app.app_context():
        assert passwords.matches(people.by_uid(found[0]), PASSWORD)
