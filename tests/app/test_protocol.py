"""What the app signs, hashes and believes: the test vectors of docs/app-protocol.md, in both directions."""

import re
from pathlib import Path
from typing import Any

import pytest

from idp.core.assets import asset
from tests.app.conftest import Run

ISSUER = "https://login.example"
DEVICE = "AAECAwQFBgcICQoLDA0ODw"
NOW = 1795353600
NONCE = "ICEiIyQlJicoKSorLC0uLw"
EMPTY = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
DEVICE_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "Eda_f3HptEXkHRxMRKD7cwo5870jRk0vQDiKvpUiDqw",
    "y": "O38SmEASU9CP9d7-kiqPKbMCCg-BAy1LkWCGymbTgmI",
}
SERVER_KEY = {
    "kid": "yRPD2kWs",
    "kty": "EC",
    "crv": "P-256",
    "x": "zERjHjIjoGjFm2XX2PjfnIUj7Y9dog5sA-rL1iJB1Rk",
    "y": "fMXGfzkIVugdUsCuzdYNmWuq8TIbx6umP-YRlCamHTk",
}
REQUEST = {
    "id": "MDEyMzQ1Njc4OTo7PD0-Pw",
    "application": "CPMS - Clinical Patient Management System",
    "browser": "Firefox on Windows",
}
PAGE = (Path(__file__).parents[2] / "docs" / "app-protocol.md").read_text("utf-8")
LINK = next(line for line in PAGE.splitlines() if "/app/#login=W" in line)
MODULES = f"""const {{ verifies }} = await import('{asset("app/safe.js")}');
const {{ code }} = await import('{asset("app/ocra.js")}');
const {{ fromBase64url, text }} = await import('{asset("app/bytes.js")}');"""


def test_a_call_is_signed_over_the_lines_of_the_page(run: Run) -> None:
    body = f"""{MODULES} const signed = await it.requestLines(given);
    return [text(signed), await verifies(key, fromBase64url(signature), signed)]"""
    given = {"method": "GET", "address": f"{ISSUER}/app/api/requests", "device": DEVICE, "time": NOW, "nonce": NONCE}
    signature = "tLBCYq_j-Yi1NEBJZWiTK8pKoWHsDx_HiSTmqJ6aLvEarUNFRd4CdbvRKqMlbe3TPp5TitWl6T5h0mDdn3n6eA"
    signed, right = run("protocol", body, given=given | {"body": ""}, key=DEVICE_KEY, signature=signature)
    assert signed.splitlines() == [
        *("ERN-APP-REQUEST-1", "GET", f"{ISSUER}/app/api/requests", DEVICE, str(NOW), NONCE, EMPTY)
    ]
    assert right


def test_pairing_is_signed_with_the_hash_of_its_body(run: Run) -> None:
    body = f"{MODULES} return verifies(key, fromBase64url(signature), await it.requestLines(given))"
    sent = next(line for line in PAGE.splitlines() if line.startswith('{"token":"AAEC'))
    given = {"method": "POST", "address": f"{ISSUER}/app/api/pair", "device": DEVICE, "time": NOW, "nonce": NONCE}
    signature = "9VXZUZiFvmwvI7I9AFh27ul27bgXlt2NA6veF59O3_VrzxAb2i4kGrYD6tZ5JWb0eXWUlUKgRNOsKocwzopoLQ"
    assert run("protocol", body, given=given | {"body": sent}, key=DEVICE_KEY, signature=signature)
    assert not run("protocol", body, given=given | {"body": f"{sent} "}, key=DEVICE_KEY, signature=signature)


