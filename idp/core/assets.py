"""Style sheets, icons and scripts under an address that changes with their content, so browsers keep them for good."""

import gzip
import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, current_app, request, send_from_directory
from werkzeug.exceptions import NotFound

from idp.core import settings

FOLDER = Path(__file__).parents[1] / "static"
TEXTS = (".css", ".js", ".svg")

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
    answer = _file(name)
    lasting = known == version() and settings.current().server.environment != "development"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if lasting else "no-cache"
    answer.headers["Vary"] = "Accept-Encoding"
    return answer


def _file(name: str) -> Response:
    answer = send_from_directory(FOLDER, name)
    if not name.endswith(TEXTS) or request.accept_encodings["gzip"] <= 0 or answer.status_code != 200:
        return answer
    answer.close()
    packed = Response(_packed(name, version()), mimetype=answer.mimetype)
    packed.content_encoding = "gzip"
    packed.set_etag(f"{version()}-gzip")
    return packed.make_conditional(request)


@cache
def _packed(name: str, known: str) -> bytes:
    """Compress a text once per process; `known` is there to tell versions apart."""
    path = FOLDER / name
    if not path.is_file():
        raise NotFound
    return gzip.compress(path.read_bytes(), 9, mtime=0)
