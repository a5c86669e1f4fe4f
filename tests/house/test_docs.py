"""What the pages promise is there, and what is there has its line."""

import json
import re
import tomllib

from tests.house.tree import PLATFORM, ROOT, files, short

DOCS = ROOT / "docs"
OPERATIONS = DOCS / "operations.md"
DEPENDENCIES = DOCS / "why" / "dependencies.md"
VARIABLE = re.compile(r"\bTERRESANTE_[A-Z]+(?:_[A-Z]+)*\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ELSEWHERE = ("http://", "https://", "mailto:")
# Read by the code, the proxy, or given by `make`.
READERS = {".py", ".ts", ".example", ".service"}


def pages():
    return [path for path in files() if path.suffix == ".md"]


def test_every_variable_of_the_environment_is_in_the_operations_page():
    """Good: a row in docs/operations.md. Bad: `os.environ["TERRESANTE_NEW"]` that only its author knows."""
    written = set(VARIABLE.findall(OPERATIONS.read_text()))
    read = {
        (name, short(path))
        for path in files()
        if path.suffix in READERS or path.name in ("Makefile", "Caddyfile")
        if path.name != "test_docs.py"
        for name in VARIABLE.findall(path.read_text())
    }
    missing = sorted(f"{name} ({where})" for name, where in read if name not in written)

    assert not missing


def test_the_operations_page_names_no_variable_that_nobody_reads():
    read = {
        name
        for path in files()
        if path.suffix == ".py" or path.name == "Caddyfile"
        for name in VARIABLE.findall(path.read_text())
    }

    assert set(VARIABLE.findall(OPERATIONS.read_text())) <= read


def test_every_relative_link_of_the_pages_resolves():
    tracked = {path.resolve() for path in files()}
    folders = {parent for path in tracked for parent in path.parents}
    broken = [
        f"{short(page)}: {target}"
        for page in pages()
        for target in LINK.findall(page.read_text())
        if not target.startswith(("#", *ELSEWHERE))
        and (page.parent / target.partition("#")[0]).resolve() not in tracked | folders
    ]

    assert not broken


def test_every_app_has_its_page_and_the_index_leads_to_it():
    index = (DOCS / "README.md").read_text()
    apps = sorted(path.parent.name for path in files() if path.name == "apps.py" and PLATFORM in path.parents)

    assert [app for app in apps if f"(../terresante/{app}/README.md)" not in index] == []


def test_every_page_of_docs_is_reached_from_the_index():
    """A page that no link leads to is read by nobody."""
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in pages()
        if page.is_relative_to(DOCS)
        for target in LINK.findall(page.read_text())
    }
    lost = [short(page) for page in pages() if page.is_relative_to(DOCS) and page.resolve() not in linked]

    assert [page for page in lost if page != "docs/README.md"] == []


def test_every_test_named_in_the_pages_exists():
    """A rule "held by test_x" is held by nothing once test_x has another name."""
    known = {
        name
        for path in files()
        if path.suffix == ".py"
        for name in (path.name, path.stem, *re.findall(r"def (test_\w+)", path.read_text()))
    }
    told = {
        (name, short(page))
        for page in pages()
        for name in re.findall(r"\btest_[a-z0-9_]+(?:\.py)?", page.read_text())
    }

    assert [pair for pair in sorted(told) if pair[0] not in known] == []


def test_every_dependency_has_its_line_and_no_line_is_too_many():
    """Good: a row that says what for. Bad: a package nobody remembers the reason of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    python = {re.match(r"[\w.-]+", name).group() for name in asked}
    package = json.loads((ROOT / "package.json").read_text())
    front_end = {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    told = set(re.findall(r"^\| `([^`]+)` \|", DEPENDENCIES.read_text(), re.MULTILINE))

    assert told == python | front_end
