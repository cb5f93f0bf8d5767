"""QR codes as SVG elements that stand in the page: no file, no script, sharp at any size."""

import importlib
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup

# By name: loaded with the first code.
CODES = "qrcode"
QUIET = 4  # modules of white around the code (ISO/IEC 18004)
# One of the eight masks: to try all takes four fifths of the time, and what our codes say is as random under any.
MASK = 6


def svg(text: str, label: str) -> Markup:
    """Return the QR code of a text as an image that is named by its label."""
    code = importlib.import_module(CODES).QRCode(border=QUIET, mask_pattern=MASK)
    code.add_data(text)
    modules = code.get_matrix()
    return Markup(
        '<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {size} {size}" width="256" height="256" '
        'shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{size}v{size}H0z"/><path d="{path}"/></svg>'
    ).format(label=label, size=len(modules), path="".join(_bars(modules)))


def _bars(modules: list[list[bool]]) -> list[str]:
    """Return the dark modules as bars, one for each run in a row."""
    return [f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(modules) for x, length in _dark_runs(row)]


def _dark_runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    x = 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            yield x, length
        x += length
