"""What waits is offered on every screen, but never in the way of what it is about."""

import pytest
from playwright.sync_api import Page, expect

from idp.core.assets import asset
from tests.app.conftest import run_in

TOLD = """it.go(screen, {id: "r", application: "CPMS"});
const news = await import(address);
news.heard({requests: [{id: "r", application: "CPMS"}], reached: true, pausedUntil: 0, states: ""});
return document.getElementById("band").hidden;"""


@pytest.mark.parametrize(("screen", "hidden"), [("paste", False), ("deny", True)])
def test_a_request_does_not_lie_over_the_button_that_stops_it(page: Page, screen: str, hidden: bool) -> None:
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()  # a heading is there before its words are
    assert run_in(page, "route", TOLD, address=asset("app/screens/news.js"), screen=screen) is hidden
