"""Random walks over signing in, step-up, PANIC and coming back reach nothing that the rules forbid.

`make walks` takes 10,000 of them; WALKS in the environment says how many, SEED which.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import time_machine

from idp.accounts import passwords, people, session
from idp.core.db import db
from idp.core.levels import MFA, PHR, SFA
from idp.mfa import enrolment
from idp.saas.direct_grants import Gift, grant_directly
from tests.oidc.relying_party import RelyingParty, register
from tests.saas.people import CPMS, TUEBINGEN, Town
from tests.support.identity_server import configured
from tests.support.lending import hurry
from tests.walks.conftest import COUNTED
from tests.walks.ground import Ground
from tests.walks.rules import Broken
from tests.walks.walk import OPENED, Start, Walk
from tests.walks.walker import Someone

WALKS = int(os.environ.get("WALKS", "25"))
SEED = os.environ.get("SEED", "1")
PARTS = 1 if WALKS < 1000 else 10
MOVES = (4, 10)
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
    *("sms added", "totp added", "recovery_code added", "security_key added"),
}
# Walkers guess more often than anybody may, so that it is the states that stop them and not the counters.
UNBOUNDED = {
    f"ERN_{name}": "1000000"
    for name in (
        *("LIMITS__PASSWORD_PER_ACCOUNT", "LIMITS__PASSWORD_PER_BROWSER", "LIMITS__PASSWORD_PER_SOURCE"),
        *("LIMITS__PASSWORD_GLOBAL", "LIMITS__CHALLENGE_FAILURES_PER_DAY", "LIMITS__LINKS_PER_HOUR"),
        *("SMS__PER_MINUTE", "SMS__PER_TEN_MINUTES", "SMS__PER_DAY", "SMS__PER_SOURCE_PER_DAY", "SMS__TOTAL_PER_DAY"),
    )
}
NORA, OLAF, ADA = 0, 1, 2
STARTS = ("nobody", "two factors", "panic", "new phone", "newcomer", "administrator", "forgotten")


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
        self.steps = 0
        self.starts: dict[str, Start] = {}
        with time_machine.travel(datetime.now(UTC) + timedelta(days=30), tick=False) as clock:
            walk = Walk(ground, everybody, self.approver, self.party, clock)
            self.starts["nobody"] = walk.keeps()
            self._prepare(clock)

    def walk(self, start: str, clock: object) -> Walk:
        return Walk.begun(self.starts[start], self.ground, self.approver, self.party, clock)

    def take(self, number: int) -> None:
        """Take one walk; the same number is the same walk, but for what the server draws."""
        chance = Random(f"{SEED}.{number}")
        name = chance.choice(STARTS)
        with time_machine.travel(self.starts[name].moment, tick=False) as clock:
            walk = self.walk(name, clock)
            try:
                for _ in range(chance.randint(*MOVES)):
                    walk.moves(chance)
            except BaseException as error:
                error.add_note(f"SEED={SEED}, walk {number} from {name!r}: {walk.trace}")
                raise
        self.note(walk)

    def note(self, walk: Walk) -> None:
        """Count what a walk came to."""
        for walker in walk.walkers:
            self.visited.update(walker.visited)
        self.reached += walk.rules.reached
        self.steps += walk.steps

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
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passwords, "STRETCH_PASSES", 1)
        cheap.setattr(passwords, "STRETCH_KIB", 8)
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


@pytest.mark.parametrize("part", range(PARTS))
def test_no_walk_reaches_what_the_rules_forbid(field: Field, part: int, record_property: Callable) -> None:
    before = field.reached + field.visited, field.steps
    numbers = range(part, WALKS, PARTS)
    for number in numbers:
        field.take(number)
    counted = field.reached + field.visited - before[0]
    record_property(COUNTED, {"walks": len(numbers), "requests": field.steps - before[1], **counted})
    if len(numbers) >= ENOUGH:
        assert set(counted) >= FAR, "the walks have to get somewhere, else they prove nothing"
