"""Search by name, profession and place; refused to whoever is not known."""

from uuid import uuid4

import pytest

from terresante.directory.enums import OrganizationKind, PlaceKind, Profession
from terresante.directory.models import Organization, Place, Practitioner, PractitionerRole
from terresante.directory.queries import (
    read_terms,
    search_communes,
    search_organizations,
    search_practitioners,
)
from terresante.kernel.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db
SOMEBODY = Actor(kind=ActorKind.PROFESSIONAL, name="Inès", user_id=uuid4())
ANONYMOUS = Actor(kind=ActorKind.PATIENT, name="")


@pytest.fixture(autouse=True)
def directory():
    for code, name, postal in (
        ("94046", "Maisons-Alfort", "94700"),
        ("94068", "Saint-Maur-des-Fossés", "94100"),
    ):
        Place.objects.create(
            code=code, kind=PlaceKind.COMMUNE, name=name, department="94", postal_codes=[postal]
        )
    alfort = organization("Pharmacie d’Alfort", "94046", "94700")
    maur = organization("Cabinet de l’Île", "94068", "94100")
    practises("Dupond", "Zoé", Profession.NURSE, maur)
    practises("DUPÔNT", "Jean-Éric", Profession.NURSE, alfort)
    practises("Jeannin", "Léa", Profession.DOCTOR, alfort)


def organization(name, commune_code, postal_code):
    return Organization.objects.create(
        source="local",
        name=name,
        kind=OrganizationKind.PHARMACY,
        commune_code=commune_code,
        postal_code=postal_code,
    )


def practises(family_name, given_name, profession, at):
    person = Practitioner.objects.create(
        source="local", family_name=family_name, given_name=given_name, profession=profession
    )
    PractitionerRole.objects.create(
        source="local", practitioner=person, organization=at, profession=profession, period_start="2020-01-01"
    )
    return person


def names(text, **criteria):
    return [found.practitioner.family_name for found in search_practitioners(SOMEBODY, text=text, **criteria)]


def test_nobody_unknown_searches():
    assert search_practitioners(ANONYMOUS, text="dup") == []
    assert search_organizations(ANONYMOUS, text="pharmacie") == []


@pytest.mark.parametrize("text", ["dup jea", "JEA dupo", "jean eric dupont", "Éric DUPÔNT", "dup-éri"])
def test_words_in_any_order_without_accents(text):
    assert names(text) == ["DUPÔNT"]


def test_a_family_name_that_begins_so_comes_before_a_given_name():
    assert names("jea") == ["Jeannin", "DUPÔNT"]


def test_profession_and_postal_code_in_the_same_words():
    assert names("infirmière 94700") == ["DUPÔNT"]
    assert names("médecin") == ["Jeannin"]
    assert read_terms("sage-femme dup 94700").profession == Profession.MIDWIFE


@pytest.mark.parametrize("commune", ["st maur", "Saint-Maur-des-Fossés", "94100"])
def test_commune_by_name_or_postal_code(commune):
    assert names("", commune=commune) == ["Dupond"]


def test_somebody_struck_off_is_not_found():
    Practitioner.objects.filter(family_name="Jeannin").update(active=False)
    assert names("jeannin") == []


@pytest.mark.parametrize("text", ["", "  ", "!&|:*", "'"])
def test_no_criterion_finds_nobody(text):
    assert names(text) == []


def test_organizations_and_communes():
    assert [row.name for row in search_organizations(SOMEBODY, text="alf phar 94700")] == [
        "Pharmacie d’Alfort"
    ]
    assert [place.code for place in search_communes("st maur")] == ["94068"]
    assert [place.code for place in search_communes("94700")] == ["94046"]
