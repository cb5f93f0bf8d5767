"""Clients that a file describes: all or none, exactly as it says, and again without harm."""

import tomllib

import pytest
from flask import Flask

from idp.core.errors import Invalid
from idp.oidc import client_files, clients

FILE = """
[[client]]
client_id = "first"
client_name = "First"
client_secret = "first-secret-that-nobody-uses-elsewhere"
redirect_uris = ["https://rp.example/callback"]
profile = "legacy"

[[client]]
client_id = "second"
client_name = "Second"
redirect_uris = ["https://rp.example/second"]
token_endpoint_auth_method = "none"
scope = "openid"
"""


def test_a_file_makes_its_clients_exist_as_often_as_it_is_read(app: Flask) -> None:
    with app.app_context():
        for _ in range(2):
            assert client_files.keep(FILE) == ["first", "second"]
        first, second = clients.find("first"), clients.find("second")
        assert first and first.check_client_secret("first-secret-that-nobody-uses-elsewhere")
        assert first.further == {"profile": "legacy"}
        assert second and second.scope == "openid" and second.secret_digest is None


def test_a_changed_file_changes_its_clients(app: Flask) -> None:
    with app.app_context():
        client_files.keep(FILE)
        client_files.keep(FILE.replace('scope = "openid"', 'scope = "openid email"'))
        second = clients.find("second")
        assert second and second.scope == "openid email"


@pytest.mark.parametrize(
    "wrong",
    [
        FILE.replace('client_name = "Second"', ""),
        FILE.replace('client_secret = "first-secret-that-nobody-uses-elsewhere"', ""),
        FILE.replace('scope = "openid"', 'favourite_colour = "blue"'),
        FILE.replace("https://rp.example/second", "ftp://rp.example/"),
    ],
)
def test_one_wrong_client_keeps_all_others_out(app: Flask, wrong: str) -> None:
    with app.app_context():
        with pytest.raises(Invalid):
            client_files.keep(wrong)
        assert clients.find("first") is None


def test_a_file_that_is_no_toml_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(tomllib.TOMLDecodeError):
        client_files.keep("[[client")
