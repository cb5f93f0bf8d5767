"""What signing in, step-up, PANIC and coming back allow, said once more and without a look at the server's code."""

import base64
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from idp.core.levels import MFA, PHR, SFA
from tests.mfa.holders import AuthenticatorApp
from tests.support.companion_app import CompanionApp
from tests.walks.ground import Facts, Ground, Session
from tests.walks.walker import Someone, Step

FRESH = timedelta(minutes=10)
ATTEMPT = timedelta(minutes=30)
COLLECT = timedelta(minutes=5)
WEEK = timedelta(days=7)
STRONGER = {SFA: {"password", "factor", "key"}, MFA: {"factor", "key"}, PHR: {"key"}}
WITHOUT_SESSION = ("/account/not-me/", "/account/panic/done", "/account/frozen", "/account/deleted", "/account/email/")


@dataclass(frozen=True)
class Proof:
    """Somebody typed or touched the right thing: in which browser, for whose account, when; `added`: a new thing."""

    browser: int
    account: int
    kind: str
    at: datetime
    added: bool = False


@dataclass
class Memory:
    """What happened so far, as the people who were there know it."""

    proofs: list[Proof] = field(default_factory=list)
    recognised: dict[int, bool] = field(default_factory=dict)
    panicked: dict[int, datetime] = field(default_factory=dict)
    replaced: dict[int, datetime] = field(default_factory=dict)
    ended: dict[int, datetime] = field(default_factory=dict)
    sheets: dict[str, list[str]] = field(default_factory=dict)
    links: dict[str, tuple[str, int]] = field(default_factory=dict)
    seen: dict[int, Session | None] = field(default_factory=dict)
    approved: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def proved(self, browser: int, account: int, kinds: set[str], within: timedelta) -> bool:
        """Say whether this was proved in a browser, for an account, not longer ago than that.

        What is being added at this moment proves nothing for its own adding.
        """
        now = datetime.now(UTC)
        since = now - within
        mine = (one for one in self.proofs if (one.browser, one.account) == (browser, account))
        mine = (one for one in mine if not (one.added and one.at == now))
        return any(one.kind in kinds and one.at >= since for one in mine)


class Broken(AssertionError):
    """A walk reached what the rules forbid."""


