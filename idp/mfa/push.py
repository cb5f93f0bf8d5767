"""A word to a person's devices that a request waits for them: Web Push (RFC 8030), sent by the worker.

It says no more than that, it gets lost now and then, and asking for the requests is what counts.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete, select

from idp.core import audit, clock, fetch, settings, vault
from idp.core.db import db, transactional, upsert
from idp.core.fetch import FetchRefused
from idp.core.outbox import post_call
from idp.core.signed import base64url
from idp.mfa import app_keys, signatures
from idp.mfa.device_errors import AppError, malformed
from idp.mfa.models import Authenticator, PushSubscription

KIND = "push"
SEAL = "push subscription"
TTL_SECONDS = 120
LONGEST_ENDPOINT = 2048
POINT_BYTES = 65
AUTH_BYTES = 16


def public_key() -> str | None:
    """Return the key that a browser needs to subscribe (RFC 8292), or None where no pushes are sent."""
    if not settings.current().push.enabled:
        return None
    point = app_keys.vapid().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64url(point)


@transactional
def subscribe(authenticator: Authenticator, given: Mapping[str, Any]) -> None:
    """Remember where pushes to a device go, instead of where they went; raise AppError for what is no subscription."""
    values = {
        "authenticator_id": authenticator.id,
        "sealed": vault.seal_json(SEAL, _subscription(given)),
        "created_at": clock.now(),
    }
    row = upsert(PushSubscription.__table__, db.session()).values(values)
    changed = {name: row.excluded[name] for name in ("sealed", "created_at")}
    db.session.execute(row.on_conflict_do_update(index_elements=["authenticator_id"], set_=changed))
    audit.record("mfa.push.subscribe", subject=authenticator.account.uid, object=str(authenticator.id))


@transactional
def unsubscribe(authenticator: Authenticator) -> None:
    """Forget where pushes to a device go."""
    db.session.execute(delete(PushSubscription).where(PushSubscription.authenticator_id == authenticator.id))


def call(account_id: int, handle: str) -> None:
    """Call all devices of an account, inside the act that makes them wait; each once for each `handle`."""
    if not settings.current().push.enabled:
        return
    reachable = (
        select(Authenticator.id, Authenticator.handle)
        .join(PushSubscription, PushSubscription.authenticator_id == Authenticator.id)
        .where(Authenticator.account_id == account_id, Authenticator.suspended_at.is_(None))
    )
    for number, device in db.session.execute(reachable):
        told = {"type": "request", "device": device}
        details = {"told": told, "until": int(clock.now().timestamp()) + TTL_SECONDS}
        post_call(str(number), KIND, orjson.dumps(details).decode(), key=f"push.{handle}.{number}")


def _subscription(given: Mapping[str, Any]) -> dict[str, Any]:
    endpoint, keys = given.get("endpoint"), given.get("keys")
    if not isinstance(endpoint, str) or len(endpoint) > LONGEST_ENDPOINT:
        raise malformed("endpoint")
    if not isinstance(keys, Mapping):
        raise malformed("keys")
    try:
        fetch.check(endpoint)
        point, auth = str(keys.get("p256dh")), str(keys.get("auth"))
        signatures.point(signatures.decoded(point, POINT_BYTES))
        signatures.decoded(auth, AUTH_BYTES)
    except FetchRefused:
        raise AppError(400, "push_endpoint") from None
    except ValueError:
        raise malformed("keys") from None
    return {"endpoint": endpoint, "keys": {"p256dh": point, "auth": auth}}
