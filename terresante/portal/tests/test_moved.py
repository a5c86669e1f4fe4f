"""Pages of the person that stay open: hers when her identity is merged, those of who acts for her when that ends."""

import re
from dataclasses import replace
from html import unescape

import pytest

from terresante.accounts.models import User
from terresante.care_team.actions.relatives import withdraw_delegation
from terresante.kernel.enums import Outcome
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.overview.tests.test_merged_live import merged, told, twice, undone
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import Delegation, PatientAccount
from tests.cast import represented_by
from tests.walls import walls_down

__all__ = ["twice"]
pytestmark = pytest.mark.commits
HOME = "/mon-dossier/"


@pytest.fixture
def rose(cast, twice):
    """The account of who is known a second time."""
    with walls_down():
        user = User.objects.create(login="rose@example.org", name="Rose", email="rose@example.org")
        PatientAccount.objects.create(user=user, patient=twice.patient)
    return replace(
        cast.madeleine, name="Rose", user_id=user.pk, person_id=twice.patient_id, correlation_id=new_id()
    )


@pytest.fixture
def claire(cast, twice):
    with walls_down():
        return represented_by(twice, "Claire", DelegationBasis.GUARDIANSHIP)


def opened(client, actor):
    """What an open page of hers asks, by what it hears."""
    with walls_down():
        client.force_login(User.objects.get(pk=actor.user_id))
    return asked_by(client)


def asked_by(client):
    page = client.get(HOME).content.decode()
    assert page.count("<template data-closed>") == 1
    found = re.findall(r'data-live-url="(/mon-dossier/reuni/[^"]+)" data-live-kinds="(\w+)"', page)
    return {kind: unescape(url) for url, kind in found}


def said(client, url):
    answer = client.get(url)
    return answer.status_code, " ".join(unescape(re.sub("<[^>]+>", " ", answer.content.decode())).split())


def test_the_person_and_who_acts_for_her_hear_a_merge_and_its_end(cast, twice, rose, claire):
    connected = (cast.madeleine, rose, claire, cast.leon)
    merge_id = merged(cast, twice)

    assert told("IdentityMoved", *connected)[1] == [cast.madeleine.name, rose.name, claire.name]
    assert told("IdentitiesMerged", *connected)[1] == [cast.madeleine.name, claire.name]

    undone(cast, merge_id)

    assert told("IdentityMoved", *connected)[1] == [rose.name, claire.name]
    # Their pages, loaded since the merge, are those of the other.
    assert told("IdentitiesUnmerged", *connected)[1] == [cast.madeleine.name, rose.name, claire.name]


def test_pages_of_the_one_that_goes_on_say_to_load_them_again(client, cast, twice):
    asks = opened(client, cast.madeleine)
    assert {said(client, url) for kind, url in asks.items() if kind in ("IdentityMoved", "RecordClosed")} == {
        (200, "")
    }

    merged(cast, twice)

    assert "vient d’être réuni avec celui-ci" in said(client, asks["IdentitiesMerged"])[1]
    assert "vient d’être séparé" in said(client, asks["IdentitiesUnmerged"])[1]


@pytest.mark.parametrize("who", ["rose", "claire"])
def test_pages_of_the_one_that_was_merged_say_it_too(client, cast, twice, rose, claire, who):
    asks = opened(client, {"rose": rose, "claire": claire}[who])
    assert said(client, asks["IdentityMoved"]) == (200, "")

    merge_id = merged(cast, twice)

    assert "vient d’être réuni avec celui-ci" in said(client, asks["IdentityMoved"])[1]

    undone(cast, merge_id)

    assert said(client, asks["IdentityMoved"]) == (200, "")


@pytest.mark.parametrize("who", ["rose", "claire"])
def test_a_page_of_the_merged_record_closes_to_who_is_of_somebody_else_again(
    client, cast, twice, rose, claire, who
):
    """Loaded since the merge, it showed the other person's record, and went on showing it."""
    reader = {"rose": rose, "claire": claire}[who]
    merge_id = merged(cast, twice)
    asks = opened(client, reader)
    since_merged = replace(rose, person_id=cast.madeleine_record.patient_id, correlation_id=new_id())

    undone(cast, merge_id)

    # Whether the stream was there all along, or comes back once it is over.
    heard = told("IdentitiesUnmerged", since_merged, rose, claire, cast.leon)
    assert heard == (cast.madeleine_record.patient_id, [rose.name, rose.name, claire.name])
    assert f"pour={heard[0]}" in asks["IdentitiesUnmerged"]
    assert said(client, asks["IdentitiesUnmerged"])[0] == 404
    with walls_down():
        assert not AuditEntry.objects.filter(user_id=reader.user_id, outcome=Outcome.REFUSED).exists()


def test_who_acts_for_nobody_any_more_is_told_whom_to_ask(client, cast, twice, rose):
    with walls_down():
        carer = represented_by(twice, "Odile", DelegationBasis.CARER)
        given = Delegation.objects.get(related_person_id=carer.person_id)
    asks = opened(client, carer)

    withdraw_delegation(rose, twice.pk, given.pk)

    # The open page is led to the door, which says why.
    answer = client.get(asks["RecordClosed"], headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/connexion/")
    assert "l’accès qui vous avait été donné a pris fin" in client.get("/connexion/").content.decode()


def test_who_acts_no_more_for_her_hears_it_and_his_pages_close(client, cast, twice, rose):
    with walls_down():
        carer = represented_by(twice, "Odile", DelegationBasis.CARER)
        # He acts for Léon too: his account stays open, for somebody else.
        represented_by(
            cast.leon_record, "Odile", DelegationBasis.CARER, user=User.objects.get(login="odile@example.org")
        )
        given = Delegation.objects.get(related_person_id=carer.person_id)
    with walls_down():
        client.force_login(User.objects.get(login="odile@example.org"))
    client.post("/mon-dossier/personne/", {"to": str(carer.person_id)})
    asks = asked_by(client)
    assert said(client, asks["RecordClosed"]) == (200, "")

    withdraw_delegation(rose, twice.pk, given.pk)

    assert told("RecordClosed", carer, rose, cast.madeleine, cast.jules) == (twice.patient_id, [carer.name])
    assert said(client, asks["RecordClosed"])[0] == 404
    with walls_down():
        assert not AuditEntry.objects.filter(user_id=carer.user_id, outcome=Outcome.REFUSED).exists()


def test_nobody_but_the_person_and_who_acts_for_her_has_these_pages(client, cast):
    asks = opened(client, cast.madeleine)
    with walls_down():
        client.force_login(User.objects.get(pk=cast.leon.user_id))
    assert said(client, asks["RecordClosed"])[0] == 404
    assert said(client, asks["IdentitiesMerged"]) == (200, "")
    with walls_down():
        client.force_login(User.objects.get(pk=cast.amar.user_id))
    assert said(client, asks["IdentitiesMerged"])[0] == 404
