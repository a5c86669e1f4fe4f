"""Registering oneself: a code to the directory's own mailbox, or a proof and a queue. It tells nobody who has one."""

import re
import time
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from terresante.accounts.actions import registering
from terresante.accounts.models import MailboxProof, User
from terresante.accounts.tests.steps import give_password, last_message, wrong
from terresante.directory.actions import registration as actions
from terresante.directory.enums import Profession, RegistrationState, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Registration
from terresante.directory.queries import work_situations
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboundMessage
from tests.cast import client_of, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
RPPS, ADDRESS, PASSWORD = "10303030303", "nadia.kine@mssante.example", "ardoise-balcon-cerise"
SELF = {"family_name": "HALIMI", "given_name": "Nadia", "profession": "70", "number": RPPS, "commune": ""}
PDF = b"%PDF-1.4\n%invented\n%%EOF"
REASON = "Le justificatif est illisible, renvoyez-le"


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(registering, "ANSWER_SECONDS", 0.0)


@pytest.fixture
def practice(cast):
    with walls_down():
        return Organization.objects.get(pk=cast.amar.organization_id)


@pytest.fixture
def nadia(practice):
    return in_directory(practice)


def in_directory(place, *, rpps=RPPS, email="nadia@example.org", mssante=ADDRESS):
    with walls_down():
        who = Practitioner.objects.create(
            family_name="HALIMI",
            given_name="Nadia",
            profession=Profession.PHYSIOTHERAPIST,
            rpps=rpps,
            idnps=f"8{rpps}",
            email=email,
            mssante_email=mssante,
            source=Source.ANNUAIRE,
        )
        PractitionerRole.objects.create(
            practitioner=who,
            organization=place,
            profession=who.profession,
            period_start=timezone.localdate() - timedelta(days=90),
            source=Source.ANNUAIRE,
        )
    return who


@pytest.fixture
def local(practice):
    with walls_down():
        return professional("nadege", Profession.OTHER, practice, duties=["local_administrator"])


def code_received():
    return re.findall(r"\b\d{6}\b", last_message())[0]


def ask(client, who):
    return client.post("/inscription/envoyer/", {"practitioner": str(who.pk)})


def test_a_professional_of_the_directory_is_active_at_once(nadia, practice):
    began = time.monotonic()
    client = Client()
    found = client.post("/inscription/", SELF).content.decode()
    assert str(nadia.pk) in found
    assert ADDRESS not in found
    assert "n…@mssante.example" in found
    ask(client, nadia)
    assert OutboundMessage.objects.get().recipient == ADDRESS
    client.post("/inscription/code/", {"code": code_received()})
    opened = client.post("/inscription/mot-de-passe/", {"password": PASSWORD, "again": PASSWORD})
    assert ADDRESS in opened.content.decode()

    user = User.objects.get(login=ADDRESS)
    browser = Client()
    give_password(browser, user, PASSWORD)
    browser.post("/connexion/code/", {"code": code_received(), "device": "none"})
    assert browser.get("/patients/").status_code == 200
    assert [one.organization_id for one in work_situations(user.pk)] == [practice.pk]
    assert time.monotonic() - began < 300
    with walls_down():
        assert AuditEntry.objects.filter(action="account.register", object_id=nadia.pk).exists()