def test_a_verdict_gives_the_code_and_the_signature_of_the_page(run: Run) -> None:
    body = f"""{MODULES} const said = it.verdictLines({{issuer, device}}, request, number, verdict);
    const question = await it.question(said), seed = bytes([...Array(32).keys()]);
    return [question, await code(it.SUITE, seed, {{question}}), await verifies(key, fromBase64url(signature), said)]"""
    given = {"issuer": ISSUER, "device": DEVICE, "request": REQUEST, "key": DEVICE_KEY}
    signature = "yGh6FVZw9KEPOsnfA5IeLRYh0vNxSexe-cGXUldrAMWfFykR-nkaBcjNV6Rko8nby60kmWlYSBuCEYWedw20Tg"
    approved = run("protocol", body, **given, number="47", verdict="approve", signature=signature)
    assert approved == ["5f54773e9f8575011ba49d2f16e98a2546548bd8c7d03e983d451068affc46c4", "61066733", True]
    signature = "1WOHMluuB84gFri7Ms4S2P4hkPVuVz1z7vZcRcwRBpWrVbuMSq3cYzddrdkUZgZ5S5hS2PXeSv3FPXPLmB-mTw"
    assert run("protocol", body, **given, number="", verdict="deny", signature=signature)[2]


def test_a_control_character_cannot_make_two_lines_of_one(run: Run) -> None:
    body = "try { it.lines('a', 'b\\nc'); return null } catch (error) { return error.name }"
    assert run("protocol", body) == "SyntaxError"


def test_the_code_of_a_scanned_sign_in_is_that_of_the_page(run: Run) -> None:
    body = f"""{MODULES} const link = it.read(scanned), seed = bytes([...Array(32).keys()]);
    const question = await it.question(it.codeLines(link));
    return [link.application, link.browser, link.time, await code(it.SUITE, seed, {{question}})]"""
    told = run("protocol", body, scanned=LINK)
    assert told == [REQUEST["application"], REQUEST["browser"], NOW, "11151450"]


JUDGED = f"""const {{ read }} = await import('{asset("app/protocol.js")}');
const accounts = [{{ issuer, device, serverKeys: [key] }}];
try {{ return (await it.judge(read(scanned), accounts, time)).device }} catch (error) {{ return error.message }}"""


def judged(run: Run, scanned: str = LINK, **changes: Any) -> str:
    given = {"issuer": ISSUER, "device": DEVICE, "key": SERVER_KEY, "time": NOW + 5}
    return run("offline", JUDGED, scanned=scanned, **given | changes)


def test_only_a_fresh_code_of_the_own_server_for_this_device_is_believed(run: Run) -> None:
    assert judged(run) == DEVICE
    assert judged(run, time=NOW + 180) == DEVICE
    assert judged(run, time=NOW - 60) == DEVICE
    assert judged(run, device="AAAAAAAAAAAAAAAAAAAAAA") == "foreign_account"
    assert judged(run, issuer="https://other.example") == "foreign_account"
    assert judged(run, key=SERVER_KEY | {"kid": "otherkey"}) == "unknown_key"
    assert judged(run, key=DEVICE_KEY | {"kid": SERVER_KEY["kid"]}) == "forged"
    assert judged(run, scanned=LINK[:-3] + ("A" if LINK[-3] != "A" else "B") + LINK[-2:]) == "forged"
    assert judged(run, time=NOW + 181) == "too_old"
    assert judged(run, time=NOW - 61) == "from_the_future"


PAIR = f"{ISSUER}/app/#pair={DEVICE}.EBESExQVFhcYGRobHB0eHw"


@pytest.mark.parametrize("text", [PAIR, f"  {PAIR}\n", PAIR.replace(ISSUER, "http://localhost:8000")])
def test_a_pairing_link_names_its_server(run: Run, text: str) -> None:
    link = run("protocol", "return it.read(text)", text=text)
    assert link["kind"] == "pair"
    assert link["issuer"] == text.strip().split("/app/")[0]
    assert (link["device"], link["token"]) == (DEVICE, f"{DEVICE}.EBESExQVFhcYGRobHB0eHw")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "https://login.example",
        PAIR[:-1],
        PAIR.replace("https:", "http:"),
        PAIR.replace(ISSUER, "http://localhost.evil.example"),
        PAIR.replace(ISSUER, "https://user@login.example"),
        PAIR.replace(ISSUER, "https://login.example/elsewhere"),
        PAIR.replace(ISSUER, "javascript:alert(1)//"),
        re.sub(r"=W.*\.", "=bm90IGpzb24.", LINK),
        re.sub(r"=W.*\.", "=W10.", LINK),
    ],
)
def test_what_is_not_ours_is_nothing(run: Run, text: str) -> None:
    assert run("protocol", "return it.read(text)", text=text) is None
