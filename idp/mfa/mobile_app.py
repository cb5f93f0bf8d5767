"""What both methods of the ERN Login Mobile App share: codes, texts, pairing (docs/app-protocol.md)."""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.core import settings
from idp.core.signed import base64url
from idp.mfa import ocra, signatures
from idp.mfa.factor import Context, Field, Given, Prompt, Rejected, Secret
from idp.mfa.ocra import Inputs

KIND = "app_pin"
STRIKES = 5
PAIRING_SECONDS = 300
TOKEN_BYTES = 16
SEED_BYTES = 32
SUITE = "OCRA-1:HOTP-SHA256-8:QH64"
LONGEST_APPLICATION = 64
LONGEST_BROWSER = 48
TITLE = _l("ERN Login Mobile App")
ICON = "phone"
PAGE = "mfa.devices"
PAIRING: dict[str, Any] = {
    "pairing_wrong": _l("This code to add a device is not right."),
    "key_wrong": _l("The app sent a key that cannot be used."),
    "key_held": _l("This app is in your account already."),
}
INVITATION = _l("An app on your phone asks for a PIN. It works without network too.")

OFFERED: tuple[Field, ...] = (
    Field(
        "device_name",
        _l("Name of the device"),
        re.compile(r"[^\x00-\x1f\x7f]{1,64}"),
        _l("Give the device a name of at most 64 characters, so that you know it again."),
    ),
)


def token() -> str:
    """Return 128 random bits in base64url."""
    return base64url(os.urandom(TOKEN_BYTES))


def pairing(given: Given) -> Prompt:
    """Return the question that one app may answer once: device id and secret, which the QR code of the page holds."""
    device, secret = token(), token()
    memo = {
        "device": device,
        "digest": signatures.hashed(secret.encode()),
        "seed": base64url(os.urandom(SEED_BYTES)),
        "held": [known["key"] for known in given.secrets],
    }
    link = f"{issuer()}/app/#pair={device}.{secret}"
    page = {"link": link, "name": given.fields["device_name"].strip()}
    return Prompt(page=page, memo=memo, handle=device, seconds=PAIRING_SECONDS)


def paired(memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
    """Return what is kept of an app that showed the pairing's secret and its own key; raise Rejected otherwise."""
    device, _dot, secret = answer.get("token", "").partition(".")
    right = hmac.compare_digest(memo["digest"], signatures.hashed(secret.encode()))
    if not right or device != memo["device"]:
        raise Rejected("pairing_wrong", field="token")
    try:
        key = signatures.checked(json.loads(answer["key"]))
    except (KeyError, ValueError):
        raise Rejected("key_wrong", field="key") from None
    if key in memo["held"]:
        raise Rejected("key_held", field="key")
    return {"device": device, "key": key, "seed": memo["seed"], "app": answer.get("app", "")[:LONGEST_BROWSER]}


def hint(secret: Secret) -> str:
    """Return what the app runs in, or the beginning of its id."""
    return str(secret["app"] or secret["device"][:6])


def told(context: Context) -> tuple[str, str]:
    """Return the names of the application and the browser as the app shows them."""
    application = context.application or str(_("My Account"))
    return _plain(application)[:LONGEST_APPLICATION], _plain(context.browser)[:LONGEST_BROWSER]


def question(message: bytes) -> str:
    """Return what a code is made of: the SHA-256 of what it is for, in hexadecimal."""
    return hashlib.sha256(message).hexdigest()


def check(secret: Secret, asked: str, typed: str) -> None:
    """Raise Rejected unless `typed` is the code for this question: only the right PIN gives the seed that makes it."""
    code = ocra.code(SUITE, signatures.decoded(secret["seed"], SEED_BYTES), Inputs(asked))
    if not hmac.compare_digest(code.encode(), re.sub(r"[\s-]", "", typed).encode()):
        raise Rejected("code_wrong", field="code", strike=True)


def issuer() -> str:
    """Return our base address, as apps know it."""
    return settings.current().server.issuer.rstrip("/")


def _plain(text: str) -> str:
    """Return a text that stays one line."""
    return " ".join(text.split())
