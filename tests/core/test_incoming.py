"""What a request is read to be: the same as Werkzeug reads, in fewer steps."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Request
from werkzeug.exceptions import HTTPException

from idp.core.incoming import Incoming

BODY = b"grant_type=authorization_code&code=x"
KINDS = [
    "application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; charset=utf-8", " text/plain ", "", ";",
    'multipart/form-data; boundary="a;b"', "application/json;", "no type at all", "a;b=c;d",
]  # fmt: skip
LENGTHS: list[dict[str, Any]] = [
    {},
    {"CONTENT_LENGTH": str(len(BODY))},
    {"CONTENT_LENGTH": "7"},
    {"CONTENT_LENGTH": "0"},
    {"CONTENT_LENGTH": ""},
    {"CONTENT_LENGTH": "-1"},
    {"CONTENT_LENGTH": "many"},
    {"CONTENT_LENGTH": "\u00b2"},
    {"CONTENT_LENGTH": str(len(BODY) + 1)},
    {"CONTENT_LENGTH": "99999999999"},
    {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True},
    {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "7", "wsgi.input_terminated": True},
    {"HTTP_TRANSFER_ENCODING": "chunked"},
]


def environ(**more: Any) -> dict[str, Any]:
    usual = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "wsgi.url_scheme": "http",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
    }
    return {**usual, "wsgi.input": BytesIO(BODY), **more}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_body_is_what_werkzeug_says(kind: str) -> None:
    given = environ(CONTENT_TYPE=kind)
    assert Incoming(given).mimetype == Request(given).mimetype


@pytest.mark.parametrize("told", LENGTHS)
def test_a_body_is_what_werkzeug_reads(app: Flask, told: dict[str, Any]) -> None:
    def read(kind: type[Request]) -> Any:
        asked = kind(environ(**told))
        try:
            return asked.content_length, asked.get_data(), asked.get_data()
        except HTTPException as refused:
            return type(refused)

    with app.app_context():
        assert read(Incoming) == read(Request)


def test_a_form_that_was_judged_before_can_still_be_read(app: Flask) -> None:
    kind = "application/x-www-form-urlencoded"
    with app.app_context():
        asked = Incoming(environ(CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(BODY))))
        assert asked.get_data() == BODY
        assert asked.form["code"] == asked.fields["code"] == "x"
