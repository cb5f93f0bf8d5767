"""People with their devices: for each factor one who enrols and answers as a person would. A new factor adds one."""

import base64
import hashlib
import hmac
import json
import struct
import time
from datetime import UTC, datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec

from idp.mfa import signatures
from idp.mfa.app_keys import ServerKey
from idp.mfa.factor import Prompt
from tests.support.companion_app import CompanionApp
from tests.support.security_key import SecurityKey


class Holder(Protocol):
    """Somebody who holds what a factor asks for."""

    def fields(self) -> dict[str, str]:
        """What the person types to begin enrolling."""

    def answers(self, prompt: Prompt) -> dict[str, str]:
        """What the person types who got the device's part of this prompt."""

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        """What somebody types who did not."""


class PhoneHolder:
    """Reads the code in the text message."""

    def fields(self) -> dict[str, str]:
        return {"phone_number": "+49 171 3920021"}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        assert prompt.device
        return {"code": prompt.device.body.split()[0]}

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        assert prompt.device
        return {"code": f"{(int(prompt.device.code) + 1) % 10**6:06d}"}


class AuthenticatorApp:
    """Makes time-based codes (RFC 6238, RFC 4226) from the key that was typed in, knowing nothing of the server."""

    def __init__(self) -> None:
        self.key = b""

    def fields(self) -> dict[str, str]:
        return {"device_name": "Ada's phone"}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        self.reads(prompt)
        return {"code": self.code()}

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        self.reads(prompt)
        near = {self.code(30 * step) for step in range(-30, 31)}
        return {"code": next(guess for guess in ("000000", "111111", "222222") if guess not in near)}

    def reads(self, prompt: Prompt) -> None:
        """Take the key over, if the page shows one."""
        if "key" in prompt.page:
            self.key = base64.b32decode(prompt.page["key"].replace(" ", ""))

    def code(self, seconds: int = 0) -> str:
        """What the app shows now, or would show so many seconds later."""
        moment = struct.pack(">Q", int(time.time() + seconds) // 30)
        mac = hmac.new(self.key, moment, hashlib.sha1).digest()
        [number] = struct.unpack_from(">I", mac, mac[-1] & 15)
        return f"{(number & 0x7FFFFFFF) % 10**6:06d}"


class KeyHolder:
    """Has a security key, which answers whatever the page asks of it."""

    shows = ("challenge", "id")

    def __init__(self) -> None:
        self.key = SecurityKey()

    def fields(self) -> dict[str, str]:
        return {"device_name": "Ward key"}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        return {"credential": _answer(self.key, prompt)}

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        """A stranger's key that claims to be this one, and an answer to a question that nobody asked."""
        stranger = SecurityKey(id=self.key.id)
        stranger.registers({"user": {"id": self.key.user or ""}, "challenge": ""})
        return {
            "credential": _answer(stranger, prompt, challenge="Z3Vlc3NlZA" if "rp" in prompt.page["options"] else None)
        }


def _answer(key: SecurityKey, prompt: Prompt, challenge: str | None = None) -> str:
    options = prompt.page["options"]
    wrong = {"challenge": challenge} if challenge else {}
    return key.registers(options, **wrong) if "rp" in options else key.signs(options, **wrong)


class SheetHolder:
    """Has ten codes on paper and strikes out what was used."""

    def __init__(self) -> None:
        self.codes: list[str] = []

    def fields(self) -> dict[str, str]:
        return {}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        if "codes" in prompt.page:
            self.codes = list(prompt.page["codes"])
            return {"code": self.codes[0]}
        return {"code": self.codes.pop(0)}

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        return {"code": "00000-00000"}


class AppHolder:
    """Has the mobile app, and knows its PIN; what the device API would tell, it takes from the memo."""

    shows = ("link",)

    def __init__(self) -> None:
        self.app = CompanionApp(_no_network)

    def fields(self) -> dict[str, str]:
        return {"device_name": "Ada's phone"}

    def answers(self, prompt: Prompt) -> dict[str, str]:
        return self._answer(prompt, self.app.pin)

    def guesses(self, prompt: Prompt) -> dict[str, str]:
        """A wrong PIN, and a pairing by somebody who did not see the QR code."""
        return self._answer(prompt, "9999", secret="A" * 22)

    def _answer(self, prompt: Prompt, pin: str, secret: str = "") -> dict[str, str]:
        if "seed" in prompt.memo:
            return self._pairs(prompt, secret)
        if "number" in prompt.page:
            request = {"id": prompt.memo["request"], **prompt.memo}
            return {
                "device": self.app.device,
                "verdict": json.dumps(self.app.approval(request, prompt.page["number"], pin)),
            }
        return {"code": self.app.reads(prompt.page["link"], pin)}

    def _pairs(self, prompt: Prompt, secret: str) -> dict[str, str]:
        self.app.issuer, _, token = prompt.page["link"].partition("/app/#pair=")
        self.app.device, _, right = token.partition(".")
        self.app.server_keys = {SIGNER.kid: signatures.public(SIGNER.key)}
        self.app.keeps(base64.urlsafe_b64decode(prompt.memo["seed"] + "="))
        return {"token": f"{self.app.device}.{secret or right}", "key": json.dumps(self.app.public())}


def _no_network(*_: object) -> tuple[int, dict[str, object]]:
    raise AssertionError("this needs no network")


SIGNER = ServerKey("testing1", datetime.now(UTC), ec.generate_private_key(ec.SECP256R1()))
HOLDERS: dict[str, Holder] = {
    "app_pin": AppHolder(),
    "app_qr": AppHolder(),
    "recovery_code": SheetHolder(),
    "security_key": KeyHolder(),
    "sms": PhoneHolder(),
    "totp": AuthenticatorApp(),
}
# Factors whose answer is good, once, at whichever challenge comes first.
UNBOUND = {"recovery_code", "totp"}
# Factors of which there is one, so that the same thing cannot be there twice: a new set voids the old one.
RENEWED = {"recovery_code"}
