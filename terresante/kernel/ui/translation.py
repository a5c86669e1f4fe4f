"""The words of the person's pages, ready for another language; French is the source, and the key of each translation.

Where several languages are offered (LANGUAGES), each run of text of these templates is looked up in the catalogue as
its page is drawn; with French alone they are read as they stand, at no cost. `terresante strings` writes the catalogue
to fill in: what the templates say, what the code of their pages says (`later`, `gettext`), the labels of closed lists.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from django.apps import apps
from django.conf import settings
from django.utils.translation import gettext_lazy

from terresante.kernel.ui.typography import pieces, spaced

# What the person's pages are made of, by the beginning of a template's name.
OF_THE_PERSON = (
    *("portal/", "portal.html", "base.html", "login.html", "ui/", "questionnaires/fill/"),
    *(
        "documents/_shown",
        "health_record/_origin",
        "home_care/_",
        "notes/_media",
        "overview/_sheet",
        "results/_",
    ),
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
# What stands inside a sentence: a value, a word set apart, a tag that says a value.
_VALUE = re.compile(r"\{\{\s*(?P<of>.+?)\s*\}\}", re.DOTALL)
_APART = re.compile(r"<(?P<end>/?)(?:b|em|strong|sup)>")
_SAYING = re.compile(r"\{%\s*(?P<name>when|when_exactly|elapsed|age|plural)\s(?!.*\sas\s).*?%\}", re.DOTALL)
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
        sentence.marked if sentence else "".join(_piece(piece, is_text) for piece, is_text in run)
        for run, sentence in _runs(source)
    )


def texts(source: str) -> Iterator[str]:
    """What `marked` looks up."""
    for run, sentence in _runs(source):
        if sentence:
            yield sentence.key
            yield from (text for piece, is_text in run if not is_text for text in _said_in(piece))
            continue
        for piece, is_text in run:
            if is_text and _is_spoken(piece):
                yield _doubled(_key(piece))
            elif not is_text and piece.startswith("<"):
                said = (found["said"] for found in _ATTRIBUTE.finditer(piece))
                yield from (_doubled(_key(text)) for text in said if _is_spoken(text))
            elif not is_text:
                yield from (_doubled(text) for text in _said_in(piece))


@dataclass(frozen=True, slots=True)
class _Sentence:
    """One text with the values it holds: a translator puts them where his language has them."""

    key: str
    marked: str


_Run = list[tuple[str, bool]]


def _runs(source: str) -> Iterator[tuple[_Run, _Sentence | None]]:
    """What is read in one go, cut where a tag of the page or a condition stands."""
    for run in _cut(pieces(source), lambda piece: not _holds(piece)):
        if not _is_even(run):
            yield from (
                (part, _sentence(part)) for part in _cut(run, lambda piece: bool(_APART.fullmatch(piece)))
            )
        else:
            yield run, _sentence(run)


def _cut(run: Iterable[tuple[str, bool]], stops: Callable[[str], bool]) -> Iterator[_Run]:
    part: _Run = []
    for piece, is_text in run:
        if is_text or not stops(piece):
            part.append((piece, is_text))
            continue
        yield part
        yield [(piece, is_text)]
        part = []
    yield part


def _holds(piece: str) -> bool:
    return any(kind.fullmatch(piece) for kind in (_VALUE, _APART, _SAYING))


def _is_even(run: _Run) -> bool:
    """Each word set apart begins and ends in it."""
    depth = 0
    for piece, is_text in run:
        if not is_text and (found := _APART.fullmatch(piece)):
            depth += -1 if found["end"] else 1
            if depth not in (0, 1):
                return False
    return depth == 0


def _sentence(run: _Run) -> _Sentence | None:
    if len(run) < 2 or not any(is_text and _is_spoken(piece) for piece, is_text in run):
        return None
    values: dict[str, str] = {}
    key, body, before = "", "", ""
    for piece, is_text in run:
        if is_text or _APART.fullmatch(piece):
            key, body = key + _doubled(piece), body + piece
            continue
        name, said = _named(piece, values)
        before += said
        key, body = f"{key}%({name})s", f"{body}{{{{ {name} }}}}"
    given = "".join(f" {name}={of}" for name, of in values.items() if of)
    core = body.strip(" \t\n")
    start, _, end = body.partition(core)
    asked = f" with{given}" if given else ""
    said = "{% blocktranslate" + asked + " %}" + _SPACES.sub(" ", core) + "{% endblocktranslate %}"
    return _Sentence(_SPACES.sub(" ", key.strip(" \t\n")), f"{start}{before}{said}{end}")


def _named(piece: str, values: dict[str, str]) -> tuple[str, str]:
    """The name of a value in its sentence, and the tag that makes it beforehand if it is not a variable."""
    found = _VALUE.fullmatch(piece)
    if found is None:
        name = _own_name(piece[2:].split(maxsplit=1)[0], values, "")
        values[name] = ""
        return name, f"{_in_tag(piece)[:-2].rstrip()} as {name} %}}"
    of = _label(piece)[2:-2].strip()
    name = _own_name(re.split(r"[|:]", found["of"])[0].rpartition(".")[2], values, of)
    values[name] = of
    return name, ""


def _own_name(name: str, values: dict[str, str], of: str) -> str:
    """One that no other value of the sentence has."""
    name = name if name.isidentifier() else "said"
    told, number = name, 2
    while told in values and not (of and values[told] == of):
        told, number = f"{name}_{number}", number + 1
    return told


def _piece(piece: str, is_text: bool) -> str:
    return _text(piece) if is_text else _in_tag(_label(_attributes(piece)))


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
        for path in sorted([*root.glob("*.py"), *root.glob("ui/*.py")]):
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
