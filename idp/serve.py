"""What a server's process loads: the application, with the garbage collector at rest until it stands."""

import gc
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> "Flask":
    """Build the identity server (see `create_app` in `idp/app.py`).

    What is loaded now stays for ever: looking through it again and again took a sixth of the start, and later a part
    of each request.
    """
    gc.disable()
    app: Flask = importlib.import_module("idp.app").create_app()
    gc.freeze()
    gc.enable()
    return app
