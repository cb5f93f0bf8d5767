"""Where guesses come from: who has a whole network of addresses still has one budget."""

import pytest
from flask import Flask

from idp.core.limits import source_of
from tests.signin.browser import EMAIL, Browser, person

WRONG_PASSWORD = "orchid-meadow-nineteen"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "not an address", True),
        (None, "203.0.113.7, 198.51.100.1", True),
    ],
)
def test_a_source_is_an_address_or_the_network_behind_one_line(one: str | None, other: str, same: bool) -> None:
    assert (source_of(one) == source_of(other)) is same


def test_a_thousand_addresses_of_one_line_share_its_guesses(app: Flask) -> None:
    person(app, EMAIL)
    told = []
    for number in range(52):
        browser = Browser(app, f"2001:db8:1:2::{number:x}")
        browser.open("/login")
        browser.submit(identifier=f"somebody{number}@hospital.example", password=WRONG_PASSWORD)
        told.append(browser.page.status_code)
    assert told == [400] * 50 + [429] * 2
