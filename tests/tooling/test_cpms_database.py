"""The database of CPMS on SQLite and PostgreSQL: migrations up and down, a whole visit on the result, the samples."""

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import func, inspect, select

from cpms_client import cli, training_samples
from cpms_client.app import assemble, create_app
from cpms_client.db import db
from cpms_client.models import Colleague, Panel, Patient
from tests.cpms.test_training import enter
from tests.support.cpms_browser import close, csrf, sign_in


@pytest.fixture
def program(settings, database_url):
    app = assemble(replace(settings, environment="training", database_url=database_url))
    yield app
    close(app)


def test_the_first_version_goes_up_matches_the_models_and_goes_down_again(program):
    with program.app_context():
        for _ in range(2):
            command.upgrade(cli.alembic_config(), "head")
            command.check(cli.alembic_config())
            command.downgrade(cli.alembic_config(), "base")
            assert inspect(db.engine).get_table_names() == ["alembic_version"]
            db.engine.dispose()


def test_a_prepared_database_carries_a_visit_from_sign_in_to_sign_out(program, issuer):
    with program.app_context():
        cli.prepare(program)
    app = create_app(program.extensions["cpms_settings"])
    browser = app.test_client()
    assert sign_in(browser).status_code == 303
    page = browser.get("/dashboard")
    assert page.status_code == 200
    assert "Lena Hartwig" in page.text
    assert browser.post("/sign-out", data={"csrf_token": csrf(browser)}).status_code == 303
    assert browser.get("/dashboard").status_code == 303
    close(app)


def test_the_command_line_prepares_checks_and_undoes(tmp_path, monkeypatch, capsys):
    file = tmp_path / "folder" / "cpms.sqlite"
    monkeypatch.setenv("ERN_CPMS_CONFIG", "training")
    monkeypatch.setenv("CPMS_DATABASE_URL", f"sqlite:///{file}")
    cli.main(["prepare"])
    assert file.exists()
    cli.main(["check-migrations"])
    cli.main(["downgrade", "base"])
    monkeypatch.setenv("ERN_CPMS_CONFIG", "development")
    cli.main(["prepare"])
    with pytest.raises(SystemExit) as leave:
        cli.main(["nonsense"])
    assert leave.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_each_network_gets_sample_patients_and_a_panel_and_only_once(training_app):
    with training_app.app_context():
        for _ in range(2):
            training_samples.plant()
            assert db.session.scalar(select(func.count()).select_from(Patient)) == 72
            assert db.session.scalar(select(func.count()).select_from(Panel)) == 24
            assert db.session.scalar(select(func.count()).select_from(Colleague)) == 192


def test_the_sample_panel_waits_for_the_account_that_is_invited(training_app, trainee):
    with training_app.app_context():
        training_samples.plant()
    enter(trainee, account="hp2")
    assert "invitation" in trainee.get("/dashboard").text.lower()
    enter(trainee, account="hp1")
    assert "Bluebird" in trainee.get("/patients").text
