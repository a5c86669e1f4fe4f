"""Hospitals' software, connected, narrowed and switched off from the screen."""

import pytest
from django.db import connection

from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.interop.actions import SenderEntry, add_sender, change_sender, switch_sender
from terresante.interop.flow_queries import senders_at_work
from terresante.interop.models import SenderSystem
from terresante.interop.tests import wire
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry
from tests.cast import client_of, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
ENTRY = SenderEntry(name="Logiciel DPI", authorities=["1.2.250.9.1"], fingerprint="ab" * 32)


@pytest.fixture
def clinic(cast):
    with walls_down():
        place = organization("Clinique du Lac", OrganizationKind.PRIVATE_HOSPITAL)
        Organization.objects.filter(pk=place.pk).update(finess="940000009")
    return place


def test_only_the_platforms_administrator_connects_a_hospital(cast, admin, clinic, hospital):
    with walls_down():
        local = professional("nadia", Profession.OTHER, clinic, duties=["local_administrator"])
    for actor in (local, cast.identito, cast.amar):
        with pytest.raises(Refused):
            add_sender(actor, organization_number="940000009", entry=ENTRY)
        with pytest.raises(NotFound):
            switch_sender(actor, hospital.pk, active=False)
        with pytest.raises(NotFound):
            change_sender(actor, hospital.pk, entry=ENTRY)
        client = client_of(actor)
        assert client.get("/administration/emetteurs/").status_code == 403
        assert client.get(f"/administration/emetteurs/{hospital.pk}/").status_code == 403
    assert SenderSystem.objects.count() == 1


def test_a_sender_is_connected_from_the_screen_with_its_trace(admin, clinic):
    answer = client_of(admin).post(
        "/administration/emetteurs/",
        {
            "name": "Logiciel DPI",
            "organization_number": "940000009",
            "authorities": "1.2.250.9.1",
            "fingerprint": ":".join(["AB"] * 32),
            "triggers": "A01 a03",
            "silence_hours": "48",
        },
    )
    sender = SenderSystem.objects.get()

    assert answer.status_code == 302
    assert (sender.fingerprint, sender.port, sender.triggers) == ("ab" * 32, None, ["A01", "A03"])
    assert sender.silence_hours == 48
    with walls_down():
        assert AuditEntry.objects.filter(action="sender.manage", object_id=sender.pk).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        SenderEntry(name="x", authorities=["1.2"], port=2600, fingerprint="ab" * 32),
        SenderEntry(name="x", authorities=["1.2"]),
        SenderEntry(name="x", authorities=["1.2"], fingerprint="court"),
        SenderEntry(name="x", authorities=[], port=2600),
        SenderEntry(name="x", authorities=["1.2"], port=2600, triggers=["A01", "Q99"]),
        SenderEntry(name="x", authorities=["1.2"], port=2600, silence_hours=721),
    ],
)
def test_a_sender_badly_declared_is_refused(admin, clinic, wrong):
    with pytest.raises(Invalid):
        add_sender(admin, organization_number="940000009", entry=wrong)
    assert not SenderSystem.objects.exists()


def test_neither_an_authority_nor_a_certificate_is_taken_from_another_hospital(admin, clinic, hospital):
    theirs = hospital.domains.first().authority
    with pytest.raises(Conflict):
        add_sender(
            admin,
            organization_number="940000009",
            entry=SenderEntry(name="x", authorities=[theirs], port=2611),
        )
    add_sender(admin, organization_number="940000009", entry=ENTRY)
    with pytest.raises(Conflict):
        add_sender(
            admin,
            organization_number="940000009",
            entry=SenderEntry(name="y", authorities=["1.2.250.9.2"], fingerprint="ab" * 32),
        )


def declared(hospital, **told):
    authorities = list(hospital.domains.values_list("authority", flat=True))
    return SenderEntry(name=hospital.name, authorities=authorities, port=hospital.port or 2612, **told)


def test_a_type_of_message_that_is_not_declared_is_rejected_and_counted(cast, admin, hospital):
    change_sender(admin, hospital.pk, entry=declared(hospital, triggers=["A03"]))
    person = wire.person(cast.madeleine_record)

    assert wire.receive(hospital, wire.stamped("A01", pid=person)) == ["AR"]
    assert wire.states() == [("refused", "not_declared")]
    with rls.acting(admin, read_only=True):
        (line,) = senders_at_work(admin)
    assert (line.of_the_day, line.activity.refused) == (1, 1)
    change_sender(admin, hospital.pk, entry=declared(hospital))
    assert wire.receive(hospital, wire.stamped("A01", pid=person, control_id="M2")) == ["AA"]


def test_a_sender_switched_off_is_known_no_more(admin, hospital):
    switch_sender(admin, hospital.pk, active=False)
    assert wire.store().ports == []
    switch_sender(admin, hospital.pk, active=True)
    assert len(wire.store().ports) == 1


def test_numbers_of_messages_are_told_to_the_platforms_administrator_alone(cast, admin, hospital):
    for actor, expected in (
        (admin, 1),
        (cast.amar, 0),
        (cast.identito, 0),
        (cast.dpo, 0),
        (Actor.job("x"), 0),
    ):
        with rls.acting(actor, read_only=True), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sender_activity()")
            assert cursor.fetchone()[0] == expected, actor.name
