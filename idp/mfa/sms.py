"""Mobile Phone + SMS: a code by text message to a number whose holder typed back a first code."""

import hashlib
import hmac
import importlib
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from idp.accounts.models import Account
from idp.core import settings
from idp.core.levels import MFA
from idp.mfa.factor import Context, Field, Given, Prompt, Rejected, Secret, Text, UsualLimits
from idp.mfa.models import Authenticator

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

# By name: what knows the numbers of all countries takes 25 ms to load.
NUMBERS = "phonenumbers"
DIGITS = 6
LONGEST_APPLICATION = 40


class Sms(UsualLimits):
    """The factor (see `Factor`)."""

    name = "sms"
    icon = "sms"
    title = _l("Mobile Phone + SMS")
    invitation = _l("We send a code to your mobile phone. Any phone that gets text messages will do.")
    page = "mfa.phones"
    amr: tuple[str, ...] = ("sms",)
    level = MFA
    offered: tuple[Field, ...] = (
        Field(
            "phone_number",
            _l("Mobile phone number"),
            re.compile(r".*\d", re.DOTALL),
            _l("Enter your mobile phone number with + and country code."),
        ),
    )
    answered: tuple[Field, ...] = (
        Field(
            "code",
            _l("Challenge code"),
            re.compile(r"[\s-]*(\d[\s-]*){6}", re.ASCII),
            _l("Enter the 6 digits of the text message."),
        ),
    )
    sentences: Mapping[str, Any] = {
        "phone_country": _l("Begin the number with + and the country code, like +49 for Germany."),
        "phone_invalid": _l("This is not a complete mobile phone number. Check the country code and the digits."),
        "phone_not_mobile": _l("This is not a mobile phone number. Enter one that receives text messages."),
        "phone_not_served": _l("We cannot send text messages to this country. Use a number of another country."),
        "phone_known": _l("This number is in your account already."),
        "code_wrong": _l("This code is not right."),
    }

    @property
    def speaks(self) -> bool:
        """Whether a voice can say the code on the phone instead."""
        return settings.current().sms.voice_calls

    def description(self, authenticators: Sequence[Authenticator]) -> str:
        """Return which number a text will go to."""
        number = authenticators[0].hint.replace(" ", "\N{NO-BREAK SPACE}")
        return str(_("We send a text message to %(number)s", number=number))

    def hint(self, secret: Secret) -> str:
        """Return the number with its middle hidden: country code and the last three digits."""
        number = _numbers().parse(secret["number"])
        return f"+{number.country_code} ••• ••• {secret['number'][-3:]}"

    def offer(self, account: Account, given: Given, context: Context) -> Prompt:
        """Send a first code to the number; raise Rejected for a number that gets no texts."""
        number = normalize(given.fields["phone_number"])
        if any(secret["number"] == number for secret in given.secrets):
            raise Rejected("phone_known", field="phone_number")
        return self.ask({"number": number}, context)

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the number once its code was typed back."""
        _check(memo, answer)
        return {"number": memo["number"]}

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Send a fresh code."""
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        salt = secrets.token_hex(16)
        memo = {"number": secret["number"], "salt": salt, "digest": _digest(salt, code)}
        spoken = context.spoken and self.speaks
        body, language = (_said(context), context.language) if spoken else (_body(code, context), None)
        text = Text(to=secret["number"], body=body, code=code, spoken=language)
        return Prompt(page={"number": self.hint(secret), "spoken": spoken}, memo=memo, device=text)

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret unchanged if the code is right."""
        _check(memo, answer)
        return secret


def normalize(typed: str) -> str:
    """Return a mobile number in E.164 (ITU-T E.164); raise Rejected if it is none or not served by us."""
    international = re.sub(r"^\s*00", "+", typed).strip()
    if not international.startswith("+"):
        raise Rejected("phone_country", field="phone_number")
    numbers = _numbers()
    try:
        number = numbers.parse(international)
    except numbers.NumberParseException:
        raise Rejected("phone_invalid", field="phone_number") from None
    _check_served(number)
    written: str = numbers.format_number(number, numbers.PhoneNumberFormat.E164)
    return written


def _check_served(number: "PhoneNumber") -> None:
    numbers = _numbers()
    if f"+{number.country_code}" not in settings.current().sms.prefixes:
        raise Rejected("phone_not_served", field="phone_number")
    if not numbers.is_valid_number(number):
        raise Rejected("phone_invalid", field="phone_number")
    kinds = numbers.PhoneNumberType
    if numbers.number_type(number) not in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE):
        raise Rejected("phone_not_mobile", field="phone_number")


def _numbers() -> Any:
    """Return the library that knows phone numbers, loaded with the first one."""
    return importlib.import_module(NUMBERS)


def _body(code: str, context: Context) -> str:
    """Return the text; its last line lets browsers fill the code in at our host only (WebOTP, origin-bound codes)."""
    application = (context.application or "ERN Login")[:LONGEST_APPLICATION]
    text = _(
        "%(code)s is your challenge code for %(application)s. Tell it to nobody.", code=code, application=application
    )
    return f"{text}\n\n@{context.host} #{code}"


def _said(context: Context) -> str:
    """Return what a voice says before the code."""
    application = (context.application or "ERN Login")[:LONGEST_APPLICATION]
    return str(
        _("This is ERN Login. Tell nobody this code. Your code for %(application)s is:", application=application)
    )


def _check(memo: Mapping[str, Any], answer: Mapping[str, str]) -> None:
    typed = re.sub(r"\D", "", answer["code"])
    if not hmac.compare_digest(memo["digest"], _digest(memo["salt"], typed)):
        raise Rejected("code_wrong", field="code")


def _digest(salt: str, code: str) -> str:
    return hashlib.sha256(f"{salt}:{code}".encode()).hexdigest()
