"""What a pathway asks to confirm of the person: by whom, when; and followed all the same with a reason."""

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel.errors import Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui import wording
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.actions import enrol
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.tests.factories import new_follow_up, pathway
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
PHONE, SCALE = "Répond au téléphone", "A une balance chez elle"
WHY = "Sa voisine prête la sienne"


@pytest.fixture
def version():
    head = files()["pathway.toml"]
    return pathway(**{"pathway.toml": f'{head}[enrolment]\ncriteria = ["{PHONE}", "{SCALE}"]\n'})


def shown(response):
    return response.content.decode().replace("\u00a0", " ")


def test_who_includes_confirms_each_criterion_and_his_name_and_the_day_stay_with_them(
    client, cast, watch, version
):
    login(client, cast.amar)
    here = reverse("telemonitoring:enrol", args=[cast.madeleine_record.pk])
    page = shown(client.get(f"{here}?parcours={version.pk}"))
    assert PHONE in page and SCALE in page and "Si un critère n’est pas rempli." in page
    posted = {
        "parcours": version.pk,
        "id": new_id(),
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "operator",
        "criteria": [PHONE],
    }

    refused = client.post(here, posted)

    assert refused.status_code == 422 and f"Un critère n’est pas confirmé : « {SCALE} »." in shown(refused)
    assert 'href="#id_outside_words"' in shown(refused)
    assert "checked" in shown(refused).partition(f'value="{PHONE}"')[2].partition(">")[0]
    with walls_down():
        assert not FollowUp.objects.exists()
    assert client.post(here, {**posted, "criteria": [PHONE, SCALE], "outside_words": WHY}).status_code == 302
    with walls_down():
        row = FollowUp.objects.get()
        entry = AuditEntry.objects.get(action="follow_up.enrol", object_id=row.pk)
    # Nothing is outside: no reason is kept of it.
    assert (row.criteria, row.outside_words) == ([PHONE, SCALE], "")
    assert entry.detail["criteria"] == 2 and PHONE not in str(entry.detail)
    told = shown(client.get(reverse("telemonitoring:one", args=[cast.madeleine_record.pk, row.pk])))
    beside = told.partition("Critères d’inclusion")[2].partition("</section>")[0]
    assert beside.count("Confirmé") == 2 and "Non confirmé" not in beside
    assert (
        cast.amar.name in beside
        and wording.clock(timezone.localtime(row.enrolled_at)).replace("\u00a0", " ") in beside
    )
    login(client, cast.brun)
    assert (
        client.get(reverse("telemonitoring:one", args=[cast.madeleine_record.pk, row.pk])).status_code == 404
    )


def test_a_criterion_that_nobody_explains_is_told_with_what_else_is_wrong(client, cast, watch, version):
    login(client, cast.amar)
    here = reverse("telemonitoring:enrol", args=[cast.madeleine_record.pk])
    posted = {"parcours": version.pk, "id": new_id(), "respondent": "operator", "criteria": [SCALE]}

    refused = shown(client.post(here, {**posted, "anchor_on": "", "cell": ""}))

    assert f"Un critère n’est pas confirmé : « {PHONE} »." in refused
    assert "Indiquez la date." in refused and "Choisissez la cellule." in refused
    explained = shown(client.post(here, {**posted, "anchor_on": "", "cell": "", "outside_words": WHY}))
    assert "n’est pas confirmé" not in explained and "Indiquez la date." in explained
    # What was never a criterion is a mistake of its own.
    forged = shown(client.post(here, {**posted, "criteria": ["Autre chose"]}))
    assert "n’est pas confirmé" not in forged and 'href="#id_criteria' in forged


def test_no_door_includes_without_what_is_asked_or_a_reason(client, cast, watch, version):
    record = cast.madeleine_record
    for confirmed, words in ((), ""), ((PHONE,), " "), (("Autre chose",), ""):
        with pytest.raises(Invalid) as refused:
            enrol(
                cast.amar,
                record.pk,
                new_follow_up(version, watch.cell, criteria=confirmed, outside_words=words),
            )
        assert list(refused.value.fields) == ["outside_words"]

    wanted = new_follow_up(version, watch.cell, criteria=(PHONE, "Autre chose"), outside_words=WHY)
    follow_up = enrol(cast.amar, record.pk, wanted).follow_up

    assert (follow_up.criteria, follow_up.outside_words) == ([PHONE], WHY)
    login(client, cast.amar)
    told = shown(client.get(reverse("telemonitoring:one", args=[record.pk, follow_up.pk])))
    beside = told.partition("Critères d’inclusion")[2].partition("</section>")[0]
    assert "Non confirmé" in beside.partition(PHONE)[2] and WHY in told


def test_a_pathway_without_criteria_asks_for_nothing(client, cast, watch):
    login(client, cast.amar)
    here = reverse("telemonitoring:enrol", args=[cast.madeleine_record.pk])
    page = shown(client.get(f"{here}?parcours={pathway().pk}"))
    assert "Critères d’inclusion" not in page and "Pourquoi l’inclure quand même" not in page
