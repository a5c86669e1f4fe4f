"""What a structured document says in codes, as the CI-SIS writes it and as senders do."""

from datetime import date

import pytest

from simulators.hospital.documents import Passage, cda
from terresante.interop.cda.body import read_cda
from terresante.interop.cda.discharge import discharge_of
from terresante.interop.cda.entries import MOST_ENTRIES, Day, Precision, read_entries
from terresante.interop.cda.tests import coded
from terresante.interop.cda.tests.letters import letter as letter_of


def entries(*sections):
    return read_entries(coded.read(*sections))


def test_a_treatment_is_read_with_the_words_of_its_row():
    stopped, furosemide, bisoprolol = entries(coded.STOPPED, coded.AT_DISCHARGE).treatments

    assert (stopped.name, stopped.indication, stopped.is_stopped) == (
        "Ibuprofène 400 mg",
        "Insuffisance rénale",
        True,
    )
    assert (furosemide.name, furosemide.dosage, furosemide.change) == (
        "Furosémide 40 mg",
        "1 le matin",
        "Modifié",
    )
    assert (furosemide.start, furosemide.until) == (Day(date(2026, 3, 2)), None)
    assert not furosemide.is_stopped and bisoprolol.change == ""


def test_allergies_problems_and_vaccinations_are_read():
    found = entries(coded.ALLERGIES, coded.VACCINES, coded.PROBLEMS)

    (allergy,) = found.allergies
    assert (allergy.substance, allergy.reaction, allergy.criticality) == ("Pénicilline", "Œdème", "crith")
    assert allergy.kind.code == "416098002"
    (vaccine,) = found.vaccinations
    assert (vaccine.vaccine, vaccine.given, vaccine.lot) == ("Grippe", Day(date(2025, 10, 14)), "L123")
    (problem,) = found.problems
    assert (problem.name, problem.since, problem.status) == (
        "Insuffisance cardiaque",
        Day(date(2019, 2, 1)),
        "active",
    )


def lines(part):
    assert part is not None
    return part.lines


def administered(inside, *, text="<text/>"):
    return (
        '<entry><substanceAdministration classCode="SBADM" moodCode="EVN">'
        f'{text}<effectiveTime value="1975"/>{inside}</substanceAdministration></entry>'
    )


def material(code, name=""):
    return (
        f"<consumable><manufacturedProduct><manufacturedMaterial>{code}<name>{name}</name>"
        "</manufacturedMaterial></manufacturedProduct></consumable>"
    )


def test_without_a_row_the_codes_say_the_dosage_and_the_name():
    code = (
        '<code code="60019927" codeSystem="1.2.250.1.213.2.3.1" displayName="SOLIAN 100 mg, comprimé sécable">'
        '<originalText><reference value="#absent"/></originalText></code>'
    )
    dose = '<doseQuantity><low value="2" unit="{tbl}"/></doseQuantity>'
    rhythm = '<effectiveTime xsi:type="PIVL_TS" operator="A"><period value="6" unit="h"/></effectiveTime>'
    document = coded.of_section(
        "10160-0", "texte", administered(rhythm + dose + material(code, "SOLIAN 100 mg"))
    )

    (treatment,) = read_entries(document).treatments

    assert (treatment.name, treatment.dosage) == ("SOLIAN 100 mg", "2 comprimé, toutes les 6 heures")
    assert (treatment.code.code, treatment.code.system) == ("60019927", "1.2.250.1.213.2.3.1")


def test_a_vaccination_of_a_year_is_known_to_the_year_and_one_that_was_not_done_is_none():
    bcg = administered(material("<code/>", "BCG"))
    document = coded.of_section(
        "11369-6", "texte", bcg + bcg.replace('moodCode="EVN"', 'moodCode="EVN" negationInd="true"')
    )

    (vaccine,) = read_entries(document).vaccinations

    assert (vaccine.vaccine, vaccine.given) == ("BCG", Day(date(1975, 1, 1), Precision.YEAR))


def observed(inside, *, negated="false", code="416098002", label=""):
    return (
        '<entry><act><entryRelationship typeCode="SUBJ">'
        f'<observation classCode="OBS" moodCode="EVN" negationInd="{negated}">'
        f'<code code="{code}" codeSystem="2.16.840.1.113883.6.96" displayName="{label}"/>{inside}</observation>'
        "</entryRelationship></act></entry>"
    )


def status_of(code, label):
    return (
        '<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN">'
        '<code code="33999-4" codeSystem="2.16.840.1.113883.6.1"/><text><reference value="#p1"/></text>'
        f'<value xsi:type="CE" code="{code}" displayName="{label}"/></observation></entryRelationship>'
    )


def test_a_status_beside_its_problem_is_its_status_and_no_problem():
    """The first volumes say it of the act (the concern), in codes that are no longer published."""
    fact = '<value xsi:type="CD" code="I44.2" displayName="Bloc auriculo-ventriculaire"/>'
    concern = observed(fact, code="G-1009").replace("</act>", f"{status_of('G-A005', 'En rémission')}</act>")
    inside = observed(f"{fact.replace('Bloc', 'Autre bloc')}{status_of('resolved', 'Résolu')}", code="G-1009")

    first, second = read_entries(coded.of_section("11450-4", "texte", concern + inside)).problems

    assert (first.name, first.status) == ("Bloc auriculo-ventriculaire", "remission")
    assert (second.name, second.status) == ("Autre bloc auriculo-ventriculaire", "resolved")


