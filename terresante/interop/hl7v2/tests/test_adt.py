import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.ack import acknowledgement
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import Authority, Identifier, Name
from terresante.interop.hl7v2.envelope import envelope
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.tests.messages import MSH, PID, adt, pid, pv1
from terresante.interop.hl7v2.triggers import Action, Kind
from terresante.patients.identity_rules import InsKind

HOSPITAL = Authority("HOPITAL-T", "750000222", "N")
NIR = "ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO"
NIA = "ASIP-SANTE-INS-NIA&1.2.250.1.213.1.4.9&ISO"
MATRICULE = "256021416802587"  # invented; its key is right


def adt_of(raw):
    message = examine(raw)
    assert isinstance(message, er7.Message), message
    return read_adt(message)


def codes(found):
    return {oddity.code for oddity in found.warnings}


def with_identifiers(*repetitions, trigger="A01", **fields):
    return adt(trigger, pid=pid(f3="~".join(["P1^^^HOPITAL-T&750000222&N^PI", *repetitions]), **fields))


def test_an_admission_is_read_whole():
    found = adt_of(
        adt(
            "A01",
            "ZFA|ACTIF|20250301|||||||INO|20250302|INC|20250303",
            "ZFM|8|||5",
            "ZFD||||N|INSI|20250101|CN|20300101",
        )
    )
    assert (found.kind, found.is_cancellation, found.warnings) == (Kind.ADMISSION, False, ())
    assert found.occurred_at.isoformat() == "2025-03-11T08:55:00+01:00"
    identity = found.identity
    assert identity.birth_name == Name("ESSAI", "CLAIRE", "CLAIRE ANNE")
    assert identity.used_names == (Name("MODELE", "CLAIRE", ""),)
    assert identity.birth_date.value == datetime.date(1956, 2, 14)
    assert (identity.sex, identity.birth_place.code, identity.birth_place.city) == ("F", "77379", "PROVINS")
    assert identity.ipps == (Identifier("P1", "PI", HOSPITAL),)
    assert identity.account == Identifier("D1", "AN", HOSPITAL)
    assert identity.addresses[0].postcode == "77000"
    assert identity.phones[0].number == "0100000000"
    assert identity.reliability == ("VALI",)
    visit = found.visit
    assert (visit.patient_class, visit.number.value, visit.location.ward, visit.location.bed) == (
        "I",
        "V1",
        "CARDIO",
        "A",
    )
    assert visit.admitted_at.isoformat() == "2025-03-11T08:55:00+01:00"
    assert (visit.pmsi.entry, visit.pmsi.destination) == ("8", "5")
    movement = found.movement
    assert movement.identifiers == (Identifier("MV1", "", HOSPITAL),)
    assert (movement.action, movement.is_historic, movement.nature) == (Action.INSERT, False, "HMS")
    assert (movement.medical_unit.name, movement.medical_unit.code) == ("Cardio", "4411")
    assert (found.dmp_consent.feeding, found.dmp_consent.consultation) == ("INO", "INC")
    assert (found.proof.method, found.proof.document) == ("INSI", "CN")
    assert not found.confidentiality.is_asked
    assert not found.is_psychiatric
    assert not found.is_death


def test_a_national_practitioner_identifier_gives_the_rpps():
    (attending,) = adt_of(adt("A01")).physicians
    assert (attending.role, attending.rpps, attending.family) == ("attending", "10000000016", "MARTEL")


def test_the_regular_physician_comes_from_rol_before_pd1():
    rol = "ROL||UC|ODRP|10000000024^DURAND^LISE^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
    pd1 = "PD1||||10000000032^AUTRE^ANNE^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^L^^^RPPS"
    assert adt_of(adt("A01", pd1)).regular_physician.family == "AUTRE"
    assert adt_of(adt("A01", pd1, rol)).regular_physician.rpps == "10000000024"
    assert adt_of(adt("A01", rol.replace("|UC|", "|DE|"))).regular_physician is None


def test_an_ins_without_a_validated_identity_is_kept_and_flagged():
    raw = with_identifiers(f"{MATRICULE}^^^{NIR}^INS")
    assert adt_of(raw).identity.usable_ins.kind is InsKind.NIR
    found = adt_of(raw.replace(b"|VALI", b"|PROV"))
    assert found.identity.usable_ins.value == MATRICULE
    assert "ins-without-vali" in codes(found)


def test_an_ins_of_an_identity_that_the_sender_doubts_is_not_kept():
    raw = with_identifiers(f"{MATRICULE}^^^{NIR}^INS")
    found = adt_of(raw.replace(b"|VALI", b"|VALI~DOUT"))
    assert found.identity.usable_ins is None
    assert found.identity.ins[0].value == MATRICULE


