"""Telephone numbers and the text that carries the code."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import force_locale

from idp.mfa import sms
from idp.mfa.factor import Context, Rejected

FACTOR = sms.Sms()


@pytest.fixture(autouse=True)
def _request(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


@pytest.mark.parametrize(
    "typed", ["+491713920017", "+49 171 3920017", " 0049 (171) 392-0017 ", "+49\u00a0171\u00a03920017"]
)
def test_numbers_are_kept_in_one_form(typed: str) -> None:
    assert sms.normalize(typed) == "+491713920017"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("0171 3920017", "phone_country"),
        ("+49 171", "phone_invalid"),
        ("+", "phone_invalid"),
        ("+49 0", "phone_invalid"),
        ("+999 1234567", "phone_invalid"),
        ("+49 30 901820", "phone_not_mobile"),
        ("+1 202 555 0143", "phone_not_served"),
        ("+7 912 3456789", "phone_not_served"),
        ("+" + "4" * 500, "phone_invalid"),
    ],
)
def test_what_is_no_number_of_ours_says_what_to_do(typed: str, key: str) -> None:
    with pytest.raises(Rejected) as refused:
        sms.normalize(typed)
    assert refused.value.key == key
    assert str(FACTOR.sentences[key])


def test_the_hint_shows_country_and_three_digits() -> None:
    assert FACTOR.hint({"number": "+491713920417"}) == "+49 ••• ••• 417"


def test_the_text_ends_with_the_line_that_browsers_read() -> None:
    prompt = FACTOR.ask({"number": "+491713920017"}, Context("A" * 200, "en", "login.example"))
    assert prompt.device.body.splitlines()[-1] == f"@login.example #{prompt.device.code}"
    assert len(prompt.device.body) <= 160


def test_codes_have_six_digits_and_differ() -> None:
    codes = {FACTOR.ask({"number": "+491713920017"}, Context(None, "en", "h")).device.code for _ in range(50)}
    assert all(len(code) == 6 and code.isdigit() for code in codes)
    assert len(codes) > 45


def test_the_text_can_be_in_another_language() -> None:
    with force_locale("fr"):
        prompt = FACTOR.ask({"number": "+491713920017"}, Context("CPMS", "fr", "h"))
    assert prompt.device.code in prompt.device.body
