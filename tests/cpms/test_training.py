"""The practising environment: its 192 accounts, its invented patients, and the wall between it and the live one."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from cpms_client import cli, networks, training
from cpms_client.app import assemble, create_app
from cpms_client.db import db
from cpms_client.models import Patient
from cpms_client.sessions import Session
from tests.support.cpms_browser import csrf, lent, sign_in

LINK = "To use non-eulogin users, click here (test only)"


@pytest.fixture
def training_settings(settings):
    return replace(settings, environment="training", cookie_prefix="cpms_training", client_id="cpms-training")


@pytest.fixture
def training_app(training_settings):
    with lent(training_settings) as app:
        yield app


@pytest.fixture
def trainee(training_app):
    return training_app.test_client()


def enter(browser, ern="ERN-RND", account="hp1"):
    return browser.post("/training", data={"csrf_token": csrf(browser, "/training"), "ern": ern, "account": account})


def test_there_are_192_accounts_eight_for_each_of_24_networks():
    accounts = training.accounts()
    assert len(accounts) == len({account.name for account in accounts}) == 192
    assert set(Counter(account.ern for account in accounts).values()) == {8}
    assert len(networks.labels()) == 24
    assert "COVID-19" not in networks.labels()


def test_the_eight_accounts_of_a_network_are_those_of_the_welcome_document():
    mine = [account.visitor.accesses[0] for account in training.accounts() if account.ern == "ERN-RND"]
    kinds = Counter((tuple(sorted(access.profiles)), access.guest) for access in mine)
    assert kinds == {
        (("Coordinator", "HP"), None): 1,
        ((), "virtual_centre"): 1,
        (("HP", "Researcher"), None): 1,
        (("HP",), None): 5,
    }


def test_the_command_prints_the_list(capsys):
    cli.main(["accounts"])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 192
    assert any(line.startswith("ern-rnd-coordinator ") and "Coordinator, HP" in line for line in lines)


def test_every_page_says_that_there_is_no_real_patient(trainee):
    for path in ("/", "/help", "/training", "/nope"):
        assert "No real patient data" in trainee.get(path).text


def test_the_home_page_leads_to_the_training_login(trainee):
    page = trainee.get("/").text
    assert re.search(rf'href="/training">{re.escape(LINK)}<', page)
    assert "Login via ERN Login" in page


@pytest.mark.parametrize("kind", training.KINDS)
def test_each_kind_of_account_enters_and_sees_the_dashboard(trainee, kind):
    assert enter(trainee, account=kind).location == "/start"
    page = trainee.get("/dashboard")
    assert page.status_code == 200
    assert "No real patient data" in page.text
    assert "(ERN-RND)" in page.text


def test_accounts_that_do_not_exist_are_refused_and_the_choice_stays(trainee):
    for ern, account in (("COVID-19", "hp1"), ("ERN-RND", "root"), ("", ""), ("ERN-RND", "hp1" * 1000)):
        answer = enter(trainee, ern, account)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert "<title>Error:" in answer.text
    assert '<option selected value="ERN-RND">' in answer.text


def test_a_training_session_ends_like_any_other(training_app, trainee):
    enter(trainee)
    assert trainee.post("/sign-out", data={"csrf_token": csrf(trainee)}).location.startswith("/?state=")
    assert trainee.get("/dashboard").status_code == 303
    with training_app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Session)) == 0


def test_people_with_an_account_of_ern_login_enter_the_training_too(trainee, issuer):
    issuer.twist_metadata = lambda metadata: None
    assert sign_in(trainee).status_code == 303
    assert trainee.get("/dashboard").status_code == 200


def test_the_live_server_knows_no_training_login(client):
    assert client.get("/training").status_code == 404
    assert LINK not in client.get("/").text
    assert client.post("/training", data={"ern": "ERN-RND", "account": "hp1"}).status_code == 404


def test_a_training_session_is_worth_nothing_on_a_live_server(training_app, training_settings, trainee):
    """Even if somebody copied the row into a live database."""
    enter(trainee)
    live = assemble(replace(training_settings, environment="test", cookie_prefix="cpms"))
    browser = live.test_client()
    browser.set_cookie("cpms_session", trainee.get_cookie("cpms_training_session").value)
    assert browser.get("/dashboard").status_code == 303
    with live.app_context():
        db.engine.dispose()


def test_training_refuses_visitors_from_other_machines(trainee):
    answer = trainee.get("/", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert answer.status_code == 403


def refused(settings, capsys, start):
    with pytest.raises(SystemExit) as leave:
        start(settings)
    assert leave.value.code == 2
    sentence = capsys.readouterr().err
    assert sentence.count("\n") == 1
    return sentence


def test_a_training_start_on_a_live_database_is_refused(app, training_settings, capsys):
    assert "This is a live database" in refused(training_settings, capsys, create_app)


def test_a_live_start_on_a_training_database_is_refused(training_app, settings, capsys):
    assert "This is a training database" in refused(settings, capsys, create_app)


def test_preparing_the_wrong_database_is_refused_and_changes_nothing(app, training_settings, capsys):
    def prepare(settings):
        program = assemble(settings)
        with program.app_context():
            cli.prepare(program)

    assert "This is a live database" in refused(training_settings, capsys, prepare)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Patient)) == 0
