"""One walk: two browsers, three people, a clock, and moves that anybody could make; each is judged."""

import copy
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.routing import Rule

from idp.accounts import freezing
from idp.core.errors import Refusal
from idp.saas import recognition
from tests.oidc.relying_party import RelyingParty
from tests.saas.people import Person
from tests.support.companion_app import CompanionApp, Refused
from tests.walks import phones
from tests.walks.ground import Ground
from tests.walks.rules import Broken, Memory, Rules
from tests.walks.stories import SLIPS, Move
from tests.walks.walker import HOPS, LINK, Someone, Step, Walker, filled

OPENED = (
    "/login",
    "/account",
    "/account/second-factor",
    "/account/phones",
    "/account/authenticator-apps",
    "/account/recovery-codes",
    "/account/devices",
    "/account/security-keys",
    "/account/panic",
    "/account/panic?prove=1",
    "/account/settings",
    "/account/settings/password",
    "/account/sessions",
    "/account/delete",
    "/password/forgot",
    "/saas/locked",
    "/saas/locked/code",
    "/saas/approvals/identities",
    "/admin/",
    "/logout",
    "lost",
)
WISHES: tuple[dict[str, str], ...] = (
    {},
    {"prompt": "login"},
    {"max_age": "0"},
    {"prompt": "none"},
    {"acr_values": "phr"},
)
# Up to this number the first form of a page is filled in.
MOST = 44
WAITS = (60, 240, 660, 1860, 3660, 8 * 24 * 3600)


@dataclass
class Start:
    """Where a walk begins: the database, the browsers and what everybody knows."""

    kept: bytes
    at: list[int]
    browsers: list[tuple[dict[str, str], str, list[str], str]]
    people: list[Someone]
    memory: Memory
    moment: datetime


