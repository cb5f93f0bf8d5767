"""Static files under an address that holds their digest, so that browsers may keep them for ever."""

import gzip
import hashlib
import mimetypes
from functools import cache
from pathlib import Path

from flask import Flask, Response, abort, g, request

FOLDER = Path(__file__).parent / "static"
TEXTS = (".css", ".js", ".svg")


def install(app: Flask) -> None:
    """Serve `/static/<digest>/<file>`; `url_for('static', filename=...)` fills the digest in."""

    def static(digest: str, filename: str) -> Response:
        if filename not in _files():
            abort(404)
        g.static = True
        response = _answer(filename)
        newest = digest == _digest()
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if newest else "no-cache"
        return response

    def fill(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values.setdefault("digest", _digest())

    app.add_url_rule("/static/<digest>/<path:filename>", "static", static)
    app.url_defaults(fill)


@cache
def _files() -> dict[str, Path]:
    return {path.relative_to(FOLDER).as_posix(): path for path in sorted(FOLDER.rglob("*")) if path.is_file()}


@cache
def _digest() -> str:
    every = hashlib.sha256()
    for name, path in _files().items():
        every.update(name.encode() + path.read_bytes())
    return every.hexdigest()[:12]


def _answer(filename: str) -> Response:
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    if not filename.endswith(TEXTS):
        return Response(_files()[filename].read_bytes(), content_type=kind)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(
        _text(filename, packed), content_type=f"{kind}; charset=utf-8", headers={"Vary": "Accept-Encoding"}
    )
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _text(filename: str, packed: bool) -> bytes:
    content = _files()[filename].read_bytes()
    return gzip.compress(content, 9) if packed else content
