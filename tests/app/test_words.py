"""The app's texts: complete in each language, with the same placeholders, and none that nobody reads."""

import json
import re
from pathlib import Path

import pytest

from idp.core.languages import OFFERED

FOLDER = Path(__file__).parents[2] / "idp" / "static" / "app"
TABLES = {path.stem: json.loads(path.read_text("utf-8")) for path in (FOLDER / "words").glob("*.json")}
SCRIPT = "\n".join(path.read_text("utf-8") for path in FOLDER.rglob("*.js"))
KEY = re.compile(r"""["'`]([a-z_]+(?:\.[A-Za-z_]+)?)["'`]""")
BEGINNINGS = {f"{start}." for start in re.findall(r"`([a-z]+)\.\$\{", SCRIPT)}


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"\{\w+\}", text))


def test_the_app_speaks_the_languages_of_the_server() -> None:
    assert set(TABLES) == {language.code for language in OFFERED}


@pytest.mark.parametrize("code", sorted(TABLES))
def test_every_language_has_every_text_with_its_placeholders(code: str) -> None:
    english = TABLES["en"]
    assert TABLES[code].keys() == english.keys()
    assert [key for key, text in TABLES[code].items() if not text.strip()] == []
    odd = {key for key, text in TABLES[code].items() if placeholders(text) != placeholders(english[key])}
    assert odd == set()
    same = {key for key, text in TABLES[code].items() if code != "en" and text == english[key] and len(text) > 12}
    assert same == set(), "not translated"


def test_every_text_that_is_asked_for_is_there() -> None:
    asked = set(re.findall(r"\bt\(\"([\w.]+)\"", SCRIPT))
    asked |= {f"{key}.{form}" for key in re.findall(r"\btn\(\"([\w.]+)\"", SCRIPT) for form in ("one", "other")}
    assert asked - TABLES["en"].keys() == set()


def test_no_text_is_left_over() -> None:
    named = set(KEY.findall(SCRIPT))
    used = {key for key in TABLES["en"] if key in named or key.removesuffix(".one").removesuffix(".other") in named}
    used |= {key for key in TABLES["en"] if key.startswith(tuple(BEGINNINGS))} | {"lang"}
    assert TABLES["en"].keys() - used == set()


def test_the_modules_are_small_and_speak_to_nobody_but_the_protocol() -> None:
    for path in FOLDER.rglob("*.js"):
        lines = path.read_text("utf-8").splitlines()
        assert len(lines) < 150, path
        assert max(map(len, lines)) <= 130, path
    for word in ("localStorage", "sessionStorage", "innerHTML", "document.cookie", "console.", "eval("):
        assert word not in SCRIPT.replace("caches but no localStorage", "")
