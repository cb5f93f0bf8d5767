"""Logs say what happened and never a secret."""

import json
import logging

import pytest

from idp.core import logs
from tests.support.edge import build


def test_a_production_log_line_is_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production=True)
    logs.get("idp.test").info("told", new_password="hush", reset_token="t", Authorization="Bearer x", name="Ada")
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["name"], line["level"]) == ("told", "Ada", "info")
    assert {line["new_password"], line["reset_token"], line["Authorization"]} == {"hidden"}


def test_a_crash_is_logged_with_the_reference_that_the_person_reads(capsys: pytest.CaptureFixture[str]) -> None:
    page = build().test_client().get("/crash?text=private").text
    logged = capsys.readouterr().err
    reference = page.partition('num--ref">')[2][:9]
    assert reference in logged
    assert "ValueError" in logged
    assert "private" not in logged


def test_other_libraries_log_warnings_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production=True)
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("lost %d of %d\nsecond line", 1, 2)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "lost 1 of 2\nsecond line"


def test_outside_production_a_line_is_readable_and_a_trace_follows(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production=False)
    logs.configure(production=False)
    try:
        raise ValueError("odd")
    except ValueError as error:
        logs.get("idp.test").error("crashed", message="any name", exc_info=error)
    first, *trace = capsys.readouterr().err.splitlines()
    assert first.endswith("[error] crashed logger=idp.test message=any name")
    assert trace[-1] == "ValueError: odd"
