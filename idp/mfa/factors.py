"""The one list of second factors; its order is the order of their strength, the strongest first."""

from collections.abc import Iterable
from typing import Any

from idp.core.errors import NotFound
from idp.core.levels import reaches
from idp.mfa.app_pin import AppPin
from idp.mfa.app_qr import AppQr
from idp.mfa.factor import AnyOf, Factor, OnDevice, Secret
from idp.mfa.recovery_codes import RecoveryCodes
from idp.mfa.security_key import SecurityKey
from idp.mfa.sms import Sms
from idp.mfa.totp import Totp

FACTORS: tuple[Factor, ...] = (SecurityKey(), AppPin(), AppQr(), Totp(), Sms(), RecoveryCodes())
# They stand in for another factor that the person has, so nobody begins with them, and a new set voids the old one.
SPARE = frozenset({RecoveryCodes.name})
BY_NAME = {factor.name: factor for factor in FACTORS}


def named(name: str) -> Factor:
    """Return a factor; raise NotFound for a name that is none."""
    if name not in BY_NAME:
        raise NotFound("no_such_factor")
    return BY_NAME[name]


def together(kind: str) -> AnyOf:
    """Return a factor whose authenticators are asked all at once; raise NotFound for one that asks a single one."""
    factor = named(kind)
    if not isinstance(factor, AnyOf):
        raise NotFound("no_such_factor")
    return factor


def amr_of(kind: str, secret: Secret) -> tuple[str, ...]:
    """Return the authentication method references (RFC 8176) that an authenticator with this secret proves."""
    factor = named(kind)
    return factor.amr_of(secret) if isinstance(factor, AnyOf) else factor.amr


def title_of(kind: str) -> Any:
    """Return what people call an authenticator of a kind: a device has one name for all factors that use it."""
    factor = named(kind)
    return factor.device_title if isinstance(factor, OnDevice) else factor.title


def kept_as(factor: Factor) -> str:
    """Return the kind of the authenticators that a factor uses: its own name, or that of the factor that adds them."""
    return factor.device if isinstance(factor, OnDevice) else factor.name


def strikes(factor: Factor) -> int:
    """Return how many wrong answers in a row suspend an authenticator of a factor; 0 for any number."""
    return factor.strikes if isinstance(factor, OnDevice) else 0


def that_add(wanted: Iterable[Factor]) -> list[Factor]:
    """Return the factors whose adding gives the wanted ones, each once."""
    return list({kept_as(factor): named(kept_as(factor)) for factor in wanted}.values())


def accepted(level: str, methods: Iterable[str] | None = None) -> list[Factor]:
    """Return the factors that reach a level and are among `methods` (None: all), the strongest first."""
    allowed = None if methods is None else set(methods)
    return [f for f in FACTORS if reaches(f.level, level) and (allowed is None or f.name in allowed)]


def but_text_messages() -> list[str]:
    """Return the names of the factors for whoever accepts no code by text message: numbers are lent and taken over."""
    return [factor.name for factor in FACTORS if factor.name != Sms.name]


def first(found: Iterable[Factor]) -> list[Factor]:
    """Return those of the factors that somebody without any can begin with."""
    return [factor for factor in found if factor.name not in SPARE]


def strength(name: str) -> int:
    """Return the place of a factor in the order of strength, 0 being the strongest; an unknown one comes last."""
    return next((place for place, factor in enumerate(FACTORS) if factor.name == name), len(FACTORS))
