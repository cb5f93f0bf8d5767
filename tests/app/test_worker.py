"""The app's service worker: a new version comes when people say so, a push wakes them, and only then."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from idp.mfa import app_views
from tests.app.test_page import ready

PATIENCE_MS = 20_000


@pytest.fixture
def context(engine: Browser, origin: str) -> Iterator[BrowserContext]:
    context = engine.new_context(viewport={"width": 390, "height": 844}, locale="fr-FR")
    context.grant_permissions(["notifications"], origin=origin)
    yield context
    context.close()


def opened(context: BrowserContext, origin: str) -> Page:
    page = context.new_page()
    page.goto(f"{origin}/app/")
    ready(page)
    return page


def test_a_new_version_waits_until_people_take_it(
    context: BrowserContext, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened(context, origin)
    monkeypatch.setattr(app_views, "_version", lambda: "a-later-version")
    page.reload()
    band = page.get_by_role("region")
    expect(band).to_contain_text("Une nouvelle version", timeout=PATIENCE_MS)
    with page.expect_navigation(timeout=PATIENCE_MS):
        band.get_by_role("button").click()
    expect(page.get_by_role("heading", name="Bienvenue")).to_be_visible()
    expect(band).to_be_hidden()
    names = page.evaluate("caches.keys()")
    assert [name for name in names if name.startswith("ern-login-app-")] == ["ern-login-app-a-later-version"]


def push(page: Page, origin: str) -> None:
    """Deliver an empty push as the browser does when its push service calls."""
    browser = page.context.new_cdp_session(page)
    found: dict[str, str] = {}

    def heard(event: dict[str, Any]) -> None:
        found.update({one["scopeURL"]: one["registrationId"] for one in event["registrations"]})

    browser.on("ServiceWorker.workerRegistrationUpdated", heard)
    browser.send("ServiceWorker.enable")
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while f"{origin}/app/" not in found and time.monotonic() < deadline:
        page.wait_for_timeout(20)
    message = {"origin": origin, "registrationId": found[f"{origin}/app/"], "data": ""}
    browser.send("ServiceWorker.deliverPushMessage", message)


NOTIFIED = """async () => {
  const registration = await navigator.serviceWorker.getRegistration("/app/");
  for (let tries = 0; tries < 100; tries++) {
    const [shown] = await registration.getNotifications();
    if (shown) return [shown.title, shown.body, shown.lang];
    await new Promise((later) => setTimeout(later, 50));
  }
  return null;
}"""


def test_a_push_wakes_people_in_their_language_and_says_nothing_of_what_is_asked(
    context: BrowserContext, origin: str
) -> None:
    page = opened(context, origin)
    page.goto(f"{origin}/privacy")  # the app is closed
    push(page, origin)
    assert page.evaluate(NOTIFIED) == [
        "Est-ce bien vous\u00a0?",
        "Une connexion avec votre compte attend votre réponse.",
        "fr",
    ]


def test_a_push_to_an_open_app_makes_it_look_instead(context: BrowserContext, origin: str) -> None:
    page = opened(context, origin)
    page.evaluate("() => navigator.serviceWorker.addEventListener('message', (event) => (window.heard = event.data))")
    push(page, origin)
    heard = (
        "async () => { while (!window.heard) await new Promise((later) => setTimeout(later, 20)); return window.heard }"
    )
    assert page.evaluate(heard) == "look"
    shown = "async () => (await (await navigator.serviceWorker.getRegistration('/app/')).getNotifications()).length"
    assert page.evaluate(shown) == 0
