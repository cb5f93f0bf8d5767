"""The database of CPMS on SQLite and PostgreSQL: migrations up and down, and a whole visit on the result."""

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import inspect

from cpms_client import cli
from cpms_client.app import assemble, create_app
from cpms_client.db import db
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
