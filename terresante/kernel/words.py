"""Words looked for in a text: all of them, each beginning one of its own, accents and endings forgiven."""

import re

from django.contrib.postgres.search import SearchQuery

# The configuration of PostgreSQL that forgives accents and endings (migration 0009).
FRENCH = "french_words"
_TERM = re.compile(r"[^\W_]+")
_MOST_TERMS = 8


def terms(words: str) -> list[str]:
    """Letters and figures; the first eight."""
    return _TERM.findall(words)[:_MOST_TERMS]


def sought(words: str) -> str:
    """As PostgreSQL asks for it; empty without a word, which no text then says."""
    return " & ".join(f"{term}:*" for term in terms(words))


def said(sought_words: str) -> SearchQuery:
    return SearchQuery(sought_words, config=FRENCH, search_type="raw")
