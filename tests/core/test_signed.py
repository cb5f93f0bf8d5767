"""What a browser keeps for us is believed if we signed it for that purpose, and not for longer than it may count."""

import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from idp.core import settings
from idp.core.signed import sign, unsign
from tests.support.edge import build

LONG = {"marks": ["0123456789abcdef"] * 200}


@pytest.fixture(scope="module")
def app() -> Flask:
    return build()


@pytest.mark.parametrize("value", [{"name": "x", "marks": []}, LONG])
def test_what_was_signed_comes_back_for_its_purpose_alone(app: Flask, value: object) -> None:
    with app.app_context():
        text = sign("browser", value)
        assert (unsign("browser", text, 60), unsign("form", text, 60)) == (value, None)
        signed, _, seal = text.rpartition(".")  # of its last letter not every bit counts
        assert unsign("browser", f"{signed}.{'A' if seal[0] != 'A' else 'B'}{seal[1:]}", 60) is None
        assert unsign("browser", text, -1) is None


def test_what_is_long_is_packed_so_that_it_fits_into_a_cookie(app: Flask) -> None:
    with app.app_context():
        assert len(sign("browser", LONG)) < 300


def test_what_a_browser_has_had_for_months_is_still_read(app: Flask) -> None:
    with app.app_context():
        before = URLSafeTimedSerializer(settings.current().server.secret_key, salt="ern-login.browser")
        assert unsign("browser", before.dumps(LONG), 60) == LONG
