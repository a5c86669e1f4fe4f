"""Somebody whom a pathway was not made for: said before he is chosen, and followed with a reason that is kept."""

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.patients.models import Patient
from terresante.questionnaires.pathway import folder
from terresante.questionnaires.pathway_actions import load
from terresante.questionnaires.tests.shelf import SHIPPED
from terresante.telemonitoring.actions import enrol
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.tests.factories import new_follow_up
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
WHY = "Adulte suivi par un pédiatre"
INCLUSION = {"q-age": "3-11m", "q-facteurs": "none", "q-poids": "8", "q-repondant": "Une Mère"}


@pytest.fixture
def child():
    return load(Actor.job("tests"), folder(SHIPPED / "covid-enfant"))[0]


def shown(response):
    return response.content.decode().replace("\u00a0", " ")


def born(record, years):
    today = timezone.localdate()
    with walls_down():
        Patient.objects.filter(pk=record.patient_id).update(
            birth_date=today.replace(year=today.year - years, day=1)
        )


def test_a_pathway_for_children_opens_for_an_adult_with_a_reason_that_is_kept(client, cast, watch, child):
    load(Actor.job("tests"), folder(SHIPPED / "covid-adulte"))
    born(cast.madeleine_record, 52)
    login(client, cast.amar)
    here = reverse("telemonitoring:enrol", args=[cast.madeleine_record.pk])
    listed = shown(client.get(here))
    assert listed.index("eCovid adulte") < listed.index("eCovid enfant")
    told = "Ce parcours est fait pour les personnes de moins de 18 ans : cette personne a 52 ans."
    assert listed.count(told) == 1
    assert told in shown(client.get(f"{here}?parcours={child.pk}"))
    posted = {
        "parcours": child.pk,
        "id": new_id(),
        "status": child.read().statuses[0],
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "operator",
        **INCLUSION,
    }

    refused = client.post(here, posted)

    assert refused.status_code == 422 and 'href="#id_outside_words"' in shown(refused)
    with walls_down():
        assert not FollowUp.objects.exists()
    assert client.post(here, {**posted, "outside_words": WHY}).status_code == 302
    with walls_down():
        row = FollowUp.objects.get()
        entry = AuditEntry.objects.get(action="follow_up.enrol", object_id=row.pk)
    assert row.outside_words == WHY
    assert entry.detail["outside"] is True and WHY not in str(entry.detail)
    page = shown(client.get(reverse("telemonitoring:one", args=[cast.madeleine_record.pk, row.pk])))
    assert WHY in page and cast.amar.name in page
    login(client, cast.brun)
    assert (
        client.get(reverse("telemonitoring:one", args=[cast.madeleine_record.pk, row.pk])).status_code == 404
    )


def test_a_child_is_asked_for_nothing_and_a_reason_of_nobody_is_not_kept(client, cast, watch, child):
    born(cast.madeleine_record, 6)
    login(client, cast.amar)
    page = shown(
        client.get(f"{reverse('telemonitoring:enrol', args=[cast.madeleine_record.pk])}?parcours={child.pk}")
    )
    assert "Pourquoi l’inclure quand même" not in page and "Ce parcours est fait pour" not in page
    wanted = new_follow_up(child, watch.cell, status=child.read().statuses[0], outside_words=WHY)
    assert enrol(cast.amar, cast.madeleine_record.pk, wanted).follow_up.outside_words == ""


def test_no_door_begins_it_without_a_reason_nor_with_a_birth_date_that_may_be_outside(cast, watch, child):
    status = child.read().statuses[0]
    born(cast.madeleine_record, 52)
    with pytest.raises(Invalid) as refused:
        enrol(
            cast.amar,
            cast.madeleine_record.pk,
            new_follow_up(child, watch.cell, status=status, outside_words=" "),
        )
    assert list(refused.value.fields) == ["outside_words"]
    year = timezone.localdate().year - 18
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
            birth_date=f"{year}-01-01", lunar_birth_date=f"{year}-00-00"
        )
    with pytest.raises(Invalid) as unsure:
        enrol(cast.amar, cast.madeleine_record.pk, new_follow_up(child, watch.cell, status=status))
    assert "ans" in unsure.value.fields["outside_words"]


def test_a_form_of_it_is_offered_last_with_the_reason(client, cast, child):
    load(Actor.job("tests"), folder(SHIPPED / "covid-adulte"))
    born(cast.madeleine_record, 52)
    login(client, cast.amar)
    page = shown(client.get(reverse("questionnaires:choose", args=[cast.madeleine_record.pk])))
    assert page.index("eCovid adulte") < page.index("eCovid enfant")
    assert page.count("cette personne a 52 ans.") == 1
