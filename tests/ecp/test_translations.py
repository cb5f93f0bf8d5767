"""French is complete: every text of code and templates has a translation with the same placeholders."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

import ecp_client
from tests.ecp.conftest import Browser

PACKAGE = Path(ecp_client.__file__).parent
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2)}


def source_texts() -> set[str]:
    """Every text that the program marks for translation."""
    with (PACKAGE / "translations" / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = extract_from_dir(PACKAGE, methods, options, KEYWORDS)
    return {text[0] if isinstance(text, tuple) else text for _file, _line, text, _comments, _context in found}


def catalogue() -> dict[str, list[str]]:
    """The French texts by their English source."""
    read = read_po(BytesIO((PACKAGE / "translations/fr/LC_MESSAGES/messages.po").read_bytes()))
    return {
        message.id if isinstance(message.id, str) else message.id[0]: (
            [message.string] if isinstance(message.string, str) else list(message.string)
        )
        for message in read
        if message.id and not message.fuzzy
    }


def test_every_text_is_translated_and_none_is_left_over() -> None:
    assert source_texts() == set(catalogue())


def test_translations_keep_the_placeholders() -> None:
    for source, texts in catalogue().items():
        for text in texts:
            assert text
            assert set(re.findall(r"%\(\w+\)[sd]", text)) == set(re.findall(r"%\(\w+\)[sd]", source)), source


@pytest.mark.parametrize("path", ["/", "/membership", "/privacy", "/support", "/accessibility", "/spaces/ERN-RND"])
def test_pages_speak_french(member: Browser, path: str) -> None:
    page = member.opens(f"{path}?lang=fr").text
    assert '<html lang="fr">' in page
    assert "Aller au contenu principal" in page
    assert not re.search(r"\b(the|your|and)\b", re.sub(r"<[^>]+>|Hospital DE22", "", page))
    assert member.opens("/nowhere").text.count("existe pas</h1>") == 1
