"""Static files: kept for good under a name that changes with their content, small on the wire."""

import gzip

import pytest
from flask.testing import FlaskClient

from idp.core import assets
from tests.support.edge import build


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return build().test_client()


def test_a_page_names_files_that_are_there_and_kept_for_good(client: FlaskClient) -> None:
    address = assets.asset("app.css")
    assert address in client.get("/privacy").text
    answer = client.get(address)
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.data == (assets.FOLDER / "app.css").read_bytes()


def test_every_file_that_the_layout_names_exists(client: FlaskClient) -> None:
    page = client.get("/privacy").text
    for address in {part.partition('"')[0].partition("#")[0] for part in page.split('="/static/')[1:]}:
        assert client.get(f"/static/{address}").status_code == 200, address


def test_the_address_of_yesterday_gives_the_file_of_today_but_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/0123456789abcdef/app.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


def test_in_development_a_changed_file_shows_at_once() -> None:
    answer = build(ERN_SERVER__ENVIRONMENT="development").test_client().get(assets.asset("app.css"))
    assert answer.headers["Cache-Control"] == "no-cache"


def test_texts_are_compressed_for_those_who_can_read_it(client: FlaskClient) -> None:
    plain = client.get(assets.asset("vendor/ecl/ecl-eu.css"))
    packed = client.get(assets.asset("vendor/ecl/ecl-eu.css"), headers={"Accept-Encoding": "gzip, br"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert len(packed.data) < len(plain.data) / 5
    assert gzip.decompress(packed.data) == plain.data


def test_an_unchanged_file_is_not_sent_twice(client: FlaskClient) -> None:
    for sent in ({}, {"Accept-Encoding": "gzip"}):
        tag = client.get(assets.asset("icons.svg"), headers=sent).headers["ETag"]
        assert client.get(assets.asset("icons.svg"), headers={**sent, "If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("name", ["nothing.css", "../app.py", "%2e%2e/app.py", "..%2f..%2fcore/web.py", "vendor"])
def test_nothing_outside_the_folder_is_served(client: FlaskClient, name: str) -> None:
    for sent in ({}, {"Accept-Encoding": "gzip"}):
        assert client.get(f"/static/{assets.version()}/{name}", headers=sent).status_code == 404


def test_a_name_that_no_file_can_have_is_no_file(client: FlaskClient) -> None:
    assert client.get(f"/static/{assets.version()}/{'x' * 5000}.css").status_code == 404
