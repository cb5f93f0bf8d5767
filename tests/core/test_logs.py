"""Logs say what happened and never a secret."""

import json

import pytest
import structlog

from idp.core import logs
from tests.support.edge import build


def test_a_production_log_line_is_json_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(production=True)
    structlog.get_logger().info("told", new_password="hush", reset_token="t", Authorization="Bearer x", name="Ada")
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
