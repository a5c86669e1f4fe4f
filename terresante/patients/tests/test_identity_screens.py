from dataclasses import replace
from datetime import date

import pytest
from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected

from terresante.directory.enums import PlaceKind
from terresante.directory.models import Place
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry
from terresante.patients import desk_actions, insi
from terresante.patients.actions import register_identity
from terresante.patients.desk_actions import correct_identity, flag_identity, traits_of
from terresante.patients.enums import IdentityStatus, InsiAnswer
from terresante.patients.identity_rules import Attribute
from terresante.patients.insi import Found
from terresante.patients.jobs import propose_pairs
from terresante.patients.merge_actions import merge_identities
from terresante.patients.models import (
    CareRecord,
    IdentityChange,
    IdentityDomain,
    InsiCall,
    Patient,
    PotentialDuplicate,
    SourceIdentity,
)
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

INS = ("239049402800184", "1.2.250.1.213.1.4.10")


class Answering:
    """The teleservice of a test; it is asked with no transaction open, nor any connection kept."""

    def __init__(self, found, verdict=InsiAnswer.CONFIRMED):
        self.found, self.verdict = found, verdict

    def search(self, asked):
        assert connection.connection is None
        return self.found

    def verify(self, asked):
        assert connection.connection is None
        assert asked.ins
        return self.verdict


@pytest.fixture
def answers(monkeypatch):
    def say(answer, identity=None, verdict=InsiAnswer.CONFIRMED):
        monkeypatch.setattr(insi.bound, "teleservice", Answering(Found(answer, identity), verdict))

    return say


def fresh(patient_id):
    with walls_down():
        return Patient.objects.get(pk=patient_id)


def returned(patient, **changed):
    ins, oid = INS
    return replace(traits_of(patient), birth_given_names="MADELEINE ROSE", ins=ins, ins_oid=oid, **changed)


@pytest.fixture
def madeleine(cast):
    return fresh(cast.madeleine_record.patient_id)


def url(patient, rest=""):
    return f"/identites/{patient.pk}/{rest}"


@pytest.mark.parametrize("name", ["brun", "jules", "dpo", "leon"])
def test_who_does_not_follow_the_person_sees_nothing_of_the_identity(cast, client, madeleine, answers, name):
    answers(InsiAnswer.FOUND, returned(madeleine))
    outside = login(client, getattr(cast, name))

    assert outside.get(url(madeleine)).status_code == 404
    for rest in ("insi/", "insi/verification/", "piece/", "corriger/", "attributs/"):
        assert outside.post(url(madeleine, rest)).status_code == 404
    with walls_down():
        assert not InsiCall.objects.exists()
        assert not IdentityChange.objects.exists()


def test_who_comes_from_the_record_finds_the_way_back_to_it_and_the_desk_is_shown_none(
    cast, client, madeleine
):
    record = f'href="/dossiers/{cast.madeleine_record.pk}/"'

    assert record in login(client, cast.ines).get(url(madeleine)).content.decode()
    shown = login(client, cast.identito).get(url(madeleine))
    assert shown.status_code == 200
    assert record not in shown.content.decode()


@pytest.mark.parametrize("address", ["", "nouvelle/", "doublons/"])
def test_the_pages_of_the_desk_are_the_desk_s(cast, client, address):
    for name in ("amar", "dpo", "samira"):
        assert login(client, getattr(cast, name)).get(f"/identites/{address}").status_code == 403


def test_two_identities_are_compared_by_the_desk_alone(cast, client, madeleine):
    both = f"/identites/comparer/{madeleine.pk}/{cast.leon_record.patient_id}/"

    assert login(client, cast.amar).get(both).status_code == 403
    for gesture in ("fusionner/", "distinguer/"):
        answer = client.post(both + gesture, {"surviving": str(madeleine.pk), "reason": "Même personne"})
        assert answer.status_code in (403, 404)
    assert fresh(cast.leon_record.patient_id).merged_into_id is None


def test_a_nurse_of_the_circle_raises_an_identity_to_qualified(cast, client, madeleine, answers):
    nurse = login(client, cast.ines)
    answers(InsiAnswer.FOUND, returned(madeleine))

    assert "Identité provisoire" in nurse.get(url(madeleine)).content.decode()
    assert nurse.post(url(madeleine, "insi/")).status_code == 302
    assert fresh(madeleine.pk).identity_status == IdentityStatus.RETRIEVED
    assert nurse.post(url(madeleine, "piece/"), {"document": "CN", "agrees": "on"}).status_code == 302

    now = fresh(madeleine.pk)
    assert (now.identity_status, now.ins, now.birth_given_names) == ("QUAL", INS[0], "MADELEINE ROSE")
    shown = nurse.get(url(madeleine)).content.decode()
    assert "accompagne les données échangées" in shown
    with walls_down():
        assert InsiCall.objects.get().answer == "00"
        kinds = IdentityChange.objects.order_by("at").values_list("kind", "status_after")
        assert list(kinds) == [("retrieved", "RECUP"), ("proven", "QUAL")]
        codes = set(AuditEntry.objects.filter(patient_id=madeleine.pk).values_list("action", flat=True))
        assert {"identity.insi", "identity.verify", "identity.read"} <= codes


