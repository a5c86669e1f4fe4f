"""No write without a trace, no event with two meanings, no model without its word."""

import inspect
import re
from collections import Counter
from importlib import import_module

import pytest
from django.apps import apps

from config.navigation import _CARER_PLACES, _PATIENT_PLACES, _PLACES, _RELATIVE_PLACES
from config.record_frame import MORE, TABS
from terresante.kernel import access, events
from terresante.kernel.enums import Outcome
from tests.house.tree import PLATFORM, ROOT, files, sources

GLOSSARY = ROOT / "docs" / "glossary.md"


def load_every_module() -> None:
    for path in sources():
        if path.is_relative_to(PLATFORM) and path.stem in ("events", "actions", "access"):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def every_event(cls: type = events.Event) -> list[type[events.Event]]:
    return [deeper for direct in cls.__subclasses__() for deeper in (direct, *every_event(direct))]


def test_an_event_has_one_class():
    """The outbox keeps the class's name: two of one name would be taken for each other."""
    load_every_module()
    # `slots=True` leaves the class it replaced among the subclasses: both have one module.
    ours = {(cls.__name__, cls.__module__) for cls in every_event() if ".tests." not in cls.__module__}
    counts = Counter(name for name, _ in ours)

    assert [name for name, times in counts.items() if times > 1] == []


def test_events_carry_identifiers_and_codes_only():
    """Good: `note_id: UUID`, `kind: str`. Bad: `text: str`, `patient_name: str`."""
    load_every_module()
    told = {
        "text",
        "content",
        "body",
        "title",
        "reason",
        "patient_name",
        "birth_name",
        "given_name",
        "comment",
    }
    wrong = [
        f"{cls.__name__}.{field}"
        for cls in every_event()
        if cls.__module__.startswith("terresante.")
        for field in inspect.get_annotations(cls)
        if field in told
    ]

    assert not wrong


def test_action_codes_and_labels_are_said_once():
    """The access log shows the label: one code, one French wording."""
    load_every_module()
    actions = {
        value
        for path in sources()
        if path.is_relative_to(PLATFORM) and path.stem in ("access", "actions")
        for value in vars(import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))).values()
        if isinstance(value, access.Action)
    }
    codes = Counter(action.code for action in actions)

    assert [code for code, times in codes.items() if times > 1] == []
    assert all(action.label[:1].isupper() and not action.label.endswith(".") for action in actions)


def test_every_model_with_rows_of_a_patient_has_a_rule():
    """Undeclared is refused: a model without a rule is read by nobody, or round the rules."""
    load_every_module()
    ruled = {model for _, model in access.declared_rules()}
    bare = {
        model._meta.label
        for model in apps.get_models()
        if "patient" in {field.name for field in model._meta.fields} and model not in ruled
    }

    assert bare == set(NOT_RULED), "declare a rule, or list why the model needs none"


# Rows of a patient that no page asks for by themselves.
NOT_RULED = {
    "patients.PatientAccount": "read by its own user only, through patient_behind",
    "feed.ReadCursor": "reading marks belong to their reader alone (policy `own`)",
    "feed.ReadException": "reading marks belong to their reader alone (policy `own`)",
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_outcomes_of_the_trail_have_their_french_word(outcome):
    assert outcome.label


def test_every_model_is_in_the_glossary():
    """A word that is not in the glossary is not a model name (STYLE.md 4)."""
    written = GLOSSARY.read_text()
    missing = [
        model.__name__
        for model in apps.get_models()
        if model.__module__.startswith("terresante.") and f"`{model.__name__}`" not in written
    ]

    assert not missing, f"add a line to docs/glossary.md: {missing}"


def test_the_places_of_the_screen_are_in_the_glossary_with_their_view():
    """A newcomer sees « Chronologie » and finds `overview:timeline`; a place that is gone leaves its line."""
    bars = (_PLACES, _PATIENT_PLACES, _RELATIVE_PLACES, _CARER_PLACES)
    places = {(label, address) for bar in bars for label, address, *_ in bar}
    places |= {(tab.label, tab.url_name) for tab in (*TABS, *MORE)}
    told = re.findall(r"\| ([^|]+) (?=\| `(\w+:\w+)` \|)", GLOSSARY.read_text())

    assert {(label, address) for labels, address in told for label in labels.split(", ")} == places


def test_every_app_has_its_page():
    """README.md, one page: what the app does, its doors, its rules."""
    with_models_or_views = {
        path.parent
        for path in files()
        if path.name in ("actions.py", "views.py") and path.is_relative_to(PLATFORM)
    }
    silent = [
        folder.name
        for folder in with_models_or_views
        if folder.parent == PLATFORM and not (folder / "README.md").exists()
    ]

    assert not sorted(silent)
