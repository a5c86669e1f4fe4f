"""A death noted by mistake is cleared by the identity desk, and by nobody else (issue 2)."""

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, connection

from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.patients.death_actions import admit_death, clear_death
from terresante.patients.models import IdentityChange, Patient
from terresante.patients.queries import age_said, has_died
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

WHY = "Erreur de l’hôpital"
UNDATED, DATED = {"is_deceased": True}, {"deceased_on": date(2026, 3, 3)}


@pytest.fixture(params=[UNDATED, DATED], ids=["undated", "dated"])
def died(cast, request):
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(**request.param)
        return Patient.objects.get(pk=cast.madeleine_record.patient_id)


def fresh(patient):
    with walls_down():
        return Patient.objects.get(pk=patient.pk)


def url(patient, rest=""):
    return f"/identites/{patient.pk}/{rest}"


# The circle, who writes identities in it; a physician and a nurse with patients of their own; another duty; herself.
@pytest.mark.parametrize("name", ["amar", "ines", "brun", "jules", "samira", "dpo", "madeleine"])
def test_nobody_but_the_desk_clears_a_death(cast, client, died, name):
    answer = login(client, cast.actors[name]).post(url(died, "deces/"), {"deces-reason": WHY})

    assert answer.status_code in (403, 404)
    assert has_died(fresh(died))
    with walls_down():
        assert not IdentityChange.objects.exists()
        assert not OutboxEvent.objects.filter(kind="DeathChanged").exists()


ALIVE_AGAIN = "UPDATE patients_patient SET is_deceased = false, deceased_on = NULL WHERE id = %s"
SAID_ALIVE = ALIVE_AGAIN.replace(" WHERE", ", said_alive_on = '2026-03-04' WHERE")


def changed(actor, statement, patient):
    with rls.acting(actor), connection.cursor() as cursor:
        cursor.execute(statement, [patient.pk])
        return cursor.rowcount


@pytest.mark.parametrize("statement", [ALIVE_AGAIN, SAID_ALIVE])
def test_nor_by_plain_sql(cast, died, statement):
    """Who writes her identity, by her circle; and a physician of other patients, to whom there is no such row."""
    for name in ("amar", "ines"):
        with pytest.raises(DatabaseError, match="cleared by the identity desk"):
            changed(cast.actors[name], statement, died)
    assert changed(cast.brun, statement, died) == 0

    assert (has_died(fresh(died)), fresh(died).said_alive_on) == (True, None)


def test_a_death_that_was_cleared_is_noted_by_no_statement(cast, died):
    clear_death(cast.identito, died.pk, reason=WHY)

    for change in ({"is_deceased": True}, {"deceased_on": date(2020, 1, 1)}):
        with walls_down(), pytest.raises(IntegrityError, match="cleared_death"):
            Patient.objects.filter(pk=died.pk).update(**change)


def test_the_desk_clears_it_with_a_reason_and_the_page_says_it(cast, client, died):
    desk = login(client, cast.identito)
    shown = desk.get(url(died)).content.decode()
    assert "Effacer le décès" in shown
    assert ("connu sans sa date" in shown) == died.is_deceased

    assert desk.post(url(died, "deces/"), {"deces-reason": " "}).status_code == 422
    assert has_died(fresh(died))
    assert desk.post(url(died, "deces/"), {"deces-reason": WHY}).status_code == 302

    now = fresh(died)
    assert (has_died(now), now.said_alive_on is not None) == (False, True)
    assert age_said(now)
    after = desk.get(url(died)).content.decode()
    assert "Décès effacé : noté par erreur" in after.replace("\xa0", " ")
    assert WHY in after
    assert "Effacer le décès" not in after


def test_it_leaves_its_trace_and_open_pages_of_the_circle_say_it(cast, died):
    clear_death(cast.identito, died.pk, reason=WHY)

    with walls_down():
        change = IdentityChange.objects.get()
        assert (change.kind, change.reason, change.status_before) == ("alive", WHY, change.status_after)
        said = {name: value for name, value in change.before.items() if value}
        assert said == {"is_deceased": True} or said == {"deceased_on": "2026-03-03"}
        entry = AuditEntry.objects.get(action="identity.clear_death")
        assert (entry.patient_id, entry.object_id) == (died.pk, change.pk)
        assert "2026-03-03" not in str(entry.detail)
        event = restore(OutboxEvent.objects.get(kind="DeathChanged"))
    with rls.acting(Actor.job("live"), read_only=True):
        (readers,) = ports.live_readers([event], [cast.amar, cast.ines, cast.brun, cast.madeleine])
    assert readers == {cast.amar.correlation_id, cast.ines.correlation_id, cast.madeleine.correlation_id}


def test_what_is_not_noted_is_not_cleared_and_what_was_not_cleared_is_not_confirmed(cast):
    patient_id = cast.madeleine_record.patient_id
    with pytest.raises(Conflict, match="Aucun décès n’est noté"):
        clear_death(cast.identito, patient_id, reason=WHY)
    with pytest.raises(Conflict, match="Aucun décès n’a été effacé"):
        admit_death(cast.identito, patient_id)
