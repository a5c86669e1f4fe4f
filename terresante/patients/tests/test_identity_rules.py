import itertools
from datetime import date

import pytest

from terresante.patients import identity_rules as rules
from terresante.patients.enums import IdentityStatus, ProofDocument


@pytest.mark.parametrize(
    ("body", "key"), [("2550814168025", "38"), ("156022A004001", "96"), ("156022B033001", "29")]
)
def test_ins_key(body, key):
    assert rules.ins_key(body) == key
    assert rules.is_ins_key_valid(body + key)
    assert not rules.is_ins_key_valid(body + f"{(int(key) % 97) + 1:02d}")


@pytest.mark.parametrize(
    "body", ["", "156027737900", "15602773790011", "156022C379001", "1560277379O01", "1５60277379001"]
)
def test_a_malformed_body_has_no_key(body):
    assert rules.ins_key(body) is None
    assert not rules.is_ins_key_valid(body + "00")


def test_corsican_letters_count_only_as_a_department():
    assert rules.ins_key("188102A172951") != rules.ins_key("188102B172951")
    assert rules.ins_key("1881075172B95") is None


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("Lefèvre-d'Alençon", "LEFEVRE-D'ALENCON"),
        ("Œuvrard", "OEUVRARD"),
        ("lætitia", "LAETITIA"),
        ("  De   La\tTour ", "DE LA TOUR"),
        ("L’Hermitte", "L'HERMITTE"),
        ("Müller (née Groß)", "MULLER NEE GROSS"),
        ("ÑÚÑEZ", "NUNEZ"),
        ("", ""),
    ],
)
def test_normalised_name(name, normalised):
    assert rules.normalised_name(name) == normalised


def test_birth_place_codes():
    assert all(rules.is_birth_place_code(code) for code in ("77379", "2A004", "99109"))
    assert not any(rules.is_birth_place_code(code) for code in ("", "7737", "2C004", "773791", "PARIS"))


def test_the_matricule_tells_year_and_month():
    assert rules.matricule_agrees_with_birth("156027737900129", year=1956, month=2)
    assert not rules.matricule_agrees_with_birth("156027737900129", year=1956, month=3)


def test_only_nir_and_nia_are_for_production():
    assert {rules.INS_OIDS[oid] for oid in rules.INS_OIDS} - rules.PRODUCTION_INS_KINDS == {
        rules.InsKind.TEST,
        rules.InsKind.DEMO,
    }
    assert rules.SOCIAL_SECURITY_NUMBER_OID not in rules.INS_OIDS


@pytest.mark.parametrize(
    ("proven", "returned", "status"),
    [
        (False, False, IdentityStatus.PROVISIONAL),
        (False, True, IdentityStatus.RETRIEVED),
        (True, False, IdentityStatus.VALIDATED),
        (True, True, IdentityStatus.QUALIFIED),
    ],
)
def test_the_four_statuses_and_back(proven, returned, status):
    assert rules.status_of(is_proven=proven, is_returned=returned) == status
    assert rules.is_proven(status) is proven
    assert rules.is_returned(status) is returned


def test_only_a_qualified_identity_travels():
    assert [status for status in IdentityStatus if rules.travels(status)] == [IdentityStatus.QUALIFIED]


@pytest.mark.parametrize("status", list(IdentityStatus))
def test_attributes_and_what_they_forbid(status):
    may = {
        frozenset(chosen): not rules.wrong_attributes(chosen, status)
        for chosen in itertools.chain.from_iterable(
            itertools.combinations(rules.Attribute, size) for size in range(4)
        )
    }
    doubtful, fictitious = rules.Attribute.DOUBTFUL, rules.Attribute.FICTITIOUS

    assert may[frozenset()]
    assert may[frozenset({rules.Attribute.HOMONYM})]
    for chosen, allowed in may.items():
        if {doubtful, fictitious} <= chosen:
            assert not allowed
        elif {doubtful, fictitious} & chosen:
            assert allowed is (status == IdentityStatus.PROVISIONAL)


@pytest.mark.parametrize("document", list(ProofDocument))
def test_documents_that_raise_an_identity(document):
    born, day_before, eighteenth = date(2008, 2, 29), date(2026, 2, 28), date(2026, 3, 1)
    of_anybody = {"CN", "PA", "CS", "CE", "IE"}
    of_a_child = {"LE", "AN", "AC", "DC"}

    assert rules.is_high_trust(document, birth_date=born, today=eighteenth) is (document in of_anybody)
    assert rules.is_high_trust(document, birth_date=born, today=day_before) is (
        document in of_anybody | of_a_child
    )


def test_the_documents_are_those_of_zfd_7():
    assert set(ProofDocument) == set("AN CC CE CM CN CS LE PA PC TC DC AC IE".split())
