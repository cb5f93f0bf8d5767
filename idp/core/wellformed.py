"""Requests whose text no database and no page could hold are refused before a view sees them."""

import re
from urllib.parse import unquote_to_bytes

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from idp.core.fields import FORM

# Encoded bytes that can make a text invalid; to look for them as they are too takes six times as long.
SUSPICIOUS = re.compile(rb"%(?:00|[89A-Fa-f][0-9A-Fa-f])")
# JSON's escapes for NUL and for a surrogate that has no partner.
HIDDEN = re.compile(rb"\\u(?:0000|d[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..\\u)d[c-f]..)")


def check(request: Request) -> None:
    """Raise BadRequest if the path, the query or the body are not UTF-8 or hold a NUL, or 413 if it is too large."""
    if "\x00" in request.path or "\ufffd" in request.path or not _text(request.query_string):
        raise BadRequest
    kind = "" if request.method in ("GET", "HEAD") else request.mimetype
    if not kind:
        return
    body = request.get_data()
    if request.content_length is None and len(body) >= (request.max_content_length or 0):
        raise RequestEntityTooLarge  # Werkzeug cuts a body without a length at the limit and says nothing
    if kind == "multipart/form-data":
        parts = (part for field in request.form.items(multi=True) for part in field)
        if any("\x00" in part or "\ufffd" in part for part in parts):
            raise BadRequest
    elif not _text(body, encoded=kind == FORM):
        raise BadRequest


def _text(raw: bytes, encoded: bool = True) -> bool:
    """Say whether raw bytes, percent-encoded or not, are text; JSON can hide a NUL or half a character in an escape."""
    if encoded:
        plain = raw.isascii() and b"\x00" not in raw and not SUSPICIOUS.search(raw)
        return plain or _utf8(unquote_to_bytes(raw))
    return _utf8(raw) and not (b"\\u" in raw and HIDDEN.search(raw.lower()))


def _utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return b"\x00" not in raw
