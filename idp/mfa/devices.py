"""The mobile devices of people as their apps see them: pairing one, and finding the one that calls."""

from typing import Any

import orjson
from sqlalchemy import select

from idp.accounts.models import Account, AccountState
from idp.core import clock
from idp.core.db import db
from idp.core.errors import Expired
from idp.core.values import frozen
from idp.mfa import challenges, mobile_app
from idp.mfa.device_errors import AppError
from idp.mfa.factor import Rejected, Secret
from idp.mfa.models import Authenticator, Challenge, ChallengeState, Purpose

PIN_DIGITS = 4
ADMINISTRATORS_PIN_DIGITS = 6
WRONG_PAIRINGS = {"key_held": (409, "key_known")}


@frozen
class Device:
    """One app's account: whose, what it is called, its secret, and its row, or None until the browser confirmed it."""

    id: str
    name: str
    account: Account
    secret: Secret
    authenticator: Authenticator | None

    @property
    def status(self) -> str:
        """Where it is: waiting for the browser, active, or suspended."""
        if self.authenticator is None:
            return "waiting"
        return "suspended" if self.authenticator.suspended_at else "active"

    @property
    def key(self) -> dict[str, str]:
        """Its public key."""
        key: dict[str, str] = self.secret["key"]
        return key

    @property
    def pin_digits(self) -> int:
        """How long its PIN has to be."""
        return ADMINISTRATORS_PIN_DIGITS if self.account.is_administrator else PIN_DIGITS

    def active(self) -> Authenticator:
        """Return its row; raise AppError if it cannot be used."""
        if self.authenticator is None or self.authenticator.suspended_at:
            raise AppError(403, f"device_{self.status}")
        return self.authenticator


def find(device: str) -> Device | None:
    """Return the device with this id, paired or waiting for its browser; None if it is removed or was never there."""
    found = db.session.scalar(
        select(Authenticator).where(Authenticator.handle == device, Authenticator.kind == mobile_app.KIND)
    )
    if found is None:
        return _waiting(device)
    if found.account.state is not AccountState.ACTIVE:
        return None
    return Device(device, found.name, found.account, found.secret, found)


def pair(token: str, key: dict[str, Any], app: str) -> tuple[Device, int]:
    """Give a new app its seed, once; return its device and the time by which the browser has to confirm it.

    `app` says what it runs in, as people say it. Raise AppError unless the token is that of a page which waits for an
    app now.
    """
    device = token.partition(".")[0]
    challenge = db.session.scalar(
        select(Challenge).where(
            Challenge.handle == device,
            Challenge.kind == mobile_app.KIND,
            Challenge.purpose == Purpose.ENROL,
            Challenge.state == ChallengeState.OPEN,
        )
    )
    if challenge is None:
        raise AppError(410, "pairing_over")
    try:
        challenges.approve(challenge, {"token": token, "key": orjson.dumps(key).decode(), "app": app})
    except Rejected as wrong:
        raise AppError(*WRONG_PAIRINGS.get(wrong.key, (410, "pairing_over"))) from None
    except Expired:
        raise AppError(410, "pairing_over") from None
    waiting = _waiting(device)
    if waiting is None:
        raise AppError(410, "pairing_over")
    return waiting, int(challenge.expires_at.timestamp())


def _waiting(device: str) -> Device | None:
    challenge = db.session.scalar(
        select(Challenge).where(
            Challenge.handle == device,
            Challenge.purpose == Purpose.ENROL,
            Challenge.state == ChallengeState.APPROVED,
            Challenge.expires_at > clock.now(),
        )
    )
    if challenge is None or challenge.account is None or challenge.account.state is not AccountState.ACTIVE:
        return None
    content = challenge.content
    return Device(device, content["page"]["name"], challenge.account, content["secret"], None)