@dataclass
class Walk:
    """The moves; `clock` is the one that time_machine gives."""

    ground: Ground
    people: list[Someone]
    approver: Person
    party: RelyingParty
    clock: Any
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.rules = Rules(self.ground, self.people, self.memory)
        self.walkers = [Walker(self.ground, f"203.0.113.{7 + number}") for number in range(2)]
        self.facts = self.ground.facts()
        self.steps = 0
        self.trace: list[object] = []
        self.at = [0, 1]

    @classmethod
    def begun(cls, start: Start, ground: Ground, approver: Person, party: RelyingParty, clock: Any) -> "Walk":
        """Begin where a start was kept."""
        ground.put_back(start.kept)
        people, memory = copy.deepcopy((start.people, start.memory))
        walk = cls(ground, people, approver, party, clock, memory)
        walk.at = list(start.at)
        for walker, kept in zip(walk.walkers, start.browsers, strict=True):
            walker.recalls(kept)
        return walk

    def keeps(self) -> Start:
        """Keep where the walk is."""
        browsers = [walker.remembers() for walker in self.walkers]
        people, memory = copy.deepcopy((self.people, self.memory))
        return Start(self.ground.keep(), list(self.at), browsers, people, memory, datetime.now(UTC))

    def moves(self, move: Move) -> None:
        """Make one move: mostly what the page asks for, and rightly, else nobody gets anywhere."""
        who = self.at[move.browser] = self.at[move.browser] if move.who is None else move.who
        self.trace.append(move)
        does = getattr(self, move.does)
        numbers = {"browser": move.browser, "who": who, "number": move.number, "slip": move.slip}
        does(**{name: numbers[name] for name in inspect.signature(does).parameters})

    def opens(self, browser: int, number: int) -> None:
        """Open an address, or follow the request of an application."""
        walker, choice = self.walkers[browser], number % (len(OPENED) + len(WISHES))
        path = OPENED[choice] if choice < len(OPENED) else self.party.request(**WISHES[choice - len(OPENED)])
        if path == "lost":
            path = f"/login/verify/lost?t={walker.attempts[-1]}" if walker.attempts else "/login"
        self.goes(browser, path)

    def fills(self, browser: int, who: int, number: int, slip: int) -> None:
        """Fill a form of the page in and send it; what is wrong is wrong once in a while."""
        walker, person, right = self.walkers[browser], self.people[who % len(self.people)], slip < SLIPS - 1
        if walker.page is None:
            self.goes(browser, walker.path)
        phones.does_its_part(self, browser, person, right=right)
        forms = walker.forms()
        if not forms:
            self._leaves(browser, number)
            return
        action, controls = forms[0 if number < MOST else number % len(forms)]
        fields = filled(walker, controls, person, right=right, chosen=number)
        self._judged(browser, lambda: walker.posts(action or walker.path, fields))
        self._follows(browser)

    def jumps(self, browser: int, who: int, number: int, slip: int) -> None:
        """Ask or post anywhere, with what stands in the forms of other pages."""
        walker, person = self.walkers[browser], self.people[who % len(self.people)]
        table = self.ground.table
        path = self._address(table[(number * SLIPS + slip) % len(table)], walker, number)
        if number % 2:
            self._judged(browser, lambda: walker.gets(path))
            return
        names = [
            ("identifier", "password"),
            ("code",),
            ("method",),
            ("phone_number",),
            ("sure",),
            ("current_password",),
        ]
        controls = [{"tag": "input", "name": name} for name in names[number // 2 % len(names)]]
        fields = filled(walker, controls, person, right=slip < SLIPS - 1, chosen=number)
        always = {"csrf_token": walker.form_token}
        self._judged(browser, lambda: walker.posts(path, always | fields))
        self._follows(browser)

    def reads_mail(self, browser: int, who: int, number: int) -> None:
        """Open a link from the mailbox, and press what stands there."""
        person = self.people[who % len(self.people)]
        found = [link for _, text in self.ground.mails(person.email) for link in LINK.findall(text)]
        if found:
            path = found[number % len(found)]
            kind = next(kind for kind in ("not-me", "confirm", "new") if f"/{kind}/" in path)
            self.memory.links[path] = (kind, person.id)
            self.goes(browser, path)
            self.fills(browser, who, 0, 0)

    def brings_old_cookie(self, browser: int) -> None:
        """Send a session's cookie that was renewed since."""
        walker = self.walkers[browser]
        if len(walker.old_tokens) > 1:
            walker.client.set_cookie("ern_session", walker.old_tokens[-2])
            self.goes(browser, "/account")

    def steals(self, browser: int, who: int, number: int) -> None:
        """Let somebody use a phone who does not know its PIN."""
        phones.steals(self, browser, self.people[who], number)

    def unlinks(self, who: int) -> None:
        """Let somebody remove the account from the phone."""
        phones.unlinks(self, self.people[who])

    def waits(self, number: int) -> None:
        """Let time go by."""
        self.clock.shift(timedelta(seconds=WAITS[number % len(WAITS)]))

    def confirms(self, who: int) -> None:
        """Let an approver call somebody back."""
        person = self.people[who % len(self.people)]
        with self.ground.app.test_request_context("/", base_url="http://localhost:8000"):
            try:
                recognition.confirm(self.approver.approver(), person.uid)
                self.memory.recognised[person.id] = True
            except Refusal:
                pass
        self.facts = self.ground.facts()

    def unfreezes(self, who: int) -> None:
        """Let support recognise somebody whose account is frozen."""
        person = self.people[who % len(self.people)]
        with self.ground.app.test_request_context("/", base_url="http://localhost:8000"):
            freezing.unfreeze(person.id, "operator")
        self.facts = self.ground.facts()

    def does(self, browser: int, path: str, who: int, done: Callable[[], bool], times: int = 12) -> None:
        """Open a page and do rightly whatever it asks, until it is done."""
        self.at[browser] = who
        self.goes(browser, path)
        for _ in range(times):
            if done():
                return
            self.fills(browser, who, 0, 0)
        raise AssertionError(f"{path} came to {self.walkers[browser].path}\n{self.told()}")

    def has(self, who: int, kind: str) -> bool:
        """Say whether somebody has a factor of this kind."""
        return kind in {held for held, _ in self.facts.factors[self.people[who].id].values()}

    def goes(self, browser: int, path: str) -> None:
        """Open an address in a browser."""
        walker = self.walkers[browser]
        self._judged(browser, lambda: walker.gets(path))
        self._follows(browser)

    def posts(self, browser: int, fields: dict[str, str]) -> None:
        """Send this from the page of a browser."""
        walker = self.walkers[browser]
        self._judged(browser, lambda: walker.posts(walker.path, fields))
        self._follows(browser)

    def calls(self, app: CompanionApp, what: str, does: Callable[[], Any]) -> Any:
        """Let an app call the server; return what it is told, None if it is refused."""
        self.clock.shift(timedelta(seconds=1))
        before, device, told = self.facts, app.device, None
        try:
            told = does()
        except Refused as refused:
            if refused.status >= 500:
                raise Broken(f"{refused} where an app {what}") from refused
        self.facts = self.ground.facts()
        self.steps += 1
        self.trace.append(("an app", what, "refused" if told is None else "answered"))
        self.rules.judge_call(device, told, before, self.facts)
        return told

    def told(self) -> str:
        """Tell the walk: each move, and what it sent and was answered."""
        return "\n".join(f"{one}" if isinstance(one, Move) else f"    {one}" for one in self.trace)

    def _follows(self, browser: int) -> None:
        walker = self.walkers[browser]
        for _ in range(HOPS):
            hop = walker.next_hop()
            if not hop:
                return
            self._judged(browser, lambda to=hop: walker.gets(to))

    def _leaves(self, browser: int, chosen: int) -> None:
        """Follow a link of a page without a form."""
        page = self.walkers[browser].page
        found = re.findall(r'href="(/(?:login|account|saas/locked)[^"#]*)"', page.text if page else "")
        self.goes(browser, found[chosen % len(found)].replace("&amp;", "&") if found else "/account")

    def _judged(self, browser: int, does: Callable[[], Step]) -> None:
        self.clock.shift(timedelta(seconds=1))
        before, step = self.facts, does()
        self.facts = self.ground.facts()
        self.steps += 1
        self.trace.append((browser, step.path, step.sent, step.answer.status))
        self.rules.credit(browser, step, before, self.facts)
        sessions = {number: self.ground.session(one.token()) for number, one in enumerate(self.walkers)}
        self.rules.judge(browser, step, before, self.facts, sessions)

    def _address(self, rule: Rule, walker: Walker, number: int) -> str:
        factors = [1, *(held for one in self.facts.factors.values() for held in one)]
        values = {
            name: factors[number % len(factors)]
            if hasattr(converter, "max")
            else self.people[number % len(self.people)].uid
            for name, converter in rule._converters.items()
        }
        if "number" in values and rule.endpoint == "device_api.answer":
            values["number"] = "A" * 22
        built = rule.build(values)
        assert built, rule
        attempts = walker.attempts + self.walkers[number % 2].attempts
        return f"{built[1]}?t={attempts[number % len(attempts)]}" if attempts else built[1]
