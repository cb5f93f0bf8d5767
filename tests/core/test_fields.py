"""The fields of a query or a form."""

from urllib.parse import urlencode

import pytest
from flask import Flask, Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from idp.core import fields
from idp.core.fields import Fields
from idp.core.incoming import Incoming

TEXTS = st.text("aé&=+% %2B;/?\x00", max_size=6)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=6))
def test_what_was_written_is_read(pairs: list[tuple[str, str]]) -> None:
    found = fields.read(urlencode(pairs))
    assert {name: found.every(name) for name in found} == {n: [v for m, v in pairs if m == n] for n, _ in pairs}


@given(st.text("ab&=+%;2C3A9zFé€", max_size=30))
def test_a_query_is_read_as_werkzeug_reads_it(query: str) -> None:
    """What is malformed too, and bytes that are no text."""
    environ = {**EnvironBuilder().get_environ(), "QUERY_STRING": query.encode().decode("latin-1")}
    theirs, ours = Request(environ).args, Incoming(environ)
    assert {name: ours.query.every(name) for name in ours.query} == dict(theirs.lists())
    assert [*ours.args.lists()] == [*theirs.lists()]


def test_the_first_of_several_values_counts_and_the_others_are_there() -> None:
    found = fields.read("a=1&b=2&a=3&a=")
    assert (found["a"], found.get("b"), found.get("c")) == ("1", "2", None)
    assert found.repeated == {"a": ["1", "3", ""]}
    assert (found.every("a"), found.every("b"), found.every("c")) == (["1", "3", ""], ["2"], [])


def test_fields_are_kept_and_restored() -> None:
    found = Fields([("a", "1"), ("b", "2"), ("a", "3")])
    assert found.packed() == {"a": ["1", "3"], "b": "2"}
    again = fields.unpacked({**found.packed(), "none": []})
    assert (again, again.repeated) == (found, found.repeated)


@given(st.text('ab=; "\\é,', max_size=12))
def test_cookies_are_read_as_werkzeug_reads_them(header: str) -> None:
    environ = {**EnvironBuilder().get_environ(), "HTTP_COOKIE": header}
    assert [*Incoming(environ).cookies.lists()] == [*Request(environ).cookies.lists()]


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
    answer = app.test_client().post("/oauth2/token", json={"grant_type": "client_credentials"})
    assert answer.status_code == 401
