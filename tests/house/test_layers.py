"""What imports do not show: foreign keys, templates and migrations also go down (DESIGN.md 2)."""

import ast
import re

import pytest
from django.apps import apps

from tests.house.tree import PLATFORM, app_of, layer_of, parsed, short, sources, templates

# Django and its neighbours stand below everything.
BELOW_ALL = {"contenttypes", "auth", "sessions", "messages", "procrastinate"}
INCLUDED = re.compile(r"""{%-?\s*(?:include|extends)\s+["']([^"']+)["']""")
MIGRATIONS = sorted(path for path in sources(migrations=True) if path.parent.name == "migrations")


def is_below(app: str, other: str) -> bool:
    layers = layer_of()
    return other == app or other in BELOW_ALL or layers[other] < layers[app]


def test_every_app_has_its_layer():
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("terresante.")}

    assert ours == set(layer_of())


def test_foreign_keys_go_down():
    """Good: notes.Note → patients.Patient. Bad: patients.Patient → notes.Note, notes.Note → stays.Encounter."""
    wrong = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in layer_of()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and field.related_model is not None
        and not is_below(model._meta.app_label, field.related_model._meta.app_label)
    ]

    assert not wrong


def test_templates_include_only_what_stands_below():
    """Good: `{% include "ui/form.html" %}`. Bad: a kernel template that includes a page of notes."""
    owners = {}
    for path in templates():
        root = next(parent for parent in path.parents if parent.name == "templates")
        owners[path.relative_to(root).as_posix()] = app_of(path)
    wrong, missing = [], []
    for path in templates():
        for name in INCLUDED.findall(path.read_text()):
            if name not in owners:
                missing.append(f"{short(path)}: {name}")
            elif not is_below(app_of(path), owners[name]):
                wrong.append(f"{short(path)}: {name}")

    assert not missing
    assert not wrong


def test_a_page_of_an_app_has_its_name():
    """`templates/<app>/…`, so that no two apps answer to one name. The kernel's layouts have none."""
    wrong = [
        short(path)
        for path in templates()
        if app_of(path) != "kernel" and f"templates/{app_of(path)}/" not in short(path)
    ]

    assert not wrong


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_migrations_depend_only_downwards(path):
    app = app_of(path)
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("dependencies", "run_before"):
            found += [
                pair.elts[0].value
                for pair in ast.walk(node.value)
                if isinstance(pair, ast.Tuple) and isinstance(pair.elts[0], ast.Constant)
            ]

    assert all(is_below(app, other) for other in found), found


# DESIGN.md 2: what another app may import, and what is split from these for its length (`own_actions`).
DOORS = ("models", "enums", "queries", "actions", "events", "access")
# What else is lent, why, and to which apps. Exact: a line that nobody needs any more goes, and none comes.
LENT = {
    "pure: what something is, or is called, before it is a row": {
        "accounts.codes": {"care_team", "telemonitoring"},
        "care_team.matrix": {"care_plans", "documents", "telemonitoring"},
        "health_record.offers": {"interop", "overview"},
        "health_record.said": {"interop", "overview", "portal"},
        "overview.fhir": {"interop"},
        "patients.identity_rules": {"care_team", "interop", "overview", "telemonitoring"},
        "patients.traits": {"care_team", "interop", "overview"},
        "questionnaires.filling": {"telemonitoring"},
        "questionnaires.pathway": {"overview", "telemonitoring"},
        "results.merging": {"interop"},
    },
    "the other side of a port, or what passes through it": {
        "accounts.federation.ports": {"directory", "patients"},
        "accounts.federation.protocol": {"directory", "patients"},
        "accounts.federation.refusals": {"directory", "patients"},
        "documents.reading": {"interop", "overview", "portal"},
        "patients.insi": {"interop"},
    },
    "a form of which a page above has the fields": {
        "accounts.forms": {"portal"},
        "care_team.forms": {"overview", "portal"},
        "care_team.forms.joining": {"portal"},
        "care_team.forms.limits": {"documents", "health_record", "notes"},
        "directory.forms": {"overview"},
        "documents.forms": {"portal"},
        "health_record.forms": {"portal"},
        "home_care.forms": {"portal"},
        "patients.forms": {"overview"},
    },
    "the same screens behind another door": {
        "questionnaires.step_views": {"portal", "telemonitoring"},
        "questionnaires.steps": {"portal", "telemonitoring"},
        "telemonitoring.answering.asking": {"portal"},
        "telemonitoring.answering.doors": {"portal"},
        "telemonitoring.answering.kit": {"portal"},
        "telemonitoring.answering.standing": {"portal"},
        "telemonitoring.answering.unasked": {"portal"},
    },
    "what a deployment has chosen, and who is at the door": {
        "accounts.sessions": {"notifications", "portal", "telemonitoring"},
        "accounts.tries": {"interop", "telemonitoring"},
        "care_team.regime": {"interop", "overview"},
    },
}


