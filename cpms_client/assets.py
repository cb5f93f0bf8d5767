"""Static files under an address that holds their digest, so that browsers may keep them for ever."""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, g, request, send_from_directory

FOLDER = Path(__file__).parent / "static"
PACKED = (".css", ".js", ".svg")


def install(app: Flask) -> None:
    """Serve `/static/<digest>/<file>`; `url_for('static', filename=...)` fills the digest in."""
    digest = _digest()

    def static(digest: str, filename: str) -> Response:
        g.static = True
        response = _packed(filename) or send_from_directory(FOLDER, filename)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if digest == _digest() else "no-cache"
        return response

    def fill(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values.setdefault("digest", digest)

    app.add_url_rule("/static/<digest>/<path:filename>", "static", static)
    app.url_defaults(fill)


@lru_cache(maxsize=1)
def _digest() -> str:
    every = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        every.update(path.relative_to(FOLDER).as_posix().encode() + path.read_bytes())
    return every.hexdigest()[:12]


def _packed(filename: str) -> Response | None:
    path = (FOLDER / filename).resolve()
    if path.suffix not in PACKED or FOLDER not in path.parents or not path.is_file():
        return None
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return None
    kind = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}[path.suffix]
    return Response(
        _gzipped(path),
        content_type=f"{kind}; charset=utf-8",
        headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
    )


@lru_cache(maxsize=32)
def _gzipped(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 9)
