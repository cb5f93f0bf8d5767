"""The pages speak French (that the catalogue is complete is tested for all programs together)."""

import re

import pytest

from tests.ecp.conftest import Browser


@pytest.mark.parametrize("path", ["/", "/membership", "/privacy", "/support", "/accessibility", "/spaces/ERN-RND"])
def test_pages_speak_french(member: Browser, path: str) -> None:
    page = member.opens(f"{path}?lang=fr").text
    assert '<html lang="fr">' in page
    assert "Aller au contenu principal" in page
    assert not re.search(r"\b(the|your|and)\b", re.sub(r"<[^>]+>|Hospital DE22", "", page))
    assert member.opens("/nowhere").text.count("existe pas</h1>") == 1
