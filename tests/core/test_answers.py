"""What goes out ready-made is what Werkzeug would have sent; a form of a program is read as Werkzeug reads it."""

import pytest
from flask import Flask, Response
from werkzeug.test import Client, EnvironBuilder

from idp.core.answers import JSON, Ready
from idp.core.incoming import Incoming


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("body", [b"", b'{"a":1}'])
def test_an_answer_that_is_ready_is_sent_as_werkzeug_sends_it(method: str, body: bytes) -> None:
    ours = Client(Ready(body, [("Content-Type", JSON), ("Cache-Control", "no-store")], 201)).open("/", method=method)
    theirs = Client(Response(body, 201, {"Content-Type": JSON, "Cache-Control": "no-store"})).open("/", method=method)
    assert (ours.status, ours.data) == (theirs.status, theirs.data)
    assert sorted(ours.headers) == sorted(theirs.headers)
    assert ours.data == (b"" if method == "HEAD" else body)


@pytest.mark.parametrize("body", ["", "a=1", "a=1&a=2&b", "a+b=%26%3D+x&c=%E2%82%AC", "=x&&a=", "a=b=c;d"])
def test_a_form_of_a_program_has_the_fields_that_werkzeug_finds(body: str) -> None:
    asked = Incoming(
        EnvironBuilder("/", method="POST", data=body, content_type="application/x-www-form-urlencoded").get_environ()
    )
    assert list(asked.fields.items()) == list(asked.form.items())
    assert {name: asked.fields.every(name) for name in asked.fields} == dict(asked.form.lists())


def test_a_form_in_parts_has_its_fields_too() -> None:
    parts = EnvironBuilder("/", method="POST", data={"a": ["1", "2"]}, content_type="multipart/form-data")
    asked = Incoming(parts.get_environ())
    assert (asked.fields, asked.fields.every("a")) == ({"a": "1"}, ["1", "2"])


def test_what_is_no_form_has_no_fields(app: Flask) -> None:
    answer = app.test_client().post("/oauth2/token", data='{"grant_type": "client_credentials"}', content_type=JSON)
    assert answer.status_code == 401