def test_an_allergy_without_a_substance_is_no_allergy_and_none_known_is_said_so():
    """The published letter of discharge says « aucune » so: an entry that points to nothing."""
    empty = observed('<text><reference value="#NO-ALL"/></text><value xsi:type="CD"/>')
    assert read_entries(coded.of_section("48765-2", "Aucune allergie", empty)).allergies == ()

    for said in (
        observed('<value xsi:type="CD" code="716186003"/>'),
        observed('<value xsi:type="CD"/>', negated="true", code="419199007"),
    ):
        (none,) = read_entries(coded.of_section("48765-2", "Aucune", said)).allergies
        assert none.is_none_known


def test_a_box_ticked_is_an_allergy_to_something_of_that_kind():
    ticked = observed(
        '<value xsi:type="CD"><originalText><reference value="#a"/></originalText></value>',
        code="414285001",
        label="allergie alimentaire",
    )
    for said, expected in (("Oui", ["Allergie alimentaire, sans autre précision"]), ("Non", [])):
        document = coded.of_section("48765-2", f'<content ID="a">{said}</content>', ticked)
        assert [each.substance for each in read_entries(document).allergies] == expected


def test_a_treatment_whose_box_is_ticked_has_the_name_of_its_code():
    code = (
        '<code><originalText><reference value="#m"/></originalText>'
        '<translation code="J06BD" displayName="anticorps"/></code>'
    )
    document = coded.of_section("10160-0", '<content ID="m">Oui</content>', administered(material(code)))

    (treatment,) = read_entries(document).treatments
    assert (treatment.name, treatment.code.code) == ("anticorps", "J06BD")


@pytest.mark.parametrize(
    "value",
    [
        'xsi:type="REAL" value="2.5"',
        'xsi:type="PQ" value="2.5" unit="g/L"',
        'xsi:type="CD" code="no-problem-info" displayName="Pas d’information sur les problèmes"',
    ],
)
def test_a_measure_beside_a_problem_or_a_word_on_the_section_is_no_problem(value):
    beside = observed(f'<text><reference value="#n"/></text><value {value}/>')
    document = coded.of_section("11450-4", '<content ID="n">2.5</content>', beside)

    assert read_entries(document).problems == ()


def test_what_was_refuted_is_not_read():
    refuted = (
        '<value xsi:type="CD" displayName="Asthme"/><entryRelationship><observation>'
        '<code code="66455-7"/><value xsi:type="CD" code="refuted"/></observation></entryRelationship>'
    )
    document = coded.of_section("11450-4", "texte", observed(refuted) + observed(refuted, negated="true"))

    assert read_entries(document).problems == ()


def test_entries_are_bounded_and_texts_are_made_once():
    many = administered(material('<code><originalText><reference value="#a"/></originalText></code>')) * 2000
    narrative = f'<content ID="a">{"Doliprane " * 10}</content>'

    assert len(read_entries(coded.of_section("10160-0", narrative, many)).treatments) == MOST_ENTRIES


def test_a_letter_of_discharge_is_read_in_parts():
    letter = discharge_of(coded.read(), ())

    assert [line.strong for line in lines(letter.stopped)] == ["Ibuprofène 400 mg"]
    assert [(line.strong, line.text, line.change) for line in lines(letter.treatments)] == [
        ("Furosémide 40 mg", "1 le matin", "modifié"),
        ("Bisoprolol 2,5 mg", "1 le soir", ""),
    ]
    (planned,) = lines(letter.follow_up)
    assert (planned.strong, planned.on, planned.note) == ("Bilan sanguin", date(2026, 3, 20), "20/03/2026")
    assert [line.strong for line in lines(letter.devices)] == ["Stimulateur cardiaque"]
    assert [line.strong for line in lines(letter.allergies)] == ["Pénicilline"]
    assert letter.reason is letter.synthesis is letter.awaited is None
    assert letter.others == ("Vaccinations", "Problèmes")


def test_of_a_day_that_the_narrative_writes_otherwise_the_narrative_is_shown():
    """The published letter of discharge says 2020 in its words and 2021 in its code."""
    planned = (
        '<entry><observation moodCode="INT"><code code="ORG-064"/><text><reference value="#e"/></text>'
        '<effectiveTime value="20210101"/></observation></entry>'
    )
    narrative = (
        '<table><tbody><tr><td><content ID="e">Suivi</content></td><td>01/01/2020</td></tr></tbody></table>'
    )

    (line,) = lines(discharge_of(coded.of_section("18776-5", narrative, planned), ()).follow_up)

    assert (line.strong, line.on, line.note) == ("Suivi", None, "01/01/2020")


