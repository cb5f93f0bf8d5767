"""Hashing: what it costs, when it is renewed, what happens when too many want it."""

import re
import threading
import unicodedata
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from flask import Flask

from idp.accounts import password_rules, passwords, people
from idp.accounts.models import Account
from idp.core.db import db, transaction
from idp.core.errors import Busy, Invalid
from tests.accounts.browser import PASSWORD, person

WORDS = ("Zoë", "Ferran-Łukasz", "n00axup3", "zoe.ferran@clinic-nord.example")


@pytest.fixture
def inside(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parameters of each hash that Argon2 was asked to verify."""
    calls: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, stored: str, password: str) -> bool:
        calls.append(stored.rpartition("$")[0].rpartition("$")[0])
        return real(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    return calls


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("", "password_short"),
        ("nine-char", "password_short"),
        ("x" * 129, "password_long"),
        ("1234567890", "password_common"),
        ("abcdefghijklm", "password_simple"),
        ("zyxwvutsrqpo", "password_simple"),
        ("aaaaaaaaaaaa", "password_simple"),
        ("ababababababab", "password_simple"),
        ("abcabcabcabcabc", "password_simple"),
        ("qwertyuiop", "password_common"),
        ("password123", "password_common"),
        ("PassWord!2026", "password_common"),
        ("P@ssw0rd2026", "password_common"),
        ("1qaz2wsx3edc", "password_common"),
        ("Manchester2026!", "password_common"),
        ("zoe-ferran-1975", "password_personal"),
        ("Zoë Ferran 75", "password_personal"),
        ("Łukasz!2026!", "password_personal"),
        ("n00axup3n00axup3-", "password_personal"),
        ("zoe.ferran@clinic-nord.example", "password_personal"),
        ("ERN-Login-2026", "password_personal"),
        ("EU Login CPMS 1", "password_personal"),
    ],
)
def test_an_unfit_password_is_refused_with_its_reason(inside: None, password: str, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        password_rules.check(WORDS, password)
    assert refusal.value.key == key


@pytest.mark.parametrize(
    "password",
    [
        "violet-harbour-eleven",
        "correct horse battery staple",
        "nordlicht kaffee zug",
        "λόφος θάλασσα βροχή",
        "8f!kQ2z#pL",
        "x7" + "k3w9" * 31 + "zz",
        "Zoe likes seven green boats",
    ],
)
def test_long_or_random_passwords_need_no_digits_or_signs(inside: None, password: str) -> None:
    password_rules.check(WORDS, password)


def test_one_keyboard_composes_what_another_sends_in_parts(app: Flask) -> None:
    composed = unicodedata.normalize("NFC", "Übermäßig-grüne-Wälder")
    with app.app_context():
        account = people.create("Zoë", "Ferran", "zoe@hospital.example", composed, "en")
        assert passwords.matches(account, unicodedata.normalize("NFD", composed))


def test_length_counts_composed_characters(inside: None) -> None:
    with pytest.raises(Invalid):
        password_rules.check((), unicodedata.normalize("NFD", "äëïöüâêîô"))


def test_a_password_is_stored_as_argon2id_with_the_settings(app: Flask) -> None:
    person(app)
    with app.app_context():
        stored = people.by_address("ada.ferran@hospital.example").password_hash
        assert re.match(r"\$argon2id\$v=19\$m=64,t=1,p=1\$", stored)
        assert PASSWORD not in stored


def test_an_unknown_person_costs_exactly_one_verification_with_the_same_parameters(
    app: Flask, verified: list[str]
) -> None:
    person(app)
    with app.app_context():
        assert not passwords.matches(None, PASSWORD)
        assert not passwords.matches(people.by_address("ada.ferran@hospital.example"), "wrong-wrong-wrong")
        assert passwords.matches(people.by_address("ada.ferran@hospital.example"), PASSWORD)
    assert verified == ["$argon2id$v=19$m=64,t=1,p=1"] * 3


def test_a_longer_password_is_refused_before_hashing(app: Flask, verified: list[str]) -> None:
    person(app)
    with app.app_context():
        assert not passwords.matches(None, "x" * 129)
        assert not passwords.matches(people.by_address("ada.ferran@hospital.example"), "x" * 129)
    assert verified == []


def test_a_hash_with_old_parameters_is_renewed_at_the_next_right_password(app: Flask) -> None:
    person(app)
    old = PasswordHasher(time_cost=2, memory_cost=32, parallelism=1).hash(PASSWORD)
    with app.app_context():
        with transaction():
            db.session.get_one(Account, 1).password_hash = old
        assert not passwords.matches(db.session.get(Account, 1), "wrong-wrong-wrong")
        assert db.session.get_one(Account, 1).password_hash == old
        assert passwords.matches(db.session.get(Account, 1), PASSWORD)
        assert "m=64,t=1" in db.session.get_one(Account, 1).password_hash
        assert passwords.matches(db.session.get(Account, 1), PASSWORD)


def test_too_many_hashes_at_once_are_answered_with_busy(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.05)
    hashing, release = threading.Event(), threading.Event()
    real = PasswordHasher.hash

    def slow(self: PasswordHasher, password: str) -> str:
        hashing.set()
        assert release.wait(10)
        return real(self, password)

    monkeypatch.setattr(PasswordHasher, "hash", slow)

    def occupy() -> None:
        with app.app_context():
            passwords.hash_of(PASSWORD)

    worker = threading.Thread(target=occupy)
    worker.start()
    assert hashing.wait(10)
    with app.app_context(), pytest.raises(Busy) as refusal:
        passwords.matches(None, PASSWORD)
    assert refusal.value.retry_after > 0
    release.set()
    worker.join(10)
    with app.app_context():
        assert not passwords.matches(None, PASSWORD)


def test_hashing_inside_an_act_is_a_mistake_of_the_program(inside: None) -> None:
    with transaction(), pytest.raises(RuntimeError):
        passwords.hash_of(PASSWORD)
