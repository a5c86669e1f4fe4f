"""The first account of a deployment, by a command."""

import io

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from terresante.accounts.models import User
from terresante.directory.enums import Profession, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.queries import work_situations
from terresante.kernel.models import AuditEntry
from tests.walls import walls_down

pytestmark = pytest.mark.commits

RPPS, PASSWORD = "10101010101", "ardoise-balcon-cerise"


@pytest.fixture(autouse=True)
def doctor(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    with walls_down():
        place = Organization.objects.create(
            name="Groupement", kind="sesan", finess="750000009", source=Source.LOCAL
        )
        who = Practitioner.objects.create(
            family_name="ESSAI",
            given_name="Rose",
            profession=Profession.DOCTOR,
            rpps=RPPS,
            idnps=f"8{RPPS}",
            source=Source.LOCAL,
        )
        PractitionerRole.objects.create(
            practitioner=who,
            organization=place,
            profession=who.profession,
            period_start=timezone.localdate(),
            source=Source.LOCAL,
        )
    return who


def opened(rpps=RPPS, **options):
    told = {"login": "r.essai", "email": "r@example.org", **options}
    call_command("open_account", rpps, **told, stdout=io.StringIO())


@pytest.mark.parametrize(
    ("rpps", "options", "sentence"),
    [
        ("10101010109", {}, "Aucun professionnel"),
        (RPPS, {"email": "nulle part"}, "adresse"),
        (RPPS, {"duty": "administrator"}, "ensemble"),
        (RPPS, {"duty": "administrator", "at": "000000000"}, "Aucune structure"),
    ],
)
def test_a_mistake_gets_a_sentence_and_opens_nothing(rpps, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        opened(rpps, **options)

    assert not User.objects.exists()


def test_a_weak_password_is_refused(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("motdepasse\n"))
    with pytest.raises(CommandError, match="court"):
        opened()

    assert not User.objects.exists()


def test_the_administrator_of_a_new_deployment_is_known_the_same_minute():
    opened(duty="administrator", at="750000009")

    user = User.objects.get(login="r.essai")
    duties = {duty for situation in work_situations(user.pk) for duty in situation.duties}
    assert user.check_password(PASSWORD)
    assert duties == {"administrator"}
    with walls_down():
        assert {row.action for row in AuditEntry.objects.all()} == {"account.create", "directory.edit"}


def test_a_professional_has_one_account(monkeypatch):
    opened()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    with pytest.raises(CommandError, match="déjà un compte"):
        opened(login="autre")

    assert User.objects.count() == 1