def test_a_wrong_or_missing_ins_key_is_flagged_and_not_used():
    for value in (MATRICULE[:13], MATRICULE[:13] + "00"):
        found = adt_of(with_identifiers(f"{value}^^^{NIR}^INS"))
        assert found.identity.usable_ins is None
        assert "ins-key" in codes(found)


def test_the_same_matricule_as_nir_and_nia():
    found = adt_of(with_identifiers(f"{MATRICULE}^^^{NIA}^INS", f"{MATRICULE}^^^{NIR}^INS"))
    assert "ins-twice" in codes(found)
    assert found.identity.usable_ins.kind is InsKind.NIR


def test_an_old_ins_c_and_a_social_security_number_are_no_ins():
    found = adt_of(
        with_identifiers(
            "1234567890123456789012^^^ASIP-SANTE-INS-C&1.2.250.1.213.1.4.6&ISO^NH",
            f"{MATRICULE}^^^CNAM&1.2.250.1.213.1.4.13&ISO^NH",
        )
    )
    assert found.identity.ins == ()
    assert found.identity.ins_c == "1234567890123456789012"
    assert [other.value for other in found.identity.other_identifiers] == [MATRICULE]


def test_an_ins_is_told_by_its_authority():
    named = adt_of(with_identifiers(f"{MATRICULE}^^^ASIP-SANTE-INS-NIR^INS"))
    assert named.identity.usable_ins.oid == "1.2.250.1.213.1.4.8"
    assert "ins-without-oid" in codes(named)
    unknown = adt_of(with_identifiers(f"{MATRICULE}^^^MAISON^INS"))
    assert unknown.identity.ins == ()
    assert "ins-authority" in codes(unknown)


def test_an_ins_may_be_withdrawn():
    found = adt_of(
        adt("A47", f"MRG|{MATRICULE}^^^{NIR}^INS", pid=pid(f3=f'P1^^^H^PI~""^^^{NIR}^INS'), zbe=None)
    )
    assert found.kind is Kind.IDENTIFIER_CHANGED
    assert found.identity.is_ins_erased
    assert found.merge.ins[0].value == MATRICULE


def test_several_ipps_are_all_kept():
    other = adt_of(with_identifiers("R7^^^REGION&1.2.3&ISO^PI"))
    assert [ipp.authority.key for ipp in other.identity.ipps] == ["750000222", "1.2.3"]
    assert other.warnings == ()
    assert "ipp-twice" in codes(adt_of(with_identifiers("P2^^^HOPITAL-T&750000222&N^PI")))


def test_a_birth_date_with_a_time():
    found = adt_of(adt("A04", pid=pid(f7="20130109214522")))
    assert found.identity.birth_date.value == datetime.date(2013, 1, 9)
    assert "birth-date-with-time" in codes(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1956", "birth-date-partial"),
        ("19561400", "birth-date-partial"),
        ("14/02/56", "birth-date-unreadable"),
    ],
)
def test_an_odd_birth_date_never_refuses_a_message(text, code):
    assert code in codes(adt_of(adt("A28", pid=pid(f7=text), zbe=None)))


def test_a_lunar_date_is_kept_aside():
    found = adt_of(adt("A28", "ZFD|31^14^1956|||Y", pid=pid(f7="19560101"), zbe=None))
    assert found.identity.birth_date.lunar == "31/14/1956"
    assert found.identity.birth_date.is_corrected


def test_a_birth_place_in_the_postcode_is_doubtful():
    found = adt_of(adt("A01", pid=pid(f11="^^BOURG^^01000^FRA^BDL")))
    assert (found.identity.birth_place.code, found.identity.birth_place.is_postcode) == ("01000", True)
    assert "birth-place-postcode" in codes(found)


def test_a_birth_place_may_be_a_name_only_or_missing():
    assert adt_of(adt("A01", pid=pid(f11="", f23="PROVINS"))).identity.birth_place.code == ""
    assert adt_of(adt("A01", pid=pid(f11=""))).identity.birth_place is None


def test_a_used_name_may_be_erased():
    found = adt_of(adt("A31", pid=pid(f5='ESSAI^CLAIRE^^^^^L~""^CLAIRE^^^^^D'), zbe=None))
    assert found.identity.is_used_name_erased
    assert found.identity.used_names == (Name("", "CLAIRE", ""),)


