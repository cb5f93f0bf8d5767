"""Devices without a browser: what waits while a person types the device's code elsewhere (RFC 8628)."""

import secrets
from datetime import timedelta
from typing import Any

from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidGrantError
from authlib.oauth2.rfc8628 import AuthorizationPendingError, ExpiredTokenError, SlowDownError
from sqlalchemy import delete, select, update

from idp.core import audit, clock, settings
from idp.core.db import db, transactional
from idp.core.errors import Expired, Invalid
from idp.core.limits import Budget, source_of, spend
from idp.core.signed import digest, new_token
from idp.core.values import frozen
from idp.oidc import grants
from idp.oidc.clients import Client
from idp.oidc.given import Grant
from idp.oidc.models import DeviceAuthorization
from idp.oidc.parameters import Parameters

# Consonants that nobody takes for one another or reads a word in; eight of them are 34 bits (6.1).
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
INTERVAL_SECONDS = STEP_SECONDS = 5
# Who waits five seconds may arrive a moment early.
LENIENCE = timedelta(seconds=0.5)
WINDOW_SECONDS = 600


@frozen
class Begun:
    """What a device is told; `user_code` as it is shown, the times in seconds (3.2)."""

    device_code: str
    user_code: str
    expires_in: int
    interval: int = INTERVAL_SECONDS


def begin(client: Client, wish: Parameters, source: str | None) -> Begun:
    """Let a device wait for its person; raise TooMany where one source makes too many wait."""
    if client.public:
        spend(
            Budget("device.begun", source_of(source), settings.current().limits.device_codes_per_source, WINDOW_SECONDS)
        )
    return _keep(wish, source or "")


def typed(text: str, source: str | None) -> str:
    """Return the code that a person typed, if a device waits for it.

    Each try counts, for its source and for all (5.1). Raises TooMany, or Invalid if no device waits for it.
    """
    limits = settings.current().limits
    spend(
        Budget("device.tries", source_of(source), limits.device_codes_per_source, WINDOW_SECONDS),
        Budget("device.tries.all", "all", limits.device_codes_global, WINDOW_SECONDS),
    )
    code = "".join(letter for letter in text.upper() if letter in LETTERS)
    waiting(code)
    return code


def waiting(code: str) -> DeviceAuthorization:
    """Return the device that waits for a code; raise Invalid if none does, or no longer."""
    row = db.session.scalar(select(DeviceAuthorization).where(_open(code)))
    if row is None:
        raise Invalid("device_code_unknown")
    return row


def shown(code: str) -> str:
    """Return a code as a device shows it."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def approve(code: str, grant_id: int) -> None:
    """Give the device that waits what the person just gave; raise Expired if it was answered before.

    Runs inside the act that made the grant, whose own code nobody learns.
    """
    values = {"grant_id": grant_id}
    if not db.session.execute(update(DeviceAuthorization).where(_open(code)).values(values)).rowcount:  # type: ignore[attr-defined]
        raise Expired("authorization_expired")


@transactional
def deny(code: str, uid: str | None) -> None:
    """Tell the device no; somebody who answered it before keeps the answer."""
    row = db.session.scalar(
        update(DeviceAuthorization)
        .where(_open(code))
        .values(denied_at=clock.now())
        .returning(DeviceAuthorization.client_id)
    )
    if row is not None:
        audit.record("oidc.device.deny", subject=uid, object=row)


def redeem(device_code: str, client: Client) -> Grant:
    """Return the grant for a device whose person agreed, once.

    Raises the errors of RFC 8628, 3.5 and RFC 6749, 5.2.
    """
    mine = (DeviceAuthorization.digest == digest(device_code)) & (DeviceAuthorization.client_id == client.client_id)
    row = db.session.scalar(select(DeviceAuthorization).where(mine))
    if row is None:
        raise InvalidGrantError("The device code is unknown.")
    if row.expires_at <= clock.now():
        raise ExpiredTokenError
    if not _in_turn(row):
        raise SlowDownError
    if row.denied_at is not None:
        raise AccessDeniedError
    if row.grant_id is None:
        raise AuthorizationPendingError
    grant = grants.redeem_given(row.grant_id)
    if grant is None:
        raise InvalidGrantError("The device code was used before, or what it stands for has ended.")
    return grant


@transactional
def sweep() -> None:
    """Forget devices that waited in vain or have what they waited for."""
    db.session.execute(
        delete(DeviceAuthorization).where(DeviceAuthorization.expires_at < clock.now() - timedelta(hours=1))
    )


@transactional
def _keep(wish: Parameters, source: str) -> Begun:
    device_code, seconds = new_token(), settings.current().oidc.device_code_seconds
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    now = clock.now()
    db.session.add(
        DeviceAuthorization(
            digest=digest(device_code),
            user_code_digest=digest(code),
            client_id=wish.client_id,
            parameters=wish.as_json(),
            source=source,
            interval=INTERVAL_SECONDS,
            next_poll_at=now,
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
    )
    return Begun(device_code, shown(code), seconds)


def _open(code: str) -> Any:
    """A device that waits for this code and has no answer yet."""
    unanswered = DeviceAuthorization.grant_id.is_(None) & DeviceAuthorization.denied_at.is_(None)
    right = DeviceAuthorization.user_code_digest == digest(code)
    return right & unanswered & (DeviceAuthorization.expires_at > clock.now())


@transactional
def _in_turn(row: DeviceAuthorization) -> bool:
    """Say whether the device waited as long as it was told; else it waits five seconds longer from now on (3.5)."""
    now, this = clock.now(), DeviceAuthorization.digest == row.digest
    due = now + timedelta(seconds=row.interval) - LENIENCE
    came = update(DeviceAuthorization).where(this, DeviceAuthorization.next_poll_at <= now).values(next_poll_at=due)
    if db.session.execute(came.execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        return True
    later = {
        "interval": DeviceAuthorization.interval + STEP_SECONDS,
        "next_poll_at": due + timedelta(seconds=STEP_SECONDS),
    }
    db.session.execute(
        update(DeviceAuthorization).where(this).values(later).execution_options(synchronize_session=False)
    )
    return False
