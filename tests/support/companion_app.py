"""The ERN Login Mobile App in Python, written from docs/app-protocol.md alone: it shares no code with the server.

It holds one account, keeps its seed under a PIN as that page says, and speaks through whatever `call` it is given.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import zxingcpp
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

SUITE = b"OCRA-1:HOTP-SHA256-8:QH64"
ROUNDS = 1000  # a real app takes 600,000; tests have no time
CURVE = ec.ECDSA(hashes.SHA256())
PIXELS = 4

# Method, address, headers and body in; status and JSON out.
Call = Callable[[str, str, Mapping[str, str], bytes], tuple[int, dict[str, Any]]]


class Refused(Exception):
    """The server refused: status and what it told."""

    def __init__(self, status: int, told: dict[str, Any]) -> None:
        super().__init__(f"{status} {told}")
        self.status = status
        self.told = told
        self.error = told.get("error")


class Foreign(Exception):
    """The app refuses a code; the message is what the person reads."""


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def lines(*parts: str) -> bytes:
    return "\n".join(parts).encode()


def ocra(seed: bytes, question: bytes) -> str:
    """The code of RFC 6287 for the one suite that the app knows."""
    mac = hmac.new(seed, SUITE + b"\0" + question + bytes(96), hashlib.sha256).digest()
    offset = mac[31] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 100_000_000:08d}"


def scanned(page: str) -> str:
    """What a camera reads of the QR code in a page: drawn as the browser would, then recognised."""
    svg = re.search(r'<svg class="qr".*?</svg>', page, re.DOTALL)
    assert svg, page
    size = int(re.search(r'viewBox="0 0 (\d+)', svg[0])[1])
    rows = [bytearray(b"\xff" * size * PIXELS) for _ in range(size)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1", svg[0]):
        start = int(x) * PIXELS
        rows[int(y)][start : start + int(length) * PIXELS] = bytes(int(length) * PIXELS)
    points = b"".join(bytes(row) * PIXELS for row in rows)
    found = zxingcpp.read_barcode(memoryview(points).cast("B", (size * PIXELS, size * PIXELS)))
    assert found, "the QR code cannot be read"
    return found.text


@dataclass
class CompanionApp:
    """One account on one phone."""

    call: Call
    pin: str = "8305"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    issuer: str = ""
    device: str = ""
    salt: bytes = b""
    kept: bytes = b""
    server_keys: dict[str, dict[str, str]] = field(default_factory=dict)

    # Pairing

    def pairs(self, link: str) -> dict[str, Any]:
        """Read a pairing link (a QR code, or one that was opened on the phone)."""
        self.issuer, _, token = link.partition("/app/#pair=")
        self.device = token.partition(".")[0]
        told = self.sends("POST", "/app/api/pair", {"token": token, "key": self.public()})
        self._learns(told)
        self.keeps(unb64(told["seed"]))
        return told

    def public(self) -> dict[str, str]:
        point = self.key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": b64(point.x.to_bytes(32, "big")),
            "y": b64(point.y.to_bytes(32, "big")),
        }

    def seed(self, pin: str = "") -> bytes:
        """The seed under a PIN: some other seed under a wrong one, and nothing tells which is right."""
        return _xor(self.kept, _mask(pin or self.pin, self.salt))

    def changes_pin(self, pin: str) -> None:
        """Only on the phone: the server learns nothing."""
        seed, self.pin = self.seed(), pin
        self.keeps(seed)

    def refreshes(self) -> dict[str, Any]:
        told = self.sends("GET", "/app/api/device")
        self._learns(told)
        return told

    def unlinks(self) -> dict[str, Any]:
        """Tell the server that the person removed the account from the phone."""
        return self.sends("POST", "/app/api/device/unlink", {})

    # Online

    def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sends("GET", "/app/api/requests")["requests"]
        return found

    def approves(self, number: str, pin: str = "", request: dict[str, Any] | None = None) -> dict[str, Any]:
        """Type the number of the page and the PIN for the newest request."""
        request = request or self.requests()[0]
        return self.sends("POST", f"/app/api/requests/{request['id']}/answer", self.approval(request, number, pin))

    def approval(self, request: dict[str, Any], number: str, pin: str = "") -> dict[str, str]:
        message = self._verdict(request, number, "approve")
        code = ocra(self.seed(pin), hashlib.sha256(message).digest())
        return {"verdict": "approve", "number": number, "code": code, "signature": self.signs(message)}

    def denies(self, request: dict[str, Any] | None = None) -> dict[str, Any]:
        request = request or self.requests()[0]
        signature = self.signs(self._verdict(request, "", "deny"))
        given = {"verdict": "deny", "signature": signature}
        return self.sends("POST", f"/app/api/requests/{request['id']}/answer", given)

    # Offline

    def reads(self, link: str, pin: str = "") -> str:
        """The code for a scanned QR code; raise Foreign as the app does, without any network."""
        parts, payload = self.checks(link)
        assert parts[0] == self.device
        return ocra(self.seed(pin), hashlib.sha256(lines("ERN-APP-CODE-1", self.issuer, payload)).digest())

    def checks(self, link: str) -> tuple[list[Any], str]:
        issuer, _, rest = link.partition("/app/#login=")
        payload, _, signature = rest.partition(".")
        parts = json.loads(unb64(payload))
        if issuer != self.issuer or parts[0] != self.device:
            raise Foreign("This code is not for an account on this phone.")
        key = self.server_keys.get(parts[1])
        if key is None:
            raise Foreign("Open the app once with a network, then scan again.")
        if not _verified(key, signature, lines("ERN-APP-QR-1", issuer, payload)):
            raise Foreign("This code does not come from ERN Login. Do not sign in.")
        age = time.time() - parts[3]
        if age > 180 or age < -60:
            raise Foreign("This code is too old." if age > 0 else "Check the phone's clock.")
        return parts, payload

    # Calls

    def sends(self, method: str, path: str, body: dict[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
        """One signed call; `changed` lets a test sign or send something else."""
        raw = json.dumps(body).encode() if body is not None else b""
        headers = {"Authorization": self.authorization(method, path, raw, **changed), "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        status, told = self.call(method, path, headers, raw)
        if status != 200:
            raise Refused(status, told)
        return told

    def authorization(self, method: str, path: str, raw: bytes, **changed: Any) -> str:
        moment = str(changed.get("time", int(time.time())))
        nonce = changed.get("nonce", b64(os.urandom(16)))
        device = changed.get("device", self.device)
        address = changed.get("issuer", self.issuer) + path
        digest = b64(hashlib.sha256(raw).digest())
        signature = self.signs(lines("ERN-APP-REQUEST-1", method, address, device, moment, nonce, digest))
        return f'ERN-App device="{device}", time="{moment}", nonce="{nonce}", signature="{signature}"'

    def signs(self, message: bytes) -> str:
        r, s = decode_dss_signature(self.key.sign(message, CURVE))
        return b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))

    def _verdict(self, request: dict[str, Any], number: str, verdict: str) -> bytes:
        asked = (request["id"], request["application"], request["browser"])
        return lines("ERN-APP-VERDICT-1", self.issuer, self.device, *asked, number, verdict)

    def keeps(self, seed: bytes) -> None:
        """Keep the seed under the PIN."""
        self.salt = os.urandom(16)
        self.kept = _xor(seed, _mask(self.pin, self.salt))

    def _learns(self, told: dict[str, Any]) -> None:
        self.server_keys = {key["kid"]: key for key in told["server_keys"]}


def over(client: Any) -> Call:
    """Calls through Flask's test client, which holds no cookie that counts here."""

    def call(method: str, path: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, dict[str, Any]]:
        answer = client.open(path, method=method, headers=dict(headers), data=raw)
        return answer.status_code, answer.get_json()

    return call


def _mask(pin: str, salt: bytes) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", pin.encode(), salt, ROUNDS, 32)


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _verified(key: dict[str, str], signature: str, message: bytes) -> bool:
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(unb64(key["x"]), "big"), int.from_bytes(unb64(key["y"]), "big"), ec.SECP256R1()
    )
    raw = unb64(signature)
    try:
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        numbers.public_key().verify(encode_dss_signature(r, s), message, CURVE)
    except (InvalidSignature, ValueError):
        return False
    return True
