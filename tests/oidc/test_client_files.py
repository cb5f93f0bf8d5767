"""Clients that a file describes: all or none, exactly as it says, and again without harm."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from idp.client_commands import client as group
from idp.core.errors import Invalid
from idp.oidc import client_files, clients, logos
from tests.protocol.sites import Site, site

__all__ = ["site"]
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)

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


def test_logos_are_read_as_for_any_other_registration(app: Flask, site: Site) -> None:
    file = f'{FILE}logo_uri = "{site.address}/logo"\n'
    with app.app_context():
        site.body = PNG
        client_files.keep(file)
        second = clients.find("second")
        assert second and logos.path_of(second, "en")
        site.body = b"<html>"
        with pytest.raises(Invalid):
            client_files.keep(file)
        client_files.keep(FILE)
        assert logos.path_of(second, "en") is None


def test_the_command_tells_which_logo_is_missing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "clients.toml"
    file.write_text(f'{FILE}logo_uri = "http://127.0.0.1:9/logo"\n', "utf-8")
    with app.app_context():
        made = CliRunner().invoke(group, ["keep", str(file)])
    assert made.exit_code == 0 and made.stdout == "first is kept.\nsecond is kept.\n"
    assert made.stderr.count("The logo is missing: http://127.0.0.1:9/logo did not answer.") == 1
