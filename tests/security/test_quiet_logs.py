"""What a log may not say, whatever fails."""

from pathlib import Path

import pytest

from tests.security.programs import NAMES, PROGRAMS


@pytest.mark.parametrize("name", NAMES)
def test_a_failing_statement_does_not_tell_its_values_to_the_log(name: str, tmp_path: Path) -> None:
    app = PROGRAMS[name](tmp_path)
    with app.app_context():
        assert app.extensions["sqlalchemy"].engine.hide_parameters
