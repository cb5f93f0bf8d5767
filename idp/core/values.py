"""Values: things that are what their fields say, like a date."""

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Make a class a dataclass that nobody changes, and that is equal to another one with the same fields.

    `dataclass(frozen=True)` writes and compiles six functions for each class, a tenth of the server's start with its
    hundred classes. Here only `__init__` is; the others are shared, and that nobody assigns is checked by mypy.
    """
    made: Any = dataclass(eq=False, repr=False)(cls)
    made.__eq__, made.__hash__, made.__repr__ = _equal, _hash, _told
    return cls


def _said(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, one.name) for one in fields(value))


def _equal(self: Any, other: object) -> bool:
    return _said(self) == _said(other) if other.__class__ is self.__class__ else NotImplemented


def _hash(self: Any) -> int:
    return hash(_said(self))


def _told(self: Any) -> str:
    told = ", ".join(f"{one.name}={getattr(self, one.name)!r}" for one in fields(self))
    return f"{self.__class__.__qualname__}({told})"
