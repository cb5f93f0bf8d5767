"""What an operator can set, and the one clear sentence for every mistake."""

from dataclasses import replace
from pathlib import Path

import pytest

from cpms_client import settings as cpms_settings
from cpms_client.app import create_app
from tests.support.cpms_browser import lent

PRODUCTION = """
environment = "production"
base_url = "https://cpms.example"
issuer = "https://login.example"
ecp_url = "https://ecp.example/"
client_secret = "0d9c4f0e7ab94c5f9c1c"
secret_key = "7d0a4c8f2b9e4d6a8c1e5f7b3a9d2c4e"
help_desk = "helpdesk@cpms.example"
"""


@pytest.fixture
def production(tmp_path):
    def write(**changes):
        path = tmp_path / "production.toml"
        path.write_text(PRODUCTION + "".join(f"{line}\n" for line in changes.values()))
        return {"ERN_CPMS_CONFIG": str(path)}

    return write


def refused(environ, capsys):
    with pytest.raises(SystemExit) as leave:
        cpms_settings.load(environ)
    assert leave.value.code == 2
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    return sentence


@pytest.mark.parametrize("name", ["development", "test", "training"])
def test_every_named_configuration_is_complete(name):
    assert cpms_settings.load({"ERN_CPMS_CONFIG": name}).environment == name


def test_the_development_configuration_is_the_default():
    assert cpms_settings.load({}).base_url == "http://localhost:8001"


def test_the_environment_overrides_the_file():
    environ = {
        f"CPMS_{key}": value
        for key, value in {
            "BASE_URL": "http://localhost:9001/",
            "ISSUER": "http://localhost:9000",
            "DATABASE_URL": "sqlite:////tmp/x.sqlite",
            "CLIENT_ID": "other",
            "CLIENT_SECRET": "other-secret",
            "SECRET_KEY": "x" * 40,
            "ECP_URL": "http://localhost:9002/",
        }.items()
    }
    settings = cpms_settings.load(environ)
    assert settings.base_url == "http://localhost:9001"
    assert settings.host == "localhost:9001"
    assert settings.ecp_url == "http://localhost:9002/"
    assert settings.request_access_url == "http://localhost:9000/saas/requestAccess/application/741/create.html"
    assert (settings.client_id, settings.client_secret) == ("other", "other-secret")


def test_a_complete_production_configuration_is_accepted(production):
    settings = cpms_settings.load(production())
    assert settings.public
    assert settings.cookie("session") == "__Host-cpms_session"


def test_live_and_training_on_one_host_name_use_different_cookies():
    names = {cpms_settings.load({"ERN_CPMS_CONFIG": name}).cookie("session") for name in ("development", "training")}
    assert len(names) == 2


MISTAKES = {
    'colour = "red"': 'does not know the setting "colour"',
    'client_secret = ""': 'needs the setting "client_secret" (or CPMS_CLIENT_SECRET',
    'secret_key = ""': 'needs the setting "secret_key"',
    'secret_key = "short"': "32 characters",
    'client_secret = "cpms-development-secret-never-for-production"': "still has its development value",
    'help_desk = ""': 'needs the setting "help_desk"',
    'issuer = "http://login.example"': 'The setting "issuer" must be an address',
    'base_url = "cpms.example"': 'The setting "base_url" must be an address',
    'environment = "live"': 'The setting "environment" must be one of',
    'idle_minutes = "60"': 'The setting "idle_minutes" has a value of the wrong kind',
    "languages = [1]": 'The setting "languages" has a value of the wrong kind',
    "idle_minutes = true": 'The setting "idle_minutes" has a value of the wrong kind',
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_stops_the_start_with_one_sentence(production, capsys, line):
    environ = production()
    path = Path(environ["ERN_CPMS_CONFIG"])
    key = line.split(" = ")[0]
    kept = [other for other in path.read_text().splitlines() if not other.startswith(key + " ")]
    path.write_text("\n".join([*kept, line]))
    assert MISTAKES[line] in refused(environ, capsys)


def test_a_file_that_is_no_toml_and_a_name_that_is_none_stop_the_start(tmp_path, capsys):
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = b")
    assert "broken.toml cannot be read" in refused({"ERN_CPMS_CONFIG": str(broken)}, capsys)
    assert "is neither" in refused({"ERN_CPMS_CONFIG": "nonsense"}, capsys)


@pytest.mark.parametrize("name", ["development", "training"])
def test_development_and_training_refuse_a_public_address(capsys, name):
    environ = {"ERN_CPMS_CONFIG": name, "CPMS_BASE_URL": "http://cpms.example"}
    assert "refuses the public address" in refused(environ, capsys)


def test_a_database_that_is_not_prepared_stops_the_start(settings, capsys):
    with pytest.raises(SystemExit) as leave:
        create_app(settings)
    assert leave.value.code == 2
    assert "is not prepared" in capsys.readouterr().err


def test_a_prepared_database_lets_the_server_start(settings):
    with lent(settings):
        assert create_app(settings).test_client().get("/readyz").status_code == 200


def test_a_server_for_other_hosts_is_refused_in_training(settings, capsys, monkeypatch):
    training = replace(settings, environment="training")
    with lent(training):
        monkeypatch.setenv("GRANIAN_HOST", "0.0.0.0")
        with pytest.raises(SystemExit) as leave:
            create_app(training)
    assert leave.value.code == 2
    assert "refuses the public address 0.0.0.0" in capsys.readouterr().err
