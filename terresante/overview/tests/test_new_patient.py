from datetime import date

import pytest

from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import PlaceKind
from terresante.directory.models import Place
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.patients.actions import apply_traits
from terresante.patients.models import CareRecord, Patient
from terresante.patients.traits import Traits, read_birth_date
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

TYPED = {
    "birth_name": "Kervella",
    "birth_given_names": "Jeanne Marie",
    "birth_date": "03/05/1937",
    "sex": "F",
    "birth_place": "Ivry-sur-Seine",
    "used_name": "Le Goff",
    "phone": "06 39 98 12 45",
}


@pytest.fixture
def amar(client, cast):
    Place.objects.create(code="94041", kind=PlaceKind.COMMUNE, name="Ivry-sur-Seine", postal_codes=["94200"])
    login(client, cast.amar)
    return client


def post(client, **changes):
    return client.post("/patients/nouveau/", {**TYPED, **changes})


def known_identity(**changes):
    """An identity without a record, as a hospital's messages leave it."""
    traits = {
        "birth_name": "KERVELLA",
        "birth_given_names": "JEANNE",
        "birth_date": date(1937, 5, 3),
        "sex": "F",
    }
    with walls_down():
        patient = Patient(id=new_id())
        apply_traits(patient, Traits(**{**traits, "birth_place_code": "94041", **changes}))
        patient.save(force_insert=True)
    return patient


def count_records():
    with walls_down():
        return CareRecord.objects.count()


def test_a_record_is_checked_then_founded_by_its_author(amar, cast):
    before = count_records()
    checked = post(amar)
    assert "Personne de semblable" in checked.content.decode()
    assert count_records() == before

    created = post(amar, create="yes")

    with walls_down():
        patient = Patient.objects.get(match_birth_name="KERVELLA")
        record = patient.record
        assert (patient.birth_place_code, patient.birth_place_name) == ("94041", "Ivry-sur-Seine")
        assert (patient.used_name, patient.phone) == ("Le Goff", "06 39 98 12 45")
        assert CareTeamParticipant.objects.get(patient=patient).practitioner_id == cast.amar.person_id
        assert not record.is_shared
    assert created.headers["Location"] == f"/dossiers/{record.pk}/information/"


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("birth_name", "nom de naissance"),
        ("birth_given_names", "premier prénom"),
        ("birth_date", "date de naissance"),
        ("sex", "Indiquez le sexe"),
        ("birth_place", "commune ou le pays"),
    ],
)
def test_a_missing_trait_is_named(amar, field, sentence):
    answer = post(amar, **{field: ""})

    assert answer.status_code == 422
    assert "Un point à corriger" in answer.content.decode()
    assert sentence in answer.content.decode()
    assert count_records() == 2


@pytest.mark.parametrize(
    ("typed", "day", "lunar"),
    [
        ("03/05/1937", date(1937, 5, 3), ""),
        ("3.5.1937", date(1937, 5, 3), ""),
        ("03051937", date(1937, 5, 3), ""),
        ("1937-05-03", date(1937, 5, 3), ""),
        ("1950", date(1950, 1, 1), "1950-00-00"),
        ("00/00/1950", date(1950, 1, 1), "1950-00-00"),
        ("00/04/1950", date(1950, 4, 1), "1950-04-00"),
    ],
)
def test_dates_are_read_as_people_write_them(typed, day, lunar):
    read = read_birth_date(typed)

    assert read is not None
    assert (read.day, read.lunar) == (day, lunar)


@pytest.mark.parametrize("typed", ["31/02/1937", "12/00/1937", "00/13/1937"])
def test_a_date_that_does_not_exist_is_refused(amar, typed):
    assert "Cette date n’existe pas" in post(amar, birth_date=typed).content.decode()


@pytest.mark.parametrize("typed", ["03/05/2999", "03/05/1837"])
def test_an_impossible_date_is_refused(amar, typed):
    assert post(amar, birth_date=typed).status_code == 422


def test_an_unknown_day_is_kept_as_it_was_said(amar):
    post(amar, birth_date="1937", create="yes")

    with walls_down():
        assert Patient.objects.get(match_birth_name="KERVELLA").lunar_birth_date == "1937-00-00"


@pytest.mark.parametrize("typed", ["94200", "94041", "ivry sur seine", "Ivry-sur-Seine (94041)"])
def test_a_place_is_found_by_name_or_code(amar, typed):
    assert "Ivry-sur-Seine (94041)" in post(amar, birth_place=typed).content.decode()


def test_an_unknown_place_of_birth_has_its_code(amar):
    assert "Lieu inconnu (99999)" in post(amar, birth_place="99999").content.decode()


def test_homonymous_places_are_listed_and_a_wrong_one_is_said(amar):
    for code in ("14654", "93066"):
        Place.objects.create(code=code, kind=PlaceKind.COMMUNE, name="Saint-Denis")

    several = post(amar, birth_place="Saint-Denis").content.decode()

    assert "Saint-Denis (14654)" in several and "Saint-Denis (93066)" in several
    assert "Aucun lieu ne s’appelle" in post(amar, birth_place="Nulle-Part").content.decode()


