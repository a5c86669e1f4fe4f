"""Two identities are made one, or two again, while their records are open on screens."""

import re
from html import unescape

import pytest
from django.utils import timezone

from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import restore
from terresante.kernel.models import OutboxEvent
from terresante.patients.enums import InformationSupport
from terresante.patients.merge_actions import merge_identities, unmerge_identities
from terresante.patients.models import CareRecord
from terresante.patients.tests import two_persons
from tests.cast import join, login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

WHY = "Même personne, deux saisies"


@pytest.fixture
def twice(cast):
    """Madeleine, known a second time at another practice: Jules follows that one, and not the other."""
    with walls_down():
        other = two_persons.patient_of("Madeleine")
        record = CareRecord.objects.create(
            patient=other,
            holder_id=cast.jules.organization_id,
            is_shared=True,
            information_given_at=timezone.now(),
            information_given_by_id=cast.jules.person_id,
            information_support=InformationSupport.ORAL_WITH_NOTICE,
        )
        join(record, practitioner_id=cast.jules.person_id)
    return record


def told(kind, *connected):
    """Who, of those connected, hears the last event of this kind, and of which identity."""
    with walls_down():
        event = restore(OutboxEvent.objects.filter(kind=kind).latest("pk"))
    with rls.acting(Actor.job("live"), read_only=True):
        (readers,) = ports.live_readers([event], connected)
    return event.patient_id, [actor.name for actor in connected if actor.correlation_id in readers]


def merged(cast, twice):
    return merge_identities(
        cast.identito, cast.madeleine_record.patient_id, dead_id=twice.patient_id, reason=WHY
    )


def undone(cast, merge_id):
    unmerge_identities(cast.identito, merge_id, to_dead=(), to_surviving=(), reason="Deux personnes")


def asked(client, actor, record, since=""):
    with walls_down():
        login(client, actor)
    answer = client.get(f"/dossiers/{record.pk}/reuni/{since}")
    return answer.status_code, " ".join(unescape(re.sub("<[^>]+>", " ", answer.content.decode())).split())


def test_both_circles_hear_it_and_nobody_else(cast, twice):
    connected = (cast.amar, cast.jules, cast.brun, cast.identito)
    # The desk too: it has pages of identities open.
    both = [cast.amar.name, cast.jules.name, cast.identito.name]
    merge_id = merged(cast, twice)

    assert told("IdentityMoved", *connected) == (twice.patient_id, both)
    assert told("IdentitiesMerged", *connected) == (cast.madeleine_record.patient_id, both)

    undone(cast, merge_id)

    assert told("IdentityMoved", *connected) == (twice.patient_id, [cast.jules.name, cast.identito.name])
    assert told("IdentitiesUnmerged", *connected) == (
        cast.madeleine_record.patient_id,
        [cast.amar.name, cast.identito.name],
    )


def test_the_page_of_the_merged_identity_says_where_it_went_to_who_reaches_it(client, cast, twice):
    assert asked(client, cast.jules, twice) == (200, "")
    merge_id = merged(cast, twice)

    status, said = asked(client, cast.jules, twice)
    assert status == 200 and "Ce dossier a été réuni avec un autre : Madeleine LEROUX" in said
    assert asked(client, cast.brun, twice)[0] == 404
    assert asked(client, cast.identito, twice)[0] in (403, 404)

    undone(cast, merge_id)

    assert asked(client, cast.jules, twice) == (200, "")
    assert asked(client, cast.jules, cast.madeleine_record)[0] == 404


def test_the_page_of_the_one_that_goes_on_says_to_load_again(client, cast, twice):
    merged(cast, twice)

    assert asked(client, cast.amar, cast.madeleine_record) == (200, "")
    assert "réuni avec celui-ci" in asked(client, cast.amar, cast.madeleine_record, "?depuis=union")[1]
    assert "séparé d’un autre" in asked(client, cast.amar, cast.madeleine_record, "?depuis=separation")[1]
    assert asked(client, cast.amar, cast.madeleine_record, "?depuis=<b>") == (200, "")


def test_a_page_of_a_record_listens_to_it(client, cast, twice):
    with walls_down():
        login(client, cast.amar)
    page = client.get(f"/dossiers/{cast.madeleine_record.pk}/").content.decode()

    url = f"/dossiers/{cast.madeleine_record.pk}/reuni/"
    assert (
        f'data-live-url="{url}" data-live-kinds="IdentityMoved" data-live-mode="refresh" data-live-gone>'
        in page
    )
    assert page.count("<template data-closed>") == 1
    whose = f'data-live-patient="{cast.madeleine_record.patient_id}"'
    kinds = {
        "?depuis=union": "IdentitiesMerged",
        "?depuis=separation": "IdentitiesUnmerged",
        "": "RecordClosed",
    }
    for since, kind in kinds.items():
        assert f'data-live-url="{url}{since}" data-live-kinds="{kind}"' in page
        assert page.split(f'data-live-kinds="{kind}"')[1].split(">")[0].count(whose) == 1
