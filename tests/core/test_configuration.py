"""A configuration that cannot be used stops the server with a sentence for the operator."""

from pathlib import Path

import pytest

from idp.app import create_app
from idp.core import configuration
from idp.core.settings import Settings, SettingsError

PRODUCTION = {
    "ERN_CONFIG": "default",
    "ERN_SERVER__ISSUER": "https://login.example.org",
    "ERN_SERVER__SECRET_KEY": "x" * 32,
    "ERN_VAULT__KEYS": "dGVzdC1vbmx5LWtleS10ZXN0LW9ubHkta2V5LXRlc3Q=",
    "ERN_MAIL__HOST": "relay.example.org",
    "ERN_MAIL__SENDER": "no-reply@example.org",
    "ERN_SMS__ACCOUNT_SID": "AC0",
    "ERN_SMS__AUTH_TOKEN": "token",
    "ERN_SMS__SENDER": "+447700900999",
    "ERN_SAAS__HELPDESK": "help@example.org",
}


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"ERN_CONFIG": "test", "ERN_MAIL__HOTS": "x"}, "Unknown setting hots in section [mail]"),
        ({"ERN_CONFIG": "test", "ERN_POST__HOST": "x"}, "Unknown section [post]"),
        ({"ERN_CONFIG": "test", "ERN_MAIL__PORT": "many"}, "must be of type int"),
        ({"ERN_CONFIG": "test", "ERN_DEMO__ENABLED": "perhaps"}, "must be of type bool"),
        ({"ERN_CONFIG": "absent"}, "absent.toml does not exist"),
        ({"ERN_CONFIG": "test", "ERN_SERVER__ENVIRONMENT": "staging"}, "must be one of"),
        ({"ERN_CONFIG": "development", "ERN_SERVER__BIND": "0.0.0.0"}, "loopback"),
    ],
)
def test_each_mistake_has_its_sentence(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence.replace("[", r"\[").replace("]", r"\]")):
        configuration.load(environ)


def test_a_complete_production_configuration_is_accepted() -> None:
    assert configuration.load(PRODUCTION).in_production


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name not in ("ERN_CONFIG",)])
def test_production_does_not_start_without(missing: str) -> None:
    with pytest.raises(SettingsError) as told:
        configuration.load({name: value for name, value in PRODUCTION.items() if name != missing})
    assert missing.rpartition("__")[2].lower() in str(told.value).lower()


@pytest.mark.parametrize(
    "forbidden",
    [
        {"ERN_DEMO__ENABLED": "true"},
        {"ERN_MAIL__TRANSPORT": "outbox"},
        {"ERN_SERVER__ISSUER": "http://login.example.org"},
        {"ERN_SECURITY__ADMINISTRATORS_NEED": "any"},
    ],
)
def test_production_refuses_what_belongs_to_a_demonstration(forbidden: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        configuration.load({**PRODUCTION, **forbidden})


def test_lists_numbers_and_short_forms_come_from_the_environment(tmp_path: Path) -> None:
    settings = configuration.load(
        {
            "ERN_CONFIG": "test",
            "DATABASE_URL": "sqlite:///x",
            "ERN_SMS__PREFIXES": "+44, +49",
            "ERN_OUTBOX__POLL_SECONDS": "2",
        }
    )
    assert settings.database.url == "sqlite:///x"
    assert settings.sms.prefixes == ("+44", "+49")
    assert settings.outbox.poll_seconds == 2.0


EID = """
[[eid]]
id = "nation"
name = "Nation"
issuer = "https://eid.example"
client_id = "ern-login"
"""


def with_eid(folder: Path, text: str, **environ: str) -> Settings:
    file = folder / "mine.toml"
    file.write_text((configuration.CONFIG / "test.toml").read_text("utf-8") + text)
    return configuration.load({"ERN_CONFIG": str(file), **environ})


def test_providers_of_eids_are_tables_and_their_secrets_may_stand_in_the_environment(tmp_path: Path) -> None:
    [nation] = with_eid(tmp_path, EID, ERN_EID_SECRETS__NATION="hush").eid
    assert (nation.name, nation.client_secret, nation.level, nation.scopes) == ("Nation", "hush", "sfa", ("openid",))
    assert configuration.load({"ERN_CONFIG": "test"}).eid == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (EID + EID, "id must be a short name of its own"),
        (EID.replace("nation", "Na/tion"), "id must be a short name of its own"),
        (EID + 'level = "high"', "level must be one of sfa, mfa"),
        (EID + 'colour = "red"', "Unknown setting colour"),
        (EID.replace('client_id = "ern-login"', ""), "The setting client_id in section .eid. is missing"),
    ],
)
def test_a_provider_of_eids_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        with_eid(tmp_path, text)


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "mine.toml"
    broken.write_text("= no")
    with pytest.raises(SettingsError, match=r"mine\.toml"):
        configuration.load({"ERN_CONFIG": str(broken)})


@pytest.mark.parametrize("keys", ["", "c2hvcnQ=", "not base64!"])
def test_a_start_without_usable_keys_ends_with_status_2(keys: str, capsys: pytest.CaptureFixture[str]) -> None:
    settings = configuration.load({"ERN_CONFIG": "test", "ERN_VAULT__KEYS": keys})
    with pytest.raises(SystemExit) as ended:
        create_app(settings)
    assert ended.value.code == 2 and "[vault] keys" in capsys.readouterr().err
