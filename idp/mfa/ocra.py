"""OCRA, the OATH Challenge-Response Algorithm (RFC 6287): a short code over a question, for who holds the key."""

import hashlib
import hmac
import re

from idp.core.values import frozen

QUESTION_BYTES = 128
COUNTER_BYTES = 8
TIME_BYTES = 8
SECONDS = {"S": 1, "M": 60, "H": 3600}

SUITE = re.compile(
    r"OCRA-1:HOTP-(?P<hash>SHA1|SHA256|SHA512)-(?P<digits>[4-9]|10):(?P<counter>C-)?Q(?P<format>[ANH])\d\d"
    r"(?:-P(?P<pin>SHA1|SHA256|SHA512))?(?:-S(?P<session>\d{3}))?(?:-T(?P<step>[1-9]\d?)(?P<unit>[SMH]))?",
    re.ASCII,
)


@frozen
class Inputs:
    """What goes into a code, as the suite asks for it.

    `question`: in the suite's format (letters and digits, decimal, or hexadecimal); `counter`: a number; `pin`: its
    text; `session`: bytes; `time`: seconds since 1970.
    """

    question: str
    counter: int = 0
    pin: str = ""
    session: bytes = b""
    time: int = 0


def code(suite: str, key: bytes, inputs: Inputs) -> str:
    """Return the code with as many digits as the suite says: 4 to 10 (RFC 6287, 5).

    How long a question may be is left to who asks: two halves are joined where both sides ask (7.2). Raise ValueError
    for a suite that is none, and for a question that does not fit it.
    """
    parts = SUITE.fullmatch(suite)
    if parts is None:
        raise ValueError(f"{suite} is no OCRA suite")
    mac = hmac.new(key, suite.encode() + b"\0" + _data(parts, inputs), parts["hash"].lower()).digest()
    digits = int(parts["digits"])
    return f"{_truncated(mac) % 10**digits:0{digits}d}"


def _data(parts: re.Match[str], inputs: Inputs) -> bytes:
    """Return the data input after the suite (RFC 6287, 5.1): counter, question, PIN, session, time."""
    data = inputs.counter.to_bytes(COUNTER_BYTES, "big") if parts["counter"] else b""
    data += _question(parts, inputs.question)
    if parts["pin"]:
        data += hashlib.new(parts["pin"].lower(), inputs.pin.encode()).digest()
    if parts["session"]:
        data += inputs.session.rjust(int(parts["session"]), b"\0")
    if parts["step"]:
        data += (inputs.time // (int(parts["step"]) * SECONDS[parts["unit"]])).to_bytes(TIME_BYTES, "big")
    return data


def _question(parts: re.Match[str], question: str) -> bytes:
    """Return the question as bytes, filled up with zeros at its end; a decimal one is written in hexadecimal first."""
    if parts["format"] == "A":
        found = question.encode("ascii")
    else:
        digits = f"{int(question):x}" if parts["format"] == "N" else question
        found = bytes.fromhex(digits + "0" * (len(digits) % 2))
    if not 0 < len(found) <= QUESTION_BYTES:
        raise ValueError("the question is empty or too long")
    return found.ljust(QUESTION_BYTES, b"\0")


def _truncated(mac: bytes) -> int:
    """Return 31 bits of a MAC, from the place that its last four bits name (RFC 4226, 5.3)."""
    offset = mac[-1] & 0x0F
    return int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
