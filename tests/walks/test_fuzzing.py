"""Whatever is sent to whichever address of the three programs: no crash, no way to a foreign place, no script.

`make fuzz` sends 100,000 requests; REQUESTS in the environment says how many, SEED which. hypothesis draws them, and
tells the simplest one of those that are answered wrongly.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, redirect, request
from sqlalchemy import create_engine

from idp.core.db import db
from tests.security.programs import clinical, collaborative
from tests.support.identity_server import configured
from tests.walks import searching
from tests.walks.conftest import COUNTED
from tests.walks.requests import calls
from tests.walks.searching import search
from tests.walks.sender import Sender, Wrong
from tests.walks.sites import Site, sites

REQUESTS = int(os.environ.get("REQUESTS", "2000"))
PARTS = 1 if REQUESTS <= 2000 else 10
UNBOUNDED = {"ERN_LIMITS__PASSWORD_GLOBAL": "1000000", "ERN_LIMITS__PASSWORD_PER_SOURCE": "1000000"}
# The identity server has the most addresses, and the most to lose. In percent.
SHARES = {"idp": 60, "cpms": 15, "training": 10, "ecp": 15}
# So many requests for each address leave none out.
ENOUGH = 15


@pytest.fixture(scope="module")
def everywhere(sqlite_catalogue: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    folder = tmp_path_factory.mktemp("fuzzing")
    file = folder / "idp.sqlite3"
    file.write_bytes(Path(sqlite_catalogue.removeprefix("sqlite:///")).read_bytes())
    login = configured(f"sqlite:///{file}", **UNBOUNDED)
    with login.app_context():
        db.engine.dispose()
    found = sites(login, clinical(folder), clinical(folder, "training"), collaborative(folder))
    yield {site.name: site for site in found}
    for site in found:
        site.close()


@pytest.fixture
def careless(tmp_path: Path) -> Site:
    """A program that does what ours must not."""
    app = Flask("careless")
    app.add_url_rule("/echo", "echo", lambda: f"<p>{request.args.get('q', '')}</p>")
    app.add_url_rule("/away", "away", lambda: redirect(request.args.get("next", "/").partition("\r")[0]))
    app.add_url_rule("/page", "page", lambda: str(int(request.form.get("page", "1"))), methods=["POST"])
    app.after_request(_owed)
    (tmp_path / "nothing").touch()
    site = Site("idp", app, create_engine(f"sqlite:///{tmp_path}/nothing"), lambda: None)
    site.visited_by(app.test_client(), "/echo")
    site.keep()
    return site


def _owed(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
    answer.headers |= {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
    return answer


@pytest.mark.parametrize(
    ("endpoint", "says", "told"),
    [
        ("echo", "what was sent is run", "query='q="),
        ("away", "leads to", "query='q=x&next="),
        ("page", "500", "body=b'csrf_token=&q=x&next=%2F&page="),
    ],
)
def test_a_careless_program_is_found_and_told_by_one_short_request(
    careless: Site, monkeypatch: pytest.MonkeyPatch, endpoint: str, says: str, told: str
) -> None:
    """From one beginning of hypothesis: from some others what it tells keeps a harmless parameter more."""
    monkeypatch.setattr(searching, "SEED", "1")
    careless.fields = {endpoint: {"q": "x", "next": "/", "page": "1"}}
    only = calls(careless).filter(lambda call: call.endpoint == endpoint)
    with Sender(careless) as sender, pytest.raises(Wrong, match=says) as found:
        search("careless", 2000, sender.sends, call=only)
    notes = "\n".join(found.value.__notes__)
    assert told in notes
    assert "headers=[]" in notes


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("program", SHARES)
def test_nothing_that_is_sent_brings_a_program_down(
    everywhere: dict[str, Site], program: str, part: int, record_property: Callable
) -> None:
    site, wanted = everywhere[program], REQUESTS * SHARES[program] // 100 // PARTS
    with Sender(site) as sender:
        search(f"{program}, part {part}", wanted, sender.sends, call=calls(site))
    counted = sender.counted
    reached = {name for name in counted if name.startswith(f"{program} ")}
    record_property(COUNTED, dict(sorted(counted.items())))
    assert not sender.late, "\n\n".join(sender.late)
    assert counted["requests"] >= wanted
    _got_somewhere(counted)
    if wanted >= ENOUGH * len(site.rules):
        assert reached == {f"{program} {rule.endpoint}" for rule in site.rules}


def _got_somewhere(counted: Counter[str]) -> None:
    """What is refused at the door proves little of what is behind it."""
    assert counted["forms and calls taken"] > counted["forms refused as forged"]
    assert counted["answers 200"] > counted["requests"] / 10
