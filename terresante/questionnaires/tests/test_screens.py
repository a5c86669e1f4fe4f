from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from terresante.care_team.queries import open_record
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.ids import new_id
from terresante.kernel.ui.wording import french
from terresante.questionnaires import queries, record_queries, slots
from terresante.questionnaires.access import RESPONSE_READ, RESPONSE_WRITE
from terresante.questionnaires.models import PathwaySignature, QuestionnaireResponse
from terresante.questionnaires.tests.factories import answered, published_version
from tests.cast import login
from tests.costs import queries_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NASTY = "<script>alert(1)</script> & “fin”"


@pytest.fixture
def version():
    return published_version()


def url(record, rest=""):
    return f"/dossiers/{record.pk}/formulaires/{rest}"


def fill_url(record, version):
    return url(record, f"remplir/{version.pk}/quotidien/")


def sent(**changes):
    return {"id": str(new_id()), "q-temperature": "37,2", "q-sommeil": "bon", **changes}


def past(cast, version, days, temperature):
    """Answered some days ago, as a command loads it."""
    loader = Actor.job("tests", channel=Channel.COMMAND)
    record = cast.madeleine_record
    said = {
        "authored_at": timezone.now() - timedelta(days=days),
        "patient_id": record.patient_id,
        "source": "link",
    }
    answers = {"temperature": Decimal(temperature), "sommeil": "mauvais"}
    return answered(loader, record, version, answers=answers, **said)


def test_a_nurse_of_another_circle_finds_no_page(client, cast, version):
    """Jules opens those of his own patient, under whose address Madeleine's answer is not found either."""
    row = answered(cast.ines, cast.madeleine_record, version)
    own = answered(cast.jules, cast.leon_record, version)
    login(client, cast.jules)

    for page in ("", "remplir/", f"remplir/{version.pk}/quotidien/", f"{row.pk}/", f"{row.pk}/corriger/"):
        assert client.get(url(cast.madeleine_record, page)).status_code == 404, page
    assert client.post(fill_url(cast.madeleine_record, version), sent()).status_code == 404
    assert client.get(url(cast.leon_record, f"{own.pk}/")).status_code == 200
    for page in (f"{row.pk}/", f"{row.pk}/comparer/", f"{row.pk}/corriger/"):
        assert client.get(url(cast.leon_record, page)).status_code == 404, page
    assert client.post(url(cast.leon_record, f"{row.pk}/abandonner/")).status_code == 404
    with walls_down():
        assert QuestionnaireResponse.objects.count() == 2


def test_a_form_is_filled_in_and_read_with_its_colour_and_its_score(client, cast, version):
    login(client, cast.ines)
    chosen = client.get(url(cast.madeleine_record, "remplir/")).content.decode()
    assert fill_url(cast.madeleine_record, version) in chosen

    answer = client.post(
        fill_url(cast.madeleine_record, version),
        sent(**{"q-temperature": "39,2", "q-sommeil": "mauvais", "q-nuit": NASTY}),
        follow=True,
    )
    page = answer.content.decode()

    assert answer.redirect_chain[-1][0].startswith(url(cast.madeleine_record))
    assert "≥ 39" in page and "39,2" in page
    assert (
        "<b>3 / 3</b>" in page and french("A de la fièvre : 2 / 2") in page and "formule, version 2" in page
    )
    assert "À confirmer" in page
    assert "Seuils par défaut, non validés cliniquement" in page
    assert "<script>alert" not in page and "&lt;script&gt;" in page
    listed = client.get(url(cast.madeleine_record)).content.decode()
    assert "Votre état aujourd’hui" in listed and "gênée" in listed


def test_who_will_read_it_is_said_by_name_before_it_is_sent(client, cast, version):
    """The panel promises what then happens: who reads is who finds the answer, whatever his own patients."""
    with rls.acting(cast.ines):
        opened = open_record(cast.ines, cast.madeleine_record.pk, action=RESPONSE_WRITE)
        panel = record_queries.panel_of(cast.ines, opened, queries.pathway_of(version.pk), replaces=None)
    named = {row.name for row in panel.seen}
    row = answered(cast.ines, cast.madeleine_record, version)

    for reader in (cast.amar, cast.samira, cast.madeleine, cast.brun):
        with rls.acting(reader):
            reads = access.list(reader, RESPONSE_READ, QuestionnaireResponse).filter(pk=row.pk).exists()
        assert any(reader.name in name for name in named) == reads, reader.name
    login(client, cast.ines)
    page = client.get(fill_url(cast.madeleine_record, version)).content.decode()
    assert "Qui verra ceci" in page and "Verront ce formulaire" in page


def test_what_is_impossible_or_missing_is_said_beside_its_question_and_nothing_is_lost(client, cast, version):
    login(client, cast.ines)

    answer = client.post(
        fill_url(cast.madeleine_record, version), sent(**{"q-temperature": "98", "q-sommeil": ""})
    )
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "2 réponses à corriger" in page and 'href="#q-temperature"' in page and 'value="98"' in page
    with walls_down():
        assert not QuestionnaireResponse.objects.exists()


