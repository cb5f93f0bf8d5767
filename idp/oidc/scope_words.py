"""What people read about our own scopes when they are asked for consent."""

from typing import Any

from flask_babel import lazy_gettext as _l

WORDS: dict[str, Any] = {
    "openid": _l("Your identifier, and when and how you signed in"),
    "profile": _l("Your name, your language and your time zone"),
    "email": _l("Your e-mail address"),
    "address": _l("The address of your workplace"),
    "phone": _l("Your mobile phone number"),
    "ern": _l("Your networks, hospitals and profiles in this application"),
    "entitlements": _l("Your networks, hospitals and profiles, as group names for research infrastructures"),
    "offline_access": _l("All this also while you are not there, for a limited time"),
}
