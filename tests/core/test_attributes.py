"""Attributes come out as WTForms itself writes them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from markupsafe import Markup
from wtforms.widgets.core import html_params

from idp.core.attributes import written

NAMES = some.sampled_from(
    ["class_", "id", "data_options_from", "aria_invalid", "value", "required", "maxlength", "for_"]
)
TEXTS = some.text("<>&\"' aé;")
VALUES = some.booleans() | some.none() | some.integers() | TEXTS | TEXTS.map(Markup)


@given(some.dictionaries(NAMES, VALUES))
def test_they_are_the_same(attributes: dict[str, Any]) -> None:
    assert written(**attributes) == html_params(**attributes)


@pytest.mark.parametrize("value", ['a" onfocus="x', Markup('a" onfocus="x'), "'><script>"])
def test_no_value_leaves_its_attribute(value: str) -> None:
    assert written(value=value).count('"') == 2 and "<" not in written(value=value)
