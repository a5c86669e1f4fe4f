"""PID-32 and an INS in PID-3 give the four statuses of RNIV (INTEROP.md 2), and what each lets a matricule do."""

import pytest

from terresante.interop import mapping
from terresante.interop.hl7v2.tests.test_adt import MATRICULE, NIR, adt_of, with_identifiers
from terresante.interop.tests import wire
from terresante.interop.tests.test_applying import INS, with_ins
from terresante.patients.identity_rules import travels
from terresante.patients.models import Patient
from tests.walls import walls_down

TEST = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.10&ISO"


def identity(reliability, authority=NIR):
    numbers = [f"{MATRICULE}^^^{authority}^INS"] if authority else []
    return adt_of(with_identifiers(*numbers, f32=reliability)).identity


@pytest.mark.parametrize(
    ("reliability", "authority", "status"),
    [
        ("VALI", NIR, "QUAL"),
        ("PROV", NIR, "RECUP"),
        ("VALI", None, "VALI"),
        ("PROV", None, "PROV"),
        ("", NIR, "RECUP"),
        ("VALI~DOUT", NIR, "PROV"),
        ("VALI~FICT", NIR, "PROV"),
    ],
)
def test_the_statuses_of_a_message(reliability, authority, status):
    traits = mapping.received_traits(identity(reliability, authority))

    assert traits.identity_status == status
    assert bool(traits.ins) == (status in ("QUAL", "RECUP"))
    assert travels(traits.identity_status) == (status == "QUAL")


@pytest.mark.parametrize(("reliability", "status"), [("VALI", "VALI"), ("PROV", "PROV")])
def test_a_test_matricule_is_no_matricule_in_production(reliability, status):
    traits = mapping.accepted_traits(identity(reliability, TEST), test_ins=False)

    assert (traits.ins, traits.identity_status) == ("", status)


def updated(madeleine, reliability):
    fields = with_ins(madeleine).split("|")
    fields[32] = reliability
    return wire.stamped("A31", pid="|".join(fields), pv1=None, zbe=None)


@pytest.mark.commits
@pytest.mark.parametrize(
    ("known", "told", "status"),
    [("PROV", "PROV", "RECUP"), ("PROV", "VALI", "QUAL"), ("VALI", "PROV", "QUAL"), ("VALI", "VALI", "QUAL")],
)
def test_what_was_proven_here_stays_proven_when_a_matricule_comes(
    cast, hospital, madeleine, known, told, status
):
    """Bad: a hospital that checked no document takes away the one that the desk checked."""
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(identity_status=known)
    wire.receive(hospital, updated(madeleine, told))
    wire.apply()

    with walls_down():
        patient = Patient.objects.get(pk=cast.madeleine_record.patient_id)
    assert (patient.ins, patient.identity_status) == (INS, status)


@pytest.mark.commits
def test_a_matricule_that_comes_without_vali_links_nobody_by_itself(cast, hospital):
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
            ins=INS, ins_oid="1.2.250.1.213.1.4.8", identity_status="QUAL"
        )
    unknown = with_ins(wire.person(cast.madeleine_record)).replace("P1^", "P77^")
    wire.receive(hospital, wire.stamped("A01", pid=unknown.replace("VALI", "PROV")))
    wire.apply()

    assert wire.states() == [("doubtful", "close")]
