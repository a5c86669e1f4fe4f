"""From what Pro Santé Connect says to an account and the places where its owner works now."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone

from terresante.accounts.federation.protocol import Proof
from terresante.accounts.federation.refusals import NotOpened
from terresante.accounts.models import User
from terresante.directory import login_actions, psc
from terresante.directory.actions.desk import end_membership
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.identifiers import practitioner_national_id
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.queries import work_situations
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits
RPPS, ADELI = "10003456785", "2A1234567"
HERE, THERE = "R10000000000001", "R10000000000002"


@pytest.fixture
def places(cast):
    with walls_down():
        here, there = (
            Organization.objects.create(
                name=name, kind=OrganizationKind.GROUP_PRACTICE, source=Source.LOCAL, annuaire_id=number
            )
            for name, number in (("Cabinet", HERE), ("Maison de santé", THERE))
        )
    return here, there


def professional(number=f"8{RPPS}", *, at=(), **columns):
    columns = {"profession": Profession.DOCTOR, "source": Source.ANNUAIRE, **columns}
    with walls_down():
        made = Practitioner.objects.create(
            family_name="NADAL",
            given_name="Iris",
            email="iris.nadal@directory.example",
            rpps=number[1:] if number.startswith("8") else None,
            adeli=number[1:] if number.startswith("0") else "",
            idnps=number if number.startswith("8") else None,
            **columns,
        )
        for place in at:
            PractitionerRole.objects.create(
                practitioner=made,
                organization=place,
                profession=made.profession,
                period_start=timezone.localdate(),
                source=Source.ANNUAIRE,
            )
    return made


def proof(number=f"8{RPPS}", *places, profession="10", category="C", finess="", **claims):
    activities = [
        {"identifiantTechniqueDeLaStructure": place, "numeroFinessSite": finess, "codeModeExercice": "L"}
        for place in places
    ]
    said = {
        "codeProfession": profession,
        "codeCategorieProfessionnelle": category,
        "activities": activities,
    }
    told = {"SubjectNameID": number, "SubjectRefPro": {"exercices": [said]}, **claims}
    return Proof(issuer="https://psc.example", subject="f:x:1", claims=told)


def offered(arrived):
    """Names of the structures that this session may choose among."""
    kept = set(arrived.situations or ())
    return {s.organization_name for s in work_situations(arrived.user.pk) if str(s.role_id) in kept}


def refused(told):
    with pytest.raises(NotOpened) as error:
        login_actions.professional_of_psc(told)
    return error.value.step


def test_nobody_enters_under_a_number_that_the_directory_does_not_know(places):
    before = User.objects.count()

    assert refused(proof("810009999999", HERE)) == "unknown_professional"
    assert refused(proof("", HERE)) == "unknown_professional"
    assert refused(Proof(issuer="x", subject="x", claims={})) == "unknown_professional"
    assert User.objects.count() == before


def test_who_is_struck_off_does_not_enter_even_with_an_account(places):
    gone = professional(at=places, active=False, struck_off_on=timezone.localdate())

    assert refused(proof(f"8{RPPS}", HERE)) == "struck_off"
    gone.refresh_from_db()
    assert gone.user is None


def test_a_closed_account_stays_closed(places):
    professional(at=places)
    arrived = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE))
    with walls_down():
        User.objects.filter(pk=arrived.user.pk).update(is_active=False)

    assert refused(proof(f"8{RPPS}", HERE)) == "closed"


def test_an_account_opens_at_the_first_proof_and_is_the_same_at_the_next(places):
    known = professional(at=places)
    first = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE))
    again = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE))

    known.refresh_from_db()
    assert known.user_id == first.user.pk == again.user.pk
    assert not first.user.has_usable_password()
    assert first.user.email == "iris.nadal@directory.example"
    with walls_down():
        rows = AuditEntry.objects.filter(action="account.create", object_id=first.user.pk)
        assert [row.actor_name for row in rows] == ["Pro Santé Connect"]


def test_a_card_and_psc_lead_to_the_same_account(places):
    professional(at=places)
    by_psc = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE))
    by_card = login_actions.professional_of_card(Proof(issuer="cps", subject=f"8{RPPS}", claims={}))

    assert by_card.user.pk == by_psc.user.pk
    assert by_card.situations is None


def test_an_adeli_number_is_found_without_its_leading_zero(places):
    known = professional(practitioner_national_id(adeli=ADELI), at=places, profession=Profession.PSYCHOLOGIST)
    arrived = login_actions.professional_of_psc(proof(f"0{ADELI}", HERE, profession="93"))

    known.refresh_from_db()
    assert known.user_id == arrived.user.pk


def test_two_people_under_one_adeli_number_are_nobody(places):
    for _ in range(2):
        professional(practitioner_national_id(adeli=ADELI), at=places, profession=Profession.PSYCHOLOGIST)

    assert refused(proof(f"0{ADELI}", HERE, profession="93")) == "unknown_professional"


def test_only_the_places_that_psc_says_are_offered(places):
    professional(at=places)

    assert offered(login_actions.professional_of_psc(proof(f"8{RPPS}", HERE))) == {"Cabinet"}
    assert offered(login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, THERE))) == {
        "Cabinet",
        "Maison de santé",
    }


def test_a_structure_is_known_by_its_finess_too(places):
    with walls_down():
        Organization.objects.filter(pk=places[0].pk).update(finess="940000001", annuaire_id=None)
    professional(at=places[:1])

    assert offered(login_actions.professional_of_psc(proof(f"8{RPPS}", "", finess="940000001"))) == {
        "Cabinet"
    }


def test_another_profession_said_at_the_same_place_opens_nothing(places):
    """A medical student who is also in the directory as nothing else is not taken for a doctor."""
    professional(at=places)
    student = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, category="E"))

    roles = {
        s.profession for s in work_situations(student.user.pk) if str(s.role_id) in (student.situations or ())
    }
    assert roles == {Profession.MEDICAL_STUDENT}


@pytest.mark.parametrize(
    "said",
    [None, "", {}, {"exercices": None}, {"exercices": []}, {"exercices": [{"codeProfession": "10"}]},
     {"exercices": [{"codeProfession": "", "activities": [{"numeroFinessSite": "940000001"}]}]},
     {"exercices": [{"codeProfession": "10", "activities": [{"numeroFinessSite": ""}]}]},
     {"exercices": ["text"]}, [1]],
)  # fmt: skip
def test_no_situation_said_is_a_login_without_any_right(places, said):
    professional(at=places)
    arrived = login_actions.professional_of_psc(proof(f"8{RPPS}", SubjectRefPro=said))

    assert arrived.situations == ()


def test_a_place_that_psc_says_and_the_directory_did_not_know_is_opened(places):
    known = professional(at=places[:1])
    arrived = login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, THERE, "R19999999999999"))

    assert offered(arrived) == {"Cabinet", "Maison de santé"}
    opened = known.roles.get(organization=places[1])
    assert opened.source == Source.ANNUAIRE and opened.source_key
    login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, THERE))
    assert known.roles.count() == 2


def test_what_an_administrator_has_ended_is_not_opened_again(cast, places):
    known = professional(at=places)
    administrator = replace(cast.dpo, duties=frozenset({"administrator"}))
    end_membership(administrator, known.roles.get(organization=places[1]).pk, on=timezone.localdate())

    assert offered(login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, THERE))) == {"Cabinet"}


def test_a_closed_structure_is_not_offered(places):
    professional(at=places)
    with walls_down():
        Organization.objects.filter(pk=places[0].pk).update(active=False)

    assert offered(login_actions.professional_of_psc(proof(f"8{RPPS}", HERE, THERE))) == {"Maison de santé"}


def test_the_claims_of_a_liberal_podiatrist_are_read():
    """The shape that the sandbox gives: empty strings, another identifier, an activity without FINESS."""
    told = json.loads(Path(__file__).with_name("psc_userinfo.json").read_text())

    assert psc.national_id(told) == "ANS20261122132732"
    (situation,) = psc.situations(told)
    assert (situation.profession, situation.annuaire_id, situation.finess) == ("80", "R81311", "")