def test_a_long_text_is_not_said_again_whole_by_each_entry_that_points_to_it():
    long = "bilan " * 2000
    narrative = f'<table><tbody><tr><td ID="e">{long}</td><td>{long}</td></tr></tbody></table>'
    entries = to_do("INT", '<code code="X"/><text><reference value="#e"/></text>') * 50

    told = lines(discharge_of(coded.of_section("18776-5", narrative, entries), ()).follow_up)

    assert len(told) == 50
    for line in told:
        assert line.strong.startswith("bilan bilan") and line.strong.endswith("…")
        assert len(line.strong) + len(line.note) <= 4000


@pytest.mark.parametrize(("words", "expected"), [("En cours", True), ("Validé", False)])
def test_a_letter_that_another_will_follow_says_so(words, expected):
    document = coded.of_section("33557-0", words, "", title="Statut du document")

    letter = discharge_of(document, ())

    assert letter.is_provisional is expected
    assert letter.is_empty and letter.others == ()


def test_a_section_inside_a_part_belongs_to_it_and_is_escaped():
    inside = Passage("99999-9", "<b>Épisode", "<paragraph>Chute &amp; fièvre</paragraph>")
    whole = letter_of(passages=(Passage("42545-4", "Synthèse", "", passages=(inside,)),))

    part = discharge_of(read_cda(cda(whole)), ()).synthesis

    assert (
        part is not None and part.html == "<p><strong>&lt;b&gt;Épisode</strong></p><p>Chute &amp; fièvre</p>"
    )


def to_do(mood, inside, kind="observation", more=""):
    return f'<entry><{kind} moodCode="{mood}"{more}>{inside}</{kind}></entry>'


def planned(narrative, entries):
    return read_entries(coded.of_section("18776-5", narrative, entries)).planned


def test_what_is_to_come_is_planned_and_what_was_done_or_denied_is_not():
    kinds = {"INT": "procedure", "ARQ": "encounter", "PRP": "observation", "RQO": "act", "GOL": "observation"}
    entries = "".join(
        to_do(mood, f'<code code="X" displayName="{mood}"/>', kind)
        for mood, kind in {**kinds, "EVN": "procedure", "": "act"}.items()
    )
    denied = to_do("INT", '<code code="X" displayName="Refusé"/>', "procedure", ' negationInd="true"')

    assert [one.name for one in planned("texte", entries + denied)] == list(kinds)
    assert read_entries(coded.of_section("30954-2", "texte", entries)).planned == ()


def test_what_is_planned_has_the_words_of_its_row_and_its_day():
    head = "<thead><tr><th>À faire</th><th>Par qui</th><th>Quand</th></tr></thead>"
    row = '<tr><td><content ID="e">Pose de l’attelle</content></td><td>Dr Roy</td><td>02/04/2026</td></tr>'
    inside = (
        '<code code="X" displayName="Acte"/><text><reference value="#e"/></text>'
        '<effectiveTime><low value="20260402"/><high value="20260410"/></effectiveTime>'
    )

    (found,) = planned(f"<table>{head}<tbody>{row}</tbody></table>", to_do("INT", inside, "procedure"))

    assert (found.name, found.note, found.by) == ("Pose de l’attelle", "Dr Roy · 02/04/2026", "Dr Roy")
    assert found.on == Day(date(2026, 4, 2))


@pytest.mark.parametrize(("written", "coded_day"), [("01/01/2020", "20210101"), ("en janvier", "202101")])
def test_a_day_that_its_author_did_not_write_is_left_to_be_said(written, coded_day):
    narrative = (
        f'<table><tbody><tr><td><content ID="e">Suivi</content></td><td>{written}</td></tr></tbody></table>'
    )
    inside = f'<text><reference value="#e"/></text><effectiveTime value="{coded_day}"/>'

    (found,) = planned(narrative, to_do("INT", inside))

    assert (found.on, found.note) == (None, written)


def test_a_box_ticked_is_what_its_row_says_and_no_is_no_plan():
    rows = "".join(
        f'<tr><td>{said}</td><td><content ID="{name}">{box}</content></td></tr>'
        for name, said, box in (("a", "Bilan orthophonique", "Oui"), ("b", "Bilan auditif", "Non"))
    )
    entries = "".join(
        to_do("ARQ", f'<code code="AMB"/><text><reference value="#{name}"/></text>', "encounter")
        for name in "ab"
    )
    boxed = to_do("INT", '<code code="X" displayName="Examen"/><value xsi:type="BL" value="false"/>')

    (found,) = planned(f"<table><tbody>{rows}</tbody></table>", entries + boxed)

    assert (found.name, found.note) == ("Bilan orthophonique", "")


def test_a_medicine_to_come_is_named_by_its_product():
    product = material('<code code="X" displayName="Vaccin contre le zona"/>')
    inside = f'<effectiveTime xsi:type="IVL_TS"><low value="20260901"/></effectiveTime>{product}'

    (found,) = planned("texte", to_do("INT", inside, "substanceAdministration"))

    assert (found.name, found.on) == ("Vaccin contre le zona", Day(date(2026, 9, 1)))
