"""What a new password must be: long enough, not one that everybody tries first, not made of what others know.

No character classes and no expiry (NIST SP 800-63B-4, 3.1.1.2).
"""

import importlib
import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from idp.accounts import passwords
from idp.core import settings
from idp.core.errors import Invalid

PRODUCT = ("ern", "login", "ernlogin", "cpms", "ecp", "eulogin")
SHORTEST_WORD = 3
LONGEST_PERIOD = 4
FEWEST_OWN_LETTERS = 4
LEET = str.maketrans("0134578@$!", "oieastbasi")
NOT_LETTERS = re.compile(r"[\W\d_]+")


def check(words: Iterable[str], password: str) -> None:
    """Raise Invalid with the reason unless the password is fit for a person whom `words` describe."""
    chosen = settings.current().passwords
    text = passwords.normalize(password)
    if len(text) < chosen.min_length:
        raise Invalid("password_short", length=chosen.min_length)
    if len(text) > chosen.max_length:
        raise Invalid("password_long", length=chosen.max_length)
    plain = _plain(text)
    for key, found in (("password_simple", _simple(plain)), ("password_common", _common(plain))):
        if found:
            raise Invalid(key)
    if _personal(plain, words):
        raise Invalid("password_personal")


def _plain(text: str) -> str:
    """Return the text in lower case without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _simple(plain: str) -> bool:
    """Find one short piece repeated, or one run such as abcdefghij or 9876543210."""
    period = (plain + plain).find(plain, 1)
    steps = {ord(after) - ord(before) for before, after in pairwise(plain)}
    return period <= LONGEST_PERIOD or steps in ({1}, {-1})


def _common(plain: str) -> bool:
    """Find a common password or word, also with digits and signs around it or in place of letters."""
    bare = plain.strip("0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
    return any(guess in _lists() for guess in (plain, bare, bare.translate(LEET), plain.translate(LEET)))


def _personal(plain: str, words: Iterable[str]) -> bool:
    """Find a password that is little more than the person's names, addresses, identifier or the product's name."""
    parts = {part for word in (*words, *PRODUCT) for part in (_plain(word), *NOT_LETTERS.split(_plain(word)))}
    rest = plain
    for part in sorted((part for part in parts if len(part) >= SHORTEST_WORD), key=len, reverse=True):
        rest = rest.replace(part, "")
    return rest != plain and len(NOT_LETTERS.sub("", rest)) < FEWEST_OWN_LETTERS


@cache
def _lists() -> frozenset[str]:
    """Return the common words; read at the first password chosen, since they take 70 ms and 15 MiB to load."""
    lists = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS
    return frozenset(word for words in lists.values() for word in words)
