"""What columns hold comes back as it went in: moments and JSON, on both databases."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, bindparam, literal, select
from sqlalchemy.exc import StatementError

from idp.core.db import UtcDateTime, db, transaction
from idp.core.limits import Counter
from idp.core.prepared import Prepared

OF_TIME = Prepared(select(Counter.__table__).where(Counter.window_ends == bindparam("ends")))
MOMENTS = (
    datetime(2026, 3, 1, 12, 0, 0, 7, UTC),
    datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))),
    datetime(987, 12, 31, 23, 59, 59, 999999, UTC),
)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_moment_of_any_zone_comes_back_in_utc_and_is_found_again(each_app: Flask, moment: datetime) -> None:
    with each_app.app_context():
        with transaction() as session:
            session.add(Counter(key="one", tries=1, window_ends=moment))
        found = OF_TIME.first(ends=moment)
        assert found and found.window_ends == moment and found.window_ends.tzinfo is UTC
        assert db.session.scalars(select(Counter).where(Counter.window_ends <= moment)).one().key == "one"


def test_a_moment_without_a_zone_reaches_no_database(each_app: Flask) -> None:
    with each_app.app_context():
        naive = datetime(2026, 3, 1)  # noqa: DTZ001 - that is the mistake
        with pytest.raises(StatementError, match="naive"):
            db.session.scalar(select(literal(naive, UtcDateTime)))
        with pytest.raises(ValueError, match="naive"):
            OF_TIME.first(ends=naive)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"b": [1, None, True], "a": "é\u2028😀"}, {"b": [1, None, True], "a": "é\u2028😀"}),
        ({"tuple": (1, 2)}, {"tuple": [1, 2]}),
        ({741: "a name that is a number"}, {"741": "a name that is a number"}),
        ({"long": 2**64 + 2**30}, {"long": 2.0**64 + 2**30}),
    ],
)
def test_json_comes_back_with_odd_names_and_long_numbers_too(each_app: Flask, value: Any, read: Any) -> None:
    with each_app.app_context():
        assert db.session.scalar(select(literal(value, JSON))) == read
