"""The list of accounts tells how each one stands with its server, and what to do."""

from playwright.sync_api import Page, expect

from idp.core.assets import asset
from tests.app.conftest import run_in

PATIENCE_MS = 20_000
KEPT = """const { makeKey } = await import(safe);
const kept = { pair: await makeKey(), status: 'active', since: 1, serverKeys: [], deviceName: 'Pixel' };
const about = { ...kept, digits: 4, pinDigits: 4 };
for (const one of accounts) await it.keep({ ...about, ...one, person: { uid: 'n00axup3', name: one.label } });"""
DEVICE = "AAECAwQFBgcICQoLDA0ODw"


def test_a_removed_phone_a_longer_pin_and_a_missing_network_are_told_in_words(page: Page, origin: str) -> None:
    accounts = [
        {"id": "removed", "label": "Removed one", "issuer": origin, "device": DEVICE},
        {"id": "far", "label": "Far one", "issuer": "https://localhost:1", "device": DEVICE, "digits": 6},
    ]
    run_in(page, "store", KEPT, safe=asset("app/safe.js"), accounts=accounts)
    page.reload()
    row = page.get_by_role("listitem")
    expect(row.filter(has_text="Removed one").locator(".m__st")).to_have_text("Removed", timeout=PATIENCE_MS)
    expect(row.filter(has_text="Far one").locator(".m__st")).to_have_text("Longer PIN needed")
    expect(page.get_by_text("No network.")).to_be_visible(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Removed one").click()
    expect(page.get_by_text("The server no longer knows this phone for your account.")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    page.get_by_role("button", name="Far one").click()
    expect(page.get_by_text("Your account now needs a PIN of 6 digits.")).to_be_visible()
    page.get_by_role("button", name="Change the PIN").click()
    assert page.get_by_label("New PIN").get_attribute("maxlength") == "6"
    page.get_by_role("button", name="Cancel").click()
    removes(page)
    expect(page.get_by_text("The server could not be told: remove the phone in My Account too.")).to_be_visible()
    page.get_by_role("button", name="Removed one").click()
    removes(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Welcome")
    expect(page.get_by_text("The server could not be told")).to_have_count(0)


def removes(page: Page) -> None:
    page.get_by_role("button", name="Remove from this phone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Remove this account?")
    page.get_by_role("button", name="Remove from this phone").click()
