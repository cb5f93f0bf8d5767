"""What a log may not say, whatever fails."""

import pytest

from tests.security.programs import NAMES, Programs


@pytest.mark.parametrize("name", NAMES)
def test_a_failing_statement_does_not_tell_its_values_to_the_log(name: str, programs: Programs) -> None:
    app = programs(name)
    with app.app_context():
        assert app.extensions["sqlalchemy"].engine.hide_parameters
