"""Style sheets, icons and scripts under an address that changes with their content, so browsers keep them for good."""

import gzip
import hashlib
from functools import cache, lru_cache
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join

from idp.core import settings

FOLDER = Path(__file__).parents[1] / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
PACKED_ALREADY = frozenset({".png", ".wasm"})

bp = Blueprint("assets", __name__)


def asset(name: str) -> str:
    """Return the address of a static file; the version covers the whole folder, so relative imports work too."""
    return f"/static/{version()}/{name}"


@cache
def version() -> str:
    """Return a short hash over all static files."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FOLDER).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@bp.get("/static/<known>/<path:name>")
def static_file(known: str, name: str) -> Response:
    """Serve a static file; an old version's address gives the file of today, but is not kept."""
    try:
        answer = _file(Path(safe_join(str(FOLDER), name) or FOLDER))
    except OSError:  # no file, or a name that no file can have
        raise NotFound from None
    lasting = known == version() and settings.current().server.environment != "development"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _file(path: Path) -> Response:
    content, kind = path.read_bytes(), TYPES.get(path.suffix, "text/plain")
    if path.suffix in PACKED_ALREADY or not request.accept_encodings["gzip"]:
        return Response(content, mimetype=kind)
    return Response(_packed(content), mimetype=kind, headers={"Content-Encoding": "gzip"})


@lru_cache(32)
def _packed(content: bytes) -> bytes:
    """Compress once per process and content."""
    return gzip.compress(content, 9, mtime=0)
