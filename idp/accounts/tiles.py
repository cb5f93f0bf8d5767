"""The tiles of My Account: a page joins with one line, and shows as soon as it exists."""

from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _l

from idp.core.values import frozen


@frozen
class Tile:
    """Where a tile leads, its icon in icons.svg, its title and a few words; `bad` is red."""

    endpoint: str
    icon: str
    title: Any
    text: Any
    bad: bool = False


TILES = (
    Tile("accounts.details", "user", _l("My account details"), _l("Name, e-mail, workplace, identifier, my data")),
    Tile(
        "accounts.settings",
        "gear",
        _l("Configure my account"),
        _l("E-mail address, language, notifications, password, always ask for two factors"),
    ),
    Tile("accounts.delete", "trash", _l("Delete my account"), _l("Cannot be undone")),
    Tile("mfa.devices", "phone", _l("Manage my mobile devices"), _l("ERN Login Mobile App")),
    Tile(
        "mfa.security_keys",
        "key",
        _l("Manage my Security Keys and Trusted Platforms"),
        _l("USB keys, Windows Hello, Touch ID, passkeys"),
    ),
    Tile("mfa.phones", "sms", _l("Manage my mobile phone numbers"), _l("Numbers that get codes by text message")),
    Tile("eids.linked", "id", _l("Manage my eIDs"), _l("National electronic identity")),
    Tile(
        "mfa.panic",
        "alert",
        _l("Delete all my devices and eID (PANIC)"),
        _l("Your phone is lost or stolen"),
        bad=True,
    ),
    Tile(
        "accounts.sessions",
        "screen",
        _l("Display my sessions"),
        _l("You can view the sessions opened for visited applications"),
    ),
)


@frozen
class Further:
    """A page that has no tile: a link below them."""

    endpoint: str
    title: Any


FURTHER = (
    Further("oidc.applications", _l("Connected applications and devices")),
    Further("mfa.recovery_codes", _l("Recovery codes")),
    Further("mfa.authenticator_apps", _l("Authenticator apps")),
    Further("signin.trusted_browsers", _l("Trusted browsers")),
    Further("accounts.security_events", _l("Security events")),
)


def available() -> list[Tile]:
    """Return the tiles whose page exists in this application."""
    return [tile for tile in TILES if exists(tile.endpoint)]


def further() -> list[Further]:
    """Return the links below the tiles whose page exists in this application."""
    return [page for page in FURTHER if exists(page.endpoint)]


def exists(endpoint: str) -> bool:
    """Say whether this application has the page."""
    return endpoint in current_app.view_functions
