"""What goes out ready-made is what Werkzeug would have sent."""

import pytest
from flask import Response
from werkzeug.test import Client

from idp.core.answers import JSON, Ready


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("body", [b"", b'{"a":1}'])
def test_an_answer_that_is_ready_is_sent_as_werkzeug_sends_it(method: str, body: bytes) -> None:
    ours = Client(Ready(body, [("Content-Type", JSON), ("Cache-Control", "no-store")], 201)).open("/", method=method)
    theirs = Client(Response(body, 201, {"Content-Type": JSON, "Cache-Control": "no-store"})).open("/", method=method)
    assert (ours.status, ours.data) == (theirs.status, theirs.data)
    assert sorted(ours.headers) == sorted(theirs.headers)
    assert ours.data == (b"" if method == "HEAD" else body)
