"""Values are compared and told by their fields."""

from dataclasses import field, fields, replace

import pytest

from idp.core.values import frozen


@frozen
class Place:
    name: str
    guests: dict[str, str] = field(default_factory=dict)


@frozen
class Inn(Place):
    rooms: int = 1


@frozen
class Day:
    number: int
    month: str = "May"


def test_values_are_equal_when_all_their_fields_are() -> None:
    assert Day(1) == Day(1, "May") != Day(2)
    assert Day(1) != Day(1, "June")
    assert Inn("Kate's", rooms=2) == Inn("Kate's", {}, 2) != Inn("Kate's")


def test_values_of_different_kinds_are_never_equal() -> None:
    assert Inn("Kate's") != Place("Kate's")
    assert Day(1) != (1, "May")


def test_equal_values_find_each_other_in_sets_and_what_holds_a_list_does_not_hash() -> None:
    assert {Day(1), Day(1), Day(2)} == {Day(2), Day(1)}
    with pytest.raises(TypeError, match="unhashable"):
        hash(Place("Kate's"))


def test_a_value_tells_its_fields() -> None:
    assert repr(Inn("Kate's", rooms=2)) == 'Inn(name="Kate\'s", guests={}, rooms=2)'


def test_values_are_dataclasses() -> None:
    assert [one.name for one in fields(Inn)] == ["name", "guests", "rooms"]
    assert replace(Day(1), month="June") == Day(1, "June")
    assert Place("a").guests is not Place("b").guests
