"""Who set a threshold of one person, when, and what held before: kept, told to professionals, nobody else's."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui import wording
from terresante.questionnaires.pathway import folder
from terresante.questionnaires.pathway_actions import load
from terresante.questionnaires.tests.shelf import SHIPPED
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.actions import enrol
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.models import ThresholdChange
from terresante.telemonitoring.tests.factories import new_follow_up
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
NAME = "spo2-floor"


@pytest.fixture
def version():
    return load(Actor.job("tests"), folder(SHIPPED / "covid-adulte"))[0]


def own(value):
    return {NAME: Decimal(value)} if value else {}


def begun(actor, record, cell, version, floor):
    status = version.read().statuses[0]
    return enrol(actor, record.pk, new_follow_up(version, cell, status=status, personal=own(floor))).follow_up


def adapted(actor, follow_up, floor=""):
    keys = (follow_up.record_id, follow_up.pk)
    course_actions.adapt(actor, *keys, status=follow_up.status, personal=own(floor))


def shown(client, actor, follow_up, page="one"):
    login(client, actor)
    answer = client.get(reverse(f"telemonitoring:{page}", args=[follow_up.record_id, follow_up.pk]))
    return answer.content.decode().replace("\u00a0", " ")


def test_who_set_it_when_and_what_held_before_is_told_beside_the_threshold(client, cast, watch, version):
    follow_up = begun(cast.amar, cast.madeleine_record, watch.cell, version, floor="88")
    today = wording.long_date(timezone.localtime()).replace("\u00a0", " ")

    assert f"Fixé par {cast.amar.name} le {today}" in shown(client, watch.operator, follow_up)
    assert "à l’inclusion" in shown(client, cast.amar, follow_up)
    adapted(watch.operator, follow_up, floor="91")
    page = shown(client, cast.amar, follow_up)
    assert "91 %" in page and f"Fixé par {watch.operator.name} le {today}" in page
    assert "auparavant 88 %" in page
    assert "auparavant 88 %" in shown(client, cast.amar, follow_up, "adapt")
    adapted(cast.amar, follow_up)
    page = shown(client, cast.amar, follow_up)
    assert "celui du parcours" in page
    assert f"Retiré par {cast.amar.name} le {today}" in page and "auparavant 91 %" in page
    assert "auparavant 88 %" in page and "à l’inclusion" in page


def test_the_trail_names_each_change_and_says_no_value(cast, watch, version):
    """Who reads the trail may not read the record: what was set stands in the row that it names."""
    follow_up = begun(cast.amar, cast.madeleine_record, watch.cell, version, floor="88")
    adapted(watch.operator, follow_up, floor="91")
    adapted(watch.operator, follow_up, floor="91")

    with walls_down():
        rows = {str(row.pk): (row.before, row.after, row.set_by_id) for row in ThresholdChange.objects.all()}
        begun_, changed, same = (
            entry.detail
            for entry in AuditEntry.objects.filter(object_id=follow_up.pk, outcome="done")
            .filter(action__in=("follow_up.enrol", "follow_up.manage"))
            .order_by("at")
        )
    assert rows == {
        begun_["thresholds"][NAME]: (None, Decimal(88), cast.amar.user_id),
        changed["thresholds"][NAME]: (Decimal(88), Decimal("91"), watch.operator.user_id),
    }
    assert "thresholds" not in same


def test_nobody_outside_her_circle_nor_she_reads_who_set_it(client, cast, watch, version):
    """Dr Brun follows Léon with a threshold of his own, and knows nothing of Madeleine's."""
    hers = begun(cast.amar, cast.madeleine_record, watch.cell, version, floor="88")
    his = begun(cast.brun, cast.leon_record, watch.other_cell, version, floor="92")

    for actor, seen in (
        (cast.amar, {hers.pk}),
        (cast.brun, {his.pk}),
        (watch.operator, {hers.pk}),
        (watch.other_operator, {his.pk}),
        (cast.madeleine, set()),
    ):
        with rls.acting(actor):
            listed = access.list(actor, FOLLOW_UP_READ, ThresholdChange)
            assert {row.follow_up_id for row in listed} == seen, actor.name
            assert {row.follow_up_id for row in ThresholdChange.objects.all()} == seen, actor.name
    assert "Fixé par" not in shown(client, cast.brun, hers)
