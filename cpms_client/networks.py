"""The networks there are: code and label, from the reference data, for choosing further ERNs for a panel."""

import functools
import json
from pathlib import Path

REFERENCE = Path(__file__).parent.parent / "config" / "reference" / "erns.json"


@functools.cache
def labels() -> dict[str, str]:
    """Give the label of every network by its code, in the order of the labels."""
    rows = json.loads(REFERENCE.read_text(encoding="utf-8"))
    return dict(
        sorted(((row["code"], row["saas_label"] or row["code"]) for row in rows), key=lambda pair: pair[1].lower())
    )
