import pytest

from terresante.care_team.enums import Confidentiality, DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.notes import slots
from terresante.notes.models import Note
from terresante.notes.tests.factories import ago, published
from tests.cast import join, login, professional
from tests.costs import queries_of, tags_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NASTY = "<script>alert(1)</script> '; DROP TABLE notes_note; -- {{ 7|add:7 }} & “fin”"


def url(record, rest=""):
    return f"/dossiers/{record.pk}/notes/{rest}"


def sent(**changes):
    return {
        "id": str(new_id()),
        "data_class": "care",
        "level": "shared",
        "text": "Chevilles gonflées",
        **changes,
    }


def test_somebody_from_another_circle_finds_no_page(client, cast):
    note = published(cast.amar, cast.madeleine_record)
    login(client, cast.brun)

    for page in ("", "nouvelle/", "destinataires/", f"{note.pk}/"):
        assert client.get(url(cast.madeleine_record, page)).status_code == 404, page
    assert client.get(url(cast.leon_record)).status_code == 200
    assert client.get(url(cast.leon_record, f"{note.pk}/")).status_code == 404


def test_a_note_of_another_record_is_not_shown_under_this_one(client, cast):
    note = published(cast.amar, cast.madeleine_record)
    with walls_down():
        from_leon = cast.leon_record
    login(client, cast.amar)

    assert client.get(url(cast.madeleine_record, f"{note.pk}/")).status_code == 200
    assert client.get(url(from_leon, f"{note.pk}/")).status_code == 404


def test_a_note_is_written_then_listed_with_who_reads_it(client, cast):
    login(client, cast.amar)
    page = client.get(url(cast.madeleine_record, "nouvelle/")).content.decode()
    assert "Qui verra ceci" in page and "DAC Est" in page and 'name="recompute"' in page

    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(text=NASTY), follow=True)

    shown = answer.content.decode()
    assert "Note enregistrée. Peuvent la lire" in shown and "et la patiente" in shown
    assert "&lt;script&gt;" in shown and "<script>alert" not in shown and "{{ 7|add:7 }}" in shown
    with walls_down():
        assert Note.objects.get().text == NASTY


def test_the_panel_follows_the_choices_without_javascript(client, cast):
    login(client, cast.colin)
    address = url(cast.madeleine_record, "nouvelle/")

    everybody = client.post(address, sent(recompute="1", text="Brouillon")).content.decode()
    structure = client.post(
        address, sent(recompute="1", data_class="social", level="structure", text="Brouillon")
    ).content.decode()

    assert "3 membres" not in structure and "1\u00a0membre sur 3" in structure
    assert "3\u00a0membres sur 3, et la patiente" in everybody and "Brouillon" in everybody
    with walls_down():
        assert not Note.objects.exists()


def test_the_panel_says_a_profession_once(client, cast):
    with walls_down():
        CareTeamParticipant.objects.filter(
            patient_id=cast.madeleine_record.patient_id, practitioner_id=cast.amar.person_id
        ).update(role=TeamRole.ATTENDING)
    login(client, cast.ines)

    panel = client.get(url(cast.madeleine_record, "nouvelle/")).content.decode()

    assert ">Médecin traitant</span>" in panel and "médecin traitant" not in panel


def test_the_panel_alone_answers_for_the_choices_only(client, cast):
    login(client, cast.amar)

    panel = client.get(
        url(cast.madeleine_record, "destinataires/"), {"data_class": "medical", "level": "circle"}
    ).content.decode()

    assert "Ne verront pas la note" in panel and "pas encore visible" in panel and "<html" not in panel
    assert client.get(url(cast.madeleine_record, "destinataires/"), {"data_class": "x"}).status_code == 200


@pytest.mark.parametrize("text", ["", "x" * 1_000_000])
def test_a_refused_note_comes_back_with_its_text_and_a_sentence(client, cast, text):
    login(client, cast.amar)

    answer = client.post(url(cast.madeleine_record, "nouvelle/"), sent(text=text))

    page = answer.content.decode()
    assert answer.status_code == 422 and "field-error" in page and text in page
    with walls_down():
        assert not Note.objects.exists()


