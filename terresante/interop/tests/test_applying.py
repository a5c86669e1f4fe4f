from datetime import date, timedelta

import pytest
from django.utils import timezone

from terresante.care_team.actions import create_record, record_choice
from terresante.care_team.enums import ConsentKind
from terresante.interop import jobs
from terresante.interop.hl7v2.tests.messages import PID, PV1, ZBE
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.patients.identity_rules import ins_key
from terresante.patients.models import Patient, SourceIdentity
from terresante.patients.traits import Traits
from terresante.stays.models import Encounter
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits

INS_BODY = "2390494028001"
INS = f"{INS_BODY}{ins_key(INS_BODY)}"


def give_ins(record, matricule=INS, **changes):
    with walls_down():
        Patient.objects.filter(pk=record.patient_id).update(
            ins=matricule, ins_oid="1.2.250.1.213.1.4.8", identity_status="QUAL", **changes
        )


def with_ins(pid, matricule=INS):
    return pid.replace("&N^PI|", f"&N^PI~{matricule}^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS|")


def numbers():
    with walls_down():
        return dict(SourceIdentity.objects.values_list("value", "patient_id"))


def test_a_message_of_a_known_person_becomes_a_stay(cast, hospital, madeleine):
    assert wire.receive(hospital, wire.stamped("A01", pid=madeleine)) == ["AA"]
    assert wire.apply() == 1

    assert wire.states() == [("applied", "stay")]
    assert (wire.stays(), wire.told()) == ([("V1", "in-progress")], {("admission", True)})


def test_admission_then_discharge_then_its_cancellation(hospital, madeleine):
    discharge = ZBE.replace("MV1", "MV2")
    wire.receive(
        hospital,
        wire.stamped("A01", pid=madeleine),
        wire.stamped("A03", "ZFM|8|8||", pid=madeleine, zbe=discharge, control_id="M2"),
        wire.stamped("A13", pid=madeleine, zbe=discharge.replace("INSERT", "CANCEL"), control_id="M3"),
    )
    wire.apply()

    assert wire.stays() == [("V1", "in-progress")]
    assert wire.told() == {("admission", False), ("discharge_cancelled", True)}


def test_a_person_without_record_is_kept_sealed_out_of_every_queue(hospital):
    wire.receive(
        hospital,
        wire.stamped("A01", pid=wire.STRANGER),
        wire.stamped("A28", pid=wire.STRANGER, control_id="M2"),
    )
    wire.apply()

    assert wire.states() == [("no_candidate", "no_record")] * 2
    assert numbers() == {}
    with walls_down():
        row = InboundMessage.objects.order_by("sequence")[0]
        assert b"INCONNU" not in bytes(row.sealed_raw)
        assert row.patient_id is None


def test_it_is_played_again_when_the_record_appears(cast, hospital):
    give = Traits(
        birth_name="Essai",
        birth_given_names="Claire Anne",
        birth_date=date(1956, 2, 14),
        sex="F",
        birth_place_code="77379",
    )
    wire.receive(hospital, wire.stamped("A01"))
    wire.apply()

    create_record(cast.amar, traits=give)
    dispatched()
    wire.apply()

    # The same traits without a matricule are for a person to confirm (INTEROP.md 2).
    assert wire.states() == [("doubtful", "close")]


def test_it_is_played_again_when_its_identifier_is_known(cast, hospital):
    give_ins(cast.madeleine_record)
    unknown_yet = wire.person(cast.madeleine_record, f5="AUTRE^NOM^NOM^^^^L", f7="19000101")
    wire.receive(hospital, wire.stamped("A01", pid=unknown_yet))
    wire.apply()
    assert wire.states() == [("no_candidate", "no_record")]

    wire.receive(
        hospital,
        wire.stamped(
            "A28", pid=with_ins(wire.person(cast.madeleine_record)), control_id="M2", pv1=None, zbe=None
        ),
    )
    wire.apply()
    # Played again, it contradicts the person its number now is: somebody must look.
    assert wire.states() == [("doubtful", "contradiction"), ("applied", "identity_linked")]


def test_what_found_nobody_is_emptied_after_a_week(hospital):
    wire.receive(hospital, wire.stamped("A01", pid=wire.STRANGER))
    wire.apply()

    assert jobs.purge_kept(now=timezone.now() + timedelta(days=6)) == 0
    assert jobs.purge_kept(now=timezone.now() + timedelta(days=8)) == 1
    with walls_down():
        row = InboundMessage.objects.get()
        assert (row.state, bytes(row.sealed_raw), row.identity_keys, row.trait_keys) == (
            "purged",
            b"",
            [],
            [],
        )


def test_the_same_matricule_and_traits_link_by_themselves(cast, hospital):
    give_ins(cast.madeleine_record)
    wire.receive(hospital, wire.stamped("A01", pid=with_ins(wire.person(cast.madeleine_record))))
    wire.apply()

    assert wire.states() == [("applied", "stay")]
    assert numbers() == {"P1": cast.madeleine_record.patient_id}


