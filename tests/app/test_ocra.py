"""One-time codes in the app: the vectors of RFC 6287, appendix C."""

from typing import Any

import pytest

from idp.core.assets import asset
from tests.app.conftest import Run

Vector = tuple[str, str, dict[str, Any], str]

KEY_20 = "3132333435363738393031323334353637383930"
KEY_32 = (KEY_20 * 2)[:64]
KEY_64 = (KEY_20 * 4)[:128]
PIN = "1234"
# Mar 25 2008, 12:06:30 GMT: the minute 0x132d0b6 of the RFC.
TIME = 0x132D0B6 * 60

PLAIN = ["237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598", "750600", "294470"]
COUNTED = [
    "65347737",
    "86775851",
    "78192410",
    "71565254",
    "10104329",
    "65983500",
    "70069104",
    "91771096",
    "75011558",
    "08522129",
]
WITH_PIN = ["83238735", "01501458", "17957585", "86776967", "86807031"]
COUNTED_512 = [
    "07016083",
    "63947962",
    "70123924",
    "25341727",
    "33203315",
    "34205738",
    "44343969",
    "51946085",
    "20403879",
    "31409299",
]
TIMED = ["95209754", "55907591", "22048402", "24218844", "36209546"]
SERVER = ["28247970", "01984843", "65387857", "03351211", "83412541"]
CLIENT = ["15510767", "90175646", "33777207", "95285278", "28934924"]
SERVER_512 = ["79496648", "76831980", "12250499", "90856481", "12761449"]
CLIENT_512 = ["18806276", "70020315", "01600026", "18951020", "32528969"]
SIGNED = ["53095496", "04110475", "31331128", "76028668", "46554205"]
SIGNED_TIMED = ["77537423", "31970405", "10235557", "95213541", "65360607"]

from_client = [f"CLI2222{digit}SRV1111{digit}" for digit in range(5)]
from_server = [f"SRV1111{digit}CLI2222{digit}" for digit in range(5)]
same = [str(digit) * 8 for digit in range(10)]


def asked(suite: str, key: str, questions: list[str], codes: list[str], **inputs: Any) -> list[Vector]:
    return [(suite, key, {"question": q, **inputs}, code) for q, code in zip(questions, codes, strict=False)]


VECTORS = [
    *asked("OCRA-1:HOTP-SHA1-6:QN08", KEY_20, same, PLAIN),
    *asked("OCRA-1:HOTP-SHA256-8:QN08-PSHA1", KEY_32, same, WITH_PIN, pin=PIN),
    *asked("OCRA-1:HOTP-SHA512-8:QN08-T1M", KEY_64, same, TIMED, time=TIME),
    *[
        ("OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1", KEY_32, {"question": "12345678", "counter": place, "pin": PIN}, code)
        for place, code in enumerate(COUNTED)
    ],
    *[
        ("OCRA-1:HOTP-SHA512-8:C-QN08", KEY_64, {"question": same[place], "counter": place}, code)
        for place, code in enumerate(COUNTED_512)
    ],
    *asked("OCRA-1:HOTP-SHA256-8:QA08", KEY_32, from_client, SERVER),
    *asked("OCRA-1:HOTP-SHA256-8:QA08", KEY_32, from_server, CLIENT),
    *asked("OCRA-1:HOTP-SHA512-8:QA08", KEY_64, from_client, SERVER_512),
    *asked("OCRA-1:HOTP-SHA512-8:QA08-PSHA1", KEY_64, from_server, CLIENT_512, pin=PIN),
    *asked("OCRA-1:HOTP-SHA256-8:QA08", KEY_32, [f"SIG1{digit}000" for digit in range(5)], SIGNED),
    *asked(
        "OCRA-1:HOTP-SHA512-8:QA10-T1M", KEY_64, [f"SIG1{digit}00000" for digit in range(5)], SIGNED_TIMED, time=TIME
    ),
]


def test_the_codes_are_those_of_the_rfc(run: Run) -> None:
    body = """const { fromHex } = await import(base);
    return Promise.all(vectors.map(([suite, key, inputs]) => it.code(suite, fromHex(key), inputs)));"""
    codes = run("ocra", body, base=asset("app/bytes.js"), vectors=[vector[:3] for vector in VECTORS])
    assert codes == [vector[3] for vector in VECTORS]


@pytest.mark.parametrize(
    ("suite", "question"),
    [
        ("OCRA-1:HOTP-MD5-8:QN08", "11111111"),
        ("OCRA-1:HOTP-SHA256-8:QN08-S064", "11111111"),
        ("OCRA-1:HOTP-SHA256-8:QH08", "0123456789abcdef0"),
        ("OCRA-1:HOTP-SHA256-8:QH08", "no hex"),
        ("", "1"),
    ],
)
def test_what_is_no_suite_or_no_question_is_refused(run: Run, suite: str, question: str) -> None:
    body = "try { await it.code(suite, bytes([1]), {question}); return null } catch (error) { return error.name }"
    assert run("ocra", body, suite=suite, question=question) == "SyntaxError"
