"""Security key or trusted platform: USB and NFC keys, Windows Hello, Touch ID, passkeys (Web Authentication Level 3).

The key signs for our address only, so a copied sign-in page gets nothing: this is what resists phishing.
"""

import hashlib
import importlib
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _l

from idp.accounts.models import Account
from idp.core import settings
from idp.core.levels import PHR
from idp.mfa.factor import Compromised, Context, Field, Given, Prompt, Rejected, Secret, UsualLimits
from idp.mfa.models import Authenticator

if TYPE_CHECKING:
    from idp.mfa.ceremonies import Expected

# By name: what verifies answers takes 160 ms and 8 MiB to load, so it is loaded when the first key answers.
CEREMONIES = "idp.mfa.ceremonies"
# ES256, EdDSA, RS256 (RFC 8152 and RFC 8812, IANA COSE Algorithms), the best first.
ALGORITHMS = (-7, -8, -257)
SECONDS = 300
CHALLENGE_BYTES = 32
LONGEST_ANSWER = 32 * 1024
ANSWER = "credential"


class SecurityKey(UsualLimits):
    """The factor (see `Factor` and `AnyOf`)."""

    name = "security_key"
    icon = "key"
    title = _l("Security key or trusted platform")
    invitation = _l("A key for USB or NFC, or this device with its fingerprint, face or PIN. The safest method.")
    page = "mfa.security_keys"
    amr: tuple[str, ...] = ("hwk", "swk", "user")
    level = PHR
    seconds = SECONDS
    offered: tuple[Field, ...] = (
        Field(
            "device_name",
            _l("Name of the key or device"),
            re.compile(r".{1,64}"),
            _l("Give it a name of at most 64 characters, so that you know it again."),
        ),
    )
    answered: tuple[Field, ...] = (
        Field(
            ANSWER,
            _l("Answer of your key"),
            re.compile(r"\{.*\}", re.DOTALL),
            _l("Your key did not answer. Try again."),
            longest=LONGEST_ANSWER,
        ),
    )
    sentences: Mapping[str, Any] = {
        "key_refused": _l("This answer is not right. Try again, with the key that you registered here."),
        "key_unverified": _l(
            "Your key did not check that it is you. Set up its PIN, fingerprint or face recognition, and try again."
        ),
        "key_held": _l("This key is in your account already."),
        "taken": _l("This key cannot be added. Use another one."),
        "unknown": _l("This key does not belong to your account. Use one that you registered."),
        "suspended": _l("This key is suspended and cannot be used. Use another method, then remove the key."),
        "key_counter": _l(
            "This key counts backwards, so there may be a copy of it. It is suspended. Use another method."
        ),
        "key_withdrawn": _l("The maker of this model or its testers have warned of it. Use another key."),
        "key_contradicts": _l(
            "This key says that it is of a model whose maker does not vouch for it. It may be a copy. Use another key."
        ),
        "key_unknown": _l(
            "Only keys that show who made them, and of models known here, are accepted. Use such a key, "
            "and allow your browser to tell its make and model."
        ),
    }

    def description(self, _authenticators: Sequence[Authenticator]) -> Any:
        """Return what it is also called, and why to choose it."""
        return _l("Also called a passkey. Protects you against copied sign-in pages.")

    def hint(self, secret: Secret) -> str:
        """Return a short mark of the credential."""
        return f"#{self.handle(secret)[:8].upper()}"

    def handle(self, secret: Secret) -> str:
        """Return under which name a credential is found again."""
        return _handle(secret["id"])

    def amr_of(self, secret: Secret) -> tuple[str, ...]:
        """Return `hwk` for a key that cannot leave its device, `swk` for one that is synced; both ask for a gesture."""
        return ("swk" if secret["backup_eligible"] else "hwk", "user")

    def offer(self, account: Account, given: Given, _context: Context) -> Prompt:
        """Ask the browser to make a credential that its authenticator holds no other of ours beside (5.4)."""
        user = next((secret["user"] for secret in given.secrets), secrets.token_urlsafe(CHALLENGE_BYTES))
        challenge = secrets.token_urlsafe(CHALLENGE_BYTES)
        options = {
            "rp": {"id": _rp_id(), "name": "ERN Login"},
            "user": {"id": user, "name": account.email or account.uid, "displayName": account.name},
            "challenge": challenge,
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in ALGORITHMS],
            "timeout": SECONDS * 1000,
            "excludeCredentials": _descriptors(given.secrets),
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "required"},
            "attestation": "direct",
        }
        held = [secret["id"] for secret in given.secrets]
        return Prompt({"options": options}, {"challenge": challenge, "user": user, "held": held})

    def enrol(self, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the credential once its key signed for it."""
        ceremonies = importlib.import_module(CEREMONIES)
        try:
            made = ceremonies.registered(_parsed(answer), _expected(memo), ALGORITHMS)
        except ceremonies.Refused:
            raise _rejected("key_refused") from None
        if not made.user_verified:
            raise _rejected("key_unverified")
        if made.id in memo["held"]:
            raise _rejected("key_held")
        kept = ("id", "public_key", "sign_count", "format", "aaguid", "transports", "backup_eligible", "backed_up")
        chain = {"chain": made.chain} if made.chain else {}
        return {"user": memo["user"], **{name: getattr(made, name) for name in kept}, **chain}

    def ask(self, secret: Secret, context: Context) -> Prompt:
        """Ask one key to sign."""
        return self.ask_any([secret], context)

    def ask_any(self, known: Sequence[Secret], _context: Context) -> Prompt:
        """Ask any of these keys to sign, or without one any key that knows who it belongs to (a passkey)."""
        challenge = secrets.token_urlsafe(CHALLENGE_BYTES)
        options = {
            "challenge": challenge,
            "timeout": SECONDS * 1000,
            "rpId": _rp_id(),
            "allowCredentials": _descriptors(known),
            "userVerification": "required",
        }
        return Prompt({"options": options}, {"challenge": challenge, "named": bool(known)})

    def handle_in(self, answer: Mapping[str, str]) -> str:
        """Return under which name the credential is found that answered; raise Rejected for what is no answer."""
        identifier = _parsed(answer).get("id")
        if not isinstance(identifier, str):
            raise _rejected("key_refused")
        return _handle(identifier)

    def judge(self, secret: Secret, memo: Mapping[str, Any], answer: Mapping[str, str]) -> Secret:
        """Return the credential with its new counter; raise Compromised if the counter did not grow (6.1.1)."""
        ceremonies = importlib.import_module(CEREMONIES)
        parsed = _parsed(answer)
        try:
            signed = ceremonies.signed(parsed, _expected(memo), secret["public_key"])
        except ceremonies.Refused:
            raise _rejected("key_refused") from None
        told = _user(parsed) or (secret["user"] if memo["named"] else None)
        if (parsed.get("id"), told) != (secret["id"], secret["user"]):
            raise _rejected("key_refused")
        if not signed.user_verified:
            raise _rejected("key_unverified")
        if max(signed.sign_count, secret["sign_count"]) > 0 and signed.sign_count <= secret["sign_count"]:
            raise Compromised("key_counter", field=ANSWER)
        return {**secret, "sign_count": signed.sign_count, "backed_up": signed.backed_up}


def _parsed(answer: Mapping[str, str]) -> dict[str, Any]:
    try:
        parsed = json.loads(answer[ANSWER])
    except (ValueError, RecursionError):
        raise _rejected("key_refused") from None
    if not isinstance(parsed, dict) or not isinstance(parsed.get("response"), dict):
        raise _rejected("key_refused")
    return parsed


def _user(parsed: dict[str, Any]) -> Any:
    """Return the user handle; who was not named before has to be named by the credential (7.2, step 6)."""
    return parsed["response"].get("userHandle") or None


def _expected(memo: Mapping[str, Any]) -> "Expected":
    issuer = urlsplit(settings.current().server.issuer)
    expected: Expected = importlib.import_module(CEREMONIES).Expected(
        challenge=memo["challenge"], rp_id=_rp_id(), origin=f"{issuer.scheme}://{issuer.netloc}".lower()
    )
    return expected


def _rp_id() -> str:
    return urlsplit(settings.current().server.issuer).hostname or ""


def _descriptors(known: Sequence[Secret]) -> list[dict[str, Any]]:
    return [{"type": "public-key", "id": secret["id"], "transports": secret["transports"]} for secret in known]


def _handle(identifier: str) -> str:
    return hashlib.sha256(identifier.encode()).hexdigest()


def _rejected(key: str) -> Rejected:
    return Rejected(key, field=ANSWER)
