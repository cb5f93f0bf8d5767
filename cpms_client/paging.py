"""Lists that page by links: what was asked for, and one page of it in two queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from sqlalchemy import Select, func, select

from cpms_client.db import db

T = TypeVar("T")

SIZES = (10, 25, 50, 100)
DEFAULT_SIZE = 25
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Wanted:
    """Which page of a list a person asks for, with how many rows and which words in it."""

    page: int = 1
    size: int = DEFAULT_SIZE
    search: str = ""

    @classmethod
    def of(cls, page: str, size: str, search: str) -> "Wanted":
        """Read what came with the address; anything odd becomes the default."""
        number = int(page) if page.isdecimal() and len(page) < 7 else 1
        rows = int(size) if size.isdecimal() and len(size) < 4 else DEFAULT_SIZE
        words = search.replace("\x00", "").strip()[:LONGEST_SEARCH]
        return cls(max(number, 1), rows if rows in SIZES else DEFAULT_SIZE, words)


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of rows, with what the links need."""

    rows: Sequence[T]
    number: int
    size: int
    total: int
    search: str = ""

    @property
    def last(self) -> int:
        """Tell the number of the last page, at least 1."""
        return max(1, -(-self.total // self.size))

    @property
    def near(self) -> list[int]:
        """List the page numbers worth a link: the neighbours, the first and the last."""
        wanted = {1, self.last, *range(self.number - 2, self.number + 3)}
        return sorted(number for number in wanted if 1 <= number <= self.last)


def paginate(rows: Select[*tuple[Any, ...]], wanted: Wanted, entity: type[T] | None = None) -> "Page[T]":
    """Give the wanted page in two queries, beyond the end the last one; `entity` tells that rows are single objects."""
    total = db.session.scalar(select(func.count()).select_from(rows.order_by(None).subquery())) or 0
    number = min(wanted.page, max(1, -(-total // wanted.size)))
    part = rows.limit(wanted.size).offset((number - 1) * wanted.size)
    found = db.session.scalars(part).all() if entity else db.session.execute(part).all()
    return Page(cast(Sequence[T], found), number, wanted.size, total, wanted.search)
