"""The catalogues of the three programs: extract the texts, update the translations, compile them.

    python .ci/translations.py update    take new texts into every messages.po; unused ones go
    python .ci/translations.py compile   make each messages.mo that is missing or older than its messages.po

English is the language of the source; every other language has `<program>/translations/<language>/LC_MESSAGES`.
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ("idp", "cpms_client", "ecp_client")
LANGUAGES = ("fr",)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
KEYWORDS = DEFAULT_KEYWORDS | {"_l": None, "lazy_gettext": None, "lazy_ngettext": (1, 2)}


def main() -> int:
    """Do what the first argument says; exit code 2 for anything else."""
    acts = {"update": update, "compile": compile_all}
    if len(sys.argv) != 2 or sys.argv[1] not in acts:
        sys.stderr.write(__doc__ or "")
        return 2
    acts[sys.argv[1]]()
    return 0


def template(program: str) -> Catalog:
    """Return every text of a program that people may see."""
    catalog = Catalog(project="ERN Login", charset="utf-8")
    found = extract_from_dir(
        ROOT / program, METHODS, {"**": {"silent": "false"}}, KEYWORDS, comment_tags=("Translators:",)
    )
    for name, _line, text, comments, context in found:
        catalog.add(text, locations=[(f"{program}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def translation(program: str, language: str) -> Catalog:
    """Return a program's translations as they are written down; an empty catalogue where there is none."""
    path = _path(program, language)
    if not path.exists():
        return Catalog(locale=language, project="ERN Login", charset="utf-8", fuzzy=False)
    with path.open("rb") as source:
        return read_po(source, locale=language)


def update() -> None:
    """Take new texts of the programs into their translations; texts that nobody uses any more go."""
    for program in PROGRAMS:
        for language in LANGUAGES:
            catalog = translation(program, language)
            # A guess from a similar text would pass for a translation.
            catalog.update(template(program), no_fuzzy_matching=True, update_creation_date=False)
            text = io.BytesIO()
            write_po(text, catalog, width=120, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
            path = _path(program, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.getvalue())


def compile_all() -> None:
    """Make the binary catalogues that are missing or older than their text."""
    for source in _sources():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        # Another process may read or write it now: replace it in one step.
        scratch = target.with_suffix(f".{os.getpid()}.mo")
        with source.open("rb") as text, scratch.open("wb") as binary:
            write_mo(binary, read_po(text))
        scratch.replace(target)


def _sources() -> Iterator[Path]:
    for program in PROGRAMS:
        yield from sorted((ROOT / program / "translations").glob("*/LC_MESSAGES/messages.po"))


def _path(program: str, language: str) -> Path:
    return ROOT / program / "translations" / language / "LC_MESSAGES" / "messages.po"


if __name__ == "__main__":
    sys.exit(main())
