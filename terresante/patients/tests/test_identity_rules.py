import pytest

from terresante.patients import identity_rules as rules


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


def test_professional_and_structure_numbers():
    assert rules.is_rpps_valid("81000000018") is rules.is_luhn_valid("81000000018")
    assert rules.is_luhn_valid("79927398713")
    assert not rules.is_luhn_valid("79927398710")
    assert not rules.is_luhn_valid("")
    assert not rules.is_rpps_valid("10102727017")
    assert not rules.is_rpps_valid("7992739871")
    assert rules.is_finess_valid("750712184")
    assert rules.is_finess_valid("2A0000014")
    assert rules.is_finess_valid("2B0000020")
    assert not rules.is_finess_valid("750712185")
    assert not rules.is_finess_valid("75071218")


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
