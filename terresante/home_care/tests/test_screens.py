"""How one gets in: said on the person’s pages, read in the record, on the emergency sheet, in a copy; nowhere else."""

import io
import json
import zipfile

import pytest

from terresante.care_team import actions as team
from terresante.directory.enums import Profession
from terresante.home_care.models import HomeAccess
from terresante.home_care.tests.factories import CODE, said, told
from terresante.kernel import rls
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.overview.export import Export
from terresante.overview.paper import printed
from terresante.patients.enums import DelegationBasis
from tests.cast import join, login, professional, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
OWN = "/mon-dossier/domicile/"


def url(record, rest="domicile/"):
    return f"/dossiers/{record.pk}/{rest}"


def test_the_person_says_it_and_her_nurse_corrects_it(client, cast):
    login(client, cast.madeleine)
    assert "Rien n’est noté" in client.get(OWN).content.decode()
    sent = {"floor": "3e", "access_code": CODE, "animal": "Un chien", "seen": ""}
    assert client.post(f"{OWN}modifier/", sent).status_code == 302
    page = client.get(OWN).content.decode()
    assert CODE in page and "Un chien" in page
    login(client, cast.ines)
    page = client.get(url(cast.madeleine_record)).content.decode()
    assert CODE in page and "Dit par la personne" in page

    with walls_down():
        seen = HomeAccess.objects.get().pk
    write = url(cast.madeleine_record, "domicile/modifier/")
    assert f'value="{CODE}"' in client.get(write).content.decode()
    assert client.post(write, {**sent, "access_code": "99A", "seen": seen}).status_code == 302

    page = client.get(url(cast.madeleine_record)).content.decode()
    assert "99A" in page and CODE not in page and "INES" in page
    stale = client.post(write, {**sent, "floor": "5e", "seen": seen})
    assert stale.status_code == 422 and "entre-temps" in stale.content.decode()
    same = client.post(write, {**sent, "access_code": "99A", "seen": _latest()})
    assert same.status_code == 422 and "Rien n’est changé" in same.content.decode()
    long = client.post(write, {"access_code": "1" * 200, "seen": _latest()})
    assert long.status_code == 422
    nobodys = client.post(write, {"key_holder_phone": "06 39 98 01 02", "seen": _latest()})
    assert nobodys.status_code == 422 and "Écrivez qui a une clé" in nobodys.content.decode()
    assert client.post(write, {"seen": _latest()}).status_code == 302
    assert "Rien n’est noté" in client.get(url(cast.madeleine_record)).content.decode()


def _latest():
    with walls_down():
        return HomeAccess.objects.latest("recorded_at").pk


@pytest.mark.parametrize("name", ["ines", "madeleine"])
def test_what_was_written_beside_a_change_is_kept_and_sent_again_once_compared(client, cast, name):
    page = f"{OWN}modifier/" if name == "madeleine" else url(cast.madeleine_record, "domicile/modifier/")
    said(cast.amar, cast.madeleine_record, told(floor="7e", animal="Un chat"))
    login(client, cast.actors[name])

    refused = client.post(page, {"floor": "3e", "parking": "Dans la cour", "seen": ""})

    shown = refused.content.decode()
    assert refused.status_code == 422 and "entre-temps" in shown
    assert 'value="Dans la cour"' in shown and 'value="3e"' in shown
    assert "7e" in shown and "Un chat" in shown
    again = {"floor": "7e", "parking": "Dans la cour", "seen": str(_latest())}
    assert f'value="{again["seen"]}"' in shown
    assert client.post(page, again).status_code == 302
    with walls_down():
        assert HomeAccess.objects.count() == 2


def test_pages_are_those_of_the_circle_and_of_nobody_else(client, cast):
    said(cast.madeleine, cast.madeleine_record)
    for name, status in (("ines", 200), ("samira", 200), ("brun", 404), ("jules", 404), ("dpo", 404)):
        login(client, cast.actors[name])
        assert client.get(url(cast.madeleine_record)).status_code == status, name
        assert client.get(url(cast.madeleine_record, "domicile/modifier/")).status_code == status, name
        assert client.get(OWN).status_code == 403, name
    login(client, cast.brun)
    assert client.get(url(cast.leon_record)).status_code == 200


def test_a_relative_says_it_for_whom_he_acts_and_for_nobody_else(client, cast):
    said(cast.leon, cast.leon_record, told(access_code="LEON7"))
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER, scope=())
    login(client, carer)

    assert client.post(f"{OWN}modifier/", {"floor": "2e", "seen": ""}).status_code == 302

    page = client.get(OWN).content.decode()
    assert "2e" in page and "LEON7" not in page
    with walls_down():
        row = HomeAccess.objects.latest("recorded_at")
    assert (row.patient_id, row.origin) == (cast.madeleine_record.patient_id, "representative")


def test_the_emergency_sheet_says_it_and_the_log_that_it_was_read(client, cast):
    said(cast.madeleine, cast.madeleine_record, told(animal="Un chien, dans la cuisine"))
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Chute, porte fermée")
    login(client, cast.urgentiste)

    page = client.get(url(cast.madeleine_record, "fiche-urgence/")).content.decode()
    client.get(url(cast.madeleine_record, "fiche-urgence/imprimer/"))

    assert CODE in page and "Mme Petit" in page and "Un chien, dans la cuisine" in page
    with walls_down():
        read = AuditEntry.objects.filter(action="home.read", user_id=cast.urgentiste.user_id)
        assert [entry.purpose for entry in read] == ["break_glass", "break_glass"]


def test_no_word_of_it_leaves_by_an_event_the_trail_or_a_message(cast):
    said(cast.madeleine, cast.madeleine_record)
    seen = said(cast.ines, cast.madeleine_record, told(floor="4e"), seen=_latest()).pk
    said(cast.amar, cast.madeleine_record, told(floor="5e"), seen=seen)

    with walls_down():
        traced = AuditEntry.objects.filter(action__in=("home.write", "own_home.write"))
        assert traced.count() == 3
        kept = [
            json.dumps(list(model.objects.values()), default=str) for model in (OutboxEvent, OutboundMessage)
        ]
        kept += [json.dumps(list(traced.values()), default=str)]
    assert not any(CODE in text or "Petit" in text for text in kept)
    assert CODE not in f"{HomeAccess(access_code=CODE)!r}"


def test_a_copy_has_it_for_who_reads_it_alone(cast, files_of_the_test):
    said(cast.madeleine, cast.madeleine_record)
    with walls_down():
        cast.actors["secretaire"] = _secretary(cast)
    for name, told_it in (("madeleine", True), ("ines", True), ("secretaire", False)):
        actor = cast.actors[name]
        with rls.acting(actor):
            on_paper = json.dumps(printed(Export(actor, cast.madeleine_record.pk)), default=str)
        archive = zipfile.ZipFile(io.BytesIO(b"".join(Export(actor, cast.madeleine_record.pk).archive())))
        bundle = archive.read("bundle.json").decode()
        assert (CODE in on_paper, CODE in bundle) == (told_it, told_it), name


def _secretary(cast):
    actor = professional("secretaire", Profession.MEDICAL_SECRETARY, cast.madeleine_record.holder)
    join(cast.madeleine_record, practitioner_id=actor.person_id)
    return actor
