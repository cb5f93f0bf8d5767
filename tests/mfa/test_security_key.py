"""What a security key proves, and every answer that proves nothing (Web Authentication Level 3, 7.1 and 7.2)."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from idp.accounts.models import Account
from idp.core.levels import PHR
from idp.mfa.factor import Compromised, Context, Given, Prompt, Rejected, Secret
from idp.mfa.security_key import SecurityKey as Factor
from tests.support.security_key import EDDSA, ES256, ES384, RS256, SecurityKey

FACTOR = Factor()
CONTEXT = Context(application=None, language="en", host="localhost")
ACCOUNT = Account(uid="n00axup3", first_name="Ada", last_name="Ferran", language="en")
FIELDS = {"device_name": "Ward key"}

Attack = Callable[[SecurityKey, Prompt], str]


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def offered(*held: Secret) -> Prompt:
    return FACTOR.offer(ACCOUNT, Given(FIELDS, held), CONTEXT)


def answer(text: str) -> dict[str, str]:
    return {"credential": text}


def enrolled(key: SecurityKey) -> Secret:
    prompt = offered()
    return FACTOR.enrol(prompt.memo, answer(key.registers(prompt.page["options"])))


def asked(secret: Secret) -> Prompt:
    return FACTOR.ask(secret, CONTEXT)


@pytest.mark.parametrize("algorithm", [ES256, EDDSA, RS256])
@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_a_key_of_each_algorithm_registers_and_signs(algorithm: int, attestation: str) -> None:
    key = SecurityKey(algorithm=algorithm, attestation=attestation)
    secret = enrolled(key)
    assert (secret["format"], secret["transports"]) == (attestation, ["usb", "nfc"])
    assert secret["aaguid"] == "8c1d1a5e-3f0b-4d2b-a6f0-7a5c9e2d4b61"
    for _ in range(2):
        prompt = asked(secret)
        secret = FACTOR.judge(secret, prompt.memo, answer(key.signs(prompt.page["options"])))
    assert secret["sign_count"] == 3


def test_what_the_browser_is_asked_to_make() -> None:
    options = offered().page["options"]
    assert options["rp"] == {"id": "localhost", "name": "ERN Login"}
    assert options["authenticatorSelection"] == {"residentKey": "preferred", "userVerification": "required"}
    assert [one["alg"] for one in options["pubKeyCredParams"]] == [ES256, EDDSA, RS256]
    assert options["attestation"] == "direct"
    assert "n00axup3" not in base64.urlsafe_b64decode(options["user"]["id"] + "==").decode("latin1")


def test_keys_of_one_account_share_a_handle_and_exclude_each_other() -> None:
    first = enrolled(SecurityKey())
    options = offered(first).page["options"]
    assert options["excludeCredentials"] == [{"type": "public-key", "id": first["id"], "transports": ["usb", "nfc"]}]
    assert options["user"]["id"] == first["user"]
    assert offered().page["options"]["user"]["id"] != first["user"]


def test_a_key_that_stays_in_its_device_is_hardware_and_a_synced_one_software() -> None:
    fixed, synced = enrolled(SecurityKey()), enrolled(SecurityKey(synced=True, counts=False))
    assert FACTOR.amr_of(fixed) == ("hwk", "user")
    assert FACTOR.amr_of(synced) == ("swk", "user")
    assert (synced["backup_eligible"], synced["backed_up"]) == (True, True)
    assert FACTOR.level == PHR


def test_a_key_without_a_counter_is_used_again_and_again() -> None:
    key = SecurityKey(counts=False)
    secret = enrolled(key)
    for _ in range(2):
        prompt = asked(secret)
        secret = FACTOR.judge(secret, prompt.memo, answer(key.signs(prompt.page["options"])))
    assert secret["sign_count"] == 0


def changed(**fields: Any) -> Attack:
    """The key, or the browser around it, is another than it should be."""

    def attack(key: SecurityKey, prompt: Prompt) -> str:
        for name, value in fields.items():
            setattr(key, name, value)
        return react(key, prompt)

    return attack


def told(**wrong: Any) -> Attack:
    """The browser tells something else."""
    return lambda key, prompt: react(key, prompt, **wrong)


def react(key: SecurityKey, prompt: Prompt, **wrong: Any) -> str:
    options = prompt.page["options"]
    return key.registers(options, **wrong) if "rp" in options else key.signs(options, **wrong)


ATTACKS = {
    "another origin": (changed(origin="https://login.example.evil"), "key_refused"),
    "another port": (changed(origin="http://localhost:8001"), "key_refused"),
    "another RP ID": (changed(rp_id="evil.example"), "key_refused"),
    "another challenge": (told(challenge="YW5vdGhlcg"), "key_refused"),
    "no challenge": (told(challenge=""), "key_refused"),
    "a payment": (told(type="payment.get"), "key_refused"),
    "a frame of another origin": (changed(cross_origin=True), "key_refused"),
    "nobody there": (changed(present=False), "key_refused"),
    "nobody verified": (changed(verifies=False), "key_unverified"),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("ceremony", ["registers", "signs"])
def test_an_answer_about_something_else_proves_nothing(name: str, ceremony: str) -> None:
    attack, refused = ATTACKS[name]
    key = SecurityKey()
    secret = enrolled(key)
    with pytest.raises(Rejected) as rejected:
        if ceremony == "registers":
            prompt = offered()
            FACTOR.enrol(prompt.memo, answer(attack(key, prompt)))
        else:
            prompt = asked(secret)
            FACTOR.judge(secret, prompt.memo, answer(attack(key, prompt)))
    assert rejected.value.key == refused
    assert str(FACTOR.sentences[refused])


@pytest.mark.parametrize("attestation", ["none", "packed"])
def test_an_algorithm_that_was_not_offered_is_refused(attestation: str) -> None:
    with pytest.raises(Rejected):
        enrolled(SecurityKey(algorithm=ES384, attestation=attestation))


def test_an_attestation_of_another_key_is_refused() -> None:
    one, other = SecurityKey(), SecurityKey()
    prompt = offered()
    mixed = json.loads(one.registers(prompt.page["options"]))
    mixed["response"]["clientDataJSON"] = json.loads(other.registers(offered().page["options"]))["response"][
        "clientDataJSON"
    ]
    with pytest.raises(Rejected):
        FACTOR.enrol(prompt.memo, answer(json.dumps(mixed)))


def test_another_key_with_the_same_name_is_refused() -> None:
    key = SecurityKey()
    secret = enrolled(key)
    copy = SecurityKey(id=key.id)
    enrolled(copy)
    prompt = asked(secret)
    with pytest.raises(Rejected):
        FACTOR.judge(secret, prompt.memo, answer(copy.signs(prompt.page["options"])))


def test_a_key_that_tells_another_user_is_refused() -> None:
    key = SecurityKey()
    secret = enrolled(key)
    key.user = "c29tZWJvZHkgZWxzZQ"
    prompt = asked(secret)
    with pytest.raises(Rejected):
        FACTOR.judge(secret, prompt.memo, answer(key.signs(prompt.page["options"])))


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_counter_that_does_not_grow_compromises_the_key(count: int) -> None:
    key = SecurityKey(count=4)
    secret = enrolled(key)
    key.count = count
    prompt = asked(secret)
    with pytest.raises(Compromised):
        FACTOR.judge(secret, prompt.memo, answer(key.signs(prompt.page["options"])))


def test_a_counter_without_a_right_signature_compromises_nothing() -> None:
    """Else whoever knows a credential's name could have it suspended."""
    key = SecurityKey(count=9)
    secret = enrolled(key)
    forger = SecurityKey(id=key.id, count=0)
    enrolled(forger)
    forger.count = 0
    prompt = asked(secret)
    with pytest.raises(Rejected) as rejected:
        FACTOR.judge(secret, prompt.memo, answer(forger.signs(prompt.page["options"])))
    assert not isinstance(rejected.value, Compromised)
