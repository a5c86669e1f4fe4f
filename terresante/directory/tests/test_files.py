"""The published formats and their defects. No database."""

import pytest

from simulators.annuaire.files import rpps_number, write_files
from terresante.directory.enums import Civility, Profession
from terresante.directory.identifiers import has_right_key, is_finess
from terresante.directory.loading.annuaire import ACTIVITY_COLUMNS, Activity, read_activities, read_skills
from terresante.directory.loading.finess import ESTABLISHMENT_COLUMNS, commune_code, read_finess
from terresante.directory.loading.lines import FormatError, Remark, fields_of
from terresante.directory.models import Practitioner, PractitionerRole
from terresante.directory.names import search_form

FINESS_HEAD = "finess;etalab;1;2026-05-12\n"


def finess_line(**values):
    row = {"section": "structureet", "nofinesset": "010000024", "rs": "CH FICTIF"} | values
    return ";".join(row.get(name, "") for name in ESTABLISHMENT_COLUMNS) + "\n"


def activity_line(**values):
    named = {
        "Type d'identifiant PP": "8",
        "Identifiant PP": rpps_number(1),
        "Identification nationale PP": "8" + rpps_number(1),
        "Nom d'exercice": "DULAC",
        "Code profession": "60",
    } | values
    return "|".join(named.get(name, "") for name in ACTIVITY_COLUMNS)


def activities(tmp_path, *lines, encoding="utf-8", bom=b"", end="\n"):
    path = tmp_path / "activities.txt"
    path.write_bytes(bom + end.join(["|".join(ACTIVITY_COLUMNS), *lines, ""]).encode(encoding))
    return list(read_activities(path))


def establishments(tmp_path, *lines):
    path = tmp_path / "finess.csv"
    path.write_text(FINESS_HEAD + "".join(lines), encoding="utf-8")
    return list(read_finess(path))


def test_luhn_holds_on_a_published_finess_and_fails_on_the_published_wrong_rpps():
    assert all(has_right_key(number) for number in ("010000024", "750712184", "79927398713"))
    assert not any(has_right_key(number) for number in ("10102727017", "750712185", "79927398710"))
    assert is_finess("2A0000014") and has_right_key("2A0000014")


def test_search_form_drops_accents_case_and_punctuation():
    assert search_form("LE GOËFF", "Anne-Cécile") == "le goeff anne cecile"
    assert search_form("D’Œuvre") == "d oeuvre"


@pytest.mark.parametrize(
    ("encoding", "bom", "end"), [("utf-8", b"\xef\xbb\xbf", "\r\n"), ("cp1252", b"", "\n")]
)
def test_encodings_bom_and_line_ends(tmp_path, encoding, bom, end):
    line = activity_line(**{"Prénom d'exercice": "Zoé"})
    (read,) = activities(tmp_path, line, encoding=encoding, bom=bom, end=end)
    assert (read.line, read.given_name, read.search_name) == (2, "Zoé", "dulac zoe")


@pytest.mark.parametrize(
    ("code", "said"), [("M", "Infirmier"), ("MME", "Infirmière"), ("MLLE", "Infirmière"), ("", "Infirmier")]
)
def test_the_profession_is_said_by_the_civility(tmp_path, code, said):
    (read,) = activities(tmp_path, activity_line(**{"Code civilité": code}))
    person = Practitioner(profession=read.profession, civility=read.civility)
    role = PractitionerRole(practitioner=person, profession=read.profession)
    assert person.get_profession_display() == role.get_profession_display() == said


def test_a_woman_who_is_a_physician_is_a_physician():
    assert Profession.DOCTOR.said_of(Civility.MADAM) == "Médecin"


def test_a_line_may_end_with_a_separator_and_hold_a_quoted_one(tmp_path):
    line = activity_line(**{"Raison sociale site": '"CABINET A|B"'}) + "|"
    (read,) = activities(tmp_path, line)
    assert read.organization_name == "CABINET A|B"


def test_a_stray_quote_is_text_and_never_swallows_the_next_line(tmp_path):
    first = activity_line(**{"Raison sociale site": '"LES LILAS'})
    read = activities(tmp_path, first, activity_line(**{"Identifiant PP": rpps_number(2)}))
    records = [one for one in read if isinstance(one, Activity)]
    assert [one.organization_name for one in records] == ['"LES LILAS', "Cabinet DULAC"]


