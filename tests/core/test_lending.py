"""The tests of a process share one application, and none can leave anything in it for the next."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from idp.accounts import questions
from idp.core import signals
from idp.core.db import db
from tests.support.identity_server import Lender, lender
from tests.support.lending import LeftBehind, renew


def _listens(app: Flask) -> None:
    with app.app_context():
        event.listen(db.engine, "connect", lambda *_: None)


LEFT_BEHIND: dict[str, Callable[[Flask], Any]] = {
    "app.before_request_funcs": lambda app: app.before_request(lambda: None),
    "app.after_request_funcs": lambda app: app.after_request_funcs.setdefault("saas", []).append(str),
    "app.error_handler_spec": lambda app: app.register_error_handler(KeyError, str),
    "app.view_functions": lambda app: app.view_functions.update({"core.privacy": str}),
    "app.wsgi_app": lambda app: setattr(app, "wsgi_app", str),
    "routes": lambda app: app.add_url_rule("/more", view_func=str),
    "jinja_env.globals": lambda app: app.jinja_env.globals.update(asset=str),
    "jinja_env.loader": lambda app: setattr(app.jinja_env, "loader", None),
    "templates": lambda app: app.jinja_loader.searchpath.append("/elsewhere"),
    "pool.connect": _listens,
    "DUTIES": lambda app: questions.DUTIES.append(bool),
    "session_ended": lambda app: signals.session_ended.connect(print),
}


@pytest.fixture
def lend(sqlite_template: str, tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Lend an application that nobody else has."""
    file, duties = tmp_path / "idp.sqlite3", questions.DUTIES[:]
    own: Lender = lender(f"sqlite:///{file}", lambda template: renew(file, template))
    yield lambda: own(sqlite_template)
    questions.DUTIES[:] = duties
    signals.session_ended.disconnect(print)


@pytest.mark.parametrize("place", LEFT_BEHIND)
def test_what_a_test_leaves_behind_fails_it(lend: Callable[[], Any], place: str) -> None:
    with pytest.raises(LeftBehind, match=place), lend() as app:
        LEFT_BEHIND[place](app)


def test_the_next_test_gets_another_application_then(lend: Callable[[], Any]) -> None:
    with pytest.raises(LeftBehind), lend() as spoilt:
        spoilt.before_request(lambda: "nothing but this")
    with lend() as app:
        assert app is not spoilt
        assert app.test_client().get("/privacy").text != "nothing but this"


def test_configuration_rows_and_what_is_remembered_do_not_outlive_a_test(lend: Callable[[], Any]) -> None:
    with lend() as first:
        kept = dict(first.extensions)
        first.extensions["ern_settings"], first.extensions["ern_keys"] = "others", "held"
        first.config["SECRET_KEY"] = "another"
        with first.app_context(), db.engine.begin() as connection:
            deleted = connection.execute(text("DELETE FROM signing_key")).rowcount
    with lend() as second:
        assert second is first
        assert second.extensions == kept and second.config["SECRET_KEY"] != "another"
        with second.app_context(), db.engine.connect() as connection:
            assert connection.scalar(text("SELECT count(*) FROM signing_key")) == deleted > 0


def test_an_application_is_lent_to_one_test_at_a_time(lend: Callable[[], Any]) -> None:
    with lend(), pytest.raises(AssertionError, match="in use"), lend():
        pass
