"""A second ERN Login as the provider of eIDs of the first: the protocol between two real servers of ours."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from flask import Flask
from werkzeug.serving import make_server

from idp.accounts import people
from idp.core.settings import Eid
from idp.oidc import clients
from idp.oidc.clients import Registration
from idp.signin.attempt import Wanted
from tests.signin.browser import EMAIL, PASSWORD, PHONE, Browser, person
from tests.support.fake_issuer import path_of
from tests.support.identity_server import configured
from tests.support.servers.process import free_port

CALLBACK = "http://localhost:8000/eid/national/callback"
CITIZEN = "citizen@nation.example"


@pytest.fixture
def nation(sqlite_template: str, tmp_path: Path) -> Iterator[str]:
    """The issuer of another ERN Login, in which one person has an account."""
    path = tmp_path / "nation.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    address = f"http://localhost:{free_port()}"
    app = configured(f"sqlite:///{path}", ERN_SERVER__ISSUER=address)
    with app.app_context():
        people.create("Mira", "Osten", CITIZEN, PASSWORD, "en")
        clients.register(Registration("ERN Login", [CALLBACK]), "ern-login", "national-client-secret")
    with served(app, int(address.rpartition(":")[2])):
        yield address


@contextmanager
def served(app: Flask, port: int) -> Iterator[None]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join(5)
    server.server_close()


@pytest.fixture
def app(app: Flask, nation: str) -> Flask:
    national = Eid("national", "National eID", nation, "ern-login", "national-client-secret")
    app.extensions["ern_settings"] = replace(app.extensions["ern_settings"], eid=(national,))
    return app


def proves_there(address: str) -> str:
    """Sign in at the other server with its own password, and return the path on the way back."""
    citizen = requests.Session()
    page = citizen.get(address, timeout=10)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert csrf, page.text
    form = {"csrf_token": csrf[1], "identifier": CITIZEN, "password": PASSWORD}
    answer = citizen.post(page.url, data=form, allow_redirects=False, timeout=10)
    while not answer.headers["Location"].startswith(CALLBACK):
        next_place = requests.compat.urljoin(answer.url, answer.headers["Location"])
        answer = citizen.get(next_place, allow_redirects=False, timeout=10)
    return path_of(answer.headers["Location"])


def goes(browser: Browser, name: str) -> None:
    before = browser.page.text[: browser.page.text.index(f">{name}<")]
    link = before[before.rindex('href="') + 6 :].partition('"')[0].replace("&amp;", "&")
    browser.open(proves_there(browser.client.get(link).location))


def test_an_eid_is_linked_and_then_signs_in(app: Flask) -> None:
    person(app, EMAIL, PHONE)
    mira = Browser(app)
    mira.signs_in(Wanted(level="https://refeds.org/profile/mfa"))
    mira.open("/account/eids")
    goes(mira, "Link National eID")
    assert "National eID is linked." in mira.words()
    fresh = Browser(app)
    fresh.open("/login")
    goes(fresh, "Sign in with National eID")
    found = fresh.signed_in()
    assert found
    assert found.account.email == EMAIL
    assert found.amr == ["eid"]


def test_a_citizen_whom_nobody_linked_gets_no_account(app: Flask) -> None:
    browser = Browser(app)
    browser.open("/login")
    goes(browser, "Sign in with National eID")
    assert "It is not linked to an account." in browser.words()
    assert browser.signed_in() is None
