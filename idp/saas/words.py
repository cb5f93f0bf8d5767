"""Search in names without minding accents, case or punctuation."""

import re
import unicodedata
from difflib import SequenceMatcher

# Letters that no decomposition of Unicode turns into plain ones.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
MAX_WORDS = 8
# What many hospitals are called, in the networks' languages: it tells none from another.
USUAL = frozenset(
    re.findall(
        r"\w+",
        "academic assistance azienda cancer center centre centro centrum children childrens clinic clinica clinical "
        "clinico clinique fondazione foundation health hopital hopitaux hospices hospital hospitalar hospitalier "
        "hospitals institut institute instituto irccs istituto klinika klinikos klinikum krankenhaus medical medicine "
        "national nemocnica nemocnice ospedale ospedaliero policlinico polyclinic publique regional sjukhus sykehus "
        "szpital universitair universitaire universitaires universitaria universitario universitat universitatsklinik "
        "universitatsklinikum universitatsmedizin universitetshospital university ziekenhuis",
    )
)
SHORTEST = 4
ALIKE = 0.85


def fold(text: str) -> str:
    """Return the text as plain small letters, digits and single spaces ("Tübingen" -> "tubingen")."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(PLAIN)
    return " ".join(re.findall(r"\w+", bare.replace("_", " ")))


def search_words(query: str) -> list[str]:
    """Return the folded words of what was typed into a search field; more than a few are not looked at."""
    return fold(query).split()[:MAX_WORDS]


def distinctive(text: str) -> set[str]:
    """Return the words of a hospital's name or city that tell it from others."""
    return {word for word in fold(text).split() if len(word) >= SHORTEST and word not in USUAL}


def alike(one: str, other: str) -> bool:
    """Say whether two names differ by little more than a slip of the pen."""
    return SequenceMatcher(None, fold(one), fold(other)).ratio() >= ALIKE
