"""A random walk over signing in, PANIC, new devices and being recognised reaches nothing that the rules forbid.

A few walks are taken each time the tests run; WALKS=10000 in the environment takes that many.
"""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.accounts.models import Account
from idp.core.db import db
from idp.core.errors import NotAllowed, Refusal
from idp.core.levels import MFA, SFA
from idp.mfa import challenges, coming_back, enrolment, panic
from idp.mfa.challenges import Asking
from idp.mfa.models import Authenticator, Purpose
from idp.saas import recognition
from idp.saas.models import AccessState
from tests.oidc.relying_party import RelyingParty, register
from tests.saas.people import CPMS, Person, Town, mails
from tests.support.identity_server import configured

WALKS = int(os.environ.get("WALKS", "12"))
UNBOUNDED = {"ERN_LIMITS__CHALLENGE_FAILURES_PER_DAY": "1000000"}
MOVES = ("password", "phone", "panic", "new phone", "make codes", "own codes", "old codes", "guess", "confirm", "ask")


@dataclass
class Walk:
    """One person, one approver, and what has been proved since the last PANIC."""

    town: Town
    nora: Person
    clara: Person
    party: RelyingParty
    recognised: bool = True
    sheet: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)

    def takes(self, move: str) -> None:
        with self.town.app.test_request_context("/", base_url="http://localhost:8000"), suppress(Refusal):
            getattr(self, "_" + move.replace(" ", "_"))()

    def _account(self) -> Account:
        return db.session.get_one(Account, self.nora.id)

    def _password(self) -> None:
        self.nora.signs_in(SFA)

    def _phone(self) -> None:
        if enrolment.authenticators(self.nora.id, "sms"):
            self.nora.signs_in(MFA)

    def _panic(self) -> None:
        panic.press(self.nora.id, "owner")
        db.session.expire_all()
        assert enrolment.authenticators(self.nora.id) == [], "a factor survived"
        if self.recognised:
            self.before = self.sheet
        self.recognised, self.sheet = False, []

    def _new_phone(self) -> None:
        enrolment.add_confirmed_phone(self._account(), "+491713920055")

    def _make_codes(self) -> None:
        begun = enrolment.begin(Asking(self._account(), Purpose.ENROL, "walk"), "recovery_code", {})
        codes = begun.page["codes"]
        enrolment.confirm(challenges.current("walk", Purpose.ENROL), {"code": codes[0]}, first=False)
        self.sheet = codes

    def _own_codes(self) -> None:
        self._come_back(self.sheet[:1] or ["00000-00000"])

    def _old_codes(self) -> None:
        if self._come_back(self.before[:1] or ["00000-00000"]):
            self.recognised = True

    def _guess(self) -> None:
        self._come_back(["00000-00000"])

    def _come_back(self, codes: list[str]) -> bool:
        if not enrolment.authenticators(self.nora.id):
            raise NotAllowed("the page asks for the new device first")
        coming_back._send(self.nora.id, self.nora.email)
        mailed = [mail["subject"][:8] for mail in mails(self.town.app) if "coming back" in mail["subject"]]
        record = panic.opened(self.nora.id)
        assert record
        recognition.come_back(self._account(), codes[0], mailed[-1])
        return codes[0] in self.before

    def _confirm(self) -> None:
        recognition.confirm(self.clara.approver(), self.nora.uid)
        self.recognised = True

    def _ask(self) -> None:
        recognition._ask(self.nora.id)

    def judge(self) -> None:
        """What must be true wherever the walk is."""
        states = {access.state for access in self.nora.accesses()}
        assert states == ({AccessState.ACTIVE} if self.recognised else {AccessState.LOCKED})
        answer = self.nora.client.get(self.party.request())
        got = "code=" in answer.headers.get("Location", "")
        with self.town.app.app_context():
            factors = db.session.query(Authenticator).filter_by(account_id=self.nora.id).count()
        assert not got or (self.recognised and factors)


@pytest.fixture(scope="module")
def walked(sqlite_catalogue: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Town, Person, RelyingParty]:
    path = tmp_path_factory.mktemp("walk") / "idp.sqlite3"
    path.write_bytes(Path(sqlite_catalogue.removeprefix("sqlite:///")).read_bytes())
    town = Town(configured(f"sqlite:///{path}", **UNBOUNDED))
    yield town, town.coordinator(), register(town.app, application_id=CPMS)
    with town.app.app_context():
        db.engine.dispose()


numbers = iter(range(10**9))


def begins(walked: tuple[Town, Person, RelyingParty]) -> Walk:
    town, clara, party = walked
    return Walk(town, town.person(f"Nora{next(numbers)}").holds("HP"), clara, party)


@settings(max_examples=WALKS, deadline=None, suppress_health_check=list(HealthCheck))
@given(moves=st.lists(st.sampled_from(MOVES), min_size=8, max_size=30))
def test_no_walk_opens_what_is_locked(walked: tuple[Town, Person, RelyingParty], moves: list[str]) -> None:
    walk = begins(walked)
    for move in moves:
        walk.takes(move)
        walk.judge()


@pytest.mark.parametrize("way", ["confirm", "old codes"])
def test_the_walk_can_come_back(walked: tuple[Town, Person, RelyingParty], way: str) -> None:
    """Else the walk above would prove nothing."""
    walk = begins(walked)
    for move in ("phone", "make codes", "panic", "new phone", "phone", way, "phone"):
        walk.takes(move)
        walk.judge()
    assert walk.recognised
    assert "code=" in walk.nora.client.get(walk.party.request()).headers["Location"]
