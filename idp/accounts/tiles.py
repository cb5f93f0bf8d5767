"""The tiles of My Account: a page joins with one line, and shows as soon as it exists."""

from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l


@dataclass(frozen=True)
class Tile:
    """Where a tile leads, its icon in icons.svg, its title and a few words; `bad` is red."""

    endpoint: str
    icon: str
    title: Any
    text: Any
    bad: bool = False


TILES = (
    Tile("accounts.details", "user", _l("My account details"), _l("Name, e-mail, identifier")),
    Tile(
        "accounts.settings",
        "gear",
        _l("Configure my account"),
        _l("E-mail language, notifications, password, always ask for two factors"),
    ),
    Tile("mfa.phones", "sms", _l("Manage my mobile phone numbers"), _l("Numbers that get codes by text message")),
    Tile(
        "accounts.sessions",
        "screen",
        _l("Display my sessions"),
        _l("You can view the sessions opened for visited applications"),
    ),
)


def available() -> list[Tile]:
    """Return the tiles whose page exists in this application."""
    return [tile for tile in TILES if tile.endpoint in current_app.view_functions]