def test_a_document_first_then_insi(cast, client, madeleine, answers):
    nurse = login(client, cast.ines)
    nurse.post(url(madeleine, "piece/"), {"document": "PA", "agrees": "on"})
    assert fresh(madeleine.pk).identity_status == IdentityStatus.VALIDATED

    answers(InsiAnswer.FOUND, returned(madeleine))
    nurse.post(url(madeleine, "insi/"))
    assert fresh(madeleine.pk).identity_status == IdentityStatus.QUALIFIED


def test_a_document_that_proves_too_little_changes_nothing(cast, client, madeleine):
    nurse = login(client, cast.ines)
    for chosen in (
        {"document": "PC", "agrees": "on"},
        {"document": "LE", "agrees": "on"},
        {"document": "CN"},
    ):
        assert nurse.post(url(madeleine, "piece/"), chosen).status_code == 422
    assert fresh(madeleine.pk).identity_status == IdentityStatus.PROVISIONAL


@pytest.mark.parametrize("answer", [InsiAnswer.NONE, InsiAnswer.SEVERAL, InsiAnswer.UNAVAILABLE])
def test_an_answer_without_identity_is_written_and_changes_nothing(cast, client, madeleine, answers, answer):
    answers(answer)
    login(client, cast.ines).post(url(madeleine, "insi/"))

    assert fresh(madeleine.pk).identity_status == IdentityStatus.PROVISIONAL
    with walls_down():
        assert InsiCall.objects.get().answer == answer


def test_a_different_identity_is_compared_before_it_is_taken(cast, client, madeleine, answers):
    nurse = login(client, cast.ines)
    with walls_down():
        Place.objects.create(code="75056", name="Paris", kind=PlaceKind.COMMUNE)
    answers(InsiAnswer.FOUND, returned(madeleine, birth_place_code="75056"))

    shown = nurse.post(url(madeleine, "insi/"))
    assert "INSi a rendu une identité différente" in shown.content.decode()
    assert fresh(madeleine.pk).ins == ""
    nurse.post(url(madeleine, "insi/"), {"accept": "1"})

    now = fresh(madeleine.pk)
    assert (now.birth_place_code, now.birth_place_name) == ("75056", "Paris")
    with walls_down():
        assert InsiCall.objects.count() == 2


def test_the_matricule_of_somebody_else_is_not_taken(cast, client, madeleine, answers):
    with walls_down():
        Patient.objects.filter(pk=cast.leon_record.patient_id).update(ins=INS[0], identity_status="RECUP")
    answers(InsiAnswer.FOUND, returned(madeleine))

    assert login(client, cast.ines).post(url(madeleine, "insi/")).status_code == 409
    assert fresh(madeleine.pk).ins == ""
    with walls_down():
        assert InsiCall.objects.count() == 1


@pytest.mark.parametrize("rest", ["insi/", "insi/verification/"])
def test_insi_is_asked_once_though_what_is_written_of_it_crosses(
    cast, client, madeleine, answers, monkeypatch, rest
):
    answers(InsiAnswer.FOUND, returned(madeleine))
    nurse, teleservice = login(client, cast.ines), insi.bound.teleservice
    if rest != "insi/":
        nurse.post(url(madeleine, "insi/"), {"accept": "1"})
    asked: list[object] = []
    for name in ("search", "verify"):
        real = getattr(teleservice, name)

        def ask(traits, real=real):
            asked.append(traits)
            return real(traits)

        monkeypatch.setattr(teleservice, name, ask)
    tried = []

    def record_call(*named, real=desk_actions.record_insi_call, **how):
        tried.append(1)
        if len(tried) == 1:
            raise OperationalError("deadlock detected") from DeadlockDetected()
        return real(*named, **how)

    monkeypatch.setattr(desk_actions, "record_insi_call", record_call)
    with walls_down():
        before = InsiCall.objects.count()

    assert nurse.post(url(madeleine, rest)).status_code in (200, 302)

    with walls_down():
        assert (len(asked), len(tried), InsiCall.objects.count()) == (1, 2, before + 1)


