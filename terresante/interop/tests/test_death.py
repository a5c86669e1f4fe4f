"""A death that an identity message tells: with its date, without it, against itself (PID-29, PID-30)."""

import pytest
from django.utils import timezone

from terresante.interop import applying
from terresante.interop.mllp.intake import answer, received
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.models import AuditEntry
from terresante.overview import fhir
from terresante.patients.death_actions import clear_death
from terresante.patients.models import IdentityChange, Patient
from terresante.patients.queries import age_said, has_died
from tests.beside import SECONDS, Beside, pause
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def died(record, date, indicator):
    parts = wire.person(record).split("|")
    parts += [""] * (33 - len(parts))
    parts[29], parts[30] = date, indicator
    return "|".join(parts)


def answered(hospital, raw):
    """The fields of MSA and of ERR."""
    item = received(str(hospital.pk), raw)
    (outcome,) = wire.store().store([item])
    lines = {line[:3]: line.split("|") for line in answer(item, outcome).decode().split("\r") if line}
    wire.apply()
    return lines["MSA"], lines.get("ERR")


def update(record, date, indicator, control_id="M1"):
    return wire.stamped("A31", pid=died(record, date, indicator), pv1=None, zbe=None, control_id=control_id)


def person(cast):
    with walls_down():
        return Patient.objects.get(pk=cast.madeleine_record.patient_id)


@pytest.mark.parametrize("date", ["", "le 3 mars"])
def test_a_death_without_its_date_is_noted_and_the_sender_told(cast, hospital, madeleine, date):
    """HL7 v2.5 leaves PID-29 optional: what is certain is not lost for what is not known yet."""
    said, error = answered(hospital, update(cast.madeleine_record, date, "Y"))

    assert said[1] == "AA"
    assert error is not None
    assert (error[2], error[3].split("^")[0], error[4]) == ("PID^1^29", "101", "W")
    assert "sans date" in error[8]
    assert wire.states() == [("applied", "identity_updated")]
    patient = person(cast)
    assert (has_died(patient), patient.deceased_on, age_said(patient)) == (True, None, "")
    assert fhir.person(patient, [])["deceasedBoolean"] is True


def test_its_date_comes_later_and_nothing_is_to_be_said(cast, hospital, madeleine):
    answered(hospital, update(cast.madeleine_record, "", "Y"))
    said, error = answered(hospital, update(cast.madeleine_record, "20260303", "Y", "M2"))

    assert (said[1], error) == ("AA", None)
    patient = person(cast)
    assert patient.deceased_on is not None and patient.deceased_on.isoformat() == "2026-03-03"
    assert "deceasedBoolean" not in fhir.person(patient, [])
    answered(hospital, update(cast.madeleine_record, "", "Y", "M3"))
    assert wire.states()[-1] == ("applied", "identity_known")


def test_a_date_of_death_of_somebody_alive_is_refused_with_its_place(cast, hospital, madeleine):
    said, error = answered(hospital, update(cast.madeleine_record, "20260303", "N"))

    assert said[1] == "AE"
    assert error is not None
    assert (error[2], error[4]) == ("PID^1^30", "E")
    assert "PID-29" in error[8] and "PID-30" in error[8]
    assert not has_died(person(cast))


def test_a_date_that_nobody_can_read_is_no_death(cast, hospital, madeleine):
    said, _ = answered(hospital, update(cast.madeleine_record, "le 3 mars", ""))

    assert said[1] == "AA"
    assert not has_died(person(cast))


def test_who_is_alive_is_acknowledged_without_a_word(cast, hospital, madeleine):
    said, error = answered(hospital, update(cast.madeleine_record, "", "N"))

    assert (said[1], error) == ("AA", None)
    assert not has_died(person(cast))


def test_the_header_says_the_death_and_no_age(client, cast, hospital, madeleine):
    answered(hospital, update(cast.madeleine_record, "", "Y"))
    with walls_down():
        login(client, cast.amar)

    shown = client.get(f"/dossiers/{cast.madeleine_record.pk}/").content.decode()

    assert "Décédée" in shown
    assert " ans\u00a0· née" not in shown