def test_without_javascript_a_question_appears_when_the_page_is_asked_again(client, cast, version):
    login(client, cast.ines)
    hidden = (
        'data-shown-when="[{&quot;any&quot;: false, &quot;of&quot;: [[&quot;sommeil&quot;, &quot;=&quot;,'
    )

    first = client.get(fill_url(cast.madeleine_record, version)).content.decode()
    again = client.post(
        fill_url(cast.madeleine_record, version), sent(**{"q-sommeil": "mauvais", "recompute": "1"})
    ).content.decode()

    assert first.count(hidden) == again.count(hidden) == 1
    assert " hidden>" in first[first.index(hidden) :][:200]
    assert " hidden>" not in again[again.index(hidden) :][:200]
    assert 'value="37,2"' in again
    with walls_down():
        assert not QuestionnaireResponse.objects.exists()


def test_what_is_kept_for_later_is_found_again_by_its_author_alone(client, cast, version):
    login(client, cast.ines)
    client.post(fill_url(cast.madeleine_record, version), sent(**{"q-sommeil": "", "later": "1"}))

    assert 'value="37,2"' in client.get(fill_url(cast.madeleine_record, version)).content.decode()
    login(client, cast.amar)
    assert 'value="37,2"' not in client.get(fill_url(cast.madeleine_record, version)).content.decode()
    assert "En cours" in client.get(url(cast.madeleine_record)).content.decode()


def test_the_last_answers_stand_beside_the_questions_and_are_compared(client, cast, version):
    past(cast, version, 3, "38.4")
    login(client, cast.ines)

    page = client.get(fill_url(cast.madeleine_record, version)).content.decode()
    assert "La dernière fois" in page and "38,4" in page

    answer = client.post(fill_url(cast.madeleine_record, version), sent(), follow=True)
    one = answer.content.decode()
    assert "Évolution des scores" in one and "chart-drawing" in one
    compared = client.get(f"{answer.redirect_chain[-1][0]}comparer/").content.decode()
    assert "38,4" in compared and "37,2" in compared and "différent" in compared


def test_a_correction_is_read_in_place_of_what_it_corrects(client, cast, version):
    row = answered(cast.ines, cast.madeleine_record, version, answers={"temperature": 40, "sommeil": "bon"})
    login(client, cast.amar)

    assert 'value="40"' in client.get(url(cast.madeleine_record, f"{row.pk}/corriger/")).content.decode()
    client.post(url(cast.madeleine_record, f"{row.pk}/corriger/"), sent())

    listed = client.get(url(cast.madeleine_record)).content.decode()
    assert f"formulaire-{row.pk}" not in listed
    assert "a été corrigée" in client.get(url(cast.madeleine_record, f"{row.pk}/")).content.decode()
    assert client.post(url(cast.madeleine_record, f"{row.pk}/corriger/"), sent()).status_code == 403


def test_the_structure_that_answers_for_the_thresholds_is_named(client, cast, version):
    row = answered(cast.ines, cast.madeleine_record, version)
    with walls_down():
        PathwaySignature.objects.create(
            version=version,
            organization_id=cast.urgentiste.organization_id,
            organization_name="Hôpital Saint-Martin",
            signed_by_id=cast.urgentiste.person_id,
            signed_by_name="Camille",
        )
    login(client, cast.ines)

    page = client.get(url(cast.madeleine_record, f"{row.pk}/")).content.decode()

    assert "validés cliniquement par Hôpital Saint-Martin" in page and "non validés" not in page


def test_an_answer_is_a_fact_until_its_page_is_read(client, cast, version):
    row = answered(cast.ines, cast.madeleine_record, version)
    with rls.acting(cast.amar):
        rls.open_record(row.patient_id)
        line = slots.answers_told(cast.amar, [(FeedKind.QUESTIONNAIRE, row.pk)])[
            FeedKind.QUESTIONNAIRE, row.pk
        ]
        assert feed.unread_objects(cast.amar, row.patient_id, FeedKind.QUESTIONNAIRE) == [row.pk]
    with rls.acting(cast.jules):
        assert not slots.answers_told(cast.jules, [(FeedKind.QUESTIONNAIRE, row.pk)])
    assert line.strong == "Votre état aujourd’hui"
    login(client, cast.amar)

    assert client.get(line.url).status_code == 200

    with rls.acting(cast.amar):
        rls.open_record(row.patient_id)
        assert feed.unread_objects(cast.amar, row.patient_id, FeedKind.QUESTIONNAIRE) == []


def test_the_list_costs_the_same_with_many_answers(client, cast, version):
    login(client, cast.ines)
    past(cast, version, 1, "37")
    client.get(url(cast.madeleine_record))
    one = queries_of(client, url(cast.madeleine_record))
    for day in range(2, 32):
        past(cast, version, day, "37")
    client.get(url(cast.madeleine_record))

    many = queries_of(client, url(cast.madeleine_record))

    assert many <= one + 1
    assert "page=2" in client.get(url(cast.madeleine_record)).content.decode()
