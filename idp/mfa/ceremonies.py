"""What a security key answered, verified (Web Authentication Level 3, 7.1 and 7.2).

Loaded at its first use by `security_key.py`: the library behind it takes 160 ms and 8 MiB, and many processes never
see a key.
"""

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_attestation_object
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import CredentialDeviceType

from idp.core.values import frozen

# What the library raises for an answer that was made by hand.
MALFORMED = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class Refused(Exception):
    """The answer proves nothing."""


@frozen
class Expected:
    """What an answer has to be about: our challenge (base64url), our RP ID and our origin."""

    challenge: str
    rp_id: str
    origin: str


@frozen
class Registered:
    """A new credential, its signature verified; `format` and `aaguid` are what the key says about itself.

    `chain`: the certificates (base64 of DER) by which it shows who made it, the one that signed first; none for most.
    """

    id: str
    public_key: str
    sign_count: int
    format: str
    aaguid: str
    transports: list[str]
    backup_eligible: bool
    backed_up: bool
    user_verified: bool
    chain: list[str]


@frozen
class Signed:
    """A verified signature; whether its counter fits is for the caller to judge."""

    sign_count: int
    backed_up: bool
    user_verified: bool


def registered(answer: dict[str, Any], expected: Expected, algorithms: tuple[int, ...]) -> Registered:
    """Return the credential that was made for our challenge (7.1); raise Refused otherwise."""
    try:
        _check_frame(answer)
        found = verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(expected.challenge),
            expected_rp_id=expected.rp_id,
            expected_origin=expected.origin,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(algorithm) for algorithm in algorithms],
        )
        statement = parse_attestation_object(found.attestation_object).att_stmt
        transports = answer["response"].get("transports") or []
        return Registered(
            id=bytes_to_base64url(found.credential_id),
            public_key=bytes_to_base64url(found.credential_public_key),
            sign_count=found.sign_count,
            format=str(found.fmt.value if hasattr(found.fmt, "value") else found.fmt),
            aaguid=found.aaguid,
            transports=[name for name in transports if isinstance(name, str)],
            backup_eligible=found.credential_device_type is CredentialDeviceType.MULTI_DEVICE,
            backed_up=found.credential_backed_up,
            user_verified=found.user_verified,
            chain=[base64.b64encode(one).decode() for one in statement.x5c or []],
        )
    except MALFORMED as problem:
        raise Refused(str(problem)) from None


def signed(answer: dict[str, Any], expected: Expected, public_key: str) -> Signed:
    """Return what a key signed over our challenge (7.2); raise Refused otherwise.

    The library judges the counter before the signature, so that anybody could make a counter look wrong: it is told
    that the last one was 0.
    """
    try:
        _check_frame(answer)
        found = verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(expected.challenge),
            expected_rp_id=expected.rp_id,
            expected_origin=expected.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,
        )
    except MALFORMED as problem:
        raise Refused(str(problem)) from None
    return Signed(found.new_sign_count, found.credential_backed_up, found.user_verified)


def _check_frame(answer: dict[str, Any]) -> None:
    """Our pages stand in no frame of another origin, so no answer may come from one (5.8.1, `crossOrigin`)."""
    data = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
    if data.get("crossOrigin") not in (None, False) or "topOrigin" in data:
        raise Refused("from a frame of another origin")
