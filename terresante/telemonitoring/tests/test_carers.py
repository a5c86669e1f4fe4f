"""A carer answers from his own account, when he was named for it; and reads nothing by that."""

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel import access, rls
from terresante.kernel.errors import Invalid, NotFound, Refused
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import Delegation
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import published_version
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.course.link_actions import name_carer
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.tests.at_home import answer, enrolled, stored
from terresante.telemonitoring.tests.factories import SCHEDULE
from tests.cast import login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.mark.parametrize(("scope", "status"), [("care", 200), ("stay", 404)])
def test_a_carer_answers_when_the_class_was_named_to_him(client, cast, scope, status):
    version = published_version("essai-soins", data_class="care", **{"schedule.csv": SCHEDULE})
    _, expected = enrolled(cast.amar, cast.madeleine_record, version=version)
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER, scope=(scope,))
    login(client, carer)

    assert client.get(f"/mon-dossier/suivi/{expected}/").status_code == status
    if status == 200:
        answer(client, f"/mon-dossier/suivi/{expected}/", temperature="37", sommeil="bon")
        assert [(row.source, row.respondent_name) for row in stored()] == [("carer", "Paul")]
    else:
        client.post(f"/mon-dossier/suivi/{expected}/", {"question": "temperature", "valeur": "37"})
        assert not stored()


def carer_of(record, name, *scope):
    with walls_down():
        return represented_by(record, name, DelegationBasis.CARER, scope=scope)


def refused(client, carer, expected):
    """Neither page nor answer; what he has is of somebody else, or of other things."""
    login(client, carer)
    here = f"/mon-dossier/suivi/{expected}/"
    # 302: an account that acts for nobody any more is led away.
    is_closed = client.get(here).status_code in (302, 403, 404)
    answer(client, here, temperature="37", sommeil="bon")
    listed = client.get("/mon-dossier/suivi/").content.decode()
    return is_closed and str(expected) not in listed and not stored()


@pytest.mark.parametrize("by", ["the person", "the cell"])
def test_a_carer_who_was_named_answers_from_his_account_and_reads_nothing(client, cast, by):
    """Beside him a carer of somebody else with the same right, and another carer of hers who was not named."""
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    paul = carer_of(cast.madeleine_record, "Paul", *(["answers"] if by == "the person" else []))
    anne = carer_of(cast.madeleine_record, "Anne", "coordination", "stay")
    luc = carer_of(cast.leon_record, "Luc", "answers")
    if by == "the cell":
        name_carer(cast.amar, cast.madeleine_record.pk, given.follow_up.pk, carer_id=paul.person_id)
    assert refused(client, anne, expected) and refused(client, luc, expected)

    login(client, paul)
    assert str(expected) in client.get("/mon-dossier/suivi/").content.decode()
    answer(client, f"/mon-dossier/suivi/{expected}/", temperature="37", sommeil="mauvais")
    (row,) = stored()
    assert (row.source, row.user_id, row.respondent_name) == ("carer", paul.user_id, "Paul")
    assert "Répondre maintenant" not in client.get("/mon-dossier/suivi/").content.decode()
    more = {"suivi": str(given.follow_up.pk), "questionnaire": "quotidien"}
    assert client.post("/mon-dossier/suivi/maintenant/", more).status_code in (403, 404)
    assert (row.colour, row.occurrence_id) == ("orange", expected)
    assert "Un soignant va vous rappeler." in client.get(f"/mon-dossier/suivi/{expected}/").content.decode()
    with rls.acting(paul, read_only=True):
        rls.open_record(cast.madeleine_record.patient_id)
        for action, model in ((RESPONSE_READ, QuestionnaireResponse), (FOLLOW_UP_READ, FollowUp)):
            assert not access.list(paul, action, model).exists()
    assert client.get(reverse("questionnaires:one", args=[row.record_id, row.pk])).status_code == 403


def test_what_she_answered_herself_is_not_shown_to_her_carer(client, cast):
    _, expected = enrolled(cast.amar, cast.madeleine_record)
    paul = carer_of(cast.madeleine_record, "Paul", "answers")
    login(client, cast.madeleine)
    answer(client, f"/mon-dossier/suivi/{expected}/", temperature="37", sommeil="mauvais")

    login(client, paul)
    assert str(expected) not in client.get("/mon-dossier/suivi/").content.decode()
    page = client.get(f"/mon-dossier/suivi/{expected}/", follow=True).content.decode()
    assert "déjà rempli" in page and "rappeler" not in page
    assert len(stored()) == 1


def test_a_carer_answers_no_more_once_his_access_or_his_name_is_withdrawn(client, cast):
    given, expected = enrolled(cast.amar, cast.madeleine_record)
    paul, anne = carer_of(cast.madeleine_record, "Paul"), carer_of(cast.madeleine_record, "Anne", "answers")
    of_her = (cast.amar, cast.madeleine_record.pk, given.follow_up.pk)
    name_carer(*of_her, carer_id=paul.person_id)
    login(client, paul)
    assert client.get(f"/mon-dossier/suivi/{expected}/").status_code == 200
    with pytest.raises(Invalid):
        name_carer(*of_her, carer_id=carer_of(cast.leon_record, "Luc", "answers").person_id)

    name_carer(*of_her, carer_id=None)
    with walls_down():
        Delegation.objects.filter(related_person_id=anne.person_id).update(withdrawn_at=timezone.now())
    assert refused(client, paul, expected) and refused(client, anne, expected)
    with walls_down():
        assert FollowUp.objects.get(pk=given.follow_up.pk).respondent == "patient"


def test_only_who_manages_a_follow_up_names_a_carer(client, cast):
    """Brun has patients of his own; a carer names nobody."""
    given, _ = enrolled(cast.amar, cast.madeleine_record)
    enrolled(cast.brun, cast.leon_record, version=given.follow_up.version)
    paul = carer_of(cast.madeleine_record, "Paul", "answers")
    for actor in (cast.brun, paul, cast.madeleine):
        with pytest.raises((NotFound, Refused)):
            name_carer(actor, cast.madeleine_record.pk, given.follow_up.pk, carer_id=paul.person_id)
