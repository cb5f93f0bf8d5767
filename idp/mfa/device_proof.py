"""The proof that a call comes from the holder of a device key: a signature over method, address, time, nonce and body.

Like DPoP (RFC 9449), but over the body too, and in one header.
"""

import re

from flask import request

from idp.core import clock
from idp.core.errors import TooMany
from idp.core.limits import Budget, source_of, spend
from idp.core.values import frozen
from idp.mfa import mobile_app, signatures
from idp.mfa.device_errors import AppError

SKEW_SECONDS = 60
# A call is refused by its time when its nonce is forgotten.
REMEMBERED_SECONDS = 3 * SKEW_SECONDS
CALLS_PER_MINUTE = 90
REFUSED_PER_TEN_MINUTES = 100
SCHEME = "ern-app"
TIME = re.compile(r"\d{1,12}", re.ASCII)


@frozen
class Proof:
    """What the Authorization header says."""

    device: str
    time: int
    nonce: str
    signature: str


def read() -> Proof:
    """Return what the header says; raise AppError if it says nothing that we know."""
    try:
        given = request.authorization
    except ValueError:  # credentials of another scheme that are no ASCII
        given = None
    parts = given.parameters if given and given.type == SCHEME else {}
    values = [parts.get(name) or "" for name in ("device", "time", "nonce", "signature")]
    device, moment, nonce, signature = values
    if not all(values) or not TIME.fullmatch(moment) or not _is_token(device) or not _is_token(nonce):
        raise AppError(401, "proof_missing")
    return Proof(device, int(moment), nonce, signature)


def check(proof: Proof, key: dict[str, str]) -> None:
    """Raise AppError unless this very call was signed with the key, now, and for the first time."""
    message = signatures.lines(
        "ERN-APP-REQUEST-1",
        request.method,
        mobile_app.issuer() + request.path,
        proof.device,
        str(proof.time),
        proof.nonce,
        signatures.hashed(request.get_data()),
    )
    if not signatures.verified(key, proof.signature, message):
        raise refused("proof_invalid")
    skew = proof.time - int(clock.now().timestamp())
    if abs(skew) > SKEW_SECONDS:
        raise AppError(401, "clock_skew", skew=skew)
    try:
        spend(Budget("app.nonce", f"{proof.device}.{proof.nonce}", 1, REMEMBERED_SECONDS))
    except TooMany:
        raise AppError(401, "replayed") from None
    spend(Budget("app.calls", proof.device, CALLS_PER_MINUTE, 60))


def refused(key: str) -> AppError:
    """Return the refusal of a caller that proved nothing, counted for its source; raise TooMany at too many."""
    spend(Budget("app.refused.source", source_of(request.remote_addr), REFUSED_PER_TEN_MINUTES, 600))
    return AppError(401, key)


def _is_token(text: str) -> bool:
    try:
        signatures.decoded(text, mobile_app.TOKEN_BYTES)
    except ValueError:
        return False
    return True
