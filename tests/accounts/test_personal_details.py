"""What people may tell beside their account, and what the operator sets for them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.test import TestResponse

from idp import cli
from idp.accounts import closing, people, personal_details
from idp.accounts.models import PersonalDetails
from idp.accounts.personal_details import Workplace
from idp.core.audit import AuditEvent
from idp.core.db import db
from idp.core.errors import Invalid
from tests.accounts.browser import ADA, Browser, person, sign_in, token_of, words

PATH = "/account/workplace"
FILLED = {
    "street_address": "Hoppe-Seyler-Straße 3",
    "postal_code": "72076",
    "locality": "Tübingen",
    "country": "Germany",
    "zoneinfo": "Europe/Berlin",
}


@pytest.fixture
def ada(app: Flask, no_factor: None) -> Browser:
    person(app)
    browser = Browser(app)
    sign_in(browser)
    return browser


def saves(ada: Browser, **changes: str) -> TestResponse:
    return ada.post(PATH, token_of(ada.get(PATH)), **{**FILLED, **changes})


def told(app: Flask) -> Workplace:
    with app.app_context():
        return personal_details.workplace_of(people.by_address(ADA["email"]).id)  # type: ignore[union-attr]


def test_a_person_tells_the_workplace_and_reads_it_again(app: Flask, ada: Browser) -> None:
    assert saves(ada).status_code == 303
    assert told(app) == Workplace(**FILLED)
    page = words(ada.get("/account/details"))
    assert "Hoppe-Seyler-Straße 3, 72076 Tübingen, Germany" in page and "Europe/Berlin" in page
    assert 'value="72076"' in ada.get(PATH).text


def test_each_field_may_be_emptied_again(app: Flask, ada: Browser) -> None:
    saves(ada)
    saves(ada, **dict.fromkeys(FILLED, ""))
    assert told(app) == Workplace()


@pytest.mark.parametrize(
    ("name", "value"),
    [("zoneinfo", "Europe/Atlantis"), ("zoneinfo", "Etc/GMT"), ("postal_code", "7" * 21), ("country", "a\u202eb")],
)
def test_what_does_not_fit_is_refused_and_kept_in_the_form(app: Flask, ada: Browser, name: str, value: str) -> None:
    page = saves(ada, **{name: value})
    assert page.status_code == 400 and f'id="{name}-err"' in page.text
    assert 'value="72076"' in page.text or name == "postal_code"
    assert told(app) == Workplace()


def test_the_trail_says_that_it_changed_and_not_to_what(app: Flask, ada: Browser) -> None:
    saves(ada)
    saves(ada)
    with app.app_context():
        events = db.session.query(AuditEvent).filter_by(act="account.details").all()
        assert len(events) == 1 and events[0].after is None and events[0].before is None


def test_a_closed_account_keeps_nothing_of_it(app: Flask, ada: Browser) -> None:
    saves(ada)
    with app.app_context():
        closing.close(people.by_address(ADA["email"]).id)  # type: ignore[union-attr]
        assert db.session.query(PersonalDetails).count() == 0


WRONG = [
    {"email": "x@y.example"},
    {"sub": "x"},
    {"nickname": ""},
    {"nickname": "x" * 201},
    {"nickname": 5},
    {"picture": "javascript:alert(1)"},
    {"picture": "http://x.example/"},
    {"birthdate": "1980-13-01"},
    {"birthdate": 1980},
]


@pytest.mark.parametrize("claims", WRONG)
def test_the_operator_sets_no_other_claims_and_no_malformed_ones(
    app: Flask, ada: Browser, claims: dict[str, object]
) -> None:
    with app.app_context(), pytest.raises(Invalid):
        personal_details.keep_further(people.by_address(ADA["email"]), claims)  # type: ignore[arg-type]


@pytest.mark.parametrize("birthdate", ["1980", "1980-02-29", "0000-02-29"])
def test_a_date_of_birth_may_leave_out_the_day_or_the_year(app: Flask, ada: Browser, birthdate: str) -> None:
    """OpenID Connect Core, 5.1."""
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        personal_details.keep_further(account, {"birthdate": birthdate})
        assert personal_details.further_of(account.id) == {"birthdate": birthdate}


def test_setting_them_again_replaces_them_and_leaves_the_workplace(app: Flask, ada: Browser) -> None:
    saves(ada)
    with app.app_context():
        account = people.by_address(ADA["email"])
        assert account
        for claims in ({"nickname": "A", "gender": "female"}, {"nickname": "B"}):
            personal_details.keep_further(account, claims)
        assert personal_details.further_of(account.id) == {"nickname": "B", "zoneinfo": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("text", "said"),
    [('{"nickname": "B"}', "Applications read"), ("[]", "not a JSON"), ('{"sub": "x"}', "sub is unknown")],
)
def test_the_command_sets_them_from_a_file(
    app: Flask, ada: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setenv("ERN_CONFIG", "test")
    monkeypatch.setenv("DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])
    file = tmp_path / "claims.json"
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(cli.main, ["claims", ADA["email"], str(file)])
    assert said in done.output + str(done.exception), done
    assert json.loads(text) == {"nickname": "B"} or done.exit_code == 1