@pytest.fixture
def cleared(cast, hospital, madeleine):
    """A death announced by mistake, without its date, that the desk has cleared."""
    answered(hospital, update(cast.madeleine_record, "", "Y"))
    clear_death(cast.identito, cast.madeleine_record.patient_id, reason="Erreur de l’hôpital")


def waiting():
    with walls_down():
        return InboundMessage.objects.order_by("sequence").last()


def test_a_message_that_says_alive_takes_no_death_back(cast, hospital, madeleine):
    """Most senders write PID-30 = N by default."""
    answered(hospital, update(cast.madeleine_record, "", "Y"))
    answered(hospital, update(cast.madeleine_record, "", "N", "M2"))

    assert wire.states()[-1] == ("applied", "identity_known")
    assert has_died(person(cast))


@pytest.mark.parametrize("date", ["", "20200101"])
def test_a_death_that_was_cleared_is_not_noted_again_but_waits_for_the_desk(
    client, cast, hospital, cleared, date
):
    said, _ = answered(hospital, update(cast.madeleine_record, date, "Y", "M2"))

    assert said[1] == "AA"
    assert wire.states()[-1] == ("doubtful", "death_cleared")
    assert not has_died(person(cast))
    officer = login(client, cast.identito)
    assert "avait effacé" in officer.get("/a-verifier/").content.decode()
    assert "Le décès est réel" in officer.get(f"/a-verifier/{waiting().pk}/").content.decode()


def test_the_desk_confirms_it_and_the_message_is_played_again(client, cast, hospital, cleared):
    answered(hospital, update(cast.madeleine_record, "20200101", "Y", "M2"))
    message = waiting()
    for name in ("amar", "brun", "dpo", "samira"):
        assert login(client, cast.actors[name]).post(f"/a-verifier/{message.pk}/deces/").status_code == 404
    assert login(client, cast.identito).post(f"/a-verifier/{message.pk}/deces/").status_code == 302
    wire.apply()

    assert wire.states()[-1] == ("applied", "identity_updated")
    assert f"{person(cast).deceased_on}" == "2020-01-01"
    with walls_down():
        kinds = IdentityChange.objects.order_by("at").values_list("kind", flat=True)
        assert list(kinds) == ["alive", "death"]
        assert AuditEntry.objects.filter(action="message.decide", object_id=message.pk).exists()
    assert client.post(f"/a-verifier/{message.pk}/deces/").status_code in (404, 409)


def test_put_aside_it_notes_nothing_and_what_waited_behind_goes_on(
    client, cast, hospital, madeleine, cleared
):
    answered(hospital, update(cast.madeleine_record, "", "Y", "M2"))
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, control_id="M3"))
    wire.apply()
    assert wire.states()[-2:] == [("doubtful", "death_cleared"), ("held", "")]
    with walls_down():
        message = InboundMessage.objects.get(control_id="M2")
    reason = {"reason": "Encore l’erreur de l’hôpital"}
    assert login(client, cast.identito).post(f"/a-verifier/{message.pk}/ecarter/", reason).status_code == 302
    wire.apply()

    assert wire.states()[-1] == ("applied", "stay")
    assert not has_died(person(cast))


def test_a_death_dated_since_is_another_one(cast, hospital, cleared):
    today = timezone.localdate()
    answered(hospital, update(cast.madeleine_record, f"{today:%Y%m%d}", "Y", "M2"))

    assert wire.states()[-1] == ("applied", "identity_updated")
    assert person(cast).deceased_on == today


def test_a_death_cleared_while_its_date_comes_waits_for_the_desk(cast, hospital, madeleine, monkeypatch):
    """The desk clears it between what the message read of her and what it writes: two real transactions."""
    answered(hospital, update(cast.madeleine_record, "", "Y"))
    wire.receive(hospital, update(cast.madeleine_record, "20200101", "Y", "M2"))
    done, go = pause(monkeypatch, applying, "contradicts_qualified")
    worker = Beside(wire.apply)
    assert done.wait(SECONDS)
    clear_death(cast.identito, cast.madeleine_record.patient_id, reason="Erreur de l’hôpital")
    go.set()
    worker.ends()

    assert wire.states()[-1] == ("doubtful", "death_cleared")
    assert not has_died(person(cast))
