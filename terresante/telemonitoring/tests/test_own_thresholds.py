"""A person's own thresholds, by both doors: in their unit, within the bounds of their measure."""

from decimal import Decimal
from functools import partial

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.questionnaires.pathway import folder
from terresante.questionnaires.pathway_actions import load
from terresante.questionnaires.tests.shelf import SHIPPED
from terresante.telemonitoring.actions import enrol
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.tests.factories import new_follow_up
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
FIELD = "seuil-temperature-max"
GROWN_UP = "Pèse trente kilos"
INCLUSION = {"q-age": "3-11m", "q-facteurs": "none", "q-poids": "8", "q-repondant": "Une Mère"}


@pytest.fixture
def version():
    return load(Actor.job("tests"), folder(SHIPPED / "covid-enfant"))[0]


def shown(response):
    return response.content.decode().replace("\u00a0", " ").replace("\u202f", " ")


def kept():
    with walls_down():
        return [row.personal for row in FollowUp.objects.all()]


def test_a_threshold_is_refused_at_enrolment_with_its_unit_and_its_bounds(client, cast, watch, version):
    login(client, cast.amar)
    here = reverse("telemonitoring:enrol", args=[cast.madeleine_record.pk])
    asked = shown(client.get(f"{here}?parcours={version.pk}"))
    assert "Fièvre : seuil de cette personne, en °C" in asked
    assert "Rouge à ce seuil et au-dessus. Entre 30 et 45 °C." in asked
    assert "Vide : le seuil du parcours s’applique (rouge ≥ 39 °C)." in asked
    posted = {
        "parcours": version.pk,
        "id": new_id(),
        "status": version.read().statuses[0],
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "operator",
        "outside_words": GROWN_UP,
        **INCLUSION,
    }

    refused = client.post(here, {**posted, FIELD: "390"})
    page = shown(refused)

    assert refused.status_code == 422 and kept() == []
    assert f'href="#id_{FIELD}"' in page and 'value="390"' in page
    assert page.count("390 °C n’est pas un seuil possible : écrivez une valeur entre 30 et 45 °C.") == 2
    assert '<details class="card" open>' in page
    assert "Écrivez un nombre" in shown(client.post(here, {**posted, FIELD: "chaud"}))
    assert client.post(here, {**posted, FIELD: "38,5"}).status_code == 302
    assert kept() == [{"temperature-max": 38.5}]


def test_a_threshold_is_refused_on_the_way_and_nothing_changes(client, cast, watch, version):
    own = {"temperature-max": Decimal("38.5")}
    wanted = new_follow_up(
        version, watch.cell, status=version.read().statuses[0], personal=own, outside_words=GROWN_UP
    )
    follow_up = enrol(cast.amar, cast.madeleine_record.pk, wanted).follow_up
    login(client, cast.amar)
    keys = [cast.madeleine_record.pk, follow_up.pk]
    here = reverse("telemonitoring:adapt", args=keys)
    assert 'value="38,5"' in client.get(here).content.decode()

    refused = client.post(here, {"status": follow_up.status, FIELD: "101,3"})

    assert refused.status_code == 422
    assert "101,3 en °F ? Si oui, écrivez 38,5." in shown(refused) and 'value="101,3"' in shown(refused)
    assert kept() == [{"temperature-max": 38.5}]
    assert client.post(here, {"status": follow_up.status, FIELD: "39,5"}).status_code == 302
    assert kept() == [{"temperature-max": 39.5}]
    assert "39,5 °C" in shown(client.get(reverse("telemonitoring:one", args=keys)))
    assert client.post(here, {"status": follow_up.status, FIELD: ""}).status_code == 302
    assert kept() == [{}]


def test_no_door_sets_a_threshold_that_a_page_would_refuse(cast, watch, version):
    """A page checks nothing by itself: what comes by another way meets the same sentence."""
    status = version.read().statuses[0]
    wanted = partial(new_follow_up, version, watch.cell, status=status, outside_words=GROWN_UP)
    for wrong in ({"temperature-max": Decimal(5)}, {"autre": Decimal(38)}):
        with pytest.raises(Invalid) as refused:
            enrol(cast.amar, cast.madeleine_record.pk, wanted(personal=wrong))
        assert list(refused.value.fields) == [f"seuil-{next(iter(wrong))}"]
    follow_up = enrol(cast.amar, cast.madeleine_record.pk, wanted()).follow_up
    adapt = partial(course_actions.adapt, cast.amar, cast.madeleine_record.pk, follow_up.pk)
    with pytest.raises(Invalid):
        adapt(status=status, personal={"temperature-max": Decimal(5)})
    with pytest.raises(Invalid):
        adapt(status="guéri", personal={})
    assert kept() == [{}]
    with walls_down():
        assert not AuditEntry.objects.filter(action="follow_up.manage").exists()


def test_a_threshold_that_was_kept_before_it_was_looked_at_is_said_on_the_page(client, cast, watch, version):
    wanted = new_follow_up(version, watch.cell, status=version.read().statuses[0], outside_words=GROWN_UP)
    follow_up = enrol(cast.amar, cast.madeleine_record.pk, wanted).follow_up
    with walls_down():
        FollowUp.objects.update(personal={"temperature-max": 390})
    login(client, cast.amar)

    page = shown(client.get(reverse("telemonitoring:one", args=[cast.madeleine_record.pk, follow_up.pk])))

    assert "390 °C n’est pas un seuil possible" in page
