"""Marks for views that need less than a page does; the mark stands directly above `def`."""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


def csrf_exempt(view: View) -> View:
    """Mark a view that others may post to: an authorization request, a mail program's one-click link."""
    view.csrf_exempt = True  # type: ignore[attr-defined]
    return view


def bare(view: View) -> View:
    """Mark a view for programs: no session, no CSRF, no language; a token endpoint, a probe, the device API."""
    view.bare = True  # type: ignore[attr-defined]
    return view
