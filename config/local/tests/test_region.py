"""The region in the database: what it refuses, and what it leaves behind."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from psycopg import sql

from config.local.database import MARKER
from config.local.failure import Failure
from config.local.region.load import load
from terresante.accounts.models import User
from terresante.care_team.access import RECORD_READ
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.identifiers import has_right_key, is_finess, is_rpps
from terresante.directory.models import Organization
from terresante.feed.models import FeedItem, ReadCursor
from terresante.interop.models import InboundMessage
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes.models import Note
from terresante.patients.identity_rules import is_ins_key_valid
from terresante.patients.models import CareRecord, Patient
from terresante.stays.models import Encounter
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def marked_database(django_db_setup, django_db_blocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        comment_on_database(MARKER)
        yield
        comment_on_database(None)


def comment_on_database(text: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        name = cursor.fetchone()[0]
        cursor.execute("RESET ROLE")
        told = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text))
        cursor.execute(told.as_string(connection.connection))
        cursor.execute("SET ROLE terresante_app")


def load_into(var: Path) -> list[str]:
    said: list[str] = []
    load(now=timezone.now(), var=var, mllp_port=2575, say=said.append)
    return said


def actor_of(login: str) -> Actor:
    user = User.objects.get(login=login)
    role = user.practitioner.roles.get()
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        name=user.name,
        user_id=user.pk,
        person_id=user.practitioner.pk,
        organization_id=role.organization_id,
        role=role.profession,
    )


def test_a_database_of_somebody_else_is_left_alone(tmp_path):
    with pytest.raises(Failure, match="n’a pas été créée par la démonstration"):
        load_into(tmp_path)
    assert not Organization.objects.exists()
    assert list(tmp_path.iterdir()) == []


def test_outside_a_demonstration_nothing_is_loaded(tmp_path, settings, marked_database):
    settings.DEMO = settings.TESTING = False
    with pytest.raises(Failure, match="ne sert qu’à la démonstration"):
        load_into(tmp_path)
    assert not Organization.objects.exists()


def test_a_load_that_fails_leaves_nothing(tmp_path, marked_database, monkeypatch):
    def broken(*args, **kwargs):
        assert User.objects.exists() and Organization.objects.exists()
        raise RuntimeError("cut off")

    monkeypatch.setattr("config.local.region.load.psc_cards", broken)
    with pytest.raises(RuntimeError, match="cut off"):
        load_into(tmp_path)
    assert not User.objects.exists() and not Organization.objects.exists()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_the_region_is_whole_and_coherent(tmp_path, marked_database):
    said = load_into(tmp_path)
    assert any("séjours" in line for line in said)
    with pytest.raises(Failure, match="contient déjà une région"):
        load_into(tmp_path)
    check_counts()
    check_numbers()
    check_first_screen()
    check_files(tmp_path)


def check_counts() -> None:
    with walls_down():
        assert CareRecord.objects.filter(is_shared=True).count() == 400
        assert Note.objects.count() > 1200
        assert CareTeamParticipant.objects.count() > 1500
        assert Encounter.objects.count() > 60
        assert not OutboxEvent.objects.exists()
        states = Counter(InboundMessage.objects.values_list("state", flat=True))
        assert states["doubtful"] == 1
        assert set(states) == {"applied", "doubtful"}
        # What was written is traced, told once, and not after it occurred.
        traced = set(AuditEntry.objects.filter(action="note.write").values_list("object_id", flat=True))
        told = set(FeedItem.objects.filter(kind="note").values_list("object_id", flat=True))
        assert traced == told == set(Note.objects.values_list("pk", flat=True))
        assert not FeedItem.objects.filter(recorded_at__gt=timezone.now()).exists()
        assert Encounter.objects.filter(sensitivity="addictology", private_to__isnull=False).exists()
        assert Encounter.objects.filter(sensitivity="psychiatry", private_to__isnull=False).exists()


def check_numbers() -> None:
    with walls_down():
        for ins in Patient.objects.exclude(ins="").values_list("ins", flat=True):
            assert is_ins_key_valid(ins)
        assert set(Patient.objects.exclude(ins="").values_list("ins_oid", flat=True)) == {
            "1.2.250.1.213.1.4.10"
        }
        for organization in Organization.objects.exclude(finess=None):
            finess = organization.finess or ""
            assert is_finess(finess) and has_right_key(finess)
            for role in organization.roles.exclude(practitioner__rpps=None):
                rpps = role.practitioner.rpps or ""
                assert is_rpps(rpps) and has_right_key(rpps)


def check_first_screen() -> None:
    georges = actor_of("a.georges")
    with rls.acting(georges):
        assert access.list(georges, RECORD_READ, CareRecord).count() == 38
        since = ReadCursor.objects.filter(user__login="a.georges").latest("read_up_to").read_up_to
        fresh = FeedItem.objects.filter(recorded_at__gt=since).exclude(author_id=georges.user_id)
        named = Patient.objects.filter(pk__in=fresh.values("patient_id")).values_list(
            "used_name", "birth_name"
        )
        assert {used or birth for used, birth in named} == {
            "CAUVIN",
            "TOUSSAINT",
            "ISIDORE",
            "LE GOFF",
            "DIALLO",
            "PERRIN",
        }
        assert fresh.filter(kind="admission", is_alert=True).count() == 1
    outsider = actor_of("i.roche")
    with rls.acting(outsider):
        assert access.list(outsider, RECORD_READ, CareRecord).count() == 2  # both opened in emergency


def check_files(var: Path) -> None:
    accounts = json.loads((var / "demo-accounts.json").read_text())
    assert [account["login"] for account in accounts if not account["totp_secret"]] == [
        "m.bardet",
        "p.lemoine",
    ]
    assert len({account["password"] for account in accounts}) == len(accounts)
    assert all(User.objects.get(login=a["login"]).check_password(a["password"]) for a in accounts)
    people = json.loads((var / "demo-hospital.json").read_text())
    assert all(person["authority"]["universal_id"] == "2.999.94.1" for person in people)