@pytest.mark.parametrize(
    "change",
    [
        {"f7": "19390403"},
        {"f8": "M"},
        {"f5": "LEROUX^MARIE^MARIE^^^^L"},
        {"f11": "^^PROVINS^^^FRA^BDL^^77379"},
        {"f11": ""},
    ],
)
def test_a_matricule_whose_traits_are_not_all_the_same_waits_for_a_person(cast, hospital, change):
    give_ins(cast.madeleine_record)
    wire.receive(hospital, wire.stamped("A01", pid=with_ins(wire.person(cast.madeleine_record, **change))))
    wire.apply()

    assert wire.states() == [("doubtful", "close")]
    assert (numbers(), wire.stays()) == ({}, [])


def test_a_matricule_with_a_wrong_key_links_nobody(cast, hospital):
    wrong = f"{INS_BODY}{(int(INS[13:]) + 1) % 97 or 97:02d}"
    give_ins(cast.madeleine_record, wrong)
    wire.receive(hospital, wire.stamped("A01", pid=with_ins(wire.person(cast.madeleine_record), wrong)))
    wire.apply()

    assert wire.states() == [("doubtful", "close")]
    with walls_down():
        assert "ins-key PID-3" in InboundMessage.objects.get().remarks


def test_a_sex_that_differs_from_the_matricule_is_no_obstacle(cast, hospital):
    body = "1" + INS_BODY[1:]
    give_ins(cast.madeleine_record, f"{body}{ins_key(body)}")
    wire.receive(
        hospital,
        wire.stamped("A01", pid=with_ins(wire.person(cast.madeleine_record), f"{body}{ins_key(body)}")),
    )
    wire.apply()

    assert wire.states() == [("applied", "stay")]


def test_a_birth_date_with_a_time_is_a_birth_date(cast, hospital, madeleine):
    born = madeleine.split("|")[7]
    wire.receive(hospital, wire.stamped("A01", pid=madeleine.replace(f"|{born}|", f"|{born}214522|")))
    wire.apply()

    assert wire.states() == [("applied", "stay")]


