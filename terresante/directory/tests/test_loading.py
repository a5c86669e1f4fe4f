"""Imports from the published files, through the action."""

import time
from uuid import uuid4

import pytest
from django.db import connection

from simulators.annuaire.files import Extractions, rpps_number, write_files
from terresante.directory import actions
from terresante.directory.enums import Civility, ImportState, OrganizationKind, Profession, Source
from terresante.directory.loading.run import Files
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.queries import search_practitioners
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, Refused
from tests.prepared import planned_each_time
from tests.walls import walls_down

KEEPER = Actor.job("tests")
SOMEBODY = Actor(kind=ActorKind.PROFESSIONAL, name="Inès", user_id=uuid4())


@pytest.fixture
def extractions(tmp_path) -> Extractions:
    return write_files(tmp_path, practitioners=300, organizations=60)


def load(extractions, **options):
    files = Files(
        annuaire=extractions.activities,
        skills=extractions.skills,
        finess=(extractions.establishments, extractions.legal_entities),
    )
    return actions.load_directory(KEEPER, files=files, **options)


def strike(extractions, ranks):
    numbers = {rpps_number(rank) for rank in ranks}
    lines = extractions.activities.read_text().splitlines(keepends=True)
    kept = [line for line in lines if line.split("|")[1] not in numbers]
    extractions.activities.write_text("".join(kept))


pytestmark = pytest.mark.django_db


def test_somebody_who_does_not_keep_the_directory_loads_nothing(extractions):
    with pytest.raises(Refused):
        actions.load_directory(SOMEBODY, files=Files(annuaire=extractions.activities))


def test_no_file_and_a_wrong_file_are_said(extractions):
    with pytest.raises(Invalid, match="Aucun fichier"):
        actions.load_directory(KEEPER, files=Files())
    with pytest.raises(Invalid, match="colonne"):
        actions.load_directory(KEEPER, files=Files(annuaire=extractions.establishments))


def test_a_load_creates_and_the_same_files_change_nothing(extractions):
    first, second = load(extractions), load(extractions)
    assert first.state == second.state == ImportState.APPLIED
    assert (first.counts["practitioners_created"], first.counts["rejections"]) == (300, 0)
    assert first.counts["organizations_created"] == 63
    assert set(second.counts.values()) == {0}
    assert Organization.objects.exclude(part_of=None).count() == 60
    assert PractitionerRole.objects.count() == first.counts["roles_created"] > 300


def test_the_civility_is_kept_and_its_correction_is_a_change(extractions):
    load(extractions)
    written = extractions.activities.read_text()
    woman = Practitioner.objects.filter(civility=Civility.MADAM).order_by("pk")[0]
    lines = [
        line.replace("|MME|", "|M|") if woman.rpps in line else line
        for line in written.splitlines(keepends=True)
    ]
    extractions.activities.write_text("".join(lines))
    assert load(extractions).counts["practitioners_changed"] == 1
    assert Practitioner.objects.get(pk=woman.pk).civility == Civility.SIR


def test_a_dry_run_counts_and_changes_nothing(extractions):
    done = load(extractions, dry_run=True)
    assert (done.state, done.counts["practitioners_created"]) == (ImportState.DRY_RUN, 300)
    assert not Practitioner.objects.exists()


def test_a_rejected_line_is_reported_and_the_others_stand(extractions):
    with extractions.activities.open("a") as file:
        file.write("8|123\n")
    done = load(extractions)
    (remark,) = done.remarks.all()
    assert done.counts["rejections"] == 1
    assert (remark.file_name, remark.level) == (extractions.activities.name, "rejection")
    assert remark.line == len(extractions.activities.read_text().splitlines())


def test_a_struck_off_professional_loses_roles_the_same_day(extractions):
    load(extractions)
    strike(extractions, [7])
    done = load(extractions)
    gone = Practitioner.objects.get(rpps=rpps_number(7))
    assert (done.counts["practitioners_struck_off"], gone.active) == (1, False)
    assert gone.struck_off_on is not None
    assert not gone.roles.filter(period_end=None).exists()


def test_more_than_one_percent_waits_for_a_person(extractions):
    load(extractions)
    strike(extractions, range(4))
    held = load(extractions)
    assert (held.state, Practitioner.objects.filter(active=True).count()) == (ImportState.HELD, 300)
    assert "4 professionnels seraient radiés sur 300" in held.held_because
    actions.accept_import(KEEPER, import_id=held.pk)
    assert Practitioner.objects.filter(active=True).count() == 296
    with pytest.raises(Conflict):
        actions.accept_import(KEEPER, import_id=held.pk)


def test_a_held_import_that_another_load_replaces_changes_nothing(extractions):
    load(extractions)
    before = extractions.activities.read_text()
    strike(extractions, range(4))
    held = load(extractions)
    extractions.activities.write_text(before)
    load(extractions)
    held.refresh_from_db()
    assert (held.state, Practitioner.objects.filter(active=True).count()) == (ImportState.DISCARDED, 300)


def test_who_comes_back_is_active_again(extractions):
    load(extractions)
    before = extractions.activities.read_text()
    strike(extractions, [7])
    load(extractions)
    extractions.activities.write_text(before)
    load(extractions)
    back = Practitioner.objects.get(rpps=rpps_number(7))
    assert back.active and back.struck_off_on is None
    assert back.roles.filter(period_end=None).exists()


def test_local_rows_and_corrected_fields_are_never_overwritten(extractions):
    local = Practitioner.objects.create(
        source=Source.LOCAL,
        idnps=f"8{rpps_number(3)}",
        rpps=rpps_number(3),
        family_name="Saisie",
        given_name="Ici",
        profession=Profession.NURSE,
    )
    load(extractions)
    establishment = Organization.objects.filter(kind=OrganizationKind.PUBLIC_HOSPITAL).first()
    assert establishment is not None
    establishment.name, establishment.phone = "Hôpital d’ici", "0100000000"
    establishment.local_fields = ["name", "phone", "search_name"]
    establishment.save()
    load(extractions)
    local.refresh_from_db()
    establishment.refresh_from_db()
    assert (local.family_name, local.source) == ("Saisie", "local")
    assert (establishment.phone, establishment.name) == ("0100000000", "Hôpital d’ici")
    assert establishment.search_name.startswith("hopital d ici")


@pytest.mark.long
def test_200_000_professionals_and_40_000_structures_are_loaded_twice_and_searched(tmp_path, capsys):
    files = write_files(tmp_path)
    with walls_down(), planned_each_time():
        first, second = load(files), load(files)
        # As autovacuum does within a minute of a load.
        with connection.cursor() as cursor:
            cursor.execute(
                "ANALYZE directory_practitioner, directory_practitionerrole, directory_organization"
            )
        assert first.counts["practitioners_created"] == 200_000
        assert set(second.counts.values()) == {0}
        texts = [
            "dup jea",
            "mar",
            "ma",
            "infirmier 94700",
            "kiné 75013",
            "médecin",
            "infirmier ber 94700",
            "94700",
        ] * 20
        times = []
        for text in texts:
            begun = time.perf_counter()
            search_practitioners(KEEPER, text=text)
            times.append((time.perf_counter() - begun) * 1000)
    times.sort()
    median, late = times[len(times) // 2], times[int(len(times) * 0.95)]
    with capsys.disabled():
        print(f"\nload {first.seconds} s, again {second.seconds} s; search {median:.0f} / p95 {late:.0f} ms")  # noqa: T201