def test_a_birth_name_without_its_type_is_taken_and_flagged():
    found = adt_of(adt("A01", pid=pid(f5="ESSAI^CLAIRE")))
    assert found.identity.birth_name.family == "ESSAI"
    assert "name-type" in codes(found)
    assert "birth-name-missing" in codes(adt_of(adt("A01", pid=pid(f5="MODELE^CLAIRE^^^^^D"))))


@pytest.mark.parametrize(
    ("parts", "marker"),
    [
        ({"pv1": pv1(f16="Y")}, "is_vip"),
        ({"pv1": pv1(f16="I")}, "is_vip"),
        ({"pv2": "PV2|" + "|" * 20 + "|Y"}, "is_visit_protected"),
        ({"pd1": "PD1||||||||||||Y"}, "is_person_protected"),
        ({"pid": pid(f32="PROV~ANOM")}, "is_anonymous"),
        ({"pid": pid(f32="CACH")}, "is_anonymous"),
        ({"pid": pid(f5="CESAR^JULES^^^^^S")}, "has_pseudonym"),
    ],
)
def test_what_the_sender_asks_to_keep_confidential(parts, marker):
    found = adt_of(adt("A01", **parts)).confidentiality
    assert found.is_asked
    assert getattr(found, marker)


def test_a_plain_visit_asks_for_no_confidentiality():
    found = adt_of(adt("A01", "PD1||||||||||||N", pv1=pv1(f16="N"))).confidentiality
    assert not found.is_asked


@pytest.mark.parametrize(
    "parts",
    [
        {"zfm": "ZFM|8|9"},
        {"pid": pid(f30="Y")},
        {"pid": pid(f29="20250315")},
    ],
)
def test_a_death_is_told_from_a_return_home(parts):
    assert adt_of(adt("A03", **parts)).is_death


def test_an_official_discharge_with_a_shifted_zbe():
    zbe = "ZBE|MV2^H|20250315100000|20250315110000||INSERT|Y|A01|Urgences^^^^^^UF^^^8782||HMS"
    found = adt_of(adt("A03", zbe=zbe))
    assert found.kind is Kind.DISCHARGE
    movement = found.movement
    assert (movement.action, movement.is_historic, movement.original_trigger) == (Action.INSERT, True, "A01")
    assert (movement.medical_unit.code, movement.nature) == ("8782", "HMS")
    assert codes(found) == {"zbe-shifted"}


@pytest.mark.parametrize(
    ("trigger", "action", "original"),
    [
        ("A01", Action.INSERT, ""),
        ("A13", Action.CANCEL, "A03"),
        ("A11", Action.CANCEL, ""),
        ("Z99", Action.UPDATE, ""),
    ],
)
def test_a_missing_zbe_is_made_up_for_by_the_trigger(trigger, action, original):
    found = adt_of(adt(trigger, zbe=None))
    assert (found.movement.action, found.movement.original_trigger) == (action, original)
    assert "zbe-missing" in codes(found)


@pytest.mark.parametrize(
    ("zbe", "code"),
    [
        ("ZBE|MV1|20250311||DELETE|N", "zbe-delete"),
        ("ZBE|MV1|20250311||INSERT|N", "zbe-action"),
        ("ZBE|MV1|20250311|||N", "zbe-action-missing"),
    ],
)
def test_the_trigger_of_a_cancellation_decides(zbe, code):
    found = adt_of(adt("A13", zbe=zbe))
    assert found.is_cancellation
    assert code in codes(found)


def test_a_class_change_cancels_the_opposite_one():
    found = adt_of(adt("A07", zbe="ZBE|MV1|20250311||CANCEL|N|A06"))
    assert (found.kind, found.is_cancellation, found.warnings) == (Kind.TO_INPATIENT, True, ())
    assert adt_of(adt("A06", zbe="ZBE|MV1|20250311||INSERT|N")).kind is Kind.TO_INPATIENT


def test_a_correction_names_the_movement_it_corrects():
    found = adt_of(adt("Z99", zbe="ZBE|MV1^H|20250311||UPDATE|Y|A03"))
    assert found.kind is Kind.MOVEMENT_UPDATED
    assert (found.movement.original_trigger, found.movement.is_historic) == ("A03", True)


@pytest.mark.parametrize("original", ["A01", "A02", "A03", "A04", "A05", "A06", "A07", "A21", "A22", "A54"])
def test_a_correction_may_take_back_any_movement(original):
    found = adt_of(adt("Z99", zbe=f"ZBE|MV1^H|20250311||CANCEL|Y|{original}"))
    assert (found.is_cancellation, found.movement.original_trigger) == (True, original)
    assert found.warnings == ()