def test_a_matricule_that_insi_denies_is_taken_away(cast, client, madeleine, answers):
    nurse = login(client, cast.ines)
    answers(InsiAnswer.FOUND, returned(madeleine))
    nurse.post(url(madeleine, "insi/"))
    answers(InsiAnswer.FOUND, verdict=InsiAnswer.CONFIRMED)
    nurse.post(url(madeleine, "insi/verification/"))
    assert fresh(madeleine.pk).ins == INS[0]

    answers(InsiAnswer.FOUND, verdict=InsiAnswer.DENIED)
    nurse.post(url(madeleine, "insi/verification/"))
    now = fresh(madeleine.pk)
    assert (now.ins, now.identity_status) == ("", IdentityStatus.PROVISIONAL)


def qualify(patient):
    with walls_down():
        Patient.objects.filter(pk=patient.pk).update(identity_status="QUAL", ins=INS[0], ins_oid=INS[1])


def test_a_trait_of_a_qualified_identity_needs_a_document_and_a_reason(cast, madeleine):
    qualify(madeleine)
    corrected = replace(traits_of(fresh(madeleine.pk)), birth_date=date(1939, 4, 3))

    with pytest.raises(Invalid) as refused:
        correct_identity(cast.ines, madeleine.pk, traits=corrected)
    assert set(refused.value.fields) == {"document", "reason"}
    with pytest.raises(Invalid) as refused:
        correct_identity(cast.ines, madeleine.pk, traits=corrected, document="CN", reason=" ")
    assert set(refused.value.fields) == {"reason"}
    assert fresh(madeleine.pk).birth_date == date(1939, 4, 2)

    correct_identity(cast.ines, madeleine.pk, traits=corrected, document="CN", reason="Erreur de saisie")
    now = fresh(madeleine.pk)
    assert (now.birth_date, now.identity_status, now.ins) == (
        date(1939, 4, 3),
        IdentityStatus.PROVISIONAL,
        "",
    )
    with walls_down():
        change = IdentityChange.objects.get()
        assert (change.status_before, change.status_after, change.document) == ("QUAL", "PROV", "CN")
        assert change.before["birth_date"] == "1939-04-02"
        assert change.before["ins"] == INS[0]


def test_a_name_in_use_changes_freely(cast, madeleine):
    qualify(madeleine)
    correct_identity(
        cast.ines, madeleine.pk, traits=replace(traits_of(fresh(madeleine.pk)), used_name="Petit")
    )

    now = fresh(madeleine.pk)
    assert (now.used_name, now.identity_status, now.ins) == ("Petit", IdentityStatus.QUALIFIED, INS[0])


def test_the_correction_page_says_what_is_missing(cast, client, madeleine):
    qualify(madeleine)
    nurse = login(client, cast.ines)
    typed = {
        "birth_name": "Leroux",
        "birth_given_names": "Madeleine",
        "birth_date": "03/04/1939",
        "sex": "F",
        "birth_place_code": "94028",
    }

    assert "redevient provisoire" in nurse.get(url(madeleine, "corriger/")).content.decode()
    refused = nurse.post(url(madeleine, "corriger/"), typed)
    assert refused.status_code == 422
    assert "pièce qui justifie" in refused.content.decode()
    done = nurse.post(url(madeleine, "corriger/"), typed | {"document": "CN", "reason": "Erreur de saisie"})
    assert done.status_code == 302


def test_a_doubtful_identity_falls_back_and_is_not_asked_for(cast, client, madeleine, answers):
    qualify(madeleine)
    for name in ("ines", "dpo"):
        with pytest.raises((NotFound, Refused)):
            flag_identity(
                getattr(cast, name), madeleine.pk, attributes=[Attribute.DOUBTFUL], reason="Usurpation"
            )
    flag_identity(cast.identito, madeleine.pk, attributes=[Attribute.DOUBTFUL], reason="Usurpation")

    now = fresh(madeleine.pk)
    assert (now.is_doubtful, now.identity_status, now.ins) == (True, IdentityStatus.PROVISIONAL, "")
    answers(InsiAnswer.FOUND, returned(madeleine))
    assert login(client, cast.ines).post(url(madeleine, "insi/")).status_code == 403
    assert client.post(url(madeleine, "piece/"), {"document": "CN", "agrees": "on"}).status_code == 422


