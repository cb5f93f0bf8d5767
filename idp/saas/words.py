"""Search in names without minding accents, case or punctuation."""

import re
import unicodedata

# Letters that no decomposition of Unicode turns into plain ones.
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
MAX_WORDS = 8


def fold(text: str) -> str:
    """Return the text as plain small letters, digits and single spaces ("Tübingen" -> "tubingen")."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).translate(PLAIN)
    return " ".join(re.findall(r"\w+", bare.replace("_", " ")))


def search_words(query: str) -> list[str]:
    """Return the folded words of what was typed into a search field; more than a few are not looked at."""
    return fold(query).split()[:MAX_WORDS]
