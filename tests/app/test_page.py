"""The app as it is delivered: installable, alive without a network; it alone may use the camera and other servers."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.chromium import FLAGS


def test_only_the_apps_page_opens_the_camera_and_speaks_to_other_servers(client: FlaskClient) -> None:
    page = client.get("/app/")
    assert "connect-src 'self' https:;" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    for other in ("/login", "/app/worker.js", "/app/manifest.webmanifest"):
        answer = client.get(other)
        assert "https:" not in answer.headers["Content-Security-Policy"]
        assert "camera=()" in answer.headers["Permissions-Policy"]


def test_the_page_is_the_same_for_everybody_and_says_what_it_needs(client: FlaskClient) -> None:
    page = client.get("/app/")
    assert "Set-Cookie" not in page.headers
    assert "needs JavaScript" in page.text
    assert "besoin de JavaScript" in client.get("/app/", headers={"Accept-Language": "fr"}).text
    assert client.get("/app").status_code == 308


def test_the_manifest_and_the_worker_have_their_types_and_are_asked_for_anew(client: FlaskClient) -> None:
    manifest, worker = client.get("/app/manifest.webmanifest"), client.get("/app/worker.js")
    assert manifest.mimetype == "application/manifest+json"
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Service-Worker-Allowed"] == "/app/"
    assert manifest.headers["Cache-Control"] == worker.headers["Cache-Control"] == "no-cache"
    content = json.loads(manifest.text)
    assert (content["start_url"], content["scope"], content["display"]) == ("/app/", "/app/", "standalone")
    for icon in content["icons"]:
        assert client.get(icon["src"]).mimetype == "image/png"


def test_the_worker_keeps_every_file_of_the_app_and_nothing_of_a_person(client: FlaskClient) -> None:
    first = client.get("/app/worker.js").text.splitlines()[0]
    shell = json.loads(first.removeprefix("const SHELL = ").removesuffix(";"))
    assert all(client.get(file).status_code == 200 for file in shell["files"])
    folder = Path(__file__).parents[2] / "idp" / "static" / "app"
    own = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {"worker.js"}
    kept = {file.partition("/app/")[2] for file in shell["files"] if "/app/" in file}
    assert kept == own
    assert not [file for file in shell["files"] if not file.startswith("/static/")]


@pytest.fixture
def phone(engine: Browser) -> Iterator[BrowserContext]:
    context = engine.new_context(viewport={"width": 390, "height": 844}, locale="en-GB")
    yield context
    context.close()


def ready(page: Page) -> None:
    """Wait for the worker to hold the page."""
    page.evaluate("""() => new Promise((resolve) => navigator.serviceWorker.controller ? resolve()
      : navigator.serviceWorker.addEventListener("controllerchange", () => resolve()))""")


def test_the_app_starts_without_a_network_and_keeps_no_answer_of_a_server(phone: BrowserContext, origin: str) -> None:
    page = phone.new_page()
    page.goto(f"{origin}/app/")
    expect(page.get_by_role("heading", name="Welcome")).to_be_focused()
    ready(page)
    phone.set_offline(True)
    page.reload()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "fr"
    page.reload()
    expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible()
    kept = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
      (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname)))).flat()"""
    paths = set(page.evaluate(kept))
    assert {path for path in paths if not path.startswith("/static/")} == {"/app/", "/app/language"}


def test_the_app_can_be_installed(engine: Browser, origin: str, tmp_path: Path) -> None:
    # An ordinary window of a test counts as private, where nothing can be installed.
    chromium, program = engine.browser_type, shutil.which("chromium")
    context = chromium.launch_persistent_context(str(tmp_path), executable_path=program, headless=True, args=FLAGS)
    try:
        page = context.new_page()
        page.goto(f"{origin}/app/")
        ready(page)
        browser = context.new_cdp_session(page)
        assert browser.send("Page.getAppManifest")["errors"] == []
        assert browser.send("Page.getInstallabilityErrors") == {"installabilityErrors": []}
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_screens_are_accessible(engine: Browser, origin: str, scheme: str) -> None:
    page = engine.new_page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(f"{origin}/app/")
    for press in (None, "Add an account", "Without the camera"):
        if press:
            page.get_by_role("button", name=press).click()
        expect(page.get_by_role("heading", level=1)).to_be_focused()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.context.close()