class Rules:
    """The judge of one walk."""

    def __init__(self, ground: Ground, people: list[Someone], memory: Memory) -> None:
        self.ground, self.memory = ground, memory
        self.people = {one.id: one for one in people}
        self.reached: Counter[str] = Counter()

    def credit(self, browser: int, step: Step, before: Facts, after: Facts) -> None:
        """Note what of a step was right."""
        now, sent = datetime.now(UTC), step.sent
        found = [(account, "factor", False) for account in self._collected(before)]
        for one in self.people.values():
            named = sent.get("identifier") in (one.email, one.uid) and sent.get("password") == one.knows
            if named or sent.get("current_password") == one.knows:
                found.append((one.id, "password", False))
        for account in before.factors:
            things = {**before.factors[account], **after.factors.get(account, {})}
            self._note_sheet(sent, after.factors.get(account, {}).values())
            for number, (kind, thing) in things.items():
                added = number not in before.factors[account]
                if number not in before.suspended and self._shows(sent, kind, thing, added=added):
                    found += [(account, "factor" if kind != "security_key" else "key", added)]
                    found += [(account, "password", False)] if step.path.startswith("/login/passkey") else []
        self.memory.proofs += [Proof(browser, account, kind, now, added) for account, kind, added in found]

    def judge(self, browser: int, step: Step, before: Facts, after: Facts, sessions: dict[int, Session | None]) -> None:
        """Raise Broken if something came about that the rules do not allow."""
        if step.answer.status_code >= 500:
            raise Broken(f"{step.answer.status} at {step.path}")
        for account in self.people:
            self._password(browser, step, account, before, after)
            self._panic(browser, step, account, before, after)
            self._state(browser, step, account, before, after)
            self._factors(browser, account, before, after)
            self._recognised(browser, step, account, before, after)
        for number, session in sessions.items():
            self._session(number, session, after)
        self._page(step, sessions[browser], after)

    def approved(self, app: CompanionApp, request: str, pin: str) -> None:
        """Note that an app approved a request."""
        if pin != app.pin:
            raise Broken("an app approved a request without its PIN")
        self.memory.approved[request] = app.device, datetime.now(UTC)

    def judge_call(self, device: str, told: object, before: Facts, after: Facts) -> None:
        """Raise Broken if an app's call was answered or did what no app may; `told` is None if it was refused."""
        self.reached["a device suspended"] += len(after.suspended - before.suspended)
        if replace(before, suspended=after.suspended) != after:
            raise Broken("an app changed what only a browser may")
        active = {
            thing
            for one in before.factors.values()
            for number, (_, thing) in one.items()
            if number not in before.suspended
        }
        if told is not None and device and device not in active:
            raise Broken("an app was answered that is gone, or suspended")

    def _collected(self, before: Facts) -> Iterator[int]:
        """The accounts with whose approved requests a browser went on just now."""
        now, waiting = datetime.now(UTC), self.memory.approved
        for request in self.ground.collected() & set(waiting) if waiting else ():
            device, at = waiting.pop(request)
            for account, things in before.factors.items():
                numbers = [number for number, (_, thing) in things.items() if thing == device]
                if numbers and numbers[0] not in before.suspended and now - at <= COLLECT:
                    self.reached["confirmed in the app"] += 1
                    yield account

    def _shows(self, sent: dict[str, str], kind: str, thing: str, *, added: bool) -> bool:
        if kind == "app_pin" and added:
            return any(thing == app.device for one in self.people.values() for app in one.apps)
        if kind == "security_key":
            return thing in sent.get("credential", "") and json.loads(sent["credential"])["id"] == thing
        if "code" not in sent:
            return False
        if kind == "sms":
            return sent["code"] in self.ground.texts([thing])
        if kind == "totp":
            apps = [one.app for one in self.people.values() if _holds(one.app, thing)]
            return any(sent["code"] == app.code(step) for app in apps for step in (-30, 0, 30))
        if kind == "app_pin":
            read = any(one.read.get(sent["code"]) == thing for one in self.people.values())
            self.reached["a code from the app"] += read
            return read
        return sent["code"] in self.memory.sheets.get(thing, [])

    def _note_sheet(self, sent: dict[str, str], things: Iterable[tuple[str, str]]) -> None:
        for kind, thing in things:
            if kind == "recovery_code" and thing not in self.memory.sheets:
                [own] = [one for one in self.people.values() if sent.get("code") in one.sheet]
                self.memory.sheets[thing] = list(own.sheet)

    def _fresh(self, browser: int, account: int, before: Facts) -> bool:
        kinds = {"factor", "key"} if before.factors[account] else {"password"}
        return self.memory.proved(browser, account, kinds, FRESH)

    def _password(self, browser: int, step: Step, account: int, before: Facts, after: Facts) -> None:
        if before.hashes[account] == after.hashes[account] or after.states[account] == "closed":
            return
        by_link = self.memory.links.get(step.path) == ("new", account)
        if not (by_link or self._fresh(browser, account, before)):
            raise Broken(f"the password of {account} was replaced at {step.path}")
        self.reached["a password replaced " + ("by link" if by_link else "in the settings")] += 1
        self._ends(account, keep=None if by_link else browser)
        if by_link:
            self.memory.replaced[account] = datetime.now(UTC)
        own = self.people[account]
        own.knows = step.sent["new_password"]

    def _panic(self, browser: int, step: Step, account: int, before: Facts, after: Facts) -> None:
        if after.states[account] == "closed" or before.pressed.get(account) == after.pressed.get(account):
            return
        # What was registered since a PANIC, for which the password was enough, goes with that password.
        again = account in self.memory.panicked and self.memory.links.get(step.path) == ("new", account)
        if not again and not self.memory.proved(browser, account, {"password", "factor", "key"}, ATTEMPT):
            raise Broken(f"PANIC for {account} without any proof")
        if after.factors[account]:
            raise Broken("a factor survived PANIC")
        self.reached["PANIC"] += 1
        if self.memory.recognised.get(account, True):
            self.memory.panicked[account] = datetime.now(UTC)
            self.people[account].before = [
                code for thing in before.factors[account].values() for code in self.memory.sheets.get(thing[1], [])
            ]
        self.memory.recognised[account] = False
        self._ends(account)

    def _state(self, browser: int, step: Step, account: int, before: Facts, after: Facts) -> None:
        if before.always[account] and not after.always[account] and not self._fresh(browser, account, before):
            raise Broken("multi-factor was switched off without a fresh proof")
        was, now = before.states[account], after.states[account]
        if was == now:
            return
        by_link = self.memory.links.get(step.path) == ("not-me", account)
        doubted = account in self.memory.panicked and not self.memory.recognised.get(account, True)
        closed = now == "closed" and self._fresh(browser, account, before) and not doubted
        if not closed and not (now == "frozen" and by_link):
            raise Broken(f"{account} went from {was} to {now} at {step.path}")
        self.reached[now] += 1
        self._ends(account)

    def _factors(self, browser: int, account: int, before: Facts, after: Facts) -> None:
        was, now = before.factors[account], after.factors[account]
        if set(was) == set(now) or before.pressed.get(account) != after.pressed.get(account):
            return
        if after.states[account] == "closed":
            return
        first = not was and self.memory.proved(browser, account, {"password"}, ATTEMPT)
        if not first and not (was and self._fresh(browser, account, before)):
            raise Broken(f"the factors of {account} went from {was} to {now} without a fresh proof")
        self.reached += Counter(f"{now[one][0]} added" for one in set(now) - set(was))
        self.reached["a factor removed"] += len(set(was) - set(now))

    def _recognised(self, browser: int, step: Step, account: int, before: Facts, after: Facts) -> None:
        if after.states[account] == "closed":
            return
        if before.waiting.get(account) and not after.waiting.get(account):
            self._may_come_back(browser, step, account)
            self.memory.recognised[account] = True
        recognised = self.memory.recognised.get(account, True)
        if after.accesses[account] != ("active" if recognised else "locked"):
            raise Broken(f"accesses of {account} are {after.accesses[account]}, recognised: {recognised}")

    def _may_come_back(self, browser: int, step: Step, account: int) -> None:
        own, replaced = self.people[account], self.memory.replaced.get(account)
        mailed = [subject[:8] for subject, _ in self.ground.mails(own.email) if "coming back" in subject]
        codes = step.sent.get("recovery_code") in own.before and step.sent.get("code") in mailed
        too_late = replaced is not None and replaced > self.memory.panicked[account] - WEEK
        fresh = self.memory.proved(browser, account, {"factor", "key"}, FRESH)
        if not step.path.startswith("/saas/locked/code") or not codes or too_late or not fresh:
            raise Broken(f"{account} came back by {step.path} {step.sent}")
        self.reached["come back with both codes"] += 1

    def _session(self, browser: int, session: Session | None, after: Facts) -> None:
        known, self.memory.seen[browser] = self.memory.seen.get(browser), session
        if session is None or session.over:
            return
        if after.states[session.account] != "active":
            raise Broken(f"a session of an account that is {after.states[session.account]}")
        ended = self.memory.ended.get(session.account)
        if ended and session.auth_time < ended:
            raise Broken("a session outlived what ends all sessions")
        if session == known:
            return
        mine = [one for one in self.memory.proofs if (one.browser, one.account) == (browser, session.account)]
        given = [session.auth_time - one.at for one in mine if one.kind == "password"]
        if not any(timedelta(seconds=-1) < age <= ATTEMPT for age in given):
            raise Broken(f"a session from {session.auth_time} without a password")
        shown = [abs(session.proved_at - one.at) for one in mine if one.kind in STRONGER[session.acr]]
        if min(shown, default=WEEK) > timedelta(seconds=1):
            raise Broken(f"{session.acr} at {session.proved_at}, which nothing proved")
        step_up = known is not None and not known.over and known.sid == session.sid
        self.reached[("step-up to " if step_up else "sign-in with ") + session.acr.rpartition("/")[2]] += 1

    def _page(self, step: Step, session: Session | None, after: Facts) -> None:
        inside = session is not None and not session.over
        if "code=" in step.answer.headers.get("Location", "").partition("https://rp.example/callback")[2]:
            level = inside and session.acr in (MFA, PHR)
            if not level or not after.factors[session.account] or not self.memory.recognised.get(session.account, True):
                raise Broken(f"an application was given a code at {step.path}")
            self.reached["a code for an application"] += 1
        own = step.path.startswith("/account") and not step.path.startswith(WITHOUT_SESSION)
        if step.answer.status_code == 200 and own and not inside and "/state" not in step.path:
            raise Broken(f"{step.path} was shown to nobody")

    def _ends(self, account: int, keep: int | None = None) -> None:
        self.memory.proofs = [one for one in self.memory.proofs if one.account != account or one.browser == keep]
        if keep is None:
            self.memory.ended[account] = datetime.now(UTC)


def _holds(app: AuthenticatorApp, seed: str) -> bool:
    return base64.b32encode(app.key).decode().rstrip("=") == seed.rstrip("=")
