"""docs/app-protocol.md and its test vectors are what the server does, and what the app in Python does."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from flask import Flask

from idp.core.signed import base64url
from idp.mfa import app_pin, mobile_app, ocra, signatures
from idp.mfa.ocra import Inputs
from tests.support import companion_app
from tests.support.companion_app import lines, unb64

PAGE = (Path(__file__).parents[2] / "docs" / "app-protocol.md").read_text("utf-8")
VECTORS = PAGE.partition("## Test vectors")[2]
ISSUER = "https://login.example"
DEVICE = "AAECAwQFBgcICQoLDA0ODw"
REQUEST = "MDEyMzQ1Njc4OTo7PD0-Pw"
APPLICATION, BROWSER = "CPMS - Clinical Patient Management System", "Firefox on Windows"


def told(label: str) -> str:
    found = re.search(rf"{re.escape(label)}:?\s*(?:\|\s*)?`?([^\s`|]+)", VECTORS)
    assert found, label
    return found[1]


SEED = unb64(told("| seed"))
KEY = {"kty": "EC", "crv": "P-256", "x": told("device key, `x`"), "y": told("device key, `y`")}


@pytest.fixture
def issuer(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mobile_app, "issuer", lambda: ISSUER)


def test_the_calls_verify() -> None:
    blocks = re.findall(r"```\n(.*?)```", VECTORS, re.DOTALL)
    *signed, signature = blocks[0].strip().split("\n")
    assert signatures.verified(KEY, signature.removeprefix("signature: "), lines(*signed))
    body, digest, signature = blocks[1].strip().split("\n")
    assert signatures.hashed(body.encode()) == digest.removeprefix("hash of the body: ")
    assert signatures.checked(json.loads(body)["key"]) == KEY
    call = lines("ERN-APP-REQUEST-1", "POST", f"{ISSUER}/app/api/pair", DEVICE, "1795353600", signed[5])
    call += b"\n" + digest.removeprefix("hash of the body: ").encode()
    assert signatures.verified(KEY, signature.removeprefix("signature: "), call)


def test_the_verdicts_verify(issuer: None) -> None:
    memo = {"request": REQUEST, "application": APPLICATION, "browser": BROWSER}
    approve = app_pin.verdict({"device": DEVICE}, memo, "approve", "47")
    deny = app_pin.verdict({"device": DEVICE}, memo, "deny")
    assert mobile_app.question(approve) == told("approve, question")
    assert signatures.verified(KEY, told("approve, signature"), approve)
    assert signatures.verified(KEY, told("deny, signature"), deny)
    assert not signatures.verified(KEY, told("deny, signature"), approve)
    assert ocra.code(mobile_app.SUITE, SEED, Inputs(mobile_app.question(approve))) == told("approve, code")
    assert companion_app.ocra(SEED, hashlib.sha256(approve).digest()) == told("approve, code")


def test_the_qr_code_verifies() -> None:
    link = re.search(r"https://login\.example/app/#login=\S+", VECTORS)[0]
    payload, _, signature = link.partition("#login=")[2].partition(".")
    parts = json.loads(unb64(payload))
    assert parts[:2] == [DEVICE, "yRPD2kWs"]
    assert parts[2:6] == [REQUEST, 1795353600, APPLICATION, BROWSER]
    server = {"kty": "EC", "crv": "P-256", "x": told("`yRPD2kWs`, `x`"), "y": told("`yRPD2kWs`, `y`")}
    assert signatures.verified(server, signature, lines("ERN-APP-QR-1", ISSUER, payload))
    asked = mobile_app.question(lines("ERN-APP-CODE-1", ISSUER, payload))
    offline = VECTORS.partition("#login=")[2]
    assert f"question: {asked}" in offline
    assert f"code:     {ocra.code(mobile_app.SUITE, SEED, Inputs(asked))}" in offline


def test_the_pin_hides_the_seed() -> None:
    mask = hashlib.pbkdf2_hmac("sha256", b"8305", unb64("UFFSU1RVVldYWVpbXF1eXw"), 600_000, 32)
    kept = bytes(a ^ b for a, b in zip(SEED, mask, strict=True))
    assert f"`{base64url(kept)}`" in VECTORS


def test_every_error_of_the_server_stands_in_the_page() -> None:
    folder = Path(__file__).parents[2] / "idp" / "mfa"
    code = "".join(
        (folder / f"{name}.py").read_text("utf-8")
        for name in ("devices", "device_proof", "app_requests", "device_api", "push")
    )
    keys = set(re.findall(r'(?:AppError\(\d+, |refused\()"(\w+)"', code))
    assert {"clock_skew", "request_over", "push_endpoint", "proof_invalid"} <= keys
    assert [key for key in keys if f"`{key}`" not in PAGE] == []
