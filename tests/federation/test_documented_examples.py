"""The complete examples of docs/federate.md sign people in and out, as they stand there."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.federation.test_federation import ENTRY, NODE, registered, signed_in
from tests.support.servers import apache, process
from tests.support.servers.system import ROOT, System

PAPER = ROOT / "docs" / "federate.md"
ACCESS = [
    {
        "ern": "ERN-RND", "country": "DE", "hcp": "DE22", "profiles": ["HP"], "guest": None, "ecp_member": True,
        "hcp_name": "University Hospital and Faculty of Medicine Tubingen",
    }
]  # fmt: skip
QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "DJANGO_SETTINGS_MODULE": "registry.settings"}


class Example:
    """One example of the paper for one registration: where it will listen, and its files with everything put in."""

    def __init__(self, system: System, callback: str, bye: str) -> None:
        self.port = process.free_port()
        self.address = f"http://localhost:{self.port}"
        self.client = registered(
            system, f"{self.address}{callback}", "--post-logout-redirect-uri", f"{self.address}{bye}"
        )
        self.put = {"http://localhost:8000": system.login, "http://localhost:9000": self.address}
        self.put |= {name.upper(): self.client[name] for name in ("client_id", "client_secret")}

    def file(self, name: str) -> str:
        """What the paper says stands in a file."""
        block = rf"^\*\*`{re.escape(name)}`\*\*[^\n]*\n\n```\w+\n(.*?)^```"
        found = re.search(block, PAPER.read_text("utf-8"), re.MULTILINE | re.DOTALL)
        assert found, f"{name} is not in {PAPER.name}"
        text = found[1]
        for old, new in self.put.items():
            text = re.sub(rf"(?<!\w){re.escape(old)}(?!\w)", lambda _, new=new: new, text)
        return text

    @contextmanager
    def running(self, command: Sequence[str | Path], folder: Path) -> Iterator[process.Process]:
        started = process.start(command, folder / "log", env=QUIET, cwd=folder)
        try:
            started.wait_until(lambda: process.port_answers(self.port))
            yield started
        finally:
            started.stop()


def signs_in_and_out(system: System, example: Example, sign_out: str, log: Path) -> None:
    browser = signed_in(system, "hp.rnd")
    page = browser.get(f"{example.address}/", timeout=30)
    said = f"{page.url} {page.text[:500]}\n{log.read_text('utf-8')[-2000:]}"
    assert page.headers["Content-Type"].startswith("application/json"), said
    assert page.json()["access"] == ACCESS and page.json()["name"], said
    page = browser.get(f"{example.address}{sign_out}", timeout=30)
    assert page.url == f"{example.address}/bye", f"{page.url}\n{log.read_text('utf-8')[-2000:]}"
    assert_signed_out(system, browser)
    assert browser.get(f"{example.address}/", timeout=30).url.startswith(system.login), "and not signed in here either"


def assert_signed_out(system: System, browser: requests.Session) -> None:
    assert "/login?" in browser.get(f"{system.login}/account", timeout=20).url


def test_flask_and_authlib(system: System, tmp_path: Path) -> None:
    example = Example(system, "/callback", "/bye")
    (tmp_path / "registry.py").write_text(example.file("registry.py"))
    command = [sys.executable, "-m", "flask", "--app", "registry", "run", "--port", str(example.port)]
    with example.running(command, tmp_path):
        signs_in_and_out(system, example, "/logout", tmp_path / "log")


def test_django_and_mozilla_django_oidc(system: System, tmp_path: Path) -> None:
    example = Example(system, "/oidc/callback/", "/bye")
    django = [sys.executable, "-m", "django"]
    done(*django, "startproject", "registry", str(tmp_path), cwd=tmp_path)
    settings = tmp_path / "registry" / "settings.py"
    settings.write_text(settings.read_text() + example.file("registry/settings.py"))
    for name in ("registry/sign_in.py", "registry/urls.py"):
        (tmp_path / name).write_text(example.file(name))
    done(sys.executable, "manage.py", "migrate", "--verbosity", "0", cwd=tmp_path)
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(example.port)]
    with example.running(command, tmp_path):
        signs_in_and_out(system, example, "/oidc/logout/", tmp_path / "log")


def test_node_and_openid_client(system: System, tmp_path: Path) -> None:
    example = Example(system, "/callback", "/bye")
    (tmp_path / "registry.mjs").write_text(example.file("registry.mjs"))
    (tmp_path / "node_modules").symlink_to(ENTRY.parents[2])
    with example.running([NODE, "registry.mjs"], tmp_path):
        signs_in_and_out(system, example, "/logout", tmp_path / "log")


def test_apache_and_mod_auth_openidc(system: System, needs_apache: None) -> None:
    example = Example(system, "/private/callback", "/")
    told = 'Header set X-Userinfo "%{OIDC_userinfo_json}e"'
    written = f"{example.file('ern-login.conf')}\n<Location /private>\n{told}\n</Location>"
    with apache.running_as(written, example.port) as site:
        browser = signed_in(system, "hp.rnd")
        let_in = browser.get(site.private_url, timeout=30)
        assert let_in.text == apache.PRIVATE_PAGE, (let_in.status_code, let_in.text, site.errors())
        assert json.loads(let_in.headers["X-Userinfo"])["ern_access"] == ACCESS
        refused = signed_in(system, "researcher.rnd").get(site.private_url, timeout=30)
        assert refused.status_code in (401, 403), (refused.url, refused.text)
        left = browser.get(f"{site.base_url}/private/callback?logout={site.base_url}/", timeout=30)
        assert left.url.startswith(site.base_url) and left.text == "signed out\n", (left.url, left.text)
        assert_signed_out(system, browser)


def done(*command: str, cwd: Path) -> None:
    finished = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
