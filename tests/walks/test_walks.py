"""Random walks over signing in, step-up, PANIC and coming back reach nothing that the rules forbid.

`make walks` takes 10,000 of them; WALKS in the environment says how many, SEED which. hypothesis draws them, and tells
the shortest story of those that fail: put into `TOLD`, it is taken again.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from hypothesis import strategies as st

from idp.accounts import passwords, people, session
from idp.core.db import db, transaction
from idp.core.levels import MFA, PHR, SFA
from idp.mfa import challenges, enrolment, mobile_app
from idp.mfa.models import Challenge, Purpose
from idp.saas.direct_grants import Gift, grant_directly
from tests.oidc.relying_party import RelyingParty, register
from tests.saas.people import CPMS, TUEBINGEN, Town
from tests.support.identity_server import configured
from tests.support.lending import hurry
from tests.walks.conftest import COUNTED
from tests.walks.ground import Ground
from tests.walks.rules import Broken
from tests.walks.searching import search
from tests.walks.stories import MOVES, STARTS, STORY, Move
from tests.walks.walk import OPENED, Start, Walk
from tests.walks.walker import Someone

WALKS = int(os.environ.get("WALKS", "25"))
PARTS = 1 if WALKS < 1000 else 10
ENOUGH = 1000
# What a thousand walks come to, by experience some times each.
FAR = {
    *("PANIC", "come back with both codes", "frozen", "a code for an application", "a password replaced by link"),
    *(
        "a password replaced in the settings",
        "sign-in with sfa",
        "sign-in with mfa",
        "step-up to mfa",
        "step-up to phr",
    ),
    *("sms added", "totp added", "recovery_code added", "security_key added", "app_pin added"),
    *("confirmed in the app", "a code from the app", "a device suspended"),
}
# Walkers guess more often than anybody may, so that it is the states that stop them and not the counters.
UNBOUNDED = {
    "ERN_SMS__VOICE_CALLS": "true",
} | {
    f"ERN_{name}": "1000000"
    for name in (
        *("LIMITS__PASSWORD_PER_ACCOUNT", "LIMITS__PASSWORD_PER_BROWSER", "LIMITS__PASSWORD_PER_SOURCE"),
        *("LIMITS__PASSWORD_GLOBAL", "LIMITS__CHALLENGE_FAILURES_PER_DAY", "LIMITS__LINKS_PER_HOUR"),
        *("SMS__PER_MINUTE", "SMS__PER_TEN_MINUTES", "SMS__PER_DAY", "SMS__PER_SOURCE_PER_DAY", "SMS__TOTAL_PER_DAY"),
    )
}
NORA, OLAF, ADA = 0, 1, 2
# Stories that hypothesis told of defects, and some that it could have: where they begin, and the moves.
TOLD = [
    # A sign-in that the person confirms in the app, a wrong PIN before it, and the app removed in between.
    ("asked", [Move("steals", 1), Move("fills", 1)]),
    ("asked", [Move("unlinks", 1, NORA), Move("fills", 1)]),
    ("scanning", [Move("fills", 1, slip=4), Move("steals", 1), Move("fills", 1)]),
    ("lost app", [Move("opens", 0), Move("fills", 0), Move("fills", 0)]),
    # A sign-in whose password was given before the account was frozen, and that goes on once support opened it.
    ("asked", [Move("reads_mail", 0), Move("unfreezes", 0), Move("fills", 1)]),
    # A new password by mail after PANIC, which takes away what was registered since.
    ("new phone", [Move("opens", 0, number=40), Move("fills", 0), Move("reads_mail", 0)]),
    # A sign-in that waits for the second factor while the person decides to need none.
    (
        "forgotten",
        [
            *(Move("opens", 0, number=10), Move("fills", 0, number=1), Move("fills", 1), Move("fills", 1)),
            *(Move("fills", 0), Move("opens", 1, number=20)),
        ],
    ),
]


class Field:
    """The ground with its people, and the starts that were reached once and are put back for each walk."""

    def __init__(self, ground: Ground) -> None:
        self.ground, self.town = ground, Town(ground.app)
        self.approver = self.town.coordinator()
        self.party: RelyingParty = register(ground.app, application_id=CPMS)
        everybody = [
            self._someone("Nora", ("violet-harbour-31", "amber-lantern-32"), "31", "32"),
            self._someone("Olaf", ("copper-meadow-41", "silver-anchor-42"), "41", "42", phone=False),
            self._someone("Ada", ("granite-window-51", "scarlet-bridge-52"), "51", "52", is_administrator=True),
        ]
        self.visited: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()
        self.steps = self.walks = 0
        self.starts: dict[str, Start] = {}
        with time_machine.travel(datetime.now(UTC) + timedelta(days=30), tick=False) as clock:
            walk = Walk(ground, everybody, self.approver, self.party, clock)
            self.starts["nobody"] = walk.keeps()
            self._prepare(clock)

    def walk(self, start: str, clock: object) -> Walk:
        return Walk.begun(self.starts[start], self.ground, self.approver, self.party, clock)

    def take(self, start: str, moves: Sequence[Move]) -> None:
        """Take one walk."""
        with time_machine.travel(self.starts[start].moment, tick=False) as clock:
            walk = self.walk(start, clock)
            try:
                for move in moves:
                    walk.moves(move)
            except Exception as error:
                error.add_note(walk.told())
                raise
        self.note(walk)

    def search(self, name: str, walks: int) -> None:
        """Take so many walks; raise what the shortest one raises that fails."""
        search(name, walks, self.take, start=st.sampled_from(STARTS), moves=STORY)

    def note(self, walk: Walk) -> None:
        """Count what a walk came to."""
        for walker in walk.walkers:
            self.visited.update(walker.visited)
        self.reached += walk.rules.reached
        self.steps += walk.steps
        self.walks += 1

    def _prepare(self, clock: object) -> None:
        walk = self.walk("nobody", clock)
        walk.does(0, "/account/recovery-codes", NORA, lambda: walk.has(NORA, "recovery_code"))
        walk.opens(0, len(OPENED))
        self.starts["two factors"] = walk.keeps()
        walk.does(0, "/account/panic", NORA, lambda: not walk.memory.recognised.get(walk.people[NORA].id, True))
        walk.clock.shift(timedelta(minutes=2))
        self.starts["panic"] = walk.keeps()
        walk.does(0, "/account/phones", NORA, lambda: walk.has(NORA, "sms"))
        walk.opens(0, OPENED.index("/saas/locked/code"))
        self.starts["new phone"] = walk.keeps()
        walk = self.walk("nobody", clock)
        walk.does(1, "/account/phones", OLAF, lambda: walk.walkers[1].path.startswith("/account/phones"))
        self.starts["newcomer"] = walk.keeps()
        walk = self.walk("nobody", clock)
        walk.does(0, "/account/security-keys", ADA, lambda: walk.has(ADA, "security_key"))
        self.starts["administrator"] = walk.keeps()
        walk = self.walk("two factors", clock)
        walk.does(1, "/password/forgot", NORA, lambda: walk.walkers[1].path.startswith("/password/forgot/sent"))
        self.starts["forgotten"] = walk.keeps()
        self._prepare_apps(clock)

    def _prepare_apps(self, clock: object) -> None:
        walk = self.walk("two factors", clock)
        walk.does(0, "/account/devices", NORA, lambda: walk.has(NORA, "app_pin"))
        self.starts["app"] = walk.keeps()
        walk.does(1, self.party.request(), NORA, walk.walkers[1].number)
        self.starts["asked"] = walk.keeps()
        walk.posts(1, {"csrf_token": walk.walkers[1].form_token, "method": "app_qr"})
        self.starts["scanning"] = walk.keeps()
        walk = self.walk("app", clock)
        walk.does(1, "/account/panic", NORA, lambda: not walk.memory.recognised.get(walk.people[NORA].id, True))
        self.starts["lost app"] = walk.keeps()

    def _someone(self, name: str, passwords: tuple[str, str], *ends: str, phone: bool = True, **flags: bool) -> Someone:
        first, second = (f"+491713920{end:0>3}" for end in ends)
        email = f"{name.lower()}@hospital.example"
        with self.ground.app.app_context():
            account = people.create(name, "Vasseur", email, passwords[0], "en", **flags)
            if phone:
                enrolment.add_confirmed_phone(account, first)
            grant_directly(account, Gift(CPMS, TUEBINGEN, ("HP",), "test"))
            return Someone(name, email, account.id, account.uid, passwords, (first, second), passwords[0])


@pytest.fixture(scope="module")
def field(sqlite_catalogue: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    file = tmp_path_factory.mktemp("walks") / "idp.sqlite3"
    file.write_bytes(Path(sqlite_catalogue.removeprefix("sqlite:///")).read_bytes())
    app = configured(f"sqlite:///{file}", **UNBOUNDED)
    with app.app_context():
        hurry(db.engine)
    ground = Ground(app, file)
    yield Field(ground)
    ground.keep()


def test_walks_begin_where_the_rules_begin_to_matter(field: Field) -> None:
    begun = {}
    for name, start in field.starts.items():
        with time_machine.travel(start.moment, tick=False) as clock:
            walk = field.walk(name, clock)
            levels = [walk.ground.session(one.token()) for one in walk.walkers]
            kinds = [sorted(kind for kind, _ in walk.facts.factors[one.id].values()) for one in walk.people]
            begun[name] = ([one.acr if one and not one.over else "" for one in levels], kinds)
    phone, both = ["sms"], ["recovery_code", "sms"]
    assert begun == {
        "nobody": (["", ""], [phone, [], phone]),
        "two factors": ([MFA, ""], [both, [], phone]),
        "panic": (["", ""], [[], [], phone]),
        "new phone": ([MFA, ""], [phone, [], phone]),
        "newcomer": (["", SFA], [phone, [], phone]),
        "administrator": ([PHR, ""], [phone, [], ["security_key", "sms"]]),
        "forgotten": ([MFA, ""], [both, [], phone]),
        "app": ([MFA, ""], [["app_pin", *both], [], phone]),
        "asked": ([MFA, ""], [["app_pin", *both], [], phone]),
        "scanning": ([MFA, ""], [["app_pin", *both], [], phone]),
        "lost app": (["", ""], [[], [], phone]),
    }


def keeps_sessions(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(session, "end_all", lambda *_, **__: None)


def asks_for_nothing_fresh(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(enrolment, "may_change", session.require)


@pytest.mark.parametrize(
    ("rule", "path", "says"),
    [
        (keeps_sessions, "/account/panic", "outlived"),
        (asks_for_nothing_fresh, "/account/phones/{phone}/remove", "without a fresh proof"),
    ],
)
def test_the_judge_sees_a_broken_rule(
    field: Field, monkeypatch: pytest.MonkeyPatch, rule: Callable, path: str, says: str
) -> None:
    rule(monkeypatch)
    start = field.starts["two factors"]
    with time_machine.travel(start.moment + timedelta(minutes=11), tick=False) as clock:
        walk = field.walk("two factors", clock)
        [phone] = [number for number, (kind, _) in walk.facts.factors[walk.people[NORA].id].items() if kind == "sms"]
        with pytest.raises(Broken, match=says):
            walk.does(0, path.format(phone=phone), NORA, lambda: False)


def takes_any_password(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(passwords, "matches", lambda *_: True)


def lets_a_phone_forget_its_pin(broken: pytest.MonkeyPatch) -> None:
    broken.setattr(mobile_app, "check", lambda *_: None)


def collects_what_nobody_confirmed(broken: pytest.MonkeyPatch) -> None:
    judge = challenges.answer

    def answer(challenge: Challenge, given: Mapping[str, str], then: Callable) -> object:
        if challenge.kind == mobile_app.KIND and challenge.purpose is Purpose.SIGN_IN:
            with transaction():
                return then(challenge, {})
        return judge(challenge, given, then)

    broken.setattr(challenges, "answer", answer)


@pytest.mark.parametrize(
    ("rule", "start", "moves", "says"),
    [
        (takes_any_password, "nobody", [Move("opens", 0), Move("fills", 0, slip=4)], "without a password"),
        (lets_a_phone_forget_its_pin, "asked", [Move("fills", 1, slip=4), Move("steals", 1)], "without its PIN"),
        (collects_what_nobody_confirmed, "asked", [Move("fills", 1, slip=4)], "which nothing proved"),
    ],
)
def test_the_judge_sees_where_a_story_should_have_ended(
    field: Field, monkeypatch: pytest.MonkeyPatch, rule: Callable, start: str, moves: list[Move], says: str
) -> None:
    field.take(start, moves)
    rule(monkeypatch)
    with pytest.raises(Broken, match=says):
        field.take(start, moves)


def test_a_broken_rule_is_found_and_told_as_shortly_as_can_be(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    takes_any_password(monkeypatch)
    with pytest.raises(Broken, match="without a password") as found:
        search("any password", 100, field.take, start=st.just("nobody"), moves=st.lists(MOVES, min_size=1, max_size=4))
    told = "\n".join(found.value.__notes__)
    assert told.startswith("Move(does='fills', browser=0, who=None, number=0, slip=4)\n    (0, '/login', "), told
    assert "SEED=" in told


@pytest.mark.parametrize(("start", "moves"), TOLD)
def test_what_once_broke_a_rule_breaks_none(field: Field, start: str, moves: list[Move]) -> None:
    field.take(start, moves)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_walk_reaches_what_the_rules_forbid(field: Field, part: int, record_property: Callable) -> None:
    before = field.reached + field.visited, field.steps, field.walks
    field.search(f"part {part}", WALKS // PARTS)
    counted = field.reached + field.visited - before[0]
    walks = field.walks - before[2]
    record_property(COUNTED, {"walks": walks, "requests": field.steps - before[1], **counted})
    assert walks >= WALKS // PARTS
    if walks >= ENOUGH:
        assert set(counted) >= FAR, "the walks have to get somewhere, else they prove nothing"
