"""A browser in which an application hears of the end of the session: by asking our frame, and in a frame of ours."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask, g
from playwright.sync_api import Browser as Engine
from playwright.sync_api import BrowserContext, expect

from idp.accounts import people, session
from idp.accounts.session import Proof
from idp.core.levels import SFA
from tests.browser.test_tiles import served
from tests.oidc.relying_party import RelyingParty, register
from tests.signin.browser import EMAIL, person
from tests.support.identity_server import configured
from tests.support.servers.process import free_port

# As Session Management 1.0, 3.1 draws it: a page that shows what our frame answers.
PAGE = """<!doctype html><title>Rare Registry</title><h1>Rare Registry</h1><output>nothing yet</output>
<iframe hidden src="{op}/oauth2/session"></iframe>
<script>
const state = new URLSearchParams(location.search).get("session_state");
const ask = () => document.querySelector("iframe").contentWindow.postMessage("{client_id} " + state, "{op}");
addEventListener("message", (e) => {{
  if (e.origin === "{op}") document.querySelector("output").textContent = e.data;
}});
addEventListener("load", () => setInterval(ask, 100));
</script>"""


@dataclass
class Site:
    """An application on an origin of its own, and which addresses of it were asked for."""

    address: str
    page: str = ""
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site() -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            body = found.page.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Site(f"http://localhost:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def op(sqlite_template: str, tmp_path: Path) -> Iterator[Flask]:
    """A server on an origin of its own; it offers session management."""
    path = tmp_path / "idp.sqlite3"
    path.write_bytes(Path(sqlite_template.removeprefix("sqlite:///")).read_bytes())
    port = free_port()
    more = {"ERN_SERVER__ISSUER": f"http://localhost:{port}", "ERN_OIDC__SESSION_MANAGEMENT": "true"}
    app = configured(f"sqlite:///{path}", **more)
    person(app, EMAIL)
    with served(app, port):
        yield app


def base_of(op: Flask) -> str:
    return str(op.config["ORIGIN"])


def registered(op: Flask, site: Site) -> RelyingParty:
    address = f"{site.address}/callback"
    uris = {"redirect_uris": [address], "post_logout_redirect_uris": [f"{site.address}/bye"]}
    party = register(op, **uris, further={"frontchannel_logout_uri": f"{site.address}/front"})
    party.redirect_uri = address
    site.page = PAGE.format(op=base_of(op), client_id=party.client_id)
    return party


def signed_in(op: Flask, context: BrowserContext) -> None:
    with op.test_request_context("/", base_url=base_of(op)):
        account = people.by_address(EMAIL)
        assert account
        session.start(account, Proof(SFA, ("pwd",)))
        context.add_cookies([{"name": "ern_session", "value": g.session_token, "url": base_of(op)}])


def left(op: Flask, party: RelyingParty, url: str, site: Site) -> str:
    """Redeem the code of an answer and return where the application sends the browser to sign out."""
    token = party.redeem(parse_qs(urlsplit(url).query)["code"][0]).json["id_token"]
    return f"{base_of(op)}/oauth2/logout?id_token_hint={token}&post_logout_redirect_uri={site.address}/bye"


def test_an_application_asks_our_frame_and_hears_of_the_end(engine: Engine, op: Flask, site: Site) -> None:
    """Session Management 1.0, 3; Front-Channel Logout 1.0, 3."""
    party, context = registered(op, site), engine.new_context()
    signed_in(op, context)
    page = context.new_page()
    page.goto(f"{base_of(op)}{party.request()}")
    expect(page.locator("output")).to_have_text("unchanged")
    leaving = context.new_page()
    leaving.goto(left(op, party, page.url, site))
    expect(leaving).to_have_url(f"{site.address}/bye")
    expect(page.locator("output")).to_have_text("changed")
    [front] = [path for path in site.asked if path.startswith("/front")]
    assert parse_qs(urlsplit(front).query)["iss"] == [base_of(op)] and "sid" in front
    page.goto(f"{site.address}/callback?session_state=nonsense")
    expect(page.locator("output")).to_have_text("error")
    context.close()


def test_without_script_a_link_leads_on(engine: Engine, op: Flask, site: Site) -> None:
    party, context = registered(op, site), engine.new_context(java_script_enabled=False)
    signed_in(op, context)
    page = context.new_page()
    page.goto(f"{base_of(op)}{party.request()}")
    page.goto(left(op, party, page.url, site))
    page.get_by_role("link", name="Continue").click()
    expect(page).to_have_url(f"{site.address}/bye")
    assert any(path.startswith("/front") for path in site.asked)
    context.close()
