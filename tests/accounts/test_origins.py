"""Where something came from, as its owner reads it."""

import pytest

from idp.accounts import origins


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("203.0.113.77", "203.0.113.*"),
        ("2001:db8:7:1:2:3:4:5", "2001:db8:7::*"),
        ("", ""),
        (None, ""),
        ("unknown", ""),
    ],
)
def test_an_address_is_shown_without_its_last_part(source: str | None, shown: str) -> None:
    assert origins.place(source) == shown
