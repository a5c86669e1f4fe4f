"""Pages of identities that stay open at the desk, or on a screen of the circle, while one of them is merged."""

import re
from html import unescape

import pytest

from terresante.accounts.models import User
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.enums import Outcome
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.overview.tests.test_merged_live import told
from terresante.patients.jobs import propose_duplicates, propose_pairs
from terresante.patients.merge_actions import merge_identities, tell_apart, unmerge_identities
from terresante.patients.tests.two_persons import patient_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def twin(cast):
    with walls_down():
        return patient_of("Madeleine")


def page(client, actor, url):
    with walls_down():
        client.force_login(User.objects.get(pk=actor.user_id))
    return client.get(url)


def listening(answer):
    """What the page asks again after a merge, and of whom it listens."""
    found = re.findall(
        r'data-live-url="(/identites/changements/[^"]+)"[^>]*data-live-patient="([^"]+)"',
        answer.content.decode(),
    )
    assert found and "data-closed" in answer.content.decode()
    ((url, whose),) = found
    return unescape(url), set(whose.split())


def merged(cast, twin):
    patient_id = cast.madeleine_record.patient_id
    return merge_identities(cast.identito, patient_id, dead_id=twin.pk, reason="Même personne")


@pytest.mark.parametrize("shown", ["kept", "dead", "both"])
def test_a_page_of_the_desk_says_that_an_identity_was_merged_then_that_it_is_two_again(
    client, cast, twin, shown
):
    kept, dead = cast.madeleine_record.patient_id, twin.pk
    path = {
        "kept": f"/identites/{kept}/",
        "dead": f"/identites/{dead}/",
        "both": f"/identites/comparer/{kept}/{dead}/",
    }[shown]
    url, whose = listening(page(client, cast.identito, path))
    assert whose == {"kept": {str(kept)}, "dead": {str(dead)}, "both": {str(kept), str(dead)}}[shown]
    assert client.get(url).content.strip() == b""

    merge_id = merged(cast, twin)
    told = client.get(url)

    assert told.status_code == 200 and "Rouvrez l’identité avant d’agir" in told.content.decode()
    # The page of who made it one, drawn since, has nothing to add.
    since, _ = listening(page(client, cast.identito, f"/identites/{kept}/"))
    assert client.get(since).content.strip() == b""

    unmerge_identities(cast.identito, merge_id, to_dead=(), to_surviving=(), reason="Deux personnes")

    assert client.get(url).content.strip() == b""
    assert "Rouvrez l’identité avant d’agir" in client.get(since).content.decode()


def test_the_page_of_a_merge_that_was_undone_says_so(client, cast, twin):
    merge_id = merged(cast, twin)
    url, _ = listening(page(client, cast.identito, f"/identites/fusions/{merge_id}/defaire/"))
    unmerge_identities(cast.identito, merge_id, to_dead=(), to_surviving=(), reason="Deux personnes")
    assert "Rouvrez l’identité avant d’agir" in client.get(url).content.decode()


def test_who_does_not_reach_the_identity_is_answered_nothing_and_nothing_is_written_of_it(client, cast):
    url, _ = listening(page(client, cast.amar, f"/identites/{cast.madeleine_record.patient_id}/"))
    assert client.get(url).content.strip() == b""

    for asked in (
        url,
        f"/identites/changements/?de={new_id()}",
        "/identites/changements/?de=x",
        "/identites/changements/",
    ):
        assert page(client, cast.brun, asked).status_code == 404
    with walls_down():
        assert not AuditEntry.objects.filter(user_id=cast.brun.user_id, outcome=Outcome.REFUSED).exists()


@pytest.fixture
def pair(cast, twin):
    """Proposed by the job, once."""
    with rls.acting(Actor.job("tests")):
        assert propose_pairs(min(twin.created_at, cast.madeleine_record.patient.created_at)) == 1
    return f"/identites/comparer/{'/'.join(sorted(map(str, (cast.madeleine_record.patient_id, twin.pk))))}/"


def test_the_list_of_duplicates_says_that_somebody_else_has_told_two_apart(client, cast, twin, pair):
    shown = page(client, cast.identito, "/identites/doublons/").content.decode()
    assert (
        'data-live-url="/identites/doublons/" data-live-kinds="DuplicatesChanged IdentitiesMerged IdentitiesUnmerged"'
        in shown
    )
    assert pair in shown

    tell_apart(cast.identito, cast.madeleine_record.patient_id, other_id=twin.pk, reason="Sœurs")

    heard = told("DuplicatesChanged", cast.identito, cast.amar, cast.madeleine, cast.dpo, cast.brun)
    assert heard[1] == [cast.identito.name]
    again = client.get("/identites/doublons/", headers={"HX-Request": "true"}).content.decode()
    assert "Aucun doublon à examiner" in again and "<html" not in again


def test_the_page_of_a_pair_says_that_somebody_else_has_told_them_apart(client, cast, twin, pair):
    url, whose = listening(page(client, cast.identito, pair))
    assert client.get(url).content.strip() == b""

    tell_apart(cast.identito, cast.madeleine_record.patient_id, other_id=twin.pk, reason="Sœurs")

    assert str(told("DuplicatesChanged")[0]) in whose
    assert "reconnue différente" in client.get(url).content.decode()


def test_pairs_that_the_job_finds_are_told_to_the_desk_once(cast, twin):
    propose_duplicates()
    assert told("DuplicatesChanged", cast.identito, cast.amar, cast.madeleine) == (None, [cast.identito.name])

    propose_duplicates()

    with walls_down():
        assert OutboxEvent.objects.filter(kind="DuplicatesChanged").count() == 1
