"""The form under which names are searched: the same function for what is stored and for what is typed.

Python rather than `unaccent()`: that function is only STABLE, so an index over it needs a wrapper that lies about
it, and its dictionary differs between servers.
"""

import re
import unicodedata

SEPARATORS = re.compile(r"[^a-z0-9]+")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l"})


def search_form(*texts: str) -> str:
    """`"LE GOËFF", "Anne-Cécile"` gives `le goeff anne cecile`."""
    text = " ".join(texts).casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(LIGATURES))
        text = "".join(char for char in text if not unicodedata.combining(char))
    return SEPARATORS.sub(" ", text).strip()
