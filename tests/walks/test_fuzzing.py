"""Whatever is sent to whichever address of the three programs: no crash, no way to a foreign place, no script.

`make fuzz` sends 100,000 requests; REQUESTS in the environment says how many, SEED which.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import BuildError, Rule
from werkzeug.test import TestResponse

from idp.core.db import db
from tests.security.programs import clinical, collaborative
from tests.security.test_every_route import judged
from tests.support.identity_server import configured
from tests.walks.conftest import COUNTED
from tests.walks.mutations import MARK, Bent, Call, Words
from tests.walks.sites import Site, sites

REQUESTS = int(os.environ.get("REQUESTS", "2000"))
SEED = os.environ.get("SEED", "1")
PARTS = 1 if REQUESTS <= 2000 else 10
UNBOUNDED = {"ERN_LIMITS__PASSWORD_GLOBAL": "1000000", "ERN_LIMITS__PASSWORD_PER_SOURCE": "1000000"}
LONGEST = 40
# After so many requests everything is put back, else the signed-in browsers are signed out by chance.
ROUND = 250
EXECUTED = re.compile(
    rf"<svg/onload=alert\({MARK}\)|<script>{MARK}|(?:href|src|action)=[\"']?javascript:", re.IGNORECASE
)


@dataclass
class Sender:
    """Sends what was drawn, and judges what comes back."""

    chance: Random
    site: Site
    counted: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    def sends(self) -> None:
        """Draw a request, send it, and fail if the answer is one that nobody may get."""
        rule = self.chance.choice(self.site.rules)
        bent = Bent(self.chance, Words(self.site.values, self.site.tokens))
        browser, token = self.chance.choice(self.site.browsers)
        fields = {"csrf_token": token} | self.site.fields.get(rule.endpoint, {})
        call = bent.call(sorted(rule.methods or {"GET"}), self._path(rule, bent), fields)
        answer = self._answered(browser, call)
        wrong = self.judge(answer)
        self.counted["requests"] += 1
        self.counted[f"answers {answer.status_code}"] += 1
        self.counted[f"{self.site.name} {rule.endpoint}"] += 1
        if wrong and len(self.found) < LONGEST:
            self.found.append(f"{wrong}: {self.site.name} {rule.endpoint}\n{call}\n{answer.status} {answer.headers}")

    def judge(self, answer: TestResponse) -> list[str]:
        """List what is wrong with an answer."""
        wrong = [answer.status] if answer.status_code >= 500 and not self.site.may_fail(answer) else []
        target = answer.headers.get("Location")
        if target is not None and not self.site.ours(target):
            wrong.append(f"leads to {target}")
        if answer.mimetype == "text/html" and EXECUTED.search(answer.text):
            wrong.append("what was sent is run")
        if "X-Injected" in answer.headers:
            wrong.append("a header was sent back")
        return wrong + judged(answer)

    def _answered(self, browser: FlaskClient, call: Call) -> TestResponse:
        return browser.open(
            call.path,
            base_url=self.site.base,
            query_string=call.query,
            method=call.method,
            headers=call.headers,
            data=call.body,
            content_type=call.content_type if call.body else None,
            environ_overrides={"REMOTE_ADDR": f"203.0.113.{self.chance.randrange(1, 250)}"},
        )

    def _path(self, rule: Rule, bent: Bent) -> str:
        values = {
            name: self.chance.choice((1, 1, 2, 3, 0, 2**31 - 1)) if hasattr(one, "max") else self._hole(bent)
            for name, one in rule._converters.items()
        }
        try:
            built = rule.build(values)
        except (BuildError, UnicodeEncodeError, ValueError):
            built = None
        return built[1] if built else "/" + quote(self._hole(bent), safe="/%", errors="surrogatepass")

    def _hole(self, bent: Bent) -> str:
        return self.chance.choice((self.chance.choice(self.site.values), bent.value()[:300])) or "x"


@pytest.fixture(scope="module")
def everywhere(sqlite_catalogue: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Site]]:
    folder = tmp_path_factory.mktemp("fuzzing")
    file = folder / "idp.sqlite3"
    file.write_bytes(Path(sqlite_catalogue.removeprefix("sqlite:///")).read_bytes())
    login = configured(f"sqlite:///{file}", **UNBOUNDED)
    with login.app_context():
        db.engine.dispose()
    found = sites(login, clinical(folder), clinical(folder, "training"), collaborative(folder))
    yield found
    for site in found:
        site.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_that_is_sent_brings_a_program_down(
    everywhere: list[Site], part: int, record_property: Callable
) -> None:
    counted: Counter[str] = Counter()
    found: list[str] = []
    for number in range(part, max(REQUESTS // ROUND, 1), PARTS):
        chance = Random(f"{SEED}.{number}")
        # The identity server has the most addresses, and the most to lose.
        [site] = chance.choices(everywhere, (60, 15, 10, 15))
        sender = Sender(chance, site, counted, found)
        with site.put_back():
            for _ in range(ROUND):
                sender.sends()
    assert not found, f"SEED={SEED}: {len(found)} answers\n" + "\n\n".join(one[:3000] for one in found)
    reached = {name for name in counted if " " in name}
    record_property(COUNTED, dict(sorted(counted.items())) | {"addresses": len(reached)})
