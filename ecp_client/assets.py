"""Style sheets, icons and the small script: a content hash in the name, kept for ever by the browser."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flask import Blueprint, Response, request, url_for

from ecp_client.errors import NotFound

FOLDER = Path(__file__).resolve().parent / "static"
SUFFIXES = (".css", ".js", ".svg", ".ico")
FOR_EVER = "public, max-age=31536000, immutable"

assets = Blueprint("assets", __name__)


@dataclass(frozen=True)
class Asset:
    """One file, read once."""

    content: bytes
    kind: str

    @cached_property
    def packed(self) -> bytes:
        """The content compressed, made at its first use."""
        return gzip.compress(self.content, 9, mtime=0)


def _read(folder: Path) -> tuple[dict[str, str], dict[str, Asset]]:
    names, files = {}, {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        content, plain = path.read_bytes(), path.relative_to(folder).as_posix()
        hashed = f"{plain.removesuffix(path.suffix)}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
        names[plain] = hashed
        files[hashed] = Asset(content, mimetypes.types_map[path.suffix] if path.suffix != ".js" else "text/javascript")
    return names, files


NAMES, FILES = _read(FOLDER)


def asset_url(name: str) -> str:
    """The address of a static file in its present state."""
    return url_for("assets.serve", name=NAMES[name])


@assets.get("/static/<path:name>")
def serve(name: str) -> Response:
    """A static file by its hashed name; any other name is unknown."""
    asset = FILES.get(name)
    if asset is None:
        raise NotFound
    packed = request.accept_encodings.quality("gzip") > 0
    response = Response(asset.packed if packed else asset.content, mimetype=asset.kind)
    if packed:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = FOR_EVER
    return response
