"""Providers of national eIDs that the operator chose, and what they publish (OpenID Connect Discovery 1.0, 4)."""

from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import current_app
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.core import clock, fetch, logs, settings
from idp.core.errors import Invalid, NotFound
from idp.core.fetch import FetchRefused
from idp.core.settings import Eid
from idp.core.values import frozen

FRESH = timedelta(hours=1)
# A key that we do not know makes us look again, but not for each token that names one.
AGAIN = timedelta(minutes=1)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")

log = logs.get(__name__)


class EidRefused(Invalid):
    """The provider cannot be reached, or what it says cannot be believed; why stands in the log."""

    def __init__(self, provider: Eid, why: str) -> None:
        super().__init__("eid_refused", name=provider.name)
        log.warning("eid refused", provider=provider.id, reason=why)


@frozen
class Published:
    """What a provider publishes: its metadata and its keys, and when they were read."""

    metadata: dict[str, Any]
    keys: KeySet
    read_at: datetime


def offered() -> tuple[Eid, ...]:
    """Return the providers in the operator's order."""
    return settings.current().eid


def named(provider_id: str) -> Eid:
    """Return a provider; raise NotFound for one that is not offered."""
    found = next((each for each in offered() if each.id == provider_id), None)
    if found is None:
        raise NotFound("eid_unknown")
    return found


def name_of(provider_id: str) -> str:
    """Return what people call a provider; its id if it is no longer offered."""
    return next((each.name for each in offered() if each.id == provider_id), provider_id)


def metadata(provider: Eid) -> dict[str, Any]:
    """Return what the provider says of itself, read at most an hour ago; raise EidRefused."""
    return _published(provider, FRESH).metadata


def keys(provider: Eid, kid: str) -> KeySet:
    """Return the provider's keys, read again if none has this name; raise EidRefused."""
    known = _published(provider, FRESH).keys
    if any(key.kid == kid for key in known.keys):
        return known
    return _published(provider, AGAIN).keys


def _published(provider: Eid, age: timedelta) -> Published:
    read: dict[str, Published] = current_app.extensions.setdefault("ern_eid", {})
    found = read.get(provider.issuer)
    if found is None or clock.now() - found.read_at > age:
        found = read[provider.issuer] = _read(provider)
    return found


def _read(provider: Eid) -> Published:
    told = _json(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != provider.issuer:
        raise EidRefused(provider, "the metadata name another issuer")
    if not all(isinstance(told.get(name), str) for name in ENDPOINTS):
        raise EidRefused(provider, "the metadata lack an endpoint")
    try:
        known = KeySet.import_key_set(_json(provider, told["jwks_uri"]))  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError):
        raise EidRefused(provider, "the keys cannot be read") from None
    return Published(told, known, clock.now())


def _json(provider: Eid, address: str) -> dict[str, Any]:
    try:
        return as_object(provider, fetch.get(address).body)
    except FetchRefused as refused:
        raise EidRefused(provider, str(refused)) from None


def as_object(provider: Eid, body: bytes) -> dict[str, Any]:
    """Return a JSON object; raise EidRefused for anything else."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise EidRefused(provider, "the answer is no JSON object")
    return found
