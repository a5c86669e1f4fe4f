"""Qualified identities are asked about again, years later, of the simulated teleservice over HTTP."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from simulators.insi.people import TEST_OID, invented
from simulators.insi.service import Insi, server
from terresante.interop.insi import InsiOverHttp
from terresante.kernel.models import AuditEntry
from terresante.patients import insi
from terresante.patients.actions import apply_traits
from terresante.patients.jobs import verify_again
from terresante.patients.models import IdentityChange, InsiCall, Patient
from terresante.patients.traits import Traits
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

YEARS_LATER = timezone.now() + timedelta(days=3 * 365 + 2)


@pytest.fixture
def known(cast):
    """Somebody the teleservice knows, qualified today."""
    return qualified(invented()[0])


@pytest.fixture
def teleservice(monkeypatch):
    """Over HTTP, with people who may be others than when the identities were qualified."""
    running = []

    def open_with(people):
        service = server(Insi(people), port=0)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        running.append(service)
        monkeypatch.setattr(
            insi.bound, "teleservice", InsiOverHttp(f"http://127.0.0.1:{service.server_port}")
        )

    yield open_with
    for service in running:
        service.shutdown()
        service.server_close()


def qualified(one, **changed):
    patient = Patient(birth_place_name="Créteil")
    traits = Traits(
        birth_name=one.name,
        birth_given_names=" ".join(one.given_names),
        birth_date=one.born,
        sex=one.sex,
        birth_place_code=one.place,
        ins=one.matricule,
        ins_oid=TEST_OID,
    )
    apply_traits(patient, traits)
    patient.identity_status = changed.get("status", "QUAL")
    with walls_down():
        patient.save(force_insert=True)
    return patient


def now_is(patient):
    with walls_down():
        patient.refresh_from_db()
    return patient.identity_status, bool(patient.ins)


def calls():
    with walls_down():
        return [(call.answer, call.by_name) for call in InsiCall.objects.order_by("at")]


def kinds():
    with walls_down():
        return list(IdentityChange.objects.order_by("at").values_list("kind", flat=True))


def test_nobody_is_asked_about_before_three_years(known, teleservice, settings):
    teleservice(invented())

    assert verify_again(timezone.now()) == 0
    settings.INSI_REVERIFY_DAYS = 5 * 365
    assert verify_again(YEARS_LATER) == 0
    assert calls() == []


def test_an_identity_confirmed_again_keeps_its_matricule_for_years(known, teleservice):
    teleservice(invented())

    assert verify_again(YEARS_LATER) == 1

    assert now_is(known) == ("QUAL", True)
    assert (calls(), kinds()) == ([("OK", "insi")], ["verified"])
    with walls_down():
        written = set(AuditEntry.objects.filter(patient_id=known.pk).values_list("action", flat=True))
    assert {"identity.insi", "identity.verify"} <= written
    # Not asked about again until the next time.
    assert verify_again(timezone.now() + timedelta(days=365)) == 0


def test_only_a_living_qualified_identity_is_asked_about(cast, teleservice):
    teleservice(invented())
    for status, one in zip(("RECUP", "VALI", "PROV"), invented()[1:], strict=False):
        qualified(one, status=status)
    dead = qualified(invented()[0])
    with walls_down():
        Patient.objects.filter(pk=dead.pk).update(merged_into_id=cast.madeleine_record.patient_id)

    assert verify_again(YEARS_LATER) == 0
    assert calls() == []


def test_a_matricule_that_is_denied_goes_and_the_desk_sees_it(cast, known, teleservice):
    teleservice(invented()[1:])

    verify_again(YEARS_LATER)

    # A document was checked, INSi no longer returns the identity: validated, and nothing travels any more.
    assert now_is(known) == ("VALI", False)
    assert (calls(), kinds()) == ([("KO", "insi")], ["denied"])
    page = client_of(cast.identito).get("/identites/a-revoir/").content.decode()
    assert "ESSAI-AUBIER" in page
    assert "Identité validée" in page
    for name in ("amar", "dpo", "madeleine"):
        answer = client_of(cast.actors[name]).get("/identites/a-revoir/")
        assert answer.status_code == 403
        assert "AUBIER" not in answer.content.decode()


def test_what_the_desk_did_since_takes_the_identity_off_the_list(cast, known, teleservice):
    teleservice(invented()[1:])
    verify_again(YEARS_LATER)
    teleservice(invented())

    # Asked again, INSi returns the person.
    client_of(cast.identito).post(f"/identites/{known.pk}/insi/", {"accept": "1"})

    assert now_is(known) == ("QUAL", True)
    assert "ESSAI-AUBIER" not in client_of(cast.identito).get("/identites/a-revoir/").content.decode()


def test_a_teleservice_that_is_down_loses_nothing(known, teleservice, monkeypatch):
    monkeypatch.setattr(insi.bound, "teleservice", InsiOverHttp("http://127.0.0.1:9"))
    other = qualified(invented()[2])

    assert verify_again(YEARS_LATER) == 0

    # One try is enough to know; both identities are as they were, and due at the next run.
    assert calls() == [("unavailable", "insi")]
    assert now_is(known) == now_is(other) == ("QUAL", True)
    teleservice(invented())
    assert verify_again(YEARS_LATER) == 2
    assert now_is(known) == now_is(other) == ("QUAL", True)


def test_identities_are_asked_about_in_batches_the_longest_unasked_first(known, teleservice):
    teleservice(invented())
    later = qualified(invented()[2])

    assert verify_again(YEARS_LATER, most=1) == 1
    with walls_down():
        assert set(InsiCall.objects.values_list("patient_id", flat=True)) == {known.pk}
    assert verify_again(YEARS_LATER, most=1) == 1
    with walls_down():
        assert set(InsiCall.objects.values_list("patient_id", flat=True)) == {known.pk, later.pk}


def test_an_identity_corrected_while_insi_is_asked_keeps_its_correction(known, teleservice, monkeypatch):
    """The answer is about who it was."""
    teleservice(invented()[1:])
    real = insi.teleservice()

    class Corrected:
        def verify(self, asked):
            with walls_down():
                Patient.objects.filter(pk=known.pk).update(used_name="Autrement")
            return real.verify(asked)

    monkeypatch.setattr(insi.bound, "teleservice", Corrected())
    verify_again(YEARS_LATER)

    assert now_is(known) == ("QUAL", True)
    assert kinds() == []
