"""One-time codes over a question, against the test vectors of RFC 6287, appendix C."""

import pytest

from idp.mfa import ocra
from idp.mfa.ocra import Inputs

DIGITS = b"1234567890"
KEYS = {"SHA1": (DIGITS * 2)[:20], "SHA256": (DIGITS * 4)[:32], "SHA512": (DIGITS * 7)[:64]}
TIME = 0x132D0B6 * 60
REPEATED = [str(digit) * 8 for digit in range(10)]

VECTORS = {
    "OCRA-1:HOTP-SHA1-6:QN08": zip(
        REPEATED,
        ["237653", "243178", "653583", "740991", "608993", "388898", "816933", "224598", "750600", "294470"],
        strict=True,
    ),
    "OCRA-1:HOTP-SHA256-8:C-QN08-PSHA1": zip(
        ["12345678"] * 10,
        [
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
        ],
        strict=True,
    ),
    "OCRA-1:HOTP-SHA256-8:QN08-PSHA1": zip(
        REPEATED[:5], ["83238735", "01501458", "17957585", "86776967", "86807031"], strict=True
    ),
    "OCRA-1:HOTP-SHA512-8:C-QN08": zip(
        REPEATED,
        [
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
        ],
        strict=True,
    ),
    "OCRA-1:HOTP-SHA512-8:QN08-T1M": zip(
        REPEATED[:5], ["95209754", "55907591", "22048402", "24218844", "36209546"], strict=True
    ),
    "OCRA-1:HOTP-SHA256-8:QA08": [
        ("CLI22220SRV11110", "28247970"),
        ("CLI22221SRV11111", "01984843"),
        ("SRV11110CLI22220", "15510767"),
        ("SRV11114CLI22224", "28934924"),
        ("SIG10000", "53095496"),
        ("SIG14000", "46554205"),
    ],
    "OCRA-1:HOTP-SHA512-8:QA08": [("CLI22220SRV11110", "79496648"), ("CLI22224SRV11114", "12761449")],
    "OCRA-1:HOTP-SHA512-8:QA08-PSHA1": [("SRV11110CLI22220", "18806276"), ("SRV11114CLI22224", "32528969")],
    "OCRA-1:HOTP-SHA512-8:QA10-T1M": [("SIG1000000", "77537423"), ("SIG1400000", "65360607")],
}
CASES = [(suite, place, *row) for suite, rows in VECTORS.items() for place, row in enumerate(rows)]


@pytest.mark.parametrize(("suite", "place", "question", "code"), CASES)
def test_a_code_is_that_of_the_standard(suite: str, place: int, question: str, code: str) -> None:
    key = KEYS[suite.partition("HOTP-")[2].partition("-")[0]]
    assert ocra.code(suite, key, Inputs(question, counter=place, pin="1234", time=TIME)) == code


def test_a_session_changes_the_code() -> None:
    suite = "OCRA-1:HOTP-SHA256-8:QH64-S064"
    codes = {ocra.code(suite, KEYS["SHA256"], Inputs("ab" * 32, session=session)) for session in (b"", b"one", b"two")}
    assert len(codes) == 3


@pytest.mark.parametrize("suite", ["", "OCRA-2:HOTP-SHA1-6:QN08", "OCRA-1:HOTP-SHA1-3:QN08", "OCRA-1:HOTP-MD5-6:QN08"])
def test_a_suite_that_is_none_is_refused(suite: str) -> None:
    with pytest.raises(ValueError, match="no OCRA suite"):
        ocra.code(suite, b"key", Inputs("12345678"))


@pytest.mark.parametrize("question", ["", "ab" * 129, "not hexadecimal"])
def test_a_question_that_does_not_fit_is_refused(question: str) -> None:
    with pytest.raises(ValueError, match=r"question|fromhex"):
        ocra.code("OCRA-1:HOTP-SHA256-8:QH64", b"key", Inputs(question))
