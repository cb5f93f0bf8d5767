"""Recovery codes: ten on paper, each good once, for the day on which no device is at hand.

They stand last in the list of methods: whoever finds the sheet holds a second factor, and a code can be read over a
shoulder. They are one all the same (NIST SP 800-63B-4, 3.1.2, look-up secrets), so their level is that of two factors.
"""

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from idp.accounts import passwords
from idp.accounts.models import Account
from idp.core.levels import MFA
from idp.mfa.factor import Context, Field, Given, Prompt, Rejected, Secret, UsualLimits
from idp.mfa.models import Authenticator

CODES = 10
LENGTH = 10
# Without letters that look like digits or like each other; 32 signs, so a code has 50 bits.
SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CONFUSED = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})
TYPED = re.compile(rf"[\W_]*([0-9A-Za-z][\W_]*){{{LENGTH}}}", re.ASCII)
LONGEST = 64
code_field = Field(
    "code", _l("Recovery code"), TYPED, _l("Enter one of your recovery codes: 10 digits and letters."), LONGEST
)


class RecoveryCodes(UsualLimits):
    """The factor (see `Factor`); the secret keeps the hashes of the codes that are left."""

    name = "recovery_code"
    icon = "list"
    title = _l("Recovery code")
    invitation = _l("Ten codes on paper, for the day on which no device is at hand.")
    page = "mfa.recovery_codes"
    amr: tuple[str, ...] = ("otp",)
    level = MFA
    offered: tuple[Field, ...] = ()
    answered: tuple[Field, ...] = (code_field,)
    sentences: Mapping[str, Any] = {
        "code_wrong": _l("This code is not right, or was used already."),
        "code_foreign": _l("This is none of the ten codes on this page. Type one of them."),
    }

    def description(self, authenticators: Sequence[Authenticator]) -> str:
        """Return how many codes are left."""
        left = int(authenticators[0].hint)
        return str(ngettext("You have %(num)d code left.", "You have %(num)d codes left.", left))

    def hint(self, secret: Secret) -> str:
        """Return how many codes are left."""
        return str(len(secret["codes"]))

    def offer(self, account: Account, given: Given, context: Context) -> Prompt:
        """Make ten codes and show them, this once."""
        codes = list(dict.fromkeys(_new() for _ in range(CODES)))
        salt = secrets.token_hex(16)
        hashes = [passwords.stretched(code.replace("-", ""), salt) for code in codes]
        return Prompt(page={"codes": codes}, memo={"salt": salt, "codes": hashes})

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the set once one of its codes was typed back, so that nobody trusts in a sheet that was not kept."""
        if _found(memo, answer["code"]) is None:
            raise Rejected("code_foreign", field="code")
        return {"salt": memo["salt"], "codes": memo["codes"]}

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Ask for a code; nothing has to be sent."""
        return Prompt(page={}, memo={})

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the set without the code that was typed."""
        return without(secret, answer["code"])


def without(secret: Secret, typed: str) -> Secret:
    """Return the set without a code; raise Rejected for one that is not in it (any more)."""
    found = _found(secret, typed)
    if found is None:
        raise Rejected("code_wrong", field="code")
    return {**secret, "codes": [code for code in secret["codes"] if code != found]}


def normalize(typed: str) -> str:
    """Return a code as it was made: without spaces and dashes, in capitals, confusable letters read as digits."""
    return re.sub(r"[\W_]", "", typed).upper().translate(CONFUSED)


def _new() -> str:
    code = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    return f"{code[:5]}-{code[5:]}"


def _found(secret: Mapping[str, Any], typed: str) -> str | None:
    """Return the hash of a typed code if it is in the set; all are looked at, so that the time tells nothing."""
    hashed = passwords.stretched(normalize(typed), secret["salt"])
    fitting = [code for code in secret["codes"] if hmac.compare_digest(code, hashed)]
    return fitting[0] if fitting else None
