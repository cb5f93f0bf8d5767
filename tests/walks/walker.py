"""Somebody at a browser who fills in whatever form is there, rightly or wrongly, and knows nothing of the server."""

import json
import re
import secrets
from base64 import b32decode
from collections import Counter
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.mfa.holders import AuthenticatorApp
from tests.support.companion_app import CompanionApp, Foreign
from tests.support.security_key import SecurityKey
from tests.walks.ground import Ground

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
CONTROL = re.compile(r"<(input|button|textarea|select)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
LINK = re.compile(r"http://localhost:8000(/(?:password/new|account/not-me|account/email/confirm)/\S+)")
APP_LINK = re.compile(r'href="([^"]+/app/#(pair|login)=[^"]+)"')
NUMBER = re.compile(r'<p class="num"[^>]*>(\d\d)</p>')
SHEET = re.compile(r"<li>([0-9A-Z]{5}-[0-9A-Z]{5})</li>")
HOPS = 6


@dataclass
class Someone:
    """A person with what this person has and knows: passwords, telephones, apps, keys, sheets of codes.

    `apps`: the ERN Login Mobile App on each phone, the newest last; `read`: the codes they showed, with their device.
    """

    name: str
    email: str
    id: int
    uid: str
    passwords: tuple[str, str]
    phones: tuple[str, str]
    knows: str
    key: SecurityKey = field(default_factory=SecurityKey)
    app: AuthenticatorApp = field(default_factory=AuthenticatorApp)
    sheet: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    apps: list[CompanionApp] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)


@dataclass
class Step:
    """One request: where it went, what was sent, and what of it was right."""

    path: str
    sent: dict[str, str]
    answer: TestResponse


class Walker:
    """One browser: what it shows, and every cookie that it ever had."""

    def __init__(self, ground: Ground, address: str) -> None:
        self.ground = ground
        self.client: FlaskClient = ground.app.test_client()
        self.client.environ_base |= {"REMOTE_ADDR": address}
        self.page: TestResponse | None = None
        self.path = "/login"
        self.attempts: list[str] = []
        self.old_tokens: list[str] = []
        self.typed = "000000"
        self.form_token = ""
        self.visited: Counter[str] = Counter()

    def token(self) -> str:
        """The cookie of the session."""
        found = self.client.get_cookie("ern_session")
        return found.value if found else ""

    def remembers(self) -> tuple[dict[str, str], str, list[str], str]:
        """What is needed to be at this browser again later."""
        return (
            {one.key: one.value for one in self.client._cookies.values()},
            self.path,
            list(self.attempts),
            self.form_token,
        )

    def recalls(self, kept: tuple[dict[str, str], str, list[str], str]) -> None:
        """Be where the browser was then."""
        cookies, self.path, attempts, self.form_token = kept
        for name, value in cookies.items():
            self.client.set_cookie(name, value)
        self.attempts = list(attempts)

    def gets(self, path: str) -> Step:
        return self._came(path, {}, self.client.get(path))

    def posts(self, path: str, fields: dict[str, str]) -> Step:
        return self._came(path, fields, self.client.post(path, data=fields))

    def next_hop(self) -> str:
        """Where the page leads by itself; empty if it is a page."""
        if self.page is None or self.page.status_code not in (302, 303):
            return ""
        target = urlsplit(self.page.location)
        return f"{target.path}?{target.query}" if target.netloc in ("", "localhost:8000") else ""

    def binding(self, ground: Ground) -> str:
        """What the question on the page belongs to: the attempt in the address, or the session."""
        attempt = parse_qs(urlsplit(self.path).query).get("t", [""])[0]
        if attempt:
            return f"attempt:{attempt}"
        session = ground.session(self.token())
        return f"session:{session.sid}" if session else ""

    def forms(self) -> list[tuple[str, list[dict[str, str]]]]:
        """The forms of the page that post: where to, and their fields."""
        main = self.page.text.partition("<main")[2] if self.page else ""
        found = []
        for attributes, inside in FORM.findall(main):
            told = dict(ATTRIBUTE.findall(attributes))
            if told.get("method") == "post":
                controls = [{"tag": tag, **dict(ATTRIBUTE.findall(rest))} for tag, rest in CONTROL.findall(inside)]
                found.append((unescape(told.get("action", "")), controls))
        return found

    def link(self, kind: str) -> str:
        """The link of a code on the page for the mobile app: to `pair` one, or to `login` with one."""
        found = APP_LINK.search(self.page.text if self.page else "")
        return unescape(found[1]) if found and found[2] == kind else ""

    def number(self) -> str:
        """The number on the page that is to be typed in the mobile app."""
        found = NUMBER.search(self.page.text if self.page else "")
        return found[1] if found else ""

    def _came(self, path: str, sent: dict[str, str], answer: TestResponse) -> Step:
        before = self.old_tokens[-1] if self.old_tokens else ""
        if self.token() not in (before, ""):
            self.old_tokens.append(self.token())
        self.page, self.path = answer, path
        self.form_token = token_of(answer) or self.form_token
        self.visited[self.ground.endpoint(path, "POST" if sent else "GET")] += 1
        attempt = parse_qs(urlsplit(path).query).get("t", [""])[0]
        if attempt and attempt not in self.attempts:
            self.attempts.append(attempt)
        return Step(path, sent, answer)


