"""Lists in pages: what the pagination macros read."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from werkzeug.datastructures import MultiDict

from idp.core.values import frozen

T = TypeVar("T")
SIZES = (10, 25, 50, 100)
USUAL_SIZE = 25
LAST_PAGE = 10_000


@frozen
class Page(Generic[T]):
    """One page of a list of `total` rows."""

    items: Sequence[T] = ()
    total: int = 0
    page: int = 1
    per_page: int = USUAL_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.per_page))

    @property
    def first(self) -> int:
        """The number of the first row on this page; 0 when there is none."""
        return (self.page - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The number of the last row on this page."""
        return self.first + len(self.items) - 1 if self.items else 0


def last_page(total: int, wanted: int, per_page: int) -> int:
    """Return the wanted page, or the last one if there are not that many."""
    return min(wanted, max(1, -(-total // per_page)))


def page_number(arguments: MultiDict[str, str]) -> int:
    """Return the page asked for in the address; anything senseless is the first."""
    number = arguments.get("page", 1, type=int)
    return min(max(number, 1), LAST_PAGE)


def page_size(arguments: MultiDict[str, str]) -> int:
    """Return the records per page asked for in the address."""
    size = arguments.get("records", USUAL_SIZE, type=int)
    return size if size in SIZES else USUAL_SIZE
