"""The page « À intégrer », and what SQL alone allows of what waits there."""

import pytest
from django.urls import reverse

from terresante.documents.tests.factories import filed
from terresante.health_record.enums import OfferedKind
from terresante.health_record.models import MedicationStatement, OfferedLine
from terresante.health_record.offers import is_close, is_same, line_of, said_again, sameness, told
from terresante.health_record.said import SaidImmunization
from terresante.health_record.tests.factories import added, allergy, each_kind, treatment
from terresante.health_record.tests.test_access import refused
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
KINDS = {"AllergyIntolerance": "allergies", "MedicationStatement": "traitements", "Condition": "problemes"}


def offered(cast, said, kind=OfferedKind.TREATMENT, *, number=1):
    """Of a document of Madeleine's."""
    document = filed(cast.amar, cast.madeleine_record)
    with walls_down():
        return OfferedLine.objects.create(
            patient_id=document.patient_id,
            record_id=document.record_id,
            document=document,
            kind=kind,
            said=told(said),
            sameness=sameness(said),
            number=number,
        )


@pytest.mark.parametrize(
    "said", [said for said in each_kind() if said.model.__name__ in (*KINDS, "Immunization")]
)
def test_what_is_offered_is_kept_as_json_and_read_again(said):
    kind = OfferedKind(KINDS.get(said.model.__name__, "vaccinations"))

    assert said_again(kind, told(said)) == said


def test_two_ways_to_write_one_thing_are_the_same_fact_and_a_dosage_is_another():
    assert sameness(allergy("PÉNICILLINE")) == sameness(allergy("penicilline"))
    assert sameness(treatment()) != sameness(treatment(dosage="2 le matin"))
    assert is_same(allergy("Pénicilline"), line_of(allergy("penicilline")))
    assert is_close(treatment("FUROSÉMIDE 40 mg"), line_of(treatment("Furosémide 20 mg")))
    assert not is_close(treatment("Bisoprolol"), line_of(treatment("Furosémide 20 mg")))
    flu = SaidImmunization(vaccine="Vaccin contre la grippe", occurred_on=treatment_day())
    assert is_close(flu, line_of(SaidImmunization(vaccine="Grippe", occurred_on=treatment_day())))


def treatment_day():
    return next(said.occurred_on for said in each_kind() if isinstance(said, SaidImmunization))


def test_the_page_shows_each_beside_the_record_and_settles_it(client, cast):
    added(cast.amar, cast.madeleine_record, treatment("Furosémide 20 mg"))
    first, second = offered(cast, treatment()), offered(cast, treatment("Bisoprolol"), number=2)
    login(client, cast.amar)
    record = cast.madeleine_record.pk
    url = reverse("health_record:waiting", args=[record])

    page = client.get(url).content.decode()

    for said in ("Furosémide 20 mg", "Mettre à jour la ligne du dossier", "Rien de semblable", "fait foi"):
        assert said in page, said
    assert (
        "2\u00a0informations" in client.get(reverse("health_record:summary", args=[record])).content.decode()
    )
    assert client.post(reverse("health_record:put_aside", args=[record, second.pk])).status_code == 422
    client.post(reverse("health_record:put_aside", args=[record, second.pk]), {"reason": "Arrêté depuis"})
    client.post(reverse("health_record:integrate", args=[record, first.pk]))
    page = client.get(url).content.decode()
    assert "Rien n’attend" in page and "Arrêté depuis" in page
    with walls_down():
        assert MedicationStatement.objects.filter(drug="Furosémide 40 mg", origin="document").count() == 1


def test_sql_alone_neither_rewrites_nor_removes_nor_takes_back_what_was_settled(cast):
    offer = offered(cast, treatment())
    patient = offer.patient_id
    for statement in (
        "UPDATE health_record_offeredline SET said = '{}'",
        "UPDATE health_record_offeredline SET document_id = document_id",
        "DELETE FROM health_record_offeredline",
        "TRUNCATE health_record_offeredline",
    ):
        assert refused(cast.amar, statement, opened=patient), statement
    settles = "UPDATE health_record_offeredline SET state = 'put_aside', reason = 'x', settled_at = now() WHERE id = %s"
    assert refused(cast.brun, settles, offer.pk)
    assert refused(cast.madeleine, settles, offer.pk, opened=patient)
    assert not refused(cast.amar, settles, offer.pk, opened=patient)
    again = (
        "UPDATE health_record_offeredline SET state = 'waiting', reason = '', settled_at = NULL WHERE id = %s"
    )
    assert refused(cast.amar, again, offer.pk, opened=patient)
