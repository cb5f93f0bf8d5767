"""Every text that people may see is translated, with the same placeholders as the English one."""

import ast
import json
import re
import runpy
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

ROOT = Path(__file__).resolve().parent.parent
TRANSLATIONS = runpy.run_path(str(ROOT / ".ci" / "translations.py"))
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")
# A mark after an ordinary space may begin a line; one without a space is English. 17:00 and https:// are neither.
LOOSE_MARK = re.compile(r"[^\u00a0][;!?»]|[^\u00a0]:(?=\s|$)|«[^\u00a0]")

pairs = pytest.mark.parametrize("program", TRANSLATIONS["PROGRAMS"])
languages = pytest.mark.parametrize("language", TRANSLATIONS["LANGUAGES"])


@pairs
@languages
def test_no_text_lacks_its_translation(program: str, language: str) -> None:
    translated: Catalog = TRANSLATIONS["translation"](program, language)
    wanted = [message for message in TRANSLATIONS["template"](program) if message.id]
    assert [one.id for one in wanted if not _complete(translated.get(one.id, one.context))] == [], (
        "run make translations"
    )


@pairs
@languages
def test_no_translation_is_for_a_text_that_nobody_uses(program: str, language: str) -> None:
    used: Catalog = TRANSLATIONS["template"](program)
    kept = [message for message in TRANSLATIONS["translation"](program, language) if message.id]
    assert [one.id for one in kept if not used.get(one.id, one.context)] == [], "run make translations"


@pairs
@languages
def test_translations_keep_the_placeholders(program: str, language: str) -> None:
    messages = [message for message in TRANSLATIONS["translation"](program, language) if message.id and message.string]
    assert [one.id for one in messages if not _same_placeholders(one)] == []


@pairs
def test_placeholders_are_named(program: str) -> None:
    texts = [text for message in TRANSLATIONS["template"](program) for text in _texts(message.id)]
    assert [text for text in texts if re.search(r"%[sdr]", text)] == []


@pairs
@languages
def test_a_per_cent_sign_stands_only_before_a_placeholder(program: str, language: str) -> None:
    # Templates format every text, so a lone sign breaks the page.
    catalogs = (TRANSLATIONS["template"](program), TRANSLATIONS["translation"](program, language))
    messages = [message for catalog in catalogs for message in catalog]
    texts = [text for message in messages for text in (*_texts(message.id), *_texts(message.string or ""))]
    assert [text for text in texts if "%" in PLACEHOLDER.sub("", text)] == []


@pairs
def test_no_text_hides_in_an_f_string(program: str) -> None:
    # Whether the extraction looks into one depends on the version of Python.
    trees = [ast.parse(source.read_text()) for source in (ROOT / program).rglob("*.py")]
    inside = [
        part for tree in trees for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)
    ]
    calls = [ast.unparse(part) for part in inside if isinstance(part, ast.Call)]
    assert [call for call in calls if call.partition("(")[0] in TRANSLATIONS["KEYWORDS"]] == []


def test_french_marks_never_begin_a_line() -> None:
    assert [text for text in _french() if LOOSE_MARK.search(text)] == []


def test_french_has_one_word_for_one_thing() -> None:
    others = re.compile(r"courriel|adresses? électronique|boîtes? aux lettres|(?<!e-)\bmails?\b|'", re.IGNORECASE)
    assert [text for text in _french() if others.search(text)] == [], (
        "e-mail, adresse e-mail, messagerie; the typographic apostrophe"
    )


def _french() -> list[str]:
    messages = [
        message for program in TRANSLATIONS["PROGRAMS"] for message in TRANSLATIONS["translation"](program, "fr")
    ]
    app = json.loads((ROOT / "idp" / "static" / "app" / "words" / "fr.json").read_text("utf-8"))
    return [text for message in messages if message.id for text in _texts(message.string or "")] + list(app.values())


def _complete(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(_texts(message.string))


def _same_placeholders(message: Message) -> bool:
    # A singular may say "one" where the plural says a number, so each form is compared with all of the English ones.
    wanted = {mark for text in _texts(message.id) for mark in PLACEHOLDER.findall(text)}
    least = set(PLACEHOLDER.findall(_texts(message.id)[0])) if len(_texts(message.id)) == 1 else set()
    return all(least <= set(PLACEHOLDER.findall(text)) <= wanted for text in _texts(message.string))


def _texts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
