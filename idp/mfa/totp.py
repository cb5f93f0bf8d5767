"""Authenticator app: time-based codes (RFC 6238) made by any standard app, also without network."""

import hmac
import importlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.models import Account
from idp.core import clock
from idp.core.levels import MFA
from idp.mfa.factor import Context, Field, Given, Prompt, Rejected, Secret, UsualLimits
from idp.mfa.models import Authenticator

# By name: loaded with the first code.
CODES = "pyotp"
ISSUER = "ERN Login"
STEP_SECONDS = 30
SKEW_STEPS = 1  # RFC 6238, 5.2: one step for the network and for slow fingers
# Ten minutes: a code that would be right there was made by an app whose clock is wrong.
STRAY_STEPS = 20
LONGEST_NAME = 40


class Totp(UsualLimits):
    """The factor (see `Factor`); the secret keeps the step of the last code, so that none counts twice."""

    name = "totp"
    icon = "clock"
    title = _l("Authenticator app")
    invitation = _l("An app on your phone or computer makes the codes, also where there is no network.")
    page = "mfa.authenticator_apps"
    amr: tuple[str, ...] = ("otp",)
    level = MFA
    offered: tuple[Field, ...] = (
        Field(
            "device_name",
            _l("Name of the device"),
            re.compile(rf"[^\x00-\x1f\x7f]{{1,{LONGEST_NAME}}}"),
            _l("Give the device a name of 1 to 40 characters."),
        ),
    )
    answered: tuple[Field, ...] = (
        Field(
            "code",
            _l("Code from the app"),
            re.compile(r"[\s-]*(\d[\s-]*){6}", re.ASCII),
            _l("Enter the 6 digits that the app shows."),
        ),
    )
    sentences: Mapping[str, Any] = {
        "name_known": _l("You have a device with this name already. Choose another name."),
        "code_wrong": _l("This code is not right."),
        "code_used": _l("This code was used already. Wait until the app shows the next one."),
        "clock_wrong": _l(
            "The clock of your device seems to be wrong. Switch its time to automatic, then enter a new code."
        ),
    }

    def description(self, authenticators: Sequence[Authenticator]) -> str:
        """Return which device to take."""
        return str(_("Type the code that %(name)s shows", name=authenticators[0].name))

    def hint(self, secret: Secret) -> str:
        """Return the name that the person gave the device."""
        return str(secret["name"])

    def offer(self, account: Account, given: Given, context: Context) -> Prompt:
        """Make a fresh key and show it as QR code, as link and as text; raise Rejected for a name that is taken."""
        name = given.fields["device_name"].strip()
        if any(secret["name"].casefold() == name.casefold() for secret in given.secrets):
            raise Rejected("name_known", field="device_name")
        codes = importlib.import_module(CODES)
        seed = codes.random_base32()
        uri = codes.TOTP(seed).provisioning_uri(name=account.email or account.uid, issuer_name=ISSUER)
        groups = " ".join(re.findall("....", seed))
        return Prompt(page={"uri": uri, "key": groups, "name": name}, memo={"seed": seed, "name": name})

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the key once the app made a right code with it."""
        return self.judge({**memo, "last_step": 0}, {}, answer)

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Ask for a code; nothing has to be sent."""
        return Prompt(page={}, memo={})

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret with the step of this code; raise Rejected if it is wrong, used, or of another time."""
        typed = re.sub(r"\D", "", answer["code"])
        now = int(clock.now().timestamp()) // STEP_SECONDS
        fitting = _fitting(secret["seed"], typed, now)
        if not fitting:
            raise Rejected("code_wrong", field="code")
        unused = [step for step in fitting if step > secret["last_step"]]
        if not unused:
            raise Rejected("code_used", field="code")
        nearest = min(unused, key=lambda step: abs(step - now))
        if abs(nearest - now) > SKEW_STEPS:
            raise Rejected("clock_wrong", field="code")
        return {**secret, "last_step": nearest}


def _fitting(seed: str, typed: str, now: int) -> list[int]:
    """Return the steps around now whose code this is; all are looked at, so that the time tells nothing."""
    otp = importlib.import_module(CODES).TOTP(seed)
    steps = range(now - STRAY_STEPS, now + STRAY_STEPS + 1)
    return [step for step in steps if hmac.compare_digest(otp.generate_otp(step), typed)]
