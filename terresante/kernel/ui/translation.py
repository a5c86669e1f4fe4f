"""The words of the person's pages, ready for another language; French is the source, and the key of each translation.

Where several languages are offered (LANGUAGES), each run of text of these templates is looked up in the catalogue as
its page is drawn; with French alone they are read as they stand, at no cost. `terresante strings` writes the catalogue
to fill in: what the templates say, what the code of their pages says (`later`, `gettext`), the labels of closed lists.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext_lazy

from terresante.kernel.ui.typography import pieces, spaced

# What the person's pages are made of, by the beginning of a template's name.
OF_THE_PERSON = (
    *("portal/", "portal.html", "base.html", "login.html", "ui/", "questionnaires/fill/"),
    *("documents/_shown", "health_record/_origin", "notes/_media", "overview/_sheet", "results/_"),
    *("notifications/", "telemonitoring/_due", "telemonitoring/link_"),
)
_SPOKEN = re.compile(r"[^\W\d_]")
_ENTITY = re.compile(r"&#?\w+;")
_ATTRIBUTE = re.compile(
    r'(?P<name>\b(?:aria-label|alt|title|placeholder|data-label|data-live-one|data-live-many))="(?P<said>[^"{]+)"'
)
_LABEL = re.compile(r"(\{\{[^}]*?\.get_\w+_display)(?=[|\s}])")
# Of a tag: what it is given to say, in quotes; the others are given names, paths and levels.
_QUOTED = re.compile(r'(?<!\()"(?P<said>[^"]+)"')
_COUNTING, _SPEAKING = ("plural", "counter", "tab_links", "menu_links"), ("badge", "icon", "include", "level")
_A_SENTENCE = re.compile(r"^[A-ZÀ-Ý]|[ ’]|[^\x00-\x7f]")
_SPACES = re.compile(r"[ \t\n]+")
_MARKERS = {"later", "gettext"}


def later(text: str) -> str:
    """A sentence of the code, looked up when it is shown."""
    return cast("str", gettext_lazy(text))


def several_languages() -> bool:
    return len(settings.LANGUAGES) > 1


def is_of_the_person(template_name: str) -> bool:
    return template_name.startswith(OF_THE_PERSON)


def marked(source: str) -> str:
    """A template, already spaced, whose texts are looked up."""
    return "".join(
        _text(piece) if is_text else _in_tag(_label(_attributes(piece))) for piece, is_text in pieces(source)
    )


def texts(source: str) -> Iterator[str]:
    """What `marked` looks up."""
    for piece, is_text in pieces(source):
        if is_text and _is_spoken(piece):
            yield _doubled(_key(piece))
        elif not is_text and piece.startswith("<"):
            said = (found["said"] for found in _ATTRIBUTE.finditer(piece))
            yield from (_doubled(_key(text)) for text in said if _is_spoken(text))
        elif not is_text:
            yield from (_doubled(text) for text in _said_in(piece))


def catalogue() -> dict[str, set[str]]:
    """Each text to translate, with the files that say it."""
    found: dict[str, set[str]] = {}
    for config in apps.get_app_configs():
        if not config.name.startswith("terresante."):
            continue  # Django has catalogues of its own
        root = Path(config.path)
        for path in sorted((root / "templates").rglob("*.html")):
            name = path.relative_to(root / "templates").as_posix()
            if is_of_the_person(name):
                for text in texts(spaced(path.read_text())):
                    found.setdefault(text, set()).add(name)
        for path in sorted(root.glob("*.py")):
            for text in said_by(path.read_text()):
                found.setdefault(text, set()).add(f"{config.label}/{path.name}")
    for label, name in _labels():
        found.setdefault(label, set()).add(name)
    return found


def said_by(code: str) -> Iterator[str]:
    """The sentences that a module gives to `later` or `gettext`."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MARKERS:
            yield from (
                one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
            )


def _labels() -> Iterator[tuple[str, str]]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            for _, label in getattr(field, "flatchoices", ()):
                if _is_spoken(str(label)):
                    yield str(label), f"{model._meta.label_lower}.{field.name}"


def _text(piece: str) -> str:
    if not _is_spoken(piece):
        return piece
    core = piece.strip(" \t\n")
    before, _, after = piece.partition(core)
    return f"{before}{_looked_up(piece)}{after}"


def _attributes(tag: str) -> str:
    if not tag.startswith("<"):
        return tag
    return _ATTRIBUTE.sub(
        lambda found: (
            f'{found["name"]}="{_looked_up(found["said"])}"' if _is_spoken(found["said"]) else found.group()
        ),
        tag,
    )


def _label(tag: str) -> str:
    return _LABEL.sub(r"\1|in_language", tag)


def _in_tag(tag: str) -> str:
    said = set(_said_in(tag))
    return _QUOTED.sub(lambda one: f"_({one.group()})" if one["said"] in said else one.group(), tag)


def _said_in(tag: str) -> list[str]:
    name = tag[2:].split(maxsplit=1)[0] if tag.startswith("{%") else ""
    quoted = [one["said"] for one in _QUOTED.finditer(tag)] if name in _COUNTING + _SPEAKING else []
    return [text for text in quoted if name in _COUNTING or _A_SENTENCE.search(text)]


def _looked_up(text: str) -> str:
    return '{% translate "' + _key(text) + '" %}'


def _key(text: str) -> str:
    """One line, as HTML reads it; its unbreakable spaces stay."""
    return _SPACES.sub(" ", text.strip(" \t\n")).replace('"', "&quot;")


def _doubled(key: str) -> str:
    """As Django looks up what a template says: its own placeholders would begin by a single sign."""
    return key.replace("%", "%%")


def _is_spoken(text: str) -> bool:
    return _SPOKEN.search(_ENTITY.sub("", text)) is not None
