from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from django.utils import timezone

from terresante.care_team import actions as team
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import slots
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.slots import FactLine
from terresante.notes.models import Note
from terresante.notes.tests.factories import published
from terresante.overview import views
from terresante.overview.queries import A_PAGE, KINDS, MOST_PAGES, visit_words
from terresante.patients.models import CareRecord, Patient
from tests.cast import join, login, professional
from tests.costs import blocks_of, queries_of, tags_of
from tests.walls import counted, walls_down

pytestmark = pytest.mark.commits
NOW = datetime(2026, 11, 19, 9, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stays_told(monkeypatch):
    def lines(actor, ids):
        return {
            pk: FactLine(strong="Admission à Bicêtre", text=", cardiologie", url="#", icon="bed")
            for pk in ids
        }

    monkeypatch.setitem(slots.facts, FeedKind.ADMISSION, lines)


def url(record, rest=""):
    return f"/dossiers/{record.pk}/{rest}"


def admission(record, *, at=None):
    with walls_down():
        return FeedItem.objects.create(
            patient_id=record.patient_id,
            kind=FeedKind.ADMISSION,
            object_id=new_id(),
            occurred_at=at or timezone.now(),
            data_class=DataClass.STAY,
            is_alert=True,
        )


@pytest.mark.parametrize("page", ["", "chronologie/", "nouveautes/"])
def test_the_pages_of_a_record_are_those_of_its_circle(client, cast, page):
    for name, status in (("amar", 200), ("ines", 200), ("samira", 200), ("brun", 404), ("urgentiste", 404)):
        login(client, cast.actors[name])
        assert client.get(url(cast.madeleine_record, page)).status_code == status, name


def test_the_resume_says_who_she_is_what_changed_and_whom_to_call(client, cast):
    published(cast.amar, cast.madeleine_record, "Adaptation du traitement")
    login(client, cast.ines)

    page = client.get(url(cast.madeleine_record)).content.decode()

    for said in (
        "LEROUX",
        "née le 2\u00a0avril 1939",
        "Identité provisoire",
        "Médecin traitant",
        "Camille AMAR",
    ):
        assert said in page, said
    for said in (
        "Ce qui a changé récemment",
        "Adaptation du traitement",
        "DAC Est",
        "Écrire une note",
        "Donnée le",
    ):
        assert said in page, said


def test_a_record_opened_in_emergency_offers_nothing_to_write(client, cast):
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, sans témoin")
    login(client, cast.urgentiste)

    page = client.get(url(cast.madeleine_record)).content.decode()

    assert "lecture seule" in page and "Écrire une note" not in page
    with walls_down():
        row = AuditEntry.objects.get(action="record.read", user_id=cast.urgentiste.user_id)
        assert row.purpose == "break_glass"


def test_a_record_not_yet_shared_says_so(client, cast):
    with walls_down():
        CareRecord.objects.filter(pk=cast.madeleine_record.pk).update(
            is_shared=False, information_given_at=None, information_given_by=None, information_support=""
        )
    login(client, cast.amar)

    page = client.get(url(cast.madeleine_record)).content.decode()

    assert "Pas encore partagé" in page
    assert f'href="/dossiers/{cast.madeleine_record.pk}/information/">Informer' in page


def test_an_alert_stays_first_until_its_reader_has_seen_it(client, cast):
    alert = admission(cast.madeleine_record)
    login(client, cast.ines)
    assert "J’ai vu" in client.get(url(cast.madeleine_record)).content.decode()
    vue = f"alertes/{alert.pk}/vue/"

    answer = client.post(url(cast.madeleine_record, vue), follow=True).content.decode()

    assert "Rien qui vous attende" in answer and "Alerte vue" in answer
    login(client, cast.amar)
    assert "J’ai vu" in client.get(url(cast.madeleine_record)).content.decode()
    login(client, cast.brun)
    assert client.post(url(cast.leon_record, vue)).status_code == 404
    assert client.post(url(cast.madeleine_record, vue)).status_code == 404


def test_everything_shown_is_marked_as_read_at_once(client, cast):
    published(cast.amar, cast.madeleine_record)
    login(client, cast.ines)
    seen_at = timezone.now().isoformat()

    client.post(url(cast.madeleine_record, "nouveautes/lues/"), {"seen_at": seen_at})

    assert "Tout marquer comme lu" not in client.get(url(cast.madeleine_record)).content.decode()
    for wrong in ("", "hier", "2026-01-01", "2026-01-01T10:00:00"):
        assert (
            client.post(url(cast.madeleine_record, "nouveautes/lues/"), {"seen_at": wrong}).status_code == 404
        )


def test_the_timeline_filters_and_goes_on(client, cast):
    for days in range(60):
        admission(cast.madeleine_record, at=timezone.now() - timedelta(days=days))
    published(cast.amar, cast.madeleine_record, "Une seule note")
    login(client, cast.ines)

    whole = client.get(url(cast.madeleine_record, "chronologie/")).content.decode()
    notes = client.get(url(cast.madeleine_record, "chronologie/"), {"type": "notes"}).content.decode()
    month = client.get(url(cast.madeleine_record, "chronologie/"), {"type": "sejours", "periode": "30"})
    nonsense = client.get(
        url(cast.madeleine_record, "chronologie/"), {"type": "x", "du": "hier", "avant": "y"}
    )

    assert "Afficher la suite" in whole and whole.count("Admission à Bicêtre") == A_PAGE - 1
    assert "Une seule note" in notes and "Bicêtre" not in notes
    assert month.content.decode().count("Admission à Bicêtre") == A_PAGE
    assert "31\u00a0événements" in month.content.decode()
    assert nonsense.status_code == 200 and "Une date n’est pas reconnue" in nonsense.content.decode()


def test_every_kind_of_event_has_its_filter():
    assert sorted(kind for _, kinds in KINDS.values() for kind in kinds) == sorted(FeedKind)


def test_each_type_says_how_many_there_are_between_the_dates_asked_for(client, cast):
    for days in range(60):
        admission(cast.madeleine_record, at=timezone.now() - timedelta(days=days))
    published(cast.amar, cast.madeleine_record, "Une note")
    published(cast.amar, cast.madeleine_record, "À soi", level=Confidentiality.MYSELF)
    login(client, cast.ines)

    whole = client.get(url(cast.madeleine_record, "chronologie/"))
    month = client.get(url(cast.madeleine_record, "chronologie/"), {"type": "sejours", "periode": "30"})

    assert _numbers(whole) == {"Tout": 61, "Notes": 1, "Hospitalisations": 60}
    assert _numbers(month) == {"Tout": 32, "Notes": 1, "Hospitalisations": 31}
    assert "31\u00a0événements" in month.content.decode()


def test_a_timeline_too_long_to_be_counted_offers_every_type_and_says_that_there_is_more(
    client, cast, monkeypatch
):
    monkeypatch.setattr(views, "MANY_FACTS", 50)
    monkeypatch.setattr(views, "MOST_PRINTED", 55)
    for days in range(60):
        admission(cast.madeleine_record, at=timezone.now() - timedelta(days=days))
    published(cast.amar, cast.madeleine_record, "Une note")
    login(client, cast.ines)

    def page(place="", **asked):
        return client.get(url(cast.madeleine_record, f"chronologie/{place}"), asked)

    whole, paper = page(), page("imprimer/").content.decode()
    assert "Plus de 50\u00a0événements\u00a0: choisissez un type" in whole.content.decode()
    assert set(_numbers(whole)) == {"Tout", *(label for label, _ in KINDS.values())}
    assert set(_numbers(whole).values()) == {None}
    assert "Plus de 50\u00a0événements." in page(type="sejours").content.decode()
    assert "1\u00a0événement." in page(type="notes").content.decode()
    assert "Rien à ces dates et pour ce type" in page(type="documents").content.decode()
    assert _numbers(page(periode="30")) == {"Tout": 32, "Notes": 1, "Hospitalisations": 31}
    assert "Plus de 55\u00a0événements" in paper and "Les 55 plus récents sont imprimés" in paper


def test_a_long_timeline_is_read_to_its_end_by_plain_links_and_says_how_to_read_less(
    client, cast, monkeypatch
):
    monkeypatch.setattr(views, "MANY_FACTS", 100)
    for days in range(130):
        admission(cast.madeleine_record, at=timezone.now() - timedelta(days=days))
    login(client, cast.ines)
    address, seen = url(cast.madeleine_record, "chronologie/"), 0
    for _ in range(ceil(130 / A_PAGE)):
        page = client.get(address)
        seen += page.content.decode().count("Admission à Bicêtre")
        assert ("Revenir aux plus récents" in page.content.decode()) == ("avant=" in address)
        assert "choisissez un type ou une période" in page.content.decode()
        address = page.context["next_url"]
    assert seen == 130 and address == ""
    fragment = client.get(page.request["PATH_INFO"], headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment and fragment.count("autofocus") == 1


def test_a_timeline_of_which_more_was_asked_is_as_long_when_one_comes_back(client, cast):
    for days in range(400):
        admission(cast.madeleine_record, at=timezone.now() - timedelta(days=days))
    login(client, cast.ines)
    address = url(cast.madeleine_record, "chronologie/")
    top = client.get(address, {"type": "sejours"})

    def more(shown, *, at):
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{at}"}
        return client.get(shown.context["next_url"], headers=headers)

    second = more(top, at=f"{address}?type=sejours")
    third = more(second, at=second["HX-Replace-Url"])
    back = client.get(third["HX-Replace-Url"]).content.decode()

    assert _admissions(second) == A_PAGE
    assert second["HX-Replace-Url"] == f"{address}?type=sejours&pages=2"
    assert back.count("Admission à Bicêtre") == 3 * A_PAGE
    assert third.context["next_url"].replace("&", "&amp;") in back
    for asked, pages in (("0", 1), ("x", 1), ("999999", MOST_PAGES)):
        assert _admissions(client.get(address, {"pages": asked})) == A_PAGE * pages
    beyond = more(top, at=f"{address}?avant={top.context['page'].next_place}&pages=99")
    assert beyond["HX-Replace-Url"].endswith(f"&pages={MOST_PAGES}")
    assert f"avant={top.context['page'].next_place}" in beyond["HX-Replace-Url"]


def _admissions(page):
    return page.content.decode().count("Admission à Bicêtre")


def test_the_timeline_is_printed_with_its_filters_and_nothing_more_than_is_read(client, cast):
    published(cast.amar, cast.madeleine_record, "Une note")
    published(cast.amar, cast.madeleine_record, "Secret du médecin", level=Confidentiality.MYSELF)
    admission(cast.madeleine_record)
    login(client, cast.ines)
    paper = client.get(url(cast.madeleine_record, "chronologie/imprimer/")).content.decode()
    notes = client.get(
        url(cast.madeleine_record, "chronologie/imprimer/"), {"type": "notes"}
    ).content.decode()
    assert "Une note" in paper and "Bicêtre" in paper and "Secret" not in paper and "data-print" in paper
    assert "Une note" in notes and "Bicêtre" not in notes and "1\u00a0événement, notes" in notes
    login(client, cast.brun)
    assert client.get(url(cast.madeleine_record, "chronologie/imprimer/")).status_code == 404


def _numbers(page) -> dict[str, int]:
    return {chip.label: chip.count for chip in page.context["kinds"]}


# Every statement: session, account, situation, transactions, row contexts, audit, marks. A page of notes
# that has something new to mark as read costs five more, once.
COSTS = {
    "": 26,
    "nouveautes/": 16,
    "notes/": 24,
    "cercle/": 26,
    "sejours/": 19,
    "chronologie/": 22,
    "chronologie/imprimer/": 17,
    "acces/": 22,
    "choix/": 20,
}
# Those of which the questions are about all that there is. Asked of each row, a rule makes ten thousand blocks of it.
FULL = ("", "notes/", "chronologie/", "nouveautes/")
USUAL_BLOCKS = 800


def test_pages_cost_the_same_with_a_thousand_events_and_two_thousand_notes(client, cast):
    with walls_down():
        practice = Organization.objects.get(pk=cast.amar.organization_id)
        for number in range(30):
            member = professional(f"membre{number}", Profession.NURSE, practice)
            join(cast.madeleine_record, practitioner_id=member.person_id)
    for number in range(25):
        published(cast.amar, cast.madeleine_record, f"Note {number}")
        admission(cast.madeleine_record)
    login(client, cast.ines)
    for _ in range(2):
        client.get(url(cast.madeleine_record, "notes/"))
    few = {page: queries_of(client, url(cast.madeleine_record, page)) for page in COSTS}
    with walls_down():
        copies(Note.objects.first(), 2000)
        copies(FeedItem.objects.filter(kind=FeedKind.ADMISSION).first(), 1000)
    counted(Note, FeedItem)

    for page, before in few.items():
        assert queries_of(client, url(cast.madeleine_record, page)) <= before, page
    blocks = {page: blocks_of(client, url(cast.madeleine_record, page)) for page in FULL}
    assert {page: looked_at for page, looked_at in blocks.items() if looked_at > 3 * USUAL_BLOCKS} == {}
    assert {page: cost for page, cost in few.items() if cost > COSTS[page]} == {}


def test_a_fact_more_of_the_timeline_is_drawn_at_once(client, cast):
    """Bad: a tag for each of its words. Fifty facts took half of the page."""
    admission(cast.madeleine_record)
    login(client, cast.ines)
    page = url(cast.madeleine_record, "chronologie/")
    client.get(page)
    few = tags_of(client, page)
    for _ in range(30):
        admission(cast.madeleine_record)

    assert tags_of(client, page) - few <= 30


@pytest.mark.parametrize(
    ("since", "said"),
    [
        (timedelta(hours=1), "d’aujourd’hui, 9\u00a0h\u00a031"),
        (timedelta(days=1), "d’hier"),
        (timedelta(days=2), "de mardi"),
        (timedelta(days=7), "du 12\u00a0nov."),
    ],
)
def test_a_visit_is_said_as_people_say_it(since, said):
    assert visit_words(NOW - since, now=NOW) == said


def test_a_man_is_not_said_to_be_a_woman(client, cast):
    with walls_down():
        Patient.objects.filter(pk=cast.leon_record.patient_id).update(sex="M", used_name="MARTIN")
    login(client, cast.brun)

    page = client.get(url(cast.leon_record)).content.decode()

    assert "né LEROUX" in page and "né le 12" in page and "· née" not in page and "née LEROUX" not in page


def copies(row, number):
    kept = {f.attname: getattr(row, f.attname) for f in row._meta.fields if f.name not in ("id", "object_id")}
    rows = [type(row)(**kept, id=new_id()) for _ in range(number)]
    for copy in rows:
        if hasattr(copy, "object_id"):
            copy.object_id = new_id()
    type(row).objects.bulk_create(rows)
