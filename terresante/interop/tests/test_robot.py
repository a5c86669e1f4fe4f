"""Records that a structure's rule prepares: closed, once each, never for whom one could take for somebody else."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from terresante.care_team.actions import oppose_creation, share_record
from terresante.care_team.events import RecordCreated, RecordShared
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.interop.access import RECORDS_TO_INFORM
from terresante.interop.enums import AbandonReason
from terresante.interop.handlers import end_what_was_to_inform, play_again_what_found_nobody
from terresante.interop.hl7v2.tests.messages import ZBE
from terresante.interop.models import PreparedRecord, RobotRule, RobotRun
from terresante.interop.robot import COLUMNS, MOST_LINES, read_table
from terresante.interop.robot_actions import (
    RuleEntry,
    abandon_prepared,
    prepare_from_file,
    read_folder,
    set_rule,
    switch_rule,
)
from terresante.interop.robot_queries import records_to_inform
from terresante.interop.tests import wire
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.wording import french
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord, Patient
from terresante.patients.traits import Traits
from tests.cast import client_of, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
JOB = Actor.job("tests")
HEADER = "nom_naissance;prenoms_naissance;date_naissance;sexe;lieu_naissance"
NADIA = "DURAND;Nadia;03/04/1951;F;94028"


def csv(*lines):
    return "\n".join([HEADER, *lines]).encode()


@pytest.fixture
def centre(cast):
    """The structure that informs, and one of its nurses."""
    with walls_down():
        place = organization("Centre de suivi", OrganizationKind.DAC)
        Organization.objects.filter(pk=place.pk).update(finess="940000011")
        return professional("salome", Profession.NURSE, place)


@pytest.fixture
def rule(admin, centre):
    return set_rule(admin, entry=RuleEntry(name="Suivi après sortie", organization_number="940000011"))


def prepared():
    with walls_down():
        return list(PreparedRecord.objects.select_related("record", "patient").order_by("prepared_at"))


def numbers(run):
    return run.prepared, run.known, run.left_out, [line["line"] for line in run.rejected_lines]


def test_only_the_platforms_administrator_sets_a_rule_or_gives_a_file(cast, admin, rule, centre):
    with walls_down():
        place = Organization.objects.get(pk=centre.organization_id)
        local = professional("nadia", Profession.OTHER, place, duties=["local_administrator"])
    for actor in (local, centre, cast.identito, cast.amar):
        with pytest.raises(Refused):
            set_rule(actor, entry=RuleEntry(name="x", organization_number="940000011"))
        with pytest.raises(NotFound):
            prepare_from_file(actor, rule.pk, content=csv(NADIA))
        with pytest.raises(NotFound):
            switch_rule(actor, rule.pk, active=False)
        client = client_of(actor)
        assert client.get("/administration/robot/").status_code == 403
        assert client.post(f"/administration/robot/{rule.pk}/", {"active": "0"}).status_code == 403
    assert prepared() == []


def test_a_line_prepares_a_closed_record_of_which_the_structure_is_the_only_member(admin, rule, centre):
    run = prepare_from_file(admin, rule.pk, content=csv(NADIA))
    (row,) = prepared()

    assert numbers(run) == (1, 0, 0, [])
    assert (row.record.is_shared, row.record.information_given_at) == (False, None)
    assert row.record.holder_id == centre.organization_id
    with walls_down():
        (member,) = CareTeamParticipant.objects.filter(record=row.record)
        assert member.organization_id == centre.organization_id
        trail = AuditEntry.objects.filter(patient_id=row.patient_id)
        assert {entry.action for entry in trail} >= {"record.prepare", "record.prepared"}
        assert trail.get(action="record.prepared").detail["rule"] == str(rule.pk)
    assert rule.set_by_name == admin.name


def test_the_same_file_twice_and_the_same_line_twice_prepare_one_record(admin, rule):
    assert numbers(prepare_from_file(admin, rule.pk, content=csv(NADIA, NADIA))) == (1, 1, 0, [])
    assert numbers(prepare_from_file(admin, rule.pk, content=csv(NADIA))) == (0, 1, 0, [])
    assert len(prepared()) == 1


def test_who_has_a_record_is_left_as_she_is_and_who_resembles_her_too(cast, admin, rule):
    run = prepare_from_file(
        admin,
        rule.pk,
        content=csv("LEROUX;Madeleine;02/04/1939;F;94028", "LEROUX;Madeline;02/04/1939;F;94028"),
    )
    assert numbers(run) == (0, 1, 1, [])
    assert prepared() == []
    with walls_down():
        assert CareRecord.objects.filter(pk=cast.madeleine_record.pk, is_shared=True).exists()


def test_nothing_is_prepared_for_who_refused_a_record(cast, admin, rule):
    traits = Traits(
        birth_name="DURAND",
        birth_given_names="Nadia",
        birth_date=date(1951, 4, 3),
        sex="F",
        birth_place_code="94028",
    )
    oppose_creation(cast.amar, traits=traits, proof="Dit au cabinet")

    assert numbers(prepare_from_file(admin, rule.pk, content=csv(NADIA))) == (0, 0, 1, [])
    assert prepared() == []


def test_a_wrong_line_is_told_by_its_columns_and_stops_no_other(admin, rule):
    content = csv("DURAND;;03/04/1951;F;94028", NADIA, "X;Y;31/02/1951;Z;Paris", "trop;peu")
    run = prepare_from_file(admin, rule.pk, content=content)

    assert numbers(run) == (1, 0, 0, [2, 4, 5])
    assert "DURAND" not in str(run.rejected_lines) and "Paris" not in str(run.rejected_lines)
    assert [line["why"].replace("\xa0", " ") for line in run.rejected_lines] == [
        "prénoms de naissance : à remplir",
        "date de naissance : JJ/MM/AAAA ou AAAA-MM-JJ, un jour passé qui existe ; sexe : F ou M ; "
        "lieu de naissance : code INSEE de la commune, ou 99 et le pays",
        "autant de colonnes que la première ligne, et des guillemets fermés, attendus",
    ]


BAD_DATES = ("31/02/1951", "03/04/2099", "03/04/1851", "1951/04/03", "3 avril 1951", "51-04-03", "1951-4-3")


@pytest.mark.parametrize("said", [*BAD_DATES, "1951-04-03 08:00 h"])
def test_a_date_that_is_not_one_is_never_read_as_its_year(said):
    (line,) = read_table(csv(NADIA.replace("03/04/1951", said)), today=date(2026, 11, 27)).lines

    assert line.traits is None and line.why.startswith("date de naissance")


@pytest.mark.parametrize(
    ("said", "day", "lunar"),
    [
        ("03/04/1951", date(1951, 4, 3), ""),
        ("3/4/1951", date(1951, 4, 3), ""),
        ("03.04.1951", date(1951, 4, 3), ""),
        ("1951-04-03", date(1951, 4, 3), ""),
        ("1951-04-03T00:00:00", date(1951, 4, 3), ""),
        ("03/04/1951 00:00", date(1951, 4, 3), ""),
        ("00/04/1951", date(1951, 4, 1), "1951-04-00"),
        ("1951", date(1951, 1, 1), "1951-00-00"),
    ],
)
def test_dates_are_read_as_french_and_iso_exports_write_them(said, day, lunar):
    (line,) = read_table(csv(NADIA.replace("03/04/1951", said)), today=date(2026, 11, 27)).lines

    assert line.traits is not None
    assert (line.why, line.traits.birth_date, line.traits.lunar_birth_date) == ("", day, lunar)


@pytest.mark.parametrize("wrong", ["DURAND;Nadia;03/04/1951;U;94028", "DURAND;Nadia;03/04/1951;F;99999"])
def test_nobody_is_prepared_with_a_trait_that_is_not_known(wrong):
    (line,) = read_table(csv(wrong), today=date(2026, 11, 27)).lines

    assert line.traits is None


def test_a_quotation_mark_left_open_spoils_its_own_line_alone():
    lines = read_table(csv('"DURAND;Nadia;03/04/1951;F;94028', NADIA), today=date(2026, 11, 27)).lines

    assert [(line.number, line.traits is None) for line in lines] == [(2, True), (3, False)]


@pytest.mark.parametrize(
    "content", [b"", b"nom;prenom\nA;B", b"\x00\x01", csv(*[NADIA] * (MOST_LINES + 1)), b"x" * 600_000]
)
def test_what_is_no_such_file_is_refused(content):
    with pytest.raises(Invalid):
        read_table(content, today=date(2026, 11, 27))


@pytest.mark.parametrize("codec", ["cp1252", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("mark", [";", ",", "\t"], ids=["semicolon", "comma", "tabulation"])
def test_columns_come_in_any_order_with_each_mark_and_in_each_character_set(codec, mark):
    rows = [
        ("Sexe", "Nom de naissance", "LIEU_NAISSANCE", "date_naissance", '"Prénoms de naissance"'),
        ("f", "Élan", "2a004", "1951-04-03", "Zoé"),
    ]
    text = "\r\n".join(mark.join(row) for row in rows) + "\r\n"
    table = read_table(text.encode(codec), today=date(2026, 11, 27))

    (line,) = table.lines
    assert (line.number, line.why, table.ignored) == (2, "", ())
    assert line.traits is not None
    assert (line.traits.birth_name, line.traits.birth_given_names, line.traits.sex) == ("Élan", "Zoé", "F")
    assert line.traits.birth_place_code == "2A004"


def test_columns_that_are_not_read_are_named_and_stop_nothing():
    text = f"service;{HEADER};Téléphone\nCOVID;{NADIA};0600000000\n"
    table = read_table(text.encode(), today=date(2026, 11, 27))

    assert [line.traits is not None for line in table.lines] == [True]
    assert table.ignored == ("service", "Téléphone")


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_column_that_is_missing_or_named_twice_is_one_sentence(missing):
    names = [name for name in COLUMNS if name != missing]
    with pytest.raises(Invalid, match=f"doit nommer la colonne {missing} "):
        read_table(";".join([*names, "autre"]).encode(), today=date(2026, 11, 27))
    with pytest.raises(Invalid, match=f"plusieurs fois {missing}"):
        read_table(";".join([*COLUMNS, missing]).encode(), today=date(2026, 11, 27))


def test_a_rule_that_is_stopped_prepares_nothing(admin, rule):
    switch_rule(admin, rule.pk, active=False)
    with pytest.raises(Conflict):
        prepare_from_file(admin, rule.pk, content=csv(NADIA))


def waiting_of(actor):
    with rls.acting(actor, read_only=True):
        return [row.patient.birth_name for row in records_to_inform(actor)]


def test_the_people_of_the_structure_inform_and_nobody_else_knows(cast, admin, rule, centre):
    prepare_from_file(admin, rule.pk, content=csv(NADIA))
    (row,) = prepared()
    assert waiting_of(centre) == ["DURAND"]
    for actor in (cast.amar, cast.ines, cast.brun, admin, cast.identito):
        assert waiting_of(actor) == []
        with pytest.raises((NotFound, Refused)), rls.acting(actor):
            access.get(actor, RECORDS_TO_INFORM, PreparedRecord, row.pk)

    record = share_record(centre, row.record_id, support=InformationSupport.ORAL_WITH_NOTICE)
    with rls.acting(Actor.job("dispatcher")):
        end_what_was_to_inform([RecordShared(patient_id=record.patient_id)])
    assert waiting_of(centre) == []
    (row,) = prepared()
    assert (row.state, row.ended_by_name) == ("informed", "Camille SALOME")


def test_a_record_may_be_abandoned_and_stays_closed(cast, admin, rule, centre):
    prepare_from_file(admin, rule.pk, content=csv(NADIA))
    (row,) = prepared()
    with pytest.raises(NotFound):
        abandon_prepared(cast.ines, row.pk, why=AbandonReason.MISTAKE)
    client = client_of(centre)
    assert "DURAND" in client.get("/dossiers-a-informer/").content.decode().upper()

    assert (
        client.post(f"/dossiers-a-informer/{row.pk}/abandonner/", {"why": "unreachable"}).status_code == 302
    )

    (row,) = prepared()
    assert (row.state, row.abandon_reason, row.record.is_shared) == ("abandoned", "unreachable", False)
    assert waiting_of(centre) == []
    with pytest.raises(Conflict):
        abandon_prepared(centre, row.pk, why=AbandonReason.MISTAKE)


def test_a_file_given_from_the_screen_is_read_and_not_kept(admin, rule):
    client = client_of(admin)
    sent = SimpleUploadedFile("sorties.csv", csv(NADIA, "X;Y;Z;F;94028"), content_type="text/csv")
    assert client.post(f"/administration/robot/{rule.pk}/", {"file": sent}).status_code == 302
    page = client.get(f"/administration/robot/{rule.pk}/").content.decode()

    assert french("ligne 3 : date de naissance") in page
    assert "DURAND" not in page
    assert "Fichier donné" in page and "1\xa0dossier préparé" in page
    with walls_down():
        assert RobotRun.objects.get().prepared == 1


def test_the_files_of_the_night_are_read_once_and_erased(admin, rule, tmp_path):
    (tmp_path / f"{rule.pk}.csv").write_bytes(csv(NADIA))
    (tmp_path / "inconnu.csv").write_bytes(csv(NADIA))
    (tmp_path / f"{new_id()}.csv").write_bytes(csv(NADIA))
    for _ in range(2):
        with rls.acting(JOB):
            read_folder(JOB, tmp_path)

    assert len(prepared()) == 1
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".refused", ".refused"]
    with walls_down():
        run = RobotRun.objects.get()
    assert (run.kind, run.by_name, run.prepared) == ("night", "", 1)


def test_a_file_of_the_night_that_is_not_read_says_why_on_the_page_of_its_rule(admin, rule, tmp_path):
    (tmp_path / f"{rule.pk}-20261127.csv").write_bytes(b"nom;prenom\nDURAND;Nadia\n")
    (tmp_path / f"{rule.pk}-20261128.csv").write_bytes(f"{HEADER};chambre\n{NADIA};12\n".encode())
    with rls.acting(JOB):
        assert read_folder(JOB, tmp_path) == 1

    page = client_of(admin).get(f"/administration/robot/{rule.pk}/").content.decode()
    assert "doit nommer les colonnes nom_naissance" in page and "Fichier de la nuit" in page
    assert "1\xa0colonne non lue\xa0: chambre" in page
    assert "DURAND" not in page
    with walls_down():
        told = AuditEntry.objects.filter(action="robot.manage").values_list("detail__done", flat=True)
        assert set(told) >= {"ran", "refused", "set"}


@pytest.fixture
def unit_rule(admin, centre, hospital):
    entry = RuleEntry(
        name="Sortie de cardiologie",
        organization_number="940000011",
        sender_id=hospital.pk,
        unit_code="4411",
    )
    return set_rule(admin, entry=entry)


def leaves(hospital, *, control_id="S1", pid=wire.STRANGER, **changes):
    wire.receive(hospital, wire.stamped("A03", pid=pid, control_id=control_id, **changes))
    wire.apply()


def test_who_leaves_the_unit_has_a_closed_record_prepared_and_her_discharge_follows(hospital, unit_rule):
    leaves(hospital)
    (row,) = prepared()
    assert row.record.is_shared is False
    assert row.patient.birth_name == "INCONNU"
    with rls.acting(Actor.job("dispatcher")):
        play_again_what_found_nobody([RecordCreated(patient_id=row.patient_id)])
    wire.apply()

    assert wire.states() == [("applied", "stay")]
    leaves(hospital, control_id="S2")
    assert len(prepared()) == 1


def test_what_a_discharge_set_going_is_counted_on_the_page_of_its_rule(admin, hospital, unit_rule):
    leaves(hospital)
    page = client_of(admin).get(f"/administration/robot/{unit_rule.pk}/").content.decode()

    assert "Sortie de l’unité" in page and "INCONNU" not in page
    with walls_down():
        run = RobotRun.objects.get()
    assert (run.kind, run.prepared, run.by_name) == ("discharge", 1, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"zbe": ZBE.replace("4411", "9999")},
        {"pid": wire.STRANGER.replace("||N||VALI", "||N||DOUT")},
        {"pid": wire.STRANGER.replace("^^PROVINS^^^FRA^BDL^^77379", "")},
    ],
)
def test_another_unit_a_doubtful_identity_or_a_missing_trait_prepare_nothing(hospital, unit_rule, changes):
    leaves(hospital, **changes)
    assert prepared() == []
    assert [state for state, _ in wire.states()] == ["no_candidate"]


def test_an_identity_or_an_admission_still_open_no_record(hospital, unit_rule):
    for number, trigger in enumerate(("A28", "A31", "A01", "A02")):
        wire.receive(hospital, wire.stamped(trigger, pid=wire.STRANGER, control_id=f"I{number}"))
    wire.apply()

    assert prepared() == []
    with walls_down():
        assert not Patient.objects.filter(birth_name="INCONNU").exists()


def test_another_hospital_sets_no_rule_of_this_one_going(hospital, unit_rule):
    other = wire.connect("Clinique", authority="750000333", port=21002)
    leaves(other, pid=wire.STRANGER.replace("750000222", "750000333"))
    assert prepared() == []


def test_a_rule_of_a_unit_names_the_hospital_and_the_reverse(admin, centre, hospital):
    for wrong in ({"unit_code": "4411"}, {"sender_id": hospital.pk}):
        with pytest.raises(Invalid):
            set_rule(admin, entry=RuleEntry(name="x", organization_number="940000011", **wrong))
    assert not RobotRule.objects.exists()
