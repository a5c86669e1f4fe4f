"""What the pages promise is there, and what is there has its line."""

import json
import re
import tomllib
from functools import cache
from importlib.metadata import metadata
from pathlib import Path

from tests.house.tree import PLATFORM, ROOT, files, short

DOCS = ROOT / "docs"
OPERATIONS = DOCS / "operations.md"
DEPENDENCIES = DOCS / "why" / "dependencies.md"
VARIABLE = re.compile(r"\bTERRESANTE_[A-Z]+(?:_[A-Z]+)*\b")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
ELSEWHERE = ("http://", "https://", "mailto:")
# Read by the code, the proxy, or given by `make`.
READERS = {".py", ".ts", ".example", ".service"}


QUOTED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(?:py|html|ts|sql|toml|typ|md|txt|service)")
# Between words of one name, or before it: what is no word of English.
NAME = re.compile(r"(?<!\w)(?:[A-Z][a-z]+[A-Z]\w*|[A-Za-z]\w*_\w+)")
PRIVATE = re.compile(r"(?<![\w.])_[A-Za-z]\w+")
FOLDER = re.compile(r"[\w./-]+/")
CODE = {".py", ".ts", ".html", ".sql", ".scss", ".toml", ".txt", ".typ", ".yml", ".example", ".service"}
# Addresses, what is written at run time, an example's own folder, a wheel's.
WRITTEN_ELSEWHERE = ("/", "var/", "examples/", "bin/")
# PostgreSQL's, published files', libraries' that were not taken; and what the pages that teach are about to write.
NOT_OURS = {
    *("HTTPS_PROXY", "archive_command", "log_min_duration_statement", "pg_basebackup", "pg_dump"),
    *("PS_LibreAcces_Dipl_AutExerc", "LinguisticVariants", "openid_connect", "SocialAccount"),
    *("is_urgent", "urgent_notes", "NoteWithdrawn", "NOTE_WITHDRAW", "withdraw_note", "withdrawn_at"),
    *("PLANNED_TRANSFER", "planned_transfer", "verb_noun", "words_of_the_address"),
}


def pages():
    return [path for path in files() if path.suffix == ".md"]


def quoted(page):
    return QUOTED.findall(page.read_text())


@cache
def words_of(path):
    return frozenset(re.findall(r"\w+", path.read_text()))


def ends_of_paths():
    """Every tracked file, and every folder with a slash behind it, by each of its ends."""
    paths = {short(path) for path in files()}
    paths |= {f"{parent.as_posix()}/" for path in map(Path, paths) for parent in path.parents}
    return {end for path in paths for end in _ends(path)}


def _ends(path):
    parts = path.rstrip("/").split("/")
    last = "/" if path.endswith("/") else ""
    return ("/".join(parts[start:]) + last for start in range(len(parts)))


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


def test_every_file_that_the_pages_name_is_there():
    """Good: `patients/models/person.py`. Bad: `patients/models.py`, a package since; a folder ends with a slash."""
    known = ends_of_paths()
    lost = [
        f"{short(page)}: {name}"
        for page in pages()
        for name in quoted(page)
        if (FILE.fullmatch(name) or (name.endswith("/") and FOLDER.fullmatch(name)))
        and not name.startswith(WRITTEN_ELSEWHERE)
        and name not in known
    ]

    assert not lost


def test_every_name_of_the_code_that_the_pages_quote_is_in_the_code():
    """Good: the name as it is now. Bad: a query, a function, a table that has another name since."""
    known = NOT_OURS | {path.stem for path in files()}
    known = known.union(
        *(words_of(path) for path in files() if path.suffix in CODE or path.name == "Makefile")
    )
    lost = [
        f"{short(page)}: {name}"
        for page in pages()
        for text in quoted(page)
        if not FILE.fullmatch(text)
        for name in NAME.findall(text)
        if name not in known
    ]

    assert not lost


def test_a_private_name_is_in_a_file_that_its_page_names():
    """`_told` of an app is not that of another. What begins thus in the page of the FHIR interface is FHIR's."""
    lost = [
        f"{short(page)}: {name}"
        for page in pages()
        if page != DOCS / "api.md" and (names := private_names(page))
        for name in names.difference(*(words_of(path) for path in named_by(page)))
    ]

    assert not lost


def private_names(page):
    return {name for text in quoted(page) if not FILE.fullmatch(text) for name in PRIVATE.findall(text)}


def named_by(page):
    """The files that it names with their folder, and for the page of a folder those of the folder."""
    names = tuple(f"/{name}" for name in quoted(page) if FILE.fullmatch(name) and "/" in name)
    own = page.parent if page.name == "README.md" else None
    return [
        path
        for path in files()
        if path.suffix in CODE and (own in path.parents or f"/{short(path)}".endswith(names))
    ]


def test_every_dependency_has_its_line_and_no_line_is_too_many():
    """Good: a row that says what for. Bad: a package nobody remembers the reason of."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    python = {re.match(r"[\w.-]+", name).group() for name in asked}
    package = json.loads((ROOT / "package.json").read_text())
    front_end = {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    told = set(re.findall(r"^\| `([^`]+)` \|", DEPENDENCIES.read_text(), re.MULTILINE))

    assert told == python | front_end


def test_each_dependency_states_the_licence_that_it_has():
    """Good: the family that the package says of itself. Bad: one that changed with a version, or none."""
    said = dict(re.findall(r"^\| `([^`]+)` \| ([^|]*) \|", DEPENDENCIES.read_text(), re.MULTILINE))
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    wrong = {
        name: (licence, found)
        for name, licence in said.items()
        if not families(licence) or not families(found := licence_of(name, locked)) <= families(licence)
    }

    assert not wrong


def licence_of(name, locked):
    if package := locked.get(f"node_modules/{name}"):
        return package.get("license", "")
    told = metadata(name)
    return " ".join([told.get("License-Expression", ""), *told.get_all("Classifier", [])])


def families(text):
    return set(re.findall(r"0BSD|BSD|MIT|Apache|LGPL|GPL|MPL|ISC|OFL", text))
