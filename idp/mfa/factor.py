"""What a second factor is: one file that offers, enrols, asks and judges.

A factor touches no database, request, log or limit: `challenges.py` and `enrolment.py` do all that, once for all.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Any, Protocol, runtime_checkable

from idp.accounts.models import Account
from idp.core import settings
from idp.core.errors import Invalid
from idp.core.signed import new_token
from idp.core.values import frozen
from idp.mfa.models import Authenticator

# What an account keeps to prove itself with; JSON, sealed before it is stored.
Secret = dict[str, Any]


@frozen
class Text:
    """A text message: the number in E.164, what it says in the person's language, and the code in it.

    With `spoken` (a language) a voice calls instead, and says first this and then the code.
    """

    to: str
    body: str
    code: str
    spoken: str | None = None


@frozen
class Call:
    """A word to every device of the account that a question waits for it there."""

    to: str = ""


@frozen
class Prompt:
    """One question for three audiences: `page` is for the browser, `memo` for us, `device` for the person's.

    `handle` is what the question is found by: unguessable, at most 43 characters. `seconds`: how long it can be
    answered, if not as long as the factor says.
    """

    page: dict[str, Any]
    memo: dict[str, Any]
    device: Text | Call | None = None
    handle: str = field(default_factory=new_token)
    seconds: int | None = None


@frozen
class Field:
    """One thing a person types: its name in the form, its label, how it must look, and the sentence if it does not.

    `longest`: how many characters are read at all.
    """

    name: str
    label: Any
    pattern: re.Pattern[str]
    wrong: Any
    longest: int = 4096


@frozen
class Given:
    """What there is to enrol with: the fields of the form, and the secrets the account has with this factor already."""

    fields: Mapping[str, str]
    secrets: Sequence[Secret] = ()


class Signer(Protocol):
    """A key of ours that devices know by its name, `kid`."""

    @property
    def kid(self) -> str:
        """Its name."""

    def sign(self, message: bytes) -> str:
        """Return the signature over a message."""


@frozen
class Context:
    """Where a factor is asked: the application (None: My Account), the page's language, and this server's host.

    `browser`: what asks, as people say it ("Firefox on Windows"; empty if unknown); `source`: its internet
    address without the last part.
    `signer` gives the key with which we sign a question where a device has to know that it is ours. `spoken`: the
    person asked for a call instead of a text.
    """

    application: str | None
    language: str
    host: str
    browser: str = ""
    source: str = ""
    signer: Callable[[], Signer] | None = None
    spoken: bool = False


class Rejected(Invalid):
    """What the person gave does not prove anything; `key` names the sentence for it among the factor's `sentences`."""


class Compromised(Rejected):
    """The answer is right and shows that the authenticator cannot be trusted any more: it is suspended."""


class Factor(Protocol):
    """A way to prove who one is, beside the password."""

    @property
    def name(self) -> str:
        """The value of the form's `method`, and the stem of `mfa/<name>_enrol.html` and `mfa/<name>_ask.html`."""

    @property
    def icon(self) -> str:
        """The symbol in `icons.svg`."""

    @property
    def title(self) -> Any:
        """What people call it (lazy text)."""

    @property
    def invitation(self) -> Any:
        """What one needs for it, in a sentence (lazy text), for who chooses a factor to add."""

    @property
    def page(self) -> str:
        """The endpoint of its page in My Account, where it is added and removed."""

    @property
    def amr(self) -> tuple[str, ...]:
        """Its authentication method references (RFC 8176)."""

    @property
    def level(self) -> str:
        """The level of authentication that it reaches together with the password."""

    @property
    def tries(self) -> int:
        """How many answers to one challenge are judged."""

    @property
    def seconds(self) -> int:
        """How long a challenge can be answered."""

    @property
    def offered(self) -> tuple[Field, ...]:
        """What the person types to begin enrolling."""

    @property
    def answered(self) -> tuple[Field, ...]:
        """What the person types to answer; nothing if the answer comes from the device itself."""

    @property
    def sentences(self) -> Mapping[str, Any]:
        """The sentence (lazy text) for each key of Rejected."""

    def description(self, authenticators: Sequence[Authenticator]) -> Any:
        """Return what choosing it will do, with these authenticators of the account."""

    def hint(self, secret: Secret) -> str:
        """Return what may be shown of a secret, to tell it from others."""

    def offer(self, account: Account, given: Given, context: Context) -> Prompt:
        """Begin enrolling; raise Rejected for what cannot be enrolled."""

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret to keep; raise Rejected unless the answer shows that the person holds it."""

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Make a fresh challenge."""

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the secret as it is to be kept from now on; raise Rejected for a wrong answer."""


class UsualLimits:
    """What most factors have in common: as many answers, for as long, as the operator sets for all."""

    @property
    def tries(self) -> int:
        """How many answers to one challenge are judged."""
        return settings.current().limits.challenge_tries

    @property
    def seconds(self) -> int:
        """How long a challenge can be answered."""
        return settings.current().limits.challenge_minutes * 60


@runtime_checkable
class AnyOf(Protocol):
    """What a factor has besides if all authenticators of an account are asked at once, and the answer says which it is.

    Asked without any, it finds out who the person is. Its `sentences` have `unknown`, `taken` and `suspended` too.
    """

    def ask_any(self, known: Sequence[Secret], context: Context) -> Prompt:
        """Make a fresh challenge that each of these can answer."""

    def handle(self, secret: Secret) -> str:
        """Return the name, unique among all accounts, under which the authenticator is found again."""

    def handle_in(self, answer: Mapping[str, str]) -> str:
        """Return the name of the authenticator that answered; raise Rejected if there is none in it."""

    def amr_of(self, secret: Secret) -> tuple[str, ...]:
        """Return those of `amr` that this authenticator proves."""


@runtime_checkable
class OnDevice(Protocol):
    """What a factor has besides if it is answered with a device that several factors may use."""

    @property
    def device(self) -> str:
        """The name of the factor that adds such a device, and the kind under which it is kept."""

    @property
    def device_title(self) -> Any:
        """What people call such a device, whichever of its factors it is used with (lazy text)."""

    @property
    def strikes(self) -> int:
        """How many wrong answers in a row, to whichever of its factors, suspend the device."""