def filled(walker: Walker, controls: list[dict[str, str]], who: Someone, *, right: bool, chosen: int) -> dict[str, str]:
    """Fill a form in with what somebody has, or with something wrong; `chosen` decides among buttons and choices."""
    fields: dict[str, str] = {}
    several: dict[str, list[str]] = {}
    for control in controls:
        name, kind = unescape(control.get("name", "")), control.get("type", control["tag"])
        value = unescape(control.get("value", ""))
        if not name:
            continue
        if kind in ("submit", "radio"):
            several.setdefault(name, []).append(value)
        elif kind == "hidden" and name != "credential":
            fields[name] = value
        elif kind == "checkbox":
            fields |= {name: value or "y"} if chosen % 2 else {}
        else:
            fields[name] = what(walker, name, who, right=right)
    if several:
        name = sorted(several)[chosen % len(several)]
        fields[name] = several[name][chosen % len(several[name])]
    if "code" in fields:
        walker.typed = fields["code"]
    return fields


def what(walker: Walker, name: str, who: Someone, *, right: bool) -> str:
    """What somebody types into a field of this name."""
    other = next(one for one in who.passwords if one != who.knows)
    known = {
        "identifier": who.email if right else who.uid,
        "password": who.knows if right else other,
        "current_password": who.knows if right else other,
        "new_password": other,
        "confirm_password": other,
        "phone_number": who.phones[0] if right else who.phones[1],
        "device_name": f"Thing of {who.name}",
        "recovery_code": (who.before or who.sheet or ["00000-00000"])[0] if right else "00000-00000",
        "email": who.email,
        "language": "en",
        "first_name": who.name,
        "last_name": "Vasseur",
    }
    if name == "code":
        return code(walker, who) if right else walker.typed
    if name == "credential":
        return credential(walker, who) if right else "{}"
    return known.get(name, "y")


def code(walker: Walker, who: Someone) -> str:
    """The code that the page wants: from the telephone, the app, the sheet or the mailbox."""
    ground = walker.ground
    if walker.path.startswith("/saas/locked/code"):
        mailed = [subject[:8] for subject, _ in ground.mails(who.email) if "coming back" in subject]
        return (mailed or ["00000000"])[0]
    kind, purpose = ground.asked(walker.binding(ground))
    enrolling = purpose == "enrol" and walker.page is not None
    if kind == "recovery_code":
        if enrolling and (shown := SHEET.findall(walker.page.text if walker.page else "")):
            who.sheet = shown
        return (who.sheet or ["00000-00000"])[0]
    if kind == "totp":
        if enrolling:
            who.app.key = b32decode(ground.page_of(walker.binding(ground))["key"].replace(" ", ""))
        return who.app.code()
    if kind == "app_qr":
        return read(who, ground.page_of(walker.binding(ground)).get("link", ""))
    return (ground.texts(list(who.phones)) or ["000000"])[0]


def read(who: Someone, link: str) -> str:
    """The code that somebody's mobile app shows for a QR code, after the right PIN."""
    for app in reversed(who.apps):
        try:
            shown = app.reads(link)
        except Foreign:
            continue
        who.read[shown] = app.device
        return shown
    return "00000000"


def credential(walker: Walker, who: Someone) -> str:
    """The answer of somebody's key to the question on the page, or on the sign-in page to one asked for by script."""
    asked = re.search(r'data-options="([^"]+)"', walker.page.text if walker.page else "")
    source = re.search(r'data-options-from="([^"]+)"', walker.page.text if walker.page else "")
    if asked:
        options = json.loads(unescape(asked[1]))
    elif source:
        answer = walker.client.post(unescape(source[1]), data={"csrf_token": token_of(walker.page)})
        options = answer.json["options"] if answer.status_code == 200 else {"challenge": secrets.token_urlsafe()}
    else:
        return "{}"
    if "rp" in options:
        return who.key.registers(options)
    return who.key.signs(options) if who.key.private else "{}"


def token_of(page: TestResponse | None) -> str:
    """The proof of the page that a form comes from it."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text if page else "")
    return found[1] if found else ""
