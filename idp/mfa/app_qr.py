"""ERN Login Mobile App QR Code: the app scans a question, without network, and shows a code that the person types."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.models import Account
from idp.core import clock
from idp.core.levels import MFA
from idp.core.signed import base64url
from idp.mfa import mobile_app, signatures
from idp.mfa.factor import Context, Field, Given, Prompt, Secret
from idp.mfa.models import Authenticator

SECONDS = 180
TRIES = 3


class AppQr:
    """The factor (see `Factor` and `OnDevice`); its devices are added by `AppPin`."""

    name = "app_qr"
    icon = "qr"
    title = _l("ERN Login Mobile App QR Code")
    invitation = mobile_app.INVITATION
    page = mobile_app.PAGE
    device = mobile_app.KIND
    device_title = mobile_app.TITLE
    strikes = mobile_app.STRIKES
    amr: tuple[str, ...] = ("otp", "pin")
    level = MFA
    tries = TRIES
    seconds = SECONDS
    offered = mobile_app.OFFERED
    answered: tuple[Field, ...] = (
        Field(
            "code",
            _l("8-digit code"),
            re.compile(r"[\s-]*(\d[\s-]*){8}", re.ASCII),
            _l("Enter the 8 digits that your app shows."),
        ),
    )
    sentences: Mapping[str, Any] = {
        **mobile_app.PAIRING,
        "code_wrong": _l("This code is not right. Check your PIN and scan the QR code of this page again."),
        "suspended": _l("This device is suspended."),
    }

    def description(self, authenticators: Sequence[Authenticator]) -> str:
        """Return which device can read the code."""
        return str(_("Scan a code with %(device)s, works without network", device=authenticators[0].name))

    def hint(self, secret: Secret) -> str:
        """Return what the app runs in, or the beginning of its id."""
        return mobile_app.hint(secret)

    def offer(self, account: Account, given: Given, context: Context) -> Prompt:
        """Make a code for one new device."""
        return mobile_app.pairing(given)

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return what is kept of the device that answered the code."""
        return mobile_app.paired(memo, answer)

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Make a question for one device, signed by us: who asks, when, and 128 random bits."""
        if context.signer is None:
            raise ValueError("a question that nobody signs")
        signer, challenge, now = context.signer(), mobile_app.token(), int(clock.now().timestamp())
        parts = [secret["device"], signer.kid, challenge, now, *mobile_app.told(context), mobile_app.token()]
        issuer, payload = mobile_app.issuer(), base64url(orjson.dumps(parts))
        signature = signer.sign(signatures.lines("ERN-APP-QR-1", issuer, payload))
        asked = mobile_app.question(signatures.lines("ERN-APP-CODE-1", issuer, payload))
        return Prompt(page={"link": f"{issuer}/app/#login={payload}.{signature}"}, memo={"question": asked})

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret unchanged if the code is that of this question and the right PIN."""
        mobile_app.check(secret, memo["question"], answer["code"])
        return secret
