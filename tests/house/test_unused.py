"""What nothing leads to any more is not kept."""

import ast
import re
from collections import Counter
from functools import cache

from tests.house.tree import PLATFORM, ROOT, files, parsed, short, sources, templates

# Of a function or a class with another decorator, something is made as it is read: a rule, a handler, a page.
PLAIN = {"action", "cache", "contextmanager", "dataclass", "lru_cache"}
# What Django, htmx, pdf.js and our own tags ask for by a name that they make.
BY_STATUS = re.compile(r"\d{3}\.html")
MADE = re.compile(r"(is|icon)-\w+|htmx-request|hiddenCanvasElement|markedContent")


@cache
def written(*kinds: str) -> str:
    return "\n".join(path.read_text() for path in files() if path.suffix in kinds)


def test_every_name_of_a_module_is_used():
    """Bad: a function whose last caller has gone. What only tests use is theirs to make."""
    words = Counter(re.findall(r"\w+", written(".py", ".html", ".toml")))
    dead = [
        f"{short(path)}:{node.lineno} {name}"
        for path in sources()
        if path.is_relative_to(PLATFORM) and path.name != "apps.py" and "commands" not in path.parts
        for node in parsed(path).body
        for name in names_of(node)
        if words[name] == 1 and not name.startswith("__")
    ]

    assert not dead


def names_of(node):
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        marks = {ast.unparse(mark).partition("(")[0].rpartition(".")[2] for mark in node.decorator_list}
        return [node.name] if marks <= PLAIN else []
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def test_every_template_is_rendered_or_included():
    told = written(".py", ".html")
    names = {path: path.as_posix().partition("/templates/")[2] for path in templates()}

    assert not [
        short(path) for path, name in names.items() if name not in told and not BY_STATUS.fullmatch(name)
    ]


def test_every_class_of_the_styles_is_worn():
    """Good: a class that a template, a tag or an island names. Bad: a variant that was drawn and is on no page."""
    worn = set(re.findall(r"[A-Za-z][\w-]*", written(".py", ".html", ".ts")))
    drawn = {
        name: path
        for path in sorted((ROOT / "frontend" / "styles").glob("*.scss"))
        for name in re.findall(r"\.([a-zA-Z][\w-]*)", re.sub(r"//.*|/\*.*?\*/", "", path.read_text()))
    }

    assert not [f"{short(path)}: .{name}" for name, path in drawn.items() if name not in worn | made(drawn)]


def made(names):
    return {name for name in names if MADE.fullmatch(name)}