def test_a_page_marks_as_read_what_it_shows_and_nothing_else(client, cast):
    for number in range(23):
        published(cast.amar, cast.madeleine_record, f"Note {number}", written_at=ago(hours=30 - number))
    login(client, cast.ines)

    first = client.get(url(cast.madeleine_record)).content.decode()

    assert first.count("Non lue</span>") == 20
    with rls.acting(cast.ines):
        assert feed.unread(cast.ines).filter(patient_id=cast.madeleine_record.patient_id).count() == 3
    rest = client.get(url(cast.madeleine_record), {"vue": "non-lues"}).content.decode()
    assert rest.count("Non lue</span>") == 3
    assert (
        "Aucune note non lue" in client.get(url(cast.madeleine_record), {"vue": "non-lues"}).content.decode()
    )
    with walls_down():
        assert AuditEntry.objects.filter(action="note.read", user_id=cast.ines.user_id).count() == 3


def test_what_one_wrote_is_never_unread(client, cast):
    published(cast.amar, cast.madeleine_record)
    login(client, cast.amar)

    page = client.get(url(cast.madeleine_record)).content.decode()

    assert "Non lue</span>" not in page and "(moi)" in page


def test_a_live_screen_gets_the_list_alone(client, cast):
    published(cast.amar, cast.madeleine_record)
    login(client, cast.ines)

    assert (
        'data-live-kinds="NotePublished NoteAmended"'
        in client.get(url(cast.madeleine_record)).content.decode()
    )
    fragment = client.get(url(cast.madeleine_record), headers={"HX-Request": "true"}).content.decode()

    assert "Essoufflée" in fragment and "<html" not in fragment


def test_a_social_worker_opens_the_list_without_a_trace_of_medical_notes(client, cast):
    published(cast.amar, cast.madeleine_record, data_class=DataClass.MEDICAL)
    login(client, cast.samira)

    assert "Aucune note dans ce dossier" in client.get(url(cast.madeleine_record)).content.decode()


def test_a_secretary_of_the_circle_is_refused_the_notes_and_sees_no_tab(client, cast):
    with walls_down():
        secretary = professional(
            "sec", Profession.MEDICAL_SECRETARY, Organization.objects.get(pk=cast.amar.organization_id)
        )
        join(cast.madeleine_record, practitioner_id=secretary.person_id)
    login(client, secretary)

    assert client.get(url(cast.madeleine_record)).status_code == 403
    page = client.get(f"/dossiers/{cast.madeleine_record.pk}/")
    assert (
        page.status_code == 200
        and url(cast.madeleine_record) + '"' not in page.content.decode().split("Derniers")[0]
    )


@pytest.mark.parametrize("text", ["mot " * 60, "x" * 300, "court"])
def test_an_excerpt_is_short_and_never_empty(client, cast, text):
    note = published(cast.amar, cast.madeleine_record, text)
    with rls.acting(cast.ines):
        key = (FeedKind.NOTE, note.pk)
        line = slots.notes_told(cast.ines, [key])[key]

    assert 4 < len(line.text) <= slots.EXCERPT


def test_the_list_costs_the_same_with_two_thousand_notes(client, cast):
    for number in range(25):
        published(cast.amar, cast.madeleine_record, f"Note {number}")
    login(client, cast.ines)
    client.get(url(cast.madeleine_record))
    few = queries_of(client, url(cast.madeleine_record))
    _repeated(2000)

    assert queries_of(client, url(cast.madeleine_record)) == few <= 24


