"""Lists load by version from a folder, and are asked what a code means."""

import pytest
from django.core.management import CommandError, call_command

from terresante.accounts.models import User
from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.models import AuditEntry
from terresante.terminology.actions import load_set
from terresante.terminology.enums import KnownSet
from terresante.terminology.models import Concept, ValueSet
from terresante.terminology.queries import judged, loinc_labels, refuse_unlisted
from terresante.terminology.tests import lists
from tests.cast import professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
JOB = Actor.job("tests")
DOCTOR = ("G15_10/SM26", "Médecin généraliste")


def loaded(raw, name="x.xml"):
    return load_set(JOB, content=raw, file_name=name)


def test_a_folder_is_loaded_and_what_is_no_list_is_named(tmp_path, capsys):
    (tmp_path / "a.xml").write_bytes(lists.svs(DOCTOR, ("", "rien")))
    (tmp_path / "b.json").write_bytes(lists.code_system(("a", "b")))
    (tmp_path / "c.json").write_bytes(b'{"resourceType": "Patient"}')

    with pytest.raises(CommandError, match="1 fichier"):
        call_command("load_terminologies", tmp_path)

    said = capsys.readouterr()
    assert "J01-XDSAUTHORSPECIALTY 2026-01-15 : 1 codes, chargée, en vigueur (a.xml)" in said.out
    assert "écarté, ligne 2 : le code ou le libellé manque" in said.out
    assert "c.json : Le JSON n’est ni un ValueSet" in said.err
    assert ValueSet.objects.count() == 2


def test_the_same_file_again_changes_nothing():
    first, again = loaded(lists.svs(DOCTOR)), loaded(lists.svs(DOCTOR), "renamed.xml")

    assert (first.is_new, again.is_new, again.value_set.pk) == (True, False, first.value_set.pk)
    assert (ValueSet.objects.count(), Concept.objects.count()) == (1, 1)
    with walls_down():
        assert AuditEntry.objects.filter(action="terminology.load").count() == 2


def test_the_latest_published_version_is_in_force_whatever_the_order_and_the_others_stay():
    new = loaded(lists.svs(DOCTOR, ("G15_60", "Infirmier"), day="2026-06-01")).value_set
    old = loaded(lists.svs(DOCTOR, day="2025-06-01", oid="1.2.250.1.999.2")).value_set
    new.refresh_from_db()

    assert (new.is_current, old.is_current) == (True, False)
    (verdict,) = judged([(KnownSet.SPECIALTY, "G15_60")])
    assert (verdict.label, verdict.is_listed) == ("Infirmier", True)


def test_a_code_that_its_list_lacks_is_refused_when_typed_and_nothing_is_before_a_list_is_loaded():
    refuse_unlisted(KnownSet.SPECIALTY, "ailleurs")
    loaded(lists.svs(DOCTOR))

    refuse_unlisted(KnownSet.SPECIALTY, DOCTOR[0])
    with pytest.raises(Invalid, match="n’est pas dans la nomenclature"):
        refuse_unlisted(KnownSet.SPECIALTY, "ailleurs")


def test_names_of_loinc_come_from_the_file_that_was_loaded():
    assert loinc_labels(["718-7"]) == {}

    loaded("LOINC_NUM,LONG_COMMON_NAME\n718-7,Hémoglobine\n".encode(), "fr.csv")

    assert loinc_labels(["718-7", "1-1"]) == {"718-7": "Hémoglobine"}


def test_administrators_see_what_is_loaded_and_nobody_else_does(client, cast):
    loaded(lists.svs(DOCTOR))
    url = "/administration/nomenclatures/"
    for actor in (cast.amar, cast.madeleine, cast.dpo):
        client.force_login(User.objects.get(pk=actor.user_id))
        assert client.get(url).status_code == 403, actor.name
    with walls_down():
        here = Organization.objects.get(pk=cast.amar.organization_id)
        root = professional("root", Profession.OTHER, here, duties=["administrator"])
    client.force_login(User.objects.get(pk=str(root.user_id)))

    page = client.get(url).content.decode()

    assert "J01" in page and "2026-01-15" in page and "Type de document (JDV_J07)" in page
