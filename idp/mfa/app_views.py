"""The ERN Login Mobile App as it is delivered: page, manifest, service worker. What it does is in idp/static/app."""

import hashlib
import json
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from idp.core import assets, headers, languages
from idp.core.exempt import bare

blueprint = Blueprint("app", __name__, url_prefix="/app")

FOLDER = assets.FOLDER / "app"
TEMPLATE = Path(__file__).parents[1] / "templates" / "mfa" / "app.html"
# All that the app needs to start without a network, beside its own folder.
BORROWED = ("app.css", "icons.svg", "favicon.svg", "vendor/jsqr/jsQR.js")
WORKER = "worker.js"
ICONS = (("icon-192.png", 192, "any"), ("icon-512.png", 512, "any"), ("icon-maskable-512.png", 512, "maskable"))
LIGHT = "#f3f6fc"


@blueprint.get("/")
def page() -> ResponseReturnValue:
    """Show the frame that the app fills; it is the same for everybody, and the app's worker keeps it."""
    headers.open_for_app()
    return render_template("mfa/app.html")


@blueprint.get("/manifest.webmanifest")
@bare
def manifest() -> ResponseReturnValue:
    """Tell browsers how to install the app (W3C, Web Application Manifest)."""
    content = {
        "id": "/app/",
        "name": "ERN Login Mobile App",
        "short_name": "ERN Login",
        "description": _("Confirm on this phone that it is you who signs in."),
        "lang": languages.current().code,
        "dir": "ltr",
        "start_url": "/app/",
        "scope": "/app/",
        "display": "standalone",
        "orientation": "portrait",
        "background_color": LIGHT,
        "theme_color": LIGHT,
        "icons": [
            {
                "src": assets.asset(f"app/icons/{name}"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for name, size, purpose in ICONS
        ],
    }
    return _kept_short(json.dumps(content), "application/manifest+json")


@blueprint.get("/worker.js")
@bare
def worker() -> ResponseReturnValue:
    """Give the service worker with the list of what it keeps; each change of a file makes it another worker."""
    shell = {"version": _version(), "page": "/app/", "files": [assets.asset(name) for name in _files()]}
    script = (FOLDER / WORKER).read_text(encoding="utf-8")
    answer = _kept_short(f"const SHELL = {json.dumps(shell)};\n{script}", "text/javascript")
    answer.headers["Service-Worker-Allowed"] = "/app/"
    return answer


@cache
def _files() -> tuple[str, ...]:
    own = (path.relative_to(assets.FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file())
    return (*BORROWED, *sorted(name for name in own if name != f"app/{WORKER}"))


@cache
def _version() -> str:
    return hashlib.sha256(assets.version().encode() + TEMPLATE.read_bytes()).hexdigest()[:16]


def _kept_short(content: str, kind: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Cache-Control"] = "no-cache"  # asked for anew each time: here updates begin
    return answer