def borrowed(path):
    """Modules of other apps that this one imports, by their path below `terresante`; a package is its own module."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("terresante."):
            for alias in node.names:
                parts = [*node.module.split("."), alias.name]
                yield ".".join(parts[1:] if is_module(parts) else parts[1:-1])


def is_module(parts):
    where = PLATFORM.parent.joinpath(*parts)
    return where.is_dir() or where.with_suffix(".py").is_file()


def is_a_door(module):
    return any(part in DOORS or part.rpartition("_")[2] in DOORS for part in module.split(".")[1:])


def test_an_app_is_entered_by_its_doors():
    """Good: `from terresante.notes.queries import notes_of_record`. Bad: `from terresante.notes.views import write`."""
    found = {}
    for path in sources():
        if not path.is_relative_to(PLATFORM) or path.parent == PLATFORM:
            continue
        for module in borrowed(path):
            app = module.partition(".")[0]
            if app not in (app_of(path), "kernel") and not is_a_door(module):
                found.setdefault(module, set()).add(app_of(path))

    assert found == {module: apps for lent in LENT.values() for module, apps in lent.items()}


# What a generated migration names for a column's default or type; nothing of it changes rows.
OF_COLUMNS = ("terresante.kernel.ids", "terresante.accounts.models")


@pytest.mark.parametrize("path", MIGRATIONS, ids=short)
def test_migrations_import_no_code_of_an_app(path):
    """Bad: a model or an action imported in a migration, which then changes with the code of another release."""
    imported = [
        name
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
    ]

    assert not [name for name in imported if name.startswith("terresante.") and name not in OF_COLUMNS]


def test_templates_carry_no_code_and_no_style():
    """The content security policy refuses them, silently for the reader. Good: `data-…` and a class."""
    bad = re.compile(r"<style\b|<script(?![^>]*\bsrc=)|\son\w+\s*=|\sstyle\s*=|javascript:", re.IGNORECASE)
    found = [
        f"{short(path)}: {hit.group().strip()}"
        for path in templates()
        for hit in bad.finditer(path.read_text())
    ]

    assert not found


def test_what_is_docked_on_a_telephone_is_no_button_itself():
    """`main-action` paints its ground: on a button it is white on white. Good: `<div class="main-action"><a …`."""
    white = re.compile(r"""class="(?=[^"]*\bbtn\b)[^"]*\bmain-action\b""")
    found = [short(path) for path in templates() if white.search(path.read_text())]

    assert not found
    assert white.search('<a class="btn btn-main main-action">')


def test_no_template_names_another_site():
    """Everything comes from our own origin: no request tells a third party who reads what."""
    elsewhere = re.compile(r"""(?:src|href|action)\s*=\s*["'](?:https?:)?//""")
    found = [short(path) for path in templates() if elsewhere.search(path.read_text())]

    assert not found