def test_malicious_content_is_only_text(tmp_path):
    nasty = "'; DROP TABLE directory_practitioner; -- <script>"
    (read,) = activities(tmp_path, activity_line(**{"Nom d'exercice": nasty}))
    assert read.family_name == nasty


@pytest.mark.parametrize(
    ("line", "column"),
    [
        (activity_line(**{"Identifiant PP": "123"}), "Identifiant PP"),
        (activity_line(**{"Identifiant PP": ""}), "Identifiant PP"),
        (activity_line(**{"Nom d'exercice": ""}), "Nom d'exercice"),
        ("8|trop|court", ""),
        (activity_line(**{"Prénom d'exercice": "A\x00B"}), ""),
    ],
)
def test_rejected_activity_lines(tmp_path, line, column):
    (remark,) = activities(tmp_path, line)
    assert isinstance(remark, Remark) and remark.rejects
    assert (remark.line, remark.column) == (2, column)


def test_a_wrong_key_is_a_warning_and_the_line_stays(tmp_path):
    wrong = "10102727017"
    values = {"Identifiant PP": wrong, "Identification nationale PP": "8" + wrong}
    remark, record = activities(tmp_path, activity_line(**values))
    assert not remark.rejects and record.rpps == wrong


def test_a_medical_student_is_no_doctor(tmp_path):
    values = {"Code profession": "10", "Code catégorie professionnelle": "E"}
    (record,) = activities(tmp_path, activity_line(**values))
    assert record.profession == Profession.MEDICAL_STUDENT


def test_a_file_without_a_column_is_refused_whole_by_name(tmp_path):
    path = tmp_path / "other.txt"
    path.write_text("Identifiant PP|Nom\n", encoding="utf-8")
    with pytest.raises(FormatError, match="Type d'identifiant PP"):
        list(read_activities(path))


def test_finess_line_with_doubled_quotes_and_cedex(tmp_path):
    line = finess_line(
        rslongue='"LIEU ""LES PINS"""',
        ligneacheminement="94010 CRETEIL CEDEX 2",
        commune="028",
        departement="94",
    )
    (read,) = establishments(tmp_path, line)
    assert (read.name, read.postal_code, read.commune_name) == ('LIEU "LES PINS"', "94010", "CRETEIL")
    assert read.commune_code == "94028"


@pytest.mark.parametrize(
    ("department", "commune", "postal_code", "code"),
    [
        ("01", "451", "01440", "01451"),
        ("2A", "004", "20000", "2A004"),
        ("9A", "101", "97139", "97101"),
        ("9A", "123", "97133", "97701"),
        ("9D", "411", "97400", "97411"),
        ("9F", "610", "97600", "97610"),
    ],
)
def test_commune_of_a_finess_line(department, commune, postal_code, code):
    assert commune_code(department, commune, postal_code) == code


def test_psychiatric_and_hospital_kinds(tmp_path):
    rows = establishments(
        tmp_path,
        finess_line(categetab="156"),
        finess_line(categetab="365", codesph="6", libsph="Etablissement de santé privé d'intérêt collectif"),
    )
    assert [(row.kind, row.is_psychiatric) for row in rows] == [("cmp", True), ("espic", False)]


def test_unknown_section_and_missing_first_line(tmp_path):
    (remark,) = establishments(tmp_path, "autre;1;2\n")
    assert remark.rejects and remark.column == "section"
    path = tmp_path / "x.csv"
    path.write_text("a;b\n", encoding="utf-8")
    with pytest.raises(FormatError, match="etalab"):
        list(read_finess(path))


def test_width_is_exact():
    assert fields_of("a;b;c", separator=";", width=2) is None
    assert fields_of("a;b;", separator=";", width=2) == ["a", "b"]


def test_simulated_files_read_without_a_remark(tmp_path):
    files = write_files(tmp_path, practitioners=200, organizations=40)
    reads = (read_activities(files.activities), read_skills(files.skills), read_finess(files.establishments))
    assert not [one for read in reads for one in read if isinstance(one, Remark)]
    assert len({one.idnps for one in read_activities(files.activities) if isinstance(one, Activity)}) == 200