def test_the_desk_finds_compares_merges_and_takes_back(cast, client, madeleine):
    with walls_down():
        twice = register_identity(
            Actor.job("tests"), traits=replace(traits_of(madeleine), birth_given_names="Madelaine")
        )
    with rls.acting(Actor.job("tests")):
        assert propose_pairs(madeleine.created_at) == 1
        assert propose_pairs(madeleine.created_at) == 0
    desk = login(client, cast.identito)

    listed = desk.get("/identites/doublons/").content.decode()
    assert "une lettre de différence" in listed
    assert "Madelaine" in desk.post("/identites/", {"nom": "leroux madel"}).content.decode()
    both = f"/identites/comparer/{madeleine.pk}/{twice}/"
    assert "Une personne ou deux" in desk.get(both).content.decode()
    assert (
        desk.post(
            both + "fusionner/", {"surviving": str(madeleine.pk), "reason": "Même personne"}
        ).status_code
        == 302
    )
    assert fresh(twice).merged_into_id == madeleine.pk
    assert "a été fusionnée" in desk.get(f"/identites/{twice}/").content.decode()
    assert "Aucun doublon à examiner" in desk.get("/identites/doublons/").content.decode()

    link = desk.get(url(madeleine)).content.decode().split("/identites/fusions/")[1].split("/")[0]
    assert "redeviennent deux personnes" in desk.get(f"/identites/fusions/{link}/defaire/").content.decode()
    assert desk.post(f"/identites/fusions/{link}/defaire/", {"reason": "Erreur"}).status_code == 302
    assert fresh(twice).merged_into_id is None


def test_the_desk_finds_by_name_date_matricule_or_local_number(cast, client, madeleine):
    qualify(madeleine)
    with walls_down():
        domain = IdentityDomain.objects.create(authority="1.2.3", name="Hôpital")
        SourceIdentity.objects.create(domain=domain, value="IPP7", patient=madeleine)
    desk = login(client, cast.identito)

    def found(**asked):
        return url(madeleine) in desk.post("/identites/", asked).content.decode()

    assert found(nom="Leroux Mad")
    assert found(nom="leroux", naissance="02/04/1939")
    assert found(ins=INS[0])
    assert found(ipp="IPP7")
    assert not found(nom="leroux", naissance="03/04/1939")
    assert not found(nom="l")
    assert not found(ipp="IPP8")


def test_two_persons_are_told_apart_once_and_are_homonyms_from_then_on(cast, client, madeleine):
    with walls_down():
        other = register_identity(
            Actor.job("tests"), traits=replace(traits_of(madeleine), birth_date=date(1939, 2, 4))
        )
    with rls.acting(Actor.job("tests")):
        propose_pairs(madeleine.created_at)
    desk = login(client, cast.identito)
    both = f"/identites/comparer/{other}/{madeleine.pk}/"

    assert desk.post(both + "distinguer/", {"reason": ""}).status_code == 422
    assert desk.post(both + "distinguer/", {"reason": "Vues ensemble"}).status_code == 302

    assert fresh(other).is_homonym
    assert fresh(madeleine.pk).is_homonym
    with rls.acting(Actor.job("tests")):
        assert propose_pairs(madeleine.created_at) == 0
    with walls_down():
        assert PotentialDuplicate.objects.get().state == "distinct"
    assert f"/identites/comparer/{madeleine.pk}/{other}/" not in desk.get(url(madeleine)).content.decode()


def test_the_desk_creates_an_identity_after_seeing_who_resembles(cast, client, madeleine):
    desk = login(client, cast.identito)
    typed = {
        "birth_name": "Leroux",
        "birth_given_names": "Madeleine",
        "birth_date": "02/04/1939",
        "sex": "F",
        "birth_place_code": "94028",
    }

    assert desk.post("/identites/nouvelle/", typed | {"birth_place_code": "A"}).status_code == 422
    ahead = desk.post("/identites/nouvelle/", typed | {"birth_date": "02/04/2999"})
    assert ahead.status_code == 422
    assert (
        "La date de naissance est dans le futur." in ahead.content.decode()
        and "Leroux" in ahead.content.decode()
    )
    assert "peut-être déjà connue" in desk.post("/identites/nouvelle/", typed).content.decode()
    assert desk.post("/identites/nouvelle/", typed | {"distinct": "1"}).status_code == 302
    with walls_down():
        assert Patient.objects.filter(match_birth_name="LEROUX", match_given_name="MADELEINE").count() == 2


def test_a_link_to_a_merged_record_leads_to_the_one_that_goes_on(cast, client, madeleine):
    with walls_down():
        twice = register_identity(Actor.job("tests"), traits=traits_of(madeleine))
        old = CareRecord.objects.create(patient_id=twice, holder_id=cast.amar.organization_id)
    merge_identities(cast.identito, madeleine.pk, dead_id=twice, reason="Même personne")

    moved = login(client, cast.amar).get(f"/dossiers/{old.pk}/notes/")
    assert (moved.status_code, moved["Location"]) == (302, f"/dossiers/{cast.madeleine_record.pk}/notes/")
    assert login(client, cast.brun).get(f"/dossiers/{old.pk}/notes/").status_code == 404
