"""One push, encrypted for its device (RFC 8291) and signed by us (RFC 8292); loaded at the first push."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from pywebpush import WebPusher

from idp.core import clock
from idp.core.values import frozen

TTL_SECONDS = 120
SIGNED_FOR_SECONDS = 3600


@frozen
class PushMessage:
    """What is posted to the push service."""

    body: bytes
    headers: dict[str, str]


def make(subscription: Mapping[str, Any], told: bytes, key: ec.EllipticCurvePrivateKey, contact: str) -> PushMessage:
    """Return the message for a subscription, signed with our key; `contact` is an address of ours."""
    address = urlsplit(subscription["endpoint"])
    claims = {
        "aud": f"{address.scheme}://{address.netloc}",
        "exp": int(clock.now().timestamp()) + SIGNED_FOR_SECONDS,
        "sub": contact,
    }
    headers = {
        **Vapid02(key).sign(claims),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL_SECONDS),
        "Urgency": "high",
    }
    body: bytes = WebPusher(dict(subscription)).encode(told)["body"]
    return PushMessage(body, headers)
