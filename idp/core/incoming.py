"""A request as this server reads it: in fewer steps than Werkzeug what every page looks at."""

from collections.abc import Callable
from functools import cached_property
from io import BytesIO
from typing import IO

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.sansio.http import parse_cookie
from werkzeug.wsgi import get_content_length

from idp.core.fields import ERRORS, FORM, Fields, read


class Incoming(Request):
    """A request under way."""

    @cached_property
    def mimetype(self) -> str:
        """The media type of the body, without its parameters."""
        told: str = self.environ.get("CONTENT_TYPE", "")
        return told.partition(";")[0].strip().lower()

    @cached_property
    def content_length(self) -> int | None:
        """The length of the body in bytes; None where only its end tells it."""
        return get_content_length(self.environ)

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, read at once where its length is told; raise ClientDisconnected (400) if there is less of it."""
        length = self.content_length
        if length is None or length > (self.max_content_length or 0):
            return super().stream  # which refuses what is too large
        whole = self.environ["wsgi.input"].read(length)
        if len(whole) < length:
            raise ClientDisconnected
        return BytesIO(whole)

    @cached_property
    def query(self) -> Fields:
        """The fields of the query."""
        return read(self.query_string.decode(errors=ERRORS))

    @cached_property
    def fields(self) -> Fields:
        """The fields of the form in the body, for programs; pages read `form`."""
        if self.mimetype == FORM:
            return read(self.get_data().decode(errors=ERRORS))
        return Fields(self.form.items(multi=True))

    @cached_property
    def jar(self) -> Fields:
        """The cookies; WSGI gives them under one name, where Werkzeug looks through all headers."""
        return parse_cookie(self.environ.get("HTTP_COOKIE"), Fields)  # type: ignore[arg-type,return-value]

    @cached_property
    def args(self) -> ImmutableMultiDict[str, str]:
        """The same as Werkzeug has them."""
        return ImmutableMultiDict(self.query.packed())

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The same as Werkzeug has them."""
        return ImmutableMultiDict(self.jar.packed())


# The request without the detours of its proxy, for a function that looks at it more than once.
current: Callable[[], Incoming] = request._get_current_object  # type: ignore[attr-defined]  # noqa: SLF001