def test_a_long_list_is_counted_a_little_beyond_the_page(client, cast):
    """Its end is reached all the same, and a search says how many notes it found."""
    published(cast.amar, cast.madeleine_record, "Pansement refait.")
    _repeated(450)
    login(client, cast.ines)

    def said(**asked):
        page = client.get(url(cast.madeleine_record), asked).content.decode()
        return page.partition('aria-label="Pages"')[2].partition("</nav>")[0], page

    first, _ = said()
    assert "1 à 20 sur plus de 200 notes" in first and "page=2" in first
    tenth, _ = said(page=10)
    assert "181 à 200 sur plus de 400 notes" in tenth and "page=11" in tenth
    for beyond in (23, 999999):
        last, _ = said(page=beyond)
        assert "441 à 451 sur 451 notes" in last and 'rel="next"' not in last
    found, page = said(q="pansement")
    assert "451\u00a0notes contiennent" in page and "1 à 20 sur 451 notes" in found


def _repeated(times):
    """As many copies of the one note, or of the first."""
    with walls_down():
        one = Note.objects.first()
        own = {f.attname: getattr(one, f.attname) for f in Note._meta.fields if f.name != "id"}
        Note.objects.bulk_create([Note(**own, id=new_id()) for _ in range(times)])


def test_a_note_more_is_drawn_at_once(client, cast):
    """Bad: a tag for each of its words. Twenty notes took half of the page."""
    published(cast.amar, cast.madeleine_record)
    login(client, cast.ines)
    client.get(url(cast.madeleine_record))
    few = tags_of(client, url(cast.madeleine_record))
    for number in range(10):
        published(cast.amar, cast.madeleine_record, f"Note {number}", level=Confidentiality.CIRCLE)

    assert tags_of(client, url(cast.madeleine_record)) - few <= 3 * 10


def test_what_a_note_says_is_shown_letter_by_letter_wherever_it_stands(client, cast):
    """Every part of a line, and the words of a search."""
    note = published(cast.amar, cast.madeleine_record, NASTY, level=Confidentiality.STRUCTURE)
    published(cast.amar, cast.madeleine_record, f"{NASTY} {'long ' * 200}")
    with walls_down():
        Note.objects.update(author_name="<i>A</i>", author_role="<i>R</i>", organization_name="<i>O</i>")
    login(client, cast.amar)

    for page in (url(cast.madeleine_record), url(cast.madeleine_record, f"{note.pk}/")):
        shown = client.get(page).content.decode()
        assert "<i>" not in shown and "<script>alert" not in shown
        assert "&lt;i&gt;O&lt;/i&gt; seulement" in shown and "&lt;i&gt;R&lt;/i&gt;" in shown
    found = client.get(url(cast.madeleine_record), {"q": "notes_note"}).content.decode()
    assert "<mark>" in found and "<script>alert" not in found


def test_its_author_changes_who_reads_a_note_from_its_page(client, cast):
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.MYSELF)
    login(client, cast.amar)
    page = client.get(url(cast.madeleine_record, f"{note.pk}/")).content.decode()
    assert "Moi seulement" in page and "qui-la-lit" in page

    form = client.get(url(cast.madeleine_record, f"{note.pk}/qui-la-lit/")).content.decode()
    assert "0\u00a0membre" not in form and "réservé à son auteur" in form
    answer = client.post(
        url(cast.madeleine_record, f"{note.pk}/qui-la-lit/"), {"level": "shared"}, follow=True
    )

    shown = answer.content.decode()
    assert "Peuvent lire la note" in shown and "Moi seulement" not in shown and "Lecture changée" in shown
    login(client, cast.ines)
    assert "qui-la-lit" not in client.get(url(cast.madeleine_record, f"{note.pk}/")).content.decode()
    assert client.get(url(cast.madeleine_record, f"{note.pk}/qui-la-lit/")).status_code == 403


def test_the_panel_of_a_change_follows_the_choice_without_javascript(client, cast):
    note = published(cast.amar, cast.madeleine_record)
    login(client, cast.amar)

    answer = client.post(
        url(cast.madeleine_record, f"{note.pk}/qui-la-lit/"), {"level": "myself", "recompute": "1"}
    )

    assert "réservé à son auteur" in answer.content.decode()
    with walls_down():
        assert Note.objects.get().private_to_person_id is None
