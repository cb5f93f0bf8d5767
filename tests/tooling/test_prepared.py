"""A start prepares a database again when anything that its content comes from has changed, and only then."""

from pathlib import Path

import pytest

from idp import prepared
from idp.prepared import Preparation


@pytest.fixture
def preparation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Preparation:
    monkeypatch.setattr(prepared, "ROOT", tmp_path)
    for name in ("program", "config", "migrations"):
        (tmp_path / name).mkdir()
    (tmp_path / "program" / "models.py").write_text("one\n")
    (tmp_path / "config" / "people.toml").write_text("one\n")
    (tmp_path / "data.sqlite").touch()
    return Preparation("program", {"A": "1"}, f"sqlite:///{tmp_path}/data.sqlite", tmp_path / "note")


def test_a_first_start_prepares_and_a_second_does_not(preparation: Preparation) -> None:
    assert not preparation.is_current()
    preparation.keep()
    assert preparation.is_current()


@pytest.mark.parametrize("changed", ["program/models.py", "program/new.py", "config/people.toml", "migrations/0002.py"])
def test_a_change_of_code_configuration_or_migrations_prepares_again(
    preparation: Preparation, tmp_path: Path, changed: str
) -> None:
    preparation.keep()
    (tmp_path / changed).write_text("another\n")
    assert not preparation.is_current()


def test_other_settings_prepare_again(preparation: Preparation) -> None:
    preparation.keep()
    other = Preparation(preparation.package, {"A": "2"}, preparation.database, preparation.note)
    assert not other.is_current()


def test_a_database_that_is_gone_or_another_file_is_prepared_again(preparation: Preparation, tmp_path: Path) -> None:
    preparation.keep()
    (tmp_path / "data.sqlite").rename(tmp_path / "old.sqlite")
    assert not preparation.is_current()
    (tmp_path / "data.sqlite").touch()
    assert not preparation.is_current()


def test_a_database_on_a_server_is_always_prepared(preparation: Preparation) -> None:
    server = Preparation(preparation.package, preparation.env, "postgresql+psycopg://host/name", preparation.note)
    server.keep()
    assert not server.is_current()
