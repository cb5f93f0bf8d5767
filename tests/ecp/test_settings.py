"""Settings are typed, known and complete, or the program says one sentence and stops."""

from pathlib import Path

import pytest

from ecp_client import app, cli, settings
from ecp_client.settings import Mode, Unusable

SECRET = "s" * 40
PRODUCTION = {
    "ERN_ECP_CONFIG": "production",
    "ECP_BASE_URL": "https://ecp.example",
    "ECP_ISSUER": "https://login.example",
    "ECP_DATABASE_URL": "postgresql+psycopg://ecp@db/ecp",
    "ECP_CLIENT_SECRET": "from-registration",
    "ECP_SECRET_KEY": SECRET,
}


def test_development_needs_nothing() -> None:
    found = settings.load({})
    assert found.mode is Mode.DEVELOPMENT
    assert found.callback_url == "http://localhost:8002/sign-in/callback"
    assert found.join_url == "http://localhost:8000/saas/requestAccess/application/742/create.html"
    assert not found.secure


def test_production_needs_only_the_environment() -> None:
    found = settings.load(PRODUCTION)
    assert found.secure
    assert found.host == "ecp.example"


@pytest.mark.parametrize("name", ["BASE_URL", "ISSUER", "DATABASE_URL", "CLIENT_SECRET", "SECRET_KEY"])
def test_a_missing_production_setting_is_named(name: str) -> None:
    given = {key: value for key, value in PRODUCTION.items() if key != f"ECP_{name}"}
    with pytest.raises(Unusable, match=f"^The setting {name.lower()} is missing: set ECP_{name}\\.$"):
        settings.load(given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ECP_BASE_URL", "http://ecp.example", "must begin with https"),
        ("ECP_ISSUER", "http://login.example", "must begin with https"),
        ("ECP_ISSUER", "https://login.example/", "must not end with a slash"),
        ("ECP_BASE_URL", "https://ecp.example/sub", "must not end with a slash or a path"),
        ("ECP_BASE_URL", "ecp.example", "must be an address"),
        ("ECP_SECRET_KEY", "short", "at least 32"),
        ("ECP_SECRET_KEY", "development-only-ecp-secret-key-0000", "must not be used in production"),
        ("ECP_CLIENT_SECRET", "ecp-development-secret-never-for-production", "must not be used in production"),
        ("ECP_RECHECK_SECONDS", "61", "not be above 60"),
        ("ECP_RECHECK_SECONDS", "soon", "whole number"),
        ("ECP_IDLE_MINUTES", "0", "whole number"),
        ("ECP_MODE", "demo", "must be one of"),
        ("ECP_INVENTED", "x", "Unknown setting invented in the environment"),
    ],
)
def test_a_wrong_setting_is_one_sentence(name: str, value: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        settings.load(PRODUCTION | {name: value})


def test_development_never_serves_a_public_address() -> None:
    with pytest.raises(Unusable, match="must name this machine"):
        settings.load({"ECP_BASE_URL": "http://ecp.example"})


def test_an_unknown_key_a_broken_file_and_a_missing_file_stop(tmp_path: Path) -> None:
    (tmp_path / "ecp_default.toml").write_text((settings.ROOT / "config" / "ecp_default.toml").read_text())
    for name, text, words in (("a", "colour = 1", "Unknown setting colour"), ("b", "x x", "cannot be read")):
        (tmp_path / f"ecp_{name}.toml").write_text(text)
        with pytest.raises(Unusable, match=words):
            settings.load({"ERN_ECP_CONFIG": name}, tmp_path)
    (tmp_path / "ecp_c.toml").write_text("base_url = 7")
    with pytest.raises(Unusable, match="must be a text"):
        settings.load({"ERN_ECP_CONFIG": "c"}, tmp_path)
    with pytest.raises(Unusable, match="no settings file ecp_d"):
        settings.load({"ERN_ECP_CONFIG": "d"}, tmp_path)


def test_server_and_commands_stop_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ECP_INVENTED", "x")
    with pytest.raises(SystemExit, match="2"):
        app.create_app()
    assert cli.main(["prepare"]) == 2
    assert capsys.readouterr().err.count("Unknown setting invented") == 2
