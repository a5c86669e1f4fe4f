from dataclasses import replace
from datetime import date

import pytest
from django.db import connection

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import register_identity
from terresante.patients.desk_queries import resembling, sides_of
from terresante.patients.likeness import Sides, Verdict, compare, links_by_itself, sound
from terresante.patients.traits import Traits

ONE = Sides(
    name="LEROUX",
    used="PETIT",
    given="MADELEINE ROSE",
    birth_date=date(1939, 4, 12),
    is_lunar=False,
    sex="F",
    place="94028",
    ins="239049402800184",
)
NAMES = (
    "LEROUX LEROUS MARTIN MARTTIN PHILIPPE FILIPE MOHAMED MOHAMMED KHALED YOUSSEF AYA OUI D'ALMEIDA JEAN-PIERRE "
    "DE-LA-TOUR NGUYEN SCHMITT WAGNER X EA HAAS ZOE BENALI BELKACEM"
).split()


def line(likeness, trait):
    return next(found for found in likeness.lines if found.trait == trait)


@pytest.mark.parametrize(
    ("changed", "trait", "because"),
    [
        ({"name": "PETIT", "used": ""}, "Nom", "nom de naissance de l’une, nom utilisé de l’autre"),
        ({"name": "LEROUS", "used": ""}, "Nom", "une lettre de différence"),
        ({"name": "LEROUX-BRUN", "used": ""}, "Nom", "une partie du nom composé"),
        ({"given": "MADELAINE"}, "Prénoms", "une lettre de différence"),
        ({"given": "ROSE"}, "Prénoms", "le premier de l’une est un autre prénom de l’autre"),
        ({"birth_date": date(1939, 12, 4)}, "Date de naissance", "jour et mois inversés"),
        ({"birth_date": date(1937, 4, 12)}, "Date de naissance", "un chiffre de différence"),
        ({"birth_date": date(1939, 1, 1), "is_lunar": True}, "Date de naissance", "jour ou mois inconnu"),
        ({"name": "MADELEINE", "given": "LEROUX", "used": ""}, "Nom", "nom et prénom inversés"),
    ],
)
def test_one_error_is_proposed_and_says_itself(changed, trait, because):
    likeness = compare(ONE, replace(ONE, ins="", **changed))
    found = line(likeness, trait)

    assert likeness.is_proposed
    assert (found.verdict, found.because) == (Verdict.CLOSE, because)
    assert likeness.points == sum(one.points for one in likeness.lines)


@pytest.mark.parametrize(
    "changed",
    [
        {"given": "SUZANNE"},  # a twin
        {"birth_date": date(1962, 8, 30)},  # a homonym
        {"name": "GARCIA", "used": "", "place": "13055"},
        {"birth_date": date(1938, 9, 1), "given": "SUZANNE"},  # a sister
    ],
)
def test_twins_homonyms_and_sisters_are_not_proposed(changed):
    assert not compare(ONE, replace(ONE, ins="", **changed)).is_proposed


def test_a_likeness_does_not_depend_on_who_is_compared_first():
    for other in (
        replace(ONE, name="LEROUS"),
        replace(ONE, given="ROSE"),
        replace(ONE, name="PETIT", used=""),
    ):
        assert compare(ONE, other) == compare(other, ONE)


@pytest.mark.parametrize(
    "changed",
    [
        {"ins": ""},
        {"ins": "239049402800281"},
        {"name": "LEROUS"},
        {"given": "ROSE"},
        {"birth_date": date(1939, 12, 4)},
        {"sex": "M"},
        {"sex": "U"},
        {"place": "99999"},
        {"place": "75056"},
    ],
)
def test_nothing_links_by_itself_but_one_matricule_and_five_equal_traits(changed):
    assert links_by_itself(ONE, ONE)
    assert not links_by_itself(ONE, replace(ONE, **changed))


@pytest.mark.django_db
def test_sql_and_python_hear_names_alike():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name_sound(one) FROM unnest(%s::text[]) WITH ORDINALITY AS t (one, n) ORDER BY n", [NAMES]
        )
        heard = [row[0] for row in cursor.fetchall()]

    assert heard == [sound(name) for name in NAMES]


@pytest.mark.commits
def test_only_the_desk_and_jobs_search_across_patients(cast):
    traits = Traits(
        birth_name="Kervella",
        birth_given_names="Yann",
        birth_date=date(1950, 4, 12),
        sex="M",
        birth_place_code="29019",
    )
    register_identity(Actor.job("tests"), traits=traits)
    asked = sides_of(replace(traits, birth_name="Kervela", birth_date=date(1950, 12, 4)))

    found = {}
    for name in ("identito", "amar", "dpo", "madeleine"):
        with rls.acting(getattr(cast, name)):
            found[name] = len(resembling(asked))
    with rls.acting(Actor.job("tests")):
        found["job"] = len(resembling(asked))

    assert found == {"identito": 1, "amar": 0, "dpo": 0, "madeleine": 0, "job": 1}
