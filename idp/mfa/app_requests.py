"""The sign-ins that wait for a person's devices: which there are, and what a device answers."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select

from idp.core import clock
from idp.core.db import db
from idp.core.errors import Expired
from idp.mfa import app_pin, challenges, denials, mobile_app, signatures
from idp.mfa.device_errors import AppError, malformed
from idp.mfa.devices import Device
from idp.mfa.factor import Rejected
from idp.mfa.models import Challenge, ChallengeState, Purpose

# What the app is told of a request that takes no answer any more.
STATES = {
    ChallengeState.APPROVED: "approved",
    ChallengeState.PASSED: "approved",
    ChallengeState.DENIED: "denied",
}


def waiting(device: Device) -> list[Challenge]:
    """Return the requests that this device can answer now, the newest first."""
    device.active()
    found = select(Challenge).where(
        *_of(device),
        Challenge.state == ChallengeState.OPEN,
        Challenge.tries_left > 0,
        Challenge.expires_at > clock.now(),
    )
    return list(db.session.scalars(found.order_by(Challenge.id.desc())))


def told(challenge: Challenge) -> dict[str, Any]:
    """Return what the app shows of a request."""
    memo = challenge.content["memo"]
    return {
        "id": challenge.handle,
        "application": memo["application"],
        "browser": memo["browser"],
        "source": memo["source"],
        "country": None,
        "asked_at": int(challenge.created_at.timestamp()),
        "expires_at": int(challenge.expires_at.timestamp()),
        "tries_left": challenge.tries_left,
    }


def answer(device: Device, request: str, given: Mapping[str, Any]) -> str:
    """Judge what a device answers to a request and return the result; raise AppError for all that is not right."""
    device.active()
    challenge = db.session.scalar(select(Challenge).where(*_of(device), Challenge.handle == request))
    if challenge is None:
        raise AppError(410, "request_over", state="ended")
    if given.get("verdict") == app_pin.DENY:
        return _deny(device, challenge, _text(given, "signature"))
    if given.get("verdict") != app_pin.APPROVE:
        raise malformed("verdict")
    verdict = {name: _text(given, name) for name in ("number", "code", "signature")}
    try:
        challenges.approve(challenge, {"device": device.id, "verdict": orjson.dumps(verdict).decode()})
    except Rejected as wrong:
        raise _wrong(wrong) from None
    except Expired:
        raise _over(challenge) from None
    return "approved"


def _deny(device: Device, challenge: Challenge, signature: str) -> str:
    message = app_pin.verdict(device.secret, challenge.content["memo"], app_pin.DENY)
    if not signatures.verified(device.key, signature, message):
        raise malformed("signature")
    try:
        denials.deny(challenge)
    except Expired:
        raise _over(challenge) from None
    return "denied"


def _wrong(wrong: Rejected) -> AppError:
    if wrong.key == "suspended":
        return AppError(403, "device_suspended")
    left = {name: wrong.details[name] for name in ("tries_left", "device_tries_left") if name in wrong.details}
    if wrong.key in ("number_wrong", "code_wrong"):
        return AppError(403, wrong.key, **left)
    return malformed("signature")


def _over(challenge: Challenge) -> AppError:
    db.session.refresh(challenge)
    return AppError(410, "request_over", state=STATES.get(challenge.state, "ended"))


def _of(device: Device) -> tuple[Any, ...]:
    return (
        Challenge.account_id == device.account.id,
        Challenge.kind == mobile_app.KIND,
        Challenge.purpose == Purpose.SIGN_IN,
    )


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or len(value) > 128:
        raise malformed(name)
    return value