def test_a_wrong_code_opens_nothing_and_five_spend_it(nadia):
    client = Client()
    ask(client, nadia)
    right = code_received()
    answers = [client.post("/inscription/code/", {"code": wrong(right)}) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {422}
    assert client.post("/inscription/code/", {"code": right}).status_code == 422
    assert (
        client.post("/inscription/mot-de-passe/", {"password": PASSWORD, "again": PASSWORD}).status_code
        == 302
    )
    assert not User.objects.filter(email=ADDRESS).exists()


def test_a_proof_opens_the_account_of_nobody_else(nadia, practice):
    other = in_directory(practice, rpps="10404040404", mssante="autre@mssante.example")
    client = Client()
    ask(client, nadia)
    client.post("/inscription/code/", {"code": code_received()})
    session = client.session
    session["registration_proof"] = [session["registration_proof"][0], str(other.pk)]
    session.save()

    assert (
        client.post("/inscription/mot-de-passe/", {"password": PASSWORD, "again": PASSWORD}).status_code
        == 422
    )
    assert Practitioner.objects.get(pk=other.pk).user_id is None


def test_a_code_opens_one_account(nadia):
    client = Client()
    ask(client, nadia)
    client.post("/inscription/code/", {"code": code_received()})
    kept = dict(client.session)
    client.post("/inscription/mot-de-passe/", {"password": PASSWORD, "again": PASSWORD})
    again = Client()
    session = again.session
    session.update({"registration_proof": kept["registration_proof"]})
    session.save()

    assert (
        again.post("/inscription/mot-de-passe/", {"password": PASSWORD, "again": PASSWORD}).status_code == 302
    )
    assert User.objects.filter(email=ADDRESS).count() == 1


def told(answer):
    return answer.status_code, re.sub(
        r'[0-9a-f-]{36}|csrf[a-z-]+" (?:value|content)="[^"]+"', "", answer.content.decode()
    )


def test_who_has_an_account_is_answered_as_who_has_none(nadia, practice):
    """Word for word, through every page; its owner alone is told, by e-mail."""
    linked = in_directory(practice, rpps="10505050505", mssante="nadia.deux@mssante.example")
    with walls_down():
        owner = User.objects.create(login="deja", name="Nadia", email="deja@example.org")
        Practitioner.objects.filter(pk=linked.pk).update(user=owner)
    answers = []
    for who, number in ((nadia, RPPS), (linked, "10505050505")):
        client = Client()
        pages = [told(client.post("/inscription/", SELF | {"number": number}))]
        sent = ask(client, who)
        pages.append((sent.status_code, sent.headers["Location"]))
        pages.append(told(client.get("/inscription/code/")))
        # The code of the first is not "000000" more than once in a million.
        pages += [told(client.post("/inscription/code/", {"code": "000000"})) for _ in range(6)]
        answers.append(pages)
    assert answers[0] == answers[1]

    with walls_down():
        assert set(OutboundMessage.objects.values_list("recipient", flat=True)) == {
            ADDRESS,
            "deja@example.org",
        }
        assert MailboxProof.objects.count() == 1


def test_the_answer_takes_the_same_time(nadia, practice, monkeypatch):
    monkeypatch.setattr(registering, "ANSWER_SECONDS", 0.5)
    linked = in_directory(practice, rpps="10505050505")
    with walls_down():
        owner = User.objects.create(login="deja", name="Nadia", email="deja@example.org")
        Practitioner.objects.filter(pk=linked.pk).update(user=owner)
    for who in (nadia, linked):
        began = time.monotonic()
        with registering.in_the_same_time():
            actions.send_code_to(Practitioner.objects.select_related("user").get(pk=who.pk), network="x")
        assert time.monotonic() - began == pytest.approx(0.5, abs=0.3)


def test_searches_codes_and_files_are_limited(nadia):
    client = Client()
    for _ in range(registering.ASKED_BY_A_NETWORK):
        client.post("/inscription/", SELF)
    assert "Trop d’essais" in client.post("/inscription/", SELF).content.decode()
    assert client.post("/inscription/", SELF, REMOTE_ADDR="198.51.100.7").status_code == 200

    answers = [ask(client, nadia).status_code for _ in range(registering.CODES_FOR_ONE + 1)]
    assert answers == [302] * registering.CODES_FOR_ONE + [422]


@pytest.mark.parametrize("change", [{"active": False}, {"number": "10999999999"}, {"gone": True}])
def test_who_is_struck_off_gone_or_other_is_not_found(nadia, change):
    with walls_down():
        if "active" in change:
            Practitioner.objects.filter(pk=nadia.pk).update(active=False)
        if "gone" in change:
            PractitionerRole.objects.filter(practitioner=nadia).update(period_end=timezone.localdate())
    page = Client().post("/inscription/", SELF | {"number": change.get("number", RPPS)}).content.decode()

    assert str(nadia.pk) not in page
    if "number" not in change:
        assert ask(Client(), nadia).headers["Location"] == "/inscription/"


def send_proof(place, content=PDF, name="carte.pdf", **told):
    data = {
        "family_name": "BARDET",
        "given_name": "Rose",
        "profession": "350",
        "number": "",
        "email": "rose@example.org",
        "phone": "",
        "proof": SimpleUploadedFile(name, content, content_type="application/pdf"),
        **told,
    }
    return Client().post(f"/inscription/justificatif/{place.pk}/", data)


def test_a_proof_waits_sealed_and_the_applicant_is_told(practice):
    assert "en attente" in send_proof(practice).content.decode()

    asked = Registration.objects.get()
    assert asked.state == RegistrationState.WAITING
    assert PDF not in bytes(asked.proof)
    assert actions.proof_of(asked) == PDF
    assert OutboundMessage.objects.get().recipient == "rose@example.org"
    assert not User.objects.filter(email="rose@example.org").exists()


@pytest.mark.parametrize(
    "content", [b"", b"MZ\x90\x00", b"<html><script>", b"PK\x03\x04", b"%PDF-" + b"0" * actions.LARGEST_PROOF]
)
def test_only_a_pdf_or_an_image_of_five_megabytes_is_taken_whatever_its_name(practice, content):
    assert send_proof(practice, content).status_code == 422
    assert not Registration.objects.exists()


def test_a_number_that_has_an_account_is_told_to_its_owner_and_waits_nowhere(cast, practice):
    with walls_down():
        Practitioner.objects.filter(pk=cast.amar.person_id).update(rpps=RPPS, idnps=f"8{RPPS}")
    known = told(send_proof(practice, profession="10", number=RPPS))
    unknown = told(send_proof(practice, profession="10", number="10606060606"))

    assert known == unknown
    assert Registration.objects.get().number == "10606060606"
    recipients = set(OutboundMessage.objects.values_list("recipient", flat=True))
    assert recipients == {"amar@example.org", "rose@example.org"}


def test_the_queue_is_for_the_administrator_of_the_structure_asked_and_of_the_platform(
    cast, practice, local, admin
):
    send_proof(practice)
    asked = Registration.objects.get()
    with walls_down():
        elsewhere = professional(
            "paul",
            Profession.OTHER,
            Organization.objects.get(pk=cast.brun.organization_id),
            duties=["local_administrator"],
        )
    url = f"/administration/inscriptions/{asked.pk}/"
    for actor, expected in ((local, 200), (admin, 200), (elsewhere, 404), (cast.amar, 404), (cast.dpo, 404)):
        assert client_of(actor).get(url).status_code == expected, actor.name
        assert client_of(actor).get(f"{url}justificatif/").status_code == expected
        if expected != 200:
            assert client_of(actor).post(f"{url}accepter/").status_code == 404
            assert client_of(actor).post(f"{url}refuser/", {"reason": REASON}).status_code == 404
    assert Registration.objects.get().state == RegistrationState.WAITING


def test_each_opening_of_a_proof_is_traced_and_never_a_page_of_ours(practice, local):
    send_proof(practice)
    asked = Registration.objects.get()
    answer = client_of(local).get(f"/administration/inscriptions/{asked.pk}/justificatif/")

    assert answer.content == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with walls_down():
        assert AuditEntry.objects.filter(action="registration.proof_read", object_id=asked.pk).count() == 1


def test_an_accepted_request_opens_an_account_by_a_link(practice, local):
    send_proof(practice)
    who = actions.accept_registration(local, Registration.objects.get().pk)

    user = User.objects.get(email="rose@example.org")
    assert not user.has_usable_password()
    assert [one.profession for one in work_situations(user.pk)] == [Profession.HOME_HELP]
    (link,) = re.findall(r"/connexion/lien/\S+", last_message())
    client = Client()
    client.get(link)
    client.post("/connexion/nouveau-mot-de-passe/", {"new": PASSWORD, "again": PASSWORD})
    assert who.user == user
    assert User.objects.get(pk=user.pk).check_password(PASSWORD)
    with pytest.raises(Conflict):
        actions.accept_registration(local, Registration.objects.get().pk)


def test_a_structure_makes_nobody_a_doctor_nor_somebody_of_the_national_directory(
    practice, local, admin, nadia
):
    """Else its administrator would open to a mailbox of his own the circles of a professional of elsewhere."""
    send_proof(practice, profession="10")
    send_proof(practice, profession="70", number=RPPS)
    for asked in Registration.objects.all():
        with pytest.raises(Refused):
            actions.accept_registration(local, asked.pk)
        with pytest.raises(Refused):
            actions.refuse_registration(local, asked.pk, reason=REASON)
    assert Practitioner.objects.get(pk=nadia.pk).user_id is None
    accepted = actions.accept_registration(admin, Registration.objects.get(number=RPPS).pk)
    assert accepted.pk == nadia.pk


def test_a_refusal_says_why_to_the_person(practice, local):
    send_proof(practice)
    asked = Registration.objects.get()
    with pytest.raises(Invalid):
        actions.refuse_registration(local, asked.pk, reason="non")
    actions.refuse_registration(local, asked.pk, reason=REASON)

    assert REASON in last_message()
    assert Registration.objects.get().state == RegistrationState.REFUSED
    assert not User.objects.filter(email="rose@example.org").exists()


def test_proofs_go_a_month_after_the_decision_and_requests_after_three(practice, local):
    send_proof(practice)
    actions.refuse_registration(local, Registration.objects.get().pk, reason=REASON)
    send_proof(practice)
    actions.forget_registrations()
    assert Registration.objects.exclude(proof=b"").count() == 2
    Registration.objects.filter(decided_at__isnull=False).update(
        decided_at=timezone.now() - timedelta(days=31)
    )
    Registration.objects.filter(decided_at=None).update(asked_at=timezone.now() - timedelta(days=91))
    actions.forget_registrations()

    kept = Registration.objects.get()
    assert bytes(kept.proof) == b""
    with pytest.raises(NotFound):
        actions.accept_registration(local, new_id())
