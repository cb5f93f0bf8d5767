"""ERN Login Mobile App PIN Code: the app shows who asks, the person types the page's number and the PIN into it."""

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.models import Account
from idp.core.levels import MFA
from idp.mfa import mobile_app, signatures
from idp.mfa.factor import Call, Context, Field, Given, Prompt, Rejected, Secret
from idp.mfa.models import Authenticator

SECONDS = 120
TRIES = 3
LOWEST, HIGHEST = 10, 99
APPROVE, DENY = "approve", "deny"


class AppPin:
    """The factor (see `Factor`, `AnyOf` and `OnDevice`); it also adds the devices."""

    name = mobile_app.KIND
    icon = mobile_app.ICON
    title = _l("ERN Login Mobile App PIN Code")
    invitation = mobile_app.INVITATION
    page = mobile_app.PAGE
    device = mobile_app.KIND
    device_title = mobile_app.TITLE
    strikes = mobile_app.STRIKES
    amr: tuple[str, ...] = ("swk", "pin", "mca")
    level = MFA
    tries = TRIES
    seconds = SECONDS
    offered = mobile_app.OFFERED
    answered: tuple[Field, ...] = ()
    sentences: Mapping[str, Any] = {
        **mobile_app.PAIRING,
        "verdict_wrong": _l("The app sent an answer that cannot be read."),
        "signature_wrong": _l("The answer does not come from your device."),
        "number_wrong": _l("This is not the number that the page shows."),
        "code_wrong": _l("The PIN is not right."),
        "waiting": _l("Your phone has not answered yet. Confirm there first, then go on here."),
        "unknown": _l("This device does not belong to your account."),
        "suspended": _l("This device is suspended."),
    }

    def description(self, authenticators: Sequence[Authenticator]) -> str:
        """Return on which devices a request will show."""
        names = ", ".join(one.name for one in authenticators)
        return str(_("Confirm on %(device)s with your PIN", device=names))

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
        """Make a request that every device of the account shows."""
        return self.ask_any([secret], context)

    def ask_any(self, known: Sequence[Secret], context: Context) -> Prompt:
        """Make a request that every device of the account shows."""
        number = LOWEST + secrets.randbelow(HIGHEST - LOWEST + 1)
        application, browser = mobile_app.told(context)
        request = mobile_app.token()
        memo = {"request": request, "number": number, "application": application, "browser": browser}
        memo["source"] = context.source
        return Prompt(page={"number": str(number)}, memo=memo, device=Call(), handle=request)

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret unchanged if the device signed the right number, and the code shows the right PIN.

        With a wrong number the code is not looked at.
        """
        try:
            given = json.loads(answer["verdict"])
            number, code, signature = (str(given[name]) for name in ("number", "code", "signature"))
        except (KeyError, TypeError, ValueError):
            raise Rejected("verdict_wrong", field="verdict") from None
        message = verdict(secret, memo, APPROVE, number)
        if not signatures.verified(secret["key"], signature, message):
            raise Rejected("signature_wrong", field="verdict")
        if not hmac.compare_digest(number.encode(), str(memo["number"]).encode()):
            raise Rejected("number_wrong", field="verdict")
        mobile_app.check(secret, mobile_app.question(message), code)
        return secret

    def handle(self, secret: Secret) -> str:
        """Return the device's id."""
        return str(secret["device"])

    def handle_in(self, answer: Mapping[str, str]) -> str:
        """Return the id of the device that answered."""
        return answer["device"]

    def amr_of(self, secret: Secret) -> tuple[str, ...]:
        """Return what every device proves."""
        return self.amr


def verdict(secret: Secret, memo: Mapping[str, Any], what: str, number: str = "") -> bytes:
    """Return the bytes that a device signs to approve or deny a request."""
    asked = (memo["request"], memo["application"], memo["browser"])
    return signatures.lines("ERN-APP-VERDICT-1", mobile_app.issuer(), secret["device"], *asked, number, what)
