"""Only a qualified matricule travels: what goes out asks `matricule_for_exchange`; nothing else reads the column."""

import ast
import re
from datetime import date

import pytest

from terresante.kernel.ids import new_id
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import Patient
from terresante.patients.queries import matricule_for_exchange
from tests.house.tree import ROOT

# Files above the identity that read a matricule all the same: what comes in, the teleservice that gives it out, and
# the comparison that the identity desk looks at.
READ_INSIDE = {
    "interop/insi.py": "asks the teleservice about the matricule itself",
    "interop/handlers.py": "digest of what is known, to find a message again",
    "interop/queries.py": "digest of what a message said",
    "interop/matching.py": "compares what comes in",
    "interop/applying.py": "compares what comes in",
    "interop/views.py": "the identity desk compares",
    "interop/fhir/submitting.py": "compares what comes in",
    "interop/hl7v2/adt_model.py": "what a message says",
    "interop/hl7v2/adt_identity.py": "what a message says",
    "interop/hl7v2/same_person.py": "what a message and its document say of the same person",
}
SHOWN_INSIDE = {"patients/identity.html", "patients/compare.html"}


def reads_a_matricule(source: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "ins" for node in ast.walk(ast.parse(source)))


def test_the_rule_tells_good_from_bad():
    assert reads_a_matricule("letter = f'{patient.ins}'")
    assert not reads_a_matricule("letter = matricule_for_exchange(patient)")


def test_nothing_above_the_identity_reads_a_matricule_by_itself():
    app = ROOT / "terresante"
    found = {
        path.relative_to(app).as_posix()
        for path in app.rglob("*.py")
        if "tests" not in path.parts
        and "migrations" not in path.parts
        and not path.is_relative_to(app / "patients")
        and reads_a_matricule(path.read_text())
    }

    assert found == set(READ_INSIDE), (
        "ask patients.queries.matricule_for_exchange, or say why it stays inside"
    )


def test_no_other_page_shows_a_matricule():
    shown = {
        path.relative_to(path.parents[1]).as_posix()
        for path in (ROOT / "terresante").rglob("templates/**/*.html")
        if re.search(r"\.ins\b", path.read_text())
    }

    assert shown == SHOWN_INSIDE


@pytest.mark.parametrize("status", IdentityStatus.values)
@pytest.mark.parametrize("is_merged", [False, True])
def test_no_other_status_gives_its_matricule(status, is_merged):
    patient = Patient(
        birth_date=date(1939, 4, 2),
        ins="239049402800184",
        ins_oid="1.2.250.1.213.1.4.8",
        identity_status=status,
        merged_into_id=new_id() if is_merged else None,
    )

    told = matricule_for_exchange(patient)

    assert (told is not None) == (status == IdentityStatus.QUALIFIED and not is_merged)
    assert told is None or (told.value, told.oid) == ("239049402800184", "1.2.250.1.213.1.4.8")