def test_places_are_suggested_without_an_account(client, amar):
    assert (
        '<option value="Ivry-sur-Seine (94041)">'
        in amar.get("/patients/lieux/?birth_place=ivr").content.decode()
    )


def test_a_known_identity_without_a_record_gets_one_instead_of_a_double(amar):
    known = known_identity()
    checked = post(amar).content.decode()

    created = post(amar, known=str(known.pk))

    assert "C’est cette personne" in checked and "mêmes traits" in checked
    assert created.status_code == 302
    with walls_down():
        assert CareRecord.objects.filter(patient=known).count() == 1
        assert Patient.objects.filter(match_birth_name="KERVELLA").count() == 1


@pytest.mark.parametrize(
    "changes",
    [{"birth_date": date(1937, 3, 5)}, {"birth_date": date(1938, 5, 3)}, {"birth_name": "KERVELA"}],
)
def test_a_near_identity_is_shown_with_what_differs(amar, changes):
    known_identity(**changes)
    checked = post(amar).content.decode()

    assert "un trait diffère" in checked and '<span class="tag">différent</span>' in checked


def test_somebody_who_has_a_record_is_neither_opened_nor_doubled_by_mistake(amar, cast):
    leon = {
        "birth_name": "Leroux",
        "birth_given_names": "Léon",
        "birth_date": "12/09/1941",
        "sex": "F",
        "used_name": "",
    }
    checked = post(amar, **leon).content.decode()
    forced = post(amar, **leon, known=str(cast.leon_record.patient_id))
    unsure = post(amar, **leon, create="yes")

    assert "Demandez à un membre de son cercle" in checked
    assert "C’est cette personne" not in checked and str(cast.leon_record.pk) not in checked
    assert forced.status_code == 409
    assert "Confirmez que ce n’est aucune" in unsure.content.decode()
    assert count_records() == 2
    assert post(amar, **leon, create="yes", distinct="yes").status_code == 302
    assert count_records() == 3


def test_an_identity_is_not_claimed_without_its_traits(amar):
    known = known_identity(birth_name="AUTRE", birth_given_names="PERSONNE", birth_date=date(1990, 1, 1))

    assert post(amar, known=str(known.pk)).status_code == 200
    assert count_records() == 2


def test_comparing_identities_is_traced(amar, cast):
    post(amar)

    with walls_down():
        assert AuditEntry.objects.filter(action="identity.compare", user_id=cast.amar.user_id).count() == 1


def test_what_was_typed_may_be_corrected(amar):
    form = post(amar, edit="yes")

    assert form.status_code == 200
    assert 'value="Kervella"' in form.content.decode()


def test_a_patient_founds_nothing(client, amar, cast):
    login(client, cast.leon)

    assert client.get("/patients/nouveau/").status_code == 403
    assert post(client, create="yes").status_code == 403


@pytest.fixture
def founded(amar):
    post(amar, create="yes")
    with walls_down():
        return CareRecord.objects.get(patient__match_birth_name="KERVELLA")


def test_the_notice_names_the_holder_the_rights_and_how_to_oppose(amar, founded):
    notice = amar.get(f"/dossiers/{founded.pk}/information/notice/").content.decode()

    assert "Cabinet des Lilas" in notice and "Vos droits" in notice and "Comment vous opposer" in notice


def test_recording_the_information_opens_the_record_to_sharing(amar, founded, cast):
    url = f"/dossiers/{founded.pk}/information/"
    assert "Pas encore partagé" in amar.get(url).content.decode()
    assert "Pas encore partagé" in amar.get("/patients/").content.decode()

    amar.post(url, {"support": "oral_notice", "given_on": "2026-01-05"})

    with walls_down():
        founded.refresh_from_db()
        assert founded.is_shared and founded.information_given_by_id == cast.amar.person_id
        assert founded.information_given_at.date() == date(2026, 1, 5)
    assert "ouvert au partage" in amar.get(url).content.decode()


@pytest.mark.parametrize("wrong", [{"support": ""}, {"given_on": "2999-01-01"}, {"given_on": ""}])
def test_an_incomplete_information_opens_nothing(amar, founded, wrong):
    answer = amar.post(
        f"/dossiers/{founded.pk}/information/", {"support": "posted", "given_on": "2026-01-05", **wrong}
    )

    assert answer.status_code == 422
    with walls_down():
        assert not CareRecord.objects.get(pk=founded.pk).is_shared


def test_another_gp_neither_reads_nor_opens_the_record(amar, founded, cast):
    login(amar, cast.brun)
    url = f"/dossiers/{founded.pk}/information/"

    assert amar.get(url).status_code == 404
    assert amar.get(f"{url}notice/").status_code == 404
    assert amar.post(url, {"support": "posted", "given_on": "2026-01-05"}).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"birth_name": "ß" * 100},
        {"birth_given_names": "ß" * 200},
        {"birth_given_names": "A" * 150},
        {"used_name": "Œ" * 99},
    ],
)
def test_a_name_that_grows_when_it_is_normalised_is_said_too_long(amar, changes):
    answer = post(amar, **changes, create="1", distinct="1")

    assert answer.status_code == 422
    assert "dépasse" in answer.content.decode()
    assert count_records() == 2