def test_a_correction_never_inserts():
    found = adt_of(adt("Z99", zbe="ZBE|MV1^H|20250311||INSERT|N|A01"))
    assert found.movement.action is Action.UPDATE
    assert "zbe-action" in codes(found)


def test_a_repeated_movement_is_told():
    found = adt_of(adt("A02", "ZBE|MV2^H|20250312||INSERT|N"))
    assert found.movement.identifiers[0].value == "MV1"
    assert "zbe-repeated" in codes(found)


def test_identity_messages_have_neither_visit_nor_movement():
    found = adt_of(adt("A28", pv1="PV1|1|N", zbe=None))
    assert (found.visit, found.movement, found.warnings) == (None, None, ())


def test_a_merge_names_both_identities():
    found = adt_of(adt("A40", "MRG|P0^^^HOPITAL-T&750000222&N^PI||D0", pv1=None, zbe=None))
    assert found.kind is Kind.IDENTITY_MERGED
    assert found.merge.ipps == (Identifier("P0", "PI", HOSPITAL),)
    assert found.merge.account.value == "D0"


def test_a_merged_number_without_authority_is_of_the_authority_of_the_one_that_stays():
    found = adt_of(adt("A40", "MRG|P0", pv1=None, zbe=None))
    assert [(ipp.value, ipp.authority) for ipp in found.merge.ipps] == [("P0", HOSPITAL)]
    # Of two, it would be anybody's: refused at the door.
    two = examine(with_identifiers("R7^^^REGION&1.2.3&ISO^PI", trigger="A40") + b"MRG|P0\r")
    assert isinstance(two, Refusal) and two.location == "MRG^1^1"


def test_a_link_carries_two_identities():
    found = adt_of(adt("A24", PID.replace("P1^", "P9^"), pv1=None, zbe=None))
    assert found.linked_identity.ipps[0].value == "P9"


@pytest.mark.parametrize("segment", ["ZFS|1|7^H|20250311||INSERT|SDT|7", "ZFV||||20250311", "ZFV||||||||||3"])
def test_psychiatric_care_is_recognised(segment):
    assert adt_of(adt("A01", segment)).is_psychiatric


def test_the_moment_of_the_event_is_deduced_when_evn_does_not_tell():
    found = adt_of(adt("A03", evn="EVN||20250315", zbe=None, pv1=pv1(f45="20250315101500")))
    assert found.occurred_at.isoformat() == "2025-03-15T10:15:00+01:00"


def test_a_guessed_character_set_is_told():
    raw = adt("A01", msh=MSH.replace("|UNICODE UTF-8", ""), pid=PID.replace("ESSAI", "NOËL"))
    assert "charset" in codes(adt_of(raw))


def test_a_known_event_without_use_is_accepted_and_says_so():
    found = adt_of(adt("A60"))
    assert found.kind is Kind.UNUSED
    assert not found.trigger.is_used


SENTENCES_SEEN = adt("A13", "ZFA|||||||||X||Y", "ZFD|1^2^3", zbe="ZBE|MV1|20250311|||N|Q99", evn=None)


def test_no_oddity_quotes_the_patient():
    found = adt_of(SENTENCES_SEEN.replace(b"|F|", b"|?|").replace(b"19560214", b"1956"))
    assert len(found.warnings) > 5
    for oddity in found.warnings:
        assert oddity.sentence.endswith(".")
        assert not any(word in oddity.sentence for word in ("ESSAI", "CLAIRE", "1956", "P1"))


WHOLE = adt(
    "A13",
    "ZFA|ACTIF|20250301|||||||INO",
    "ZFM|8|9",
    "ZFD|31^12^1956",
    "ZFS|1",
    "MRG|P0",
    "PV2|||x",
    "ROL||UC|AT|1^A",
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_mutation_of_a_message_ever_raises(data):
    raw = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 12))):
        position = data.draw(st.integers(0, len(raw) - 1))
        length = data.draw(st.integers(0, 20))
        piece = data.draw(
            st.sampled_from([b"", b"|", b"^", b"~", b"&", b"\\", b"\r", b'""', b"\xe9", b"\x00", b"99", b"L"])
        )
        raw[position : position + length] = piece
        if not raw:
            break
    found = examine(bytes(raw))
    if isinstance(found, er7.Message):
        assert read_adt(found).trigger.code
    else:
        assert isinstance(found, Refusal)
    assert acknowledgement(envelope(bytes(raw))).startswith(b"MSH")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_after_a_header_are_survived(noise):
    raw = MSH.replace("{trigger}", "A01").encode() + b"\r" + noise
    found = examine(raw)
    if isinstance(found, er7.Message):
        read_adt(found)
    assert envelope(raw).control_id == "M1"
