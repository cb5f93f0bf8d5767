"""The programs that requests are sent to, each with people who are signed in, and with what they would recognise."""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from cpms_client import db as cpms_db
from ecp_client import db as ecp_db
from ecp_client import sessions as ecp_sessions
from ecp_client.program import KEY
from idp.core.db import db
from idp.core.levels import MFA, SFA
from tests.ecp import issuer as ecp_people
from tests.oidc.relying_party import CALLBACK, RelyingParty, answer, register
from tests.saas.people import CPMS, Town
from tests.security.programs import BASE
from tests.support import cpms_builders
from tests.support.lending import hurry, remove
from tests.walks.walker import ATTRIBUTE, CONTROL, token_of

UNAVAILABLE = 503
# Programs that ask an issuer say so when it is not there.
ASKING = ("cpms", "training", "ecp")
ALLOWED = ("rp.example",)
# Each source may ask for so much; many ask.
SOURCES = 240


@dataclass
class Site:
    """One program: its addresses, its visitors with the token of their forms, and words that it knows."""

    name: str
    app: Flask
    engine: Engine
    close: Callable[[], None]
    browsers: list[tuple[FlaskClient, str]] = field(default_factory=list)
    values: list[str] = field(default_factory=lambda: ["1", "x"])
    tokens: list[str] = field(default_factory=list)
    fields: dict[str, dict[str, str]] = field(default_factory=dict)
    kept: bytes = b""
    cookies: list[dict[str, str]] = field(default_factory=list)
    moment: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def base(self) -> str:
        """Its public address."""
        return BASE[self.name]

    @property
    def rules(self) -> list[Rule]:
        """Every address."""
        return sorted(self.app.url_map.iter_rules(), key=lambda one: (one.endpoint, one.rule))

    def source(self, number: int) -> str:
        """An internet address that may ask: the training refuses all that are not of this machine."""
        return "127.0.0.1" if self.name == "training" else f"203.0.113.{1 + number % SOURCES}"

    def ours(self, target: str) -> bool:
        """Say whether a redirect stays here or goes where a program or an issuer is registered."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return False
        if target.startswith(("//", "/\\", "\\")) or (parts.scheme and not parts.netloc):
            return False
        known = {urlsplit(base).netloc for base in BASE.values()} | set(ALLOWED)
        return parts.netloc in known | {""} and parts.scheme in ("", "http", "https")

    def may_fail(self, answered: TestResponse) -> bool:
        """Say whether a program rightly says that it cannot answer now."""
        return self.name in ASKING and answered.status_code == UNAVAILABLE

    def keep(self) -> None:
        """Keep the database and the browsers, and the time: a token that is from the future counts as forged."""
        self.close()
        self.moment = datetime.now(UTC)
        self.kept = Path(self.engine.url.database or "").read_bytes()
        self.cookies = [{one.key: one.value for one in client._cookies.values()} for client, _ in self.browsers]

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """Be where it was kept, at that time."""
        file = Path(self.engine.url.database or "")
        self.close()
        remove(file)
        file.write_bytes(self.kept)
        for (client, _), cookies in zip(self.browsers, self.cookies, strict=True):
            client._cookies.clear()
            for name, value in cookies.items():
                client.set_cookie(name, value, domain=(urlsplit(self.base).hostname or "localhost"))
        with time_machine.travel(self.moment):
            yield

    def visited_by(self, client: FlaskClient, page: str) -> None:
        """Add a visitor, with the token from a page that has a form; read what the forms of all pages are called.

        The token comes last: some pages give the browser a new one.
        """
        for rule in self.rules:
            if "GET" in (rule.methods or ()) and not rule.arguments and "logout" not in rule.rule:
                shown = client.get(rule.rule, base_url=self.base)
                if shown.mimetype == "text/html":
                    self._learn(rule.endpoint, shown.text)
        self.browsers.append((client, token_of(client.get(page, base_url=self.base))))

    def _learn(self, endpoint: str, page: str) -> None:
        controls = (dict(ATTRIBUTE.findall(rest)) for _, rest in CONTROL.findall(page.partition("<main")[2]))
        named = {one["name"]: one.get("value", "") for one in controls if one.get("name", "csrf_token") != "csrf_token"}
        self.fields[endpoint] = self.fields.get(endpoint, {}) | named
        self.values += [value for value in named.values() if value and value not in self.values]
        found = re.findall(r'href="/[^"?]*/([\w-]{6,})["?/]', page) + re.findall(r"[?&]t=([\w-]{20,})", page)
        self.values += [value for value in dict.fromkeys(found) if value not in self.values]


def sites(login: Flask, cpms: Flask, training: Flask, ecp: Flask) -> list[Site]:
    """Prepare the four, each with somebody who is signed in and a stranger."""
    return [_login(login), _clinical("cpms", cpms), _clinical("training", training), _collaborative(ecp)]


def _login(app: Flask) -> Site:
    site, town = _site("idp", app, db), Town(app)
    party = register(app, application_id=CPMS)
    people = [
        town.person("Nora").holds("HP").signs_in(MFA),
        town.person("Olaf").signs_in(SFA),
        town.coordinator(),
        town.administrator(),
    ]
    code = answer(people[0].client.get(party.request(scope="openid profile email offline_access")))["code"]
    given = party.redeem(code).json
    site.tokens = [given["access_token"], given["id_token"]]
    site.values += [*site.tokens, code, party.client_id, str(party.secret), CALLBACK, party.verifier]
    site.values += [value for one in people for value in (one.uid, one.email)]
    site.fields |= _protocol(party)
    for person in people:
        site.visited_by(person.client, "/logout")
    site.visited_by(app.test_client(), "/password/forgot")
    site.keep()
    return site


def _protocol(party: RelyingParty) -> dict[str, dict[str, str]]:
    party.request()
    asked = dict(party.sent)
    token = {
        "grant_type": "authorization_code",
        "code": "x",
        "redirect_uri": CALLBACK,
        "code_verifier": party.verifier,
        "client_id": party.client_id,
        "client_secret": str(party.secret),
    }
    told = {"token": "x", "client_id": party.client_id, "client_secret": str(party.secret)}
    return {
        "oidc.authorize": asked,
        "oidc.par": asked | told,
        "oidc.token": token,
        "oidc.introspect": told,
        "oidc.revoke": told,
        "oidc.userinfo": {"access_token": "x"},
        "oidc.logout": {
            "id_token_hint": "x",
            "client_id": party.client_id,
            "post_logout_redirect_uri": "https://rp.example/",
        },
    }


def _clinical(name: str, app: Flask) -> Site:
    site = _site(name, app, cpms_db.db)
    with app.app_context():
        owner = cpms_builders.person(cpms_builders.access("Coordinator", "HP"))
        patient = cpms_builders.patient_of(owner)
        panel = cpms_builders.panel_of(owner, patient)
        site.values += [patient.pseudonym, str(panel.number), owner.sub]
        browser = cpms_builders.browser_of(app, owner)
    site.visited_by(browser, "/help")
    site.visited_by(app.test_client(), "/")
    site.keep()
    return site


def _collaborative(app: Flask) -> Site:
    site, claims = _site("ecp", app, ecp_db.db), ecp_people.person()
    signed_in = {"sub": claims["sub"], "sid": "s1", "acr": MFA}
    program, client = app.extensions[KEY], app.test_client()
    with app.app_context():
        tokens = {"access_token": secrets.token_urlsafe(), "id_token": "x.y.z"}
        client.set_cookie(program.cookie, ecp_sessions.open_for(claims, signed_in, tokens, program.settings))
    site.visited_by(client, "/")
    site.visited_by(app.test_client(), "/")
    site.keep()
    return site


def _site(name: str, app: Flask, database: object) -> Site:
    with app.app_context():
        engine = database.engine  # type: ignore[attr-defined]
        hurry(engine)

    def close() -> None:
        with app.app_context():
            database.session.remove()  # type: ignore[attr-defined]
            engine.dispose()

    return Site(name, app, engine, close)