def test_a_known_number_with_another_person_s_traits_waits_for_a_person(cast, hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", pid=PID))
    wire.apply()

    assert wire.states() == [("doubtful", "contradiction")]
    assert wire.stays() == []


def test_a_doubtful_message_holds_back_only_its_own_identity(cast, hospital, madeleine):
    wire.know(cast.leon_record, hospital, value="P2")
    leon = wire.person(cast.leon_record).replace("P1^", "P2^")
    wire.receive(
        hospital,
        wire.stamped("A01", pid=PID),
        wire.stamped("A02", pid=madeleine, control_id="M2"),
        wire.stamped("A01", pid=leon, control_id="M3", pv1=PV1.replace("V1^", "V2^")),
    )
    wire.apply()

    assert [state for state, _ in wire.states()] == ["doubtful", "held", "applied"]
    assert wire.stays() == [("V2", "in-progress")]


def test_two_hospitals_with_the_same_number_are_two_identities(cast, hospital, madeleine):
    other = wire.connect("Clinique du Canal", authority="750000333", port=21002)
    with walls_down():
        domain = other.domains.get()
        SourceIdentity.objects.create(domain=domain, value="P1", patient_id=cast.leon_record.patient_id)
    leon = wire.person(cast.leon_record).replace("750000222", "750000333")
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.receive(other, wire.stamped("A01", pid=leon))
    wire.apply()

    assert wire.states() == [("applied", "stay")] * 2
    with walls_down():
        found = dict(Encounter.objects.values_list("organization_id", "patient_id"))
    assert found == {
        hospital.organization_id: cast.madeleine_record.patient_id,
        other.organization_id: cast.leon_record.patient_id,
    }


def test_a_visit_number_of_another_person_waits_for_a_person(cast, hospital, madeleine):
    wire.know(cast.leon_record, hospital, value="P2")
    leon = wire.person(cast.leon_record).replace("P1^", "P2^")
    wire.receive(hospital, wire.stamped("A01", pid=madeleine), wire.stamped("A01", pid=leon, control_id="M2"))
    wire.apply()

    assert wire.states() == [("applied", "stay"), ("doubtful", "visit_of_another")]


def test_an_opposition_leaves_nothing_but_the_count(cast, hospital, madeleine):
    record_choice(cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier")
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.apply()

    assert wire.states() == [("opposed", "opposed")]
    assert (wire.stays(), wire.told()) == ([], set())
    with walls_down():
        row = InboundMessage.objects.get()
        assert (bytes(row.sealed_raw), row.identity_keys, row.patient_id, row.control_id) == (
            b"",
            [],
            None,
            "",
        )


def test_the_dmp_opposition_of_zfa_is_not_ours(hospital, madeleine):
    wire.receive(
        hospital, wire.stamped("A01", "ZFA|ACTIF|20240309|||||||IO|20240309|INC|20240309", pid=madeleine)
    )
    wire.apply()

    assert wire.states() == [("applied", "stay")]


def test_an_identity_update_fills_and_never_overwrites(cast, hospital, madeleine):
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(used_name="DEJA")
    married = madeleine.replace("^^^^L|", "^^^^L~NOUVEAU^MADO^^^^^D|")
    wire.receive(hospital, wire.stamped("A31", pid=with_ins(married), pv1=None, zbe=None))
    wire.apply()

    assert wire.states() == [("applied", "identity_updated")]
    with walls_down():
        patient = Patient.objects.get(pk=cast.madeleine_record.patient_id)
        assert (patient.used_name, patient.used_given_name, patient.ins, patient.identity_status) == (
            "DEJA",
            "MADO",
            INS,
            "QUAL",
        )
    assert wire.stays() == []


def test_a_qualified_identity_contradicted_waits_for_a_person(cast, hospital, madeleine):
    give_ins(cast.madeleine_record)
    wire.receive(
        hospital,
        wire.stamped("A31", pid=wire.person(cast.madeleine_record, f7="19390403"), pv1=None, zbe=None),
    )
    wire.apply()

    assert wire.states() == [("doubtful", "contradiction")]


@pytest.mark.parametrize("trigger", ["A31", "A47"])
def test_a_matricule_withdrawn_by_the_hospital_waits_for_a_person(cast, hospital, madeleine, trigger):
    give_ins(cast.madeleine_record)
    authority = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS"
    withdrawn = madeleine.replace("&N^PI|", f'&N^PI~""^^^{authority}|')
    prior = [f"MRG|{INS}^^^{authority}"] if trigger == "A47" else []
    wire.receive(hospital, wire.stamped(trigger, *prior, pid=withdrawn, pv1=None, zbe=None))
    wire.apply()

    assert wire.states() == [("doubtful", "contradiction")]
    with walls_down():
        assert Patient.objects.get(pk=cast.madeleine_record.patient_id).ins == INS


def merge(dead, kept, pid, control_id="M1", trigger="A40"):
    return wire.stamped(
        trigger,
        f"MRG|{dead}^^^HOPITAL-T&750000222&N^PI",
        pid=pid.replace("P1^", f"{kept}^"),
        pv1=None,
        zbe=None,
        control_id=control_id,
    )


def test_a_merge_makes_both_numbers_one_person(cast, hospital, madeleine):
    wire.receive(
        hospital,
        merge("P1", "P7", madeleine),
        wire.stamped("A01", pid=madeleine.replace("P1^", "P7^"), control_id="M2"),
        wire.stamped("A02", pid=madeleine, control_id="M3", zbe=ZBE.replace("MV1", "MV2")),
    )
    wire.apply()

    assert wire.states() == [("applied", "identifier_replaced"), ("applied", "stay"), ("applied", "stay")]
    assert numbers() == dict.fromkeys(("P1", "P7"), cast.madeleine_record.patient_id)
    with walls_down():
        assert SourceIdentity.objects.get(replaced_by__value="P7").value == "P1"


def test_a_chain_of_merges_leads_to_the_last_number(cast, hospital, madeleine):
    wire.receive(
        hospital,
        merge("P1", "P7", madeleine),
        merge("P7", "P8", madeleine, "M2"),
        wire.stamped("A01", pid=madeleine, control_id="M3"),
        merge("P8", "P1", madeleine, "M4"),
    )
    wire.apply()

    assert [state for state, _ in wire.states()] == ["applied"] * 3 + ["refused"]
    assert numbers() == dict.fromkeys(("P1", "P7", "P8"), cast.madeleine_record.patient_id)


def test_a_merge_of_unknown_numbers_concerns_nobody_here(hospital):
    wire.receive(hospital, merge("P8", "P9", PID))
    wire.apply()

    assert wire.states() == [("no_candidate", "no_record")]


def test_a_merge_loop_is_refused(hospital, madeleine):
    wire.receive(
        hospital,
        merge("P1", "P1", madeleine),
        merge("P1", "P7", madeleine, "M2"),
        merge("P7", "P1", madeleine, "M3"),
    )
    wire.apply()

    assert wire.states() == [
        ("refused", "merge_loop"),
        ("applied", "identifier_replaced"),
        ("refused", "merge_loop"),
    ]


def test_a_merge_of_two_patients_of_ours_waits_for_a_person(cast, hospital, madeleine):
    wire.know(cast.leon_record, hospital, value="P2")
    wire.receive(hospital, merge("P2", "P1", madeleine))
    wire.apply()

    assert wire.states() == [("doubtful", "two_patients")]


def test_an_identifier_change_is_followed(cast, hospital, madeleine):
    wire.receive(hospital, merge("P1", "P7", madeleine, trigger="A47"))
    wire.apply()

    assert numbers()["P7"] == cast.madeleine_record.patient_id


def test_two_identities_linked_then_parted(cast, hospital, madeleine):
    other = PID.replace("P1^", "P5^")
    wire.receive(
        hospital,
        wire.stamped("A24", other, pid=madeleine, pv1=None, zbe=None),
        wire.stamped("A37", other, pid=madeleine, pv1=None, zbe=None, control_id="M2"),
    )
    wire.apply()

    assert wire.states() == [("applied", "identity_linked"), ("doubtful", "unlinked")]
