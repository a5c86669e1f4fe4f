import asyncio
import datetime
import http.client
import json
import threading
import urllib.parse
from typing import Any

import pytest

from simulators.hospital.client import Client, NoAnswer, burst, read_ack
from simulators.hospital.gestures import GESTURES, Impossible, Ward
from simulators.hospital.messages import PARIS, Authority, Flaw, Person, message
from simulators.hospital.page import Hospital, UnusableFile, read_people, server
from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.carried import Act, Carried, read_carried
from terresante.interop.hl7v2.examination import examine
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.triggers import Kind
from terresante.interop.mllp.intake import Outcome
from terresante.interop.mllp.listener import Listener

PERSON = Person(
    ipp="P1",
    birth_name="D'ESSAI & FILS",
    given="CLAIRE ANNE",
    birth_date="1956-02-14",
    sex="F",
    birth_place="77379",
    authority=Authority("HOPITAL-T", "1.2.3.4"),
    ins="256021416802587",
    label="Claire <b>Essai</b>",
)
BY_KEY = {gesture.key: gesture for gesture in GESTURES}


def read(content):
    found = examine(content)
    assert isinstance(found, er7.Message), found
    return read_adt(found)


def played(ward, *keys):
    return [read(ward.perform(BY_KEY[key])) for key in keys]


def test_a_whole_stay_is_understood_without_a_warning():
    keys = (
        "identite",
        "urgences",
        "cardiologie",
        "medecin",
        "permission",
        "retour",
        "transferer",
        "annuler-transfert",
    )
    found = played(Ward(PERSON), *keys, "corriger", "sortie", "annuler-sortie", "sortie-ssr")
    events = "A31 A04 A06 A54 A21 A22 A02 A12 Z99 A03 A13 A03"
    assert [adt.trigger.code for adt in found] == events.split()
    for adt in found:
        assert adt.warnings == ()
        assert adt.identity.birth_name.family == PERSON.birth_name
        assert adt.identity.birth_place.code == "77379"
    assert len({adt.control_id for adt in found}) == len(found)


def test_cancellations_name_the_movement_they_take_back():
    admitted, transferred, back = played(Ward(PERSON), "cardiologie", "transferer", "annuler-transfert")
    assert transferred.visit.location.ward == "MEDINT"
    assert back.movement.identifiers == transferred.movement.identifiers
    assert back.movement.original_trigger == "A02"
    assert back.visit.location.ward == admitted.visit.location.ward == "CARDIO"


def test_a_cancelled_admission_leaves_nobody_in_the_hospital():
    ward = Ward(PERSON)
    admitted, cancelled = played(ward, "cardiologie", "annuler-admission")
    assert cancelled.is_cancellation
    assert cancelled.visit.number == admitted.visit.number
    assert ward.stay is None


def test_an_expected_admission_keeps_its_numbers():
    expected, admitted = played(Ward(PERSON), "preadmission", "cardiologie")
    assert expected.visit.number == admitted.visit.number


def test_a_death_a_protected_stay_and_psychiatry_carry_their_marks():
    admitted, dead = played(Ward(PERSON), "secret", "deces")
    assert admitted.confidentiality.is_visit_protected
    assert dead.is_death
    assert dead.visit.pmsi.exit == "9"
    (psychiatric,) = played(Ward(PERSON), "psychiatrie")
    assert psychiatric.is_psychiatric


def test_the_letter_of_a_discharge_is_a_document_of_its_stay():
    ward = Ward(PERSON)
    for key in ("cardiologie", "sortie"):
        ward.perform(BY_KEY[key])

    found = examine(ward.perform(BY_KEY["lettre"]))

    assert isinstance(found, er7.Message), found
    carried = read_carried(found)
    assert isinstance(carried, Carried)
    assert (carried.type_code, carried.act) == ("11490-0", Act.NEW)
    assert ward.stay is not None and carried.visit_number == ward.stay.number
    assert carried.cda is not None and len(carried.cda.body.sections) == 5


@pytest.mark.parametrize(
    "keys",
    [
        ["lettre"],
        ["cardiologie", "lettre"],
        ["sortie"],
        ["annuler-sortie"],
        ["cardiologie", "urgences"],
        ["cardiologie", "deces", "urgences"],
    ],
)
def test_impossible_gestures_are_explained(keys):
    ward = Ward(PERSON)
    for key in keys[:-1]:
        ward.perform(BY_KEY[key])
    with pytest.raises(Impossible, match=r"\.$"):
        ward.perform(BY_KEY[keys[-1]])


def test_a_merge_message():
    found = read(
        message(
            "A40", PERSON, control_id="1", at=datetime.datetime(2025, 3, 11, tzinfo=PARIS), merged_ipp="P0"
        )
    )
    assert found.kind is Kind.IDENTITY_MERGED
    assert found.merge.ipps[0].value == "P0"


@pytest.mark.parametrize(
    ("flaw", "expected"),
    [
        (Flaw.NO_PID, "PID"),
        (Flaw.NO_CONTROL_ID, "MSH^1^10"),
        (Flaw.NO_VISIT, "PV1"),
        (Flaw.UNKNOWN_EVENT, "MSH^1^9^1^2"),
        (Flaw.WRONG_CHARSET, "MSH^1^18"),
        (Flaw.TRUNCATED, None),
        (Flaw.SHIFTED_MOVEMENT, "zbe-shifted"),
        (Flaw.NO_MOVEMENT, "zbe-missing"),
        (Flaw.BIRTH_TIME, "birth-date-with-time"),
    ],
)
def test_each_flaw_is_seen_by_the_platform(flaw, expected):
    found = examine(Ward(PERSON).perform(BY_KEY["cardiologie"], flaws=frozenset({flaw})))
    if isinstance(found, Refusal):
        assert expected in (None, found.location)
    else:
        assert expected in {oddity.code for oddity in read_adt(found).warnings}


def test_an_acknowledgement_is_read_with_its_sentences():
    ack = read_ack(b"MSH|^~\\&|\rMSA|AE|7\rERR||PID|100|E||||Il manque\\F\\le PID.\r")
    assert (ack.code, ack.control_id, ack.errors, ack.is_accepted) == (
        "AE",
        "7",
        ("Il manque|le PID.",),
        False,
    )


@pytest.fixture
def platform():
    """The real listener, in a thread; gives its port and what it received."""
    kept, ready = [], threading.Event()
    running: dict[str, Any] = {}

    async def store(items):
        kept.extend(items)
        return [Outcome() for _ in items]

    async def run():
        listener = Listener(store, lambda peer: "hospital")
        running["port"] = await listener.start("127.0.0.1", 0)
        running["loop"] = asyncio.get_running_loop()
        running["stop"] = asyncio.Event()
        ready.set()
        await running["stop"].wait()
        await listener.stop()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    assert ready.wait(10)
    yield running["port"], kept
    running["loop"].call_soon_threadsafe(running["stop"].set)
    thread.join(20)
    assert not thread.is_alive()


def test_the_client_sends_one_many_and_bursts(platform):
    port, kept = platform
    ward = Ward(PERSON)
    messages = [ward.perform(BY_KEY["identite"]) for _ in range(80)]
    with Client("127.0.0.1", port) as client:
        assert client.send(messages[0]).is_accepted
        acks = client.send_pipelined(messages)
    assert [ack.control_id for ack in acks] == [read(content).control_id for content in messages]
    assert all(ack.is_accepted for batch in burst("127.0.0.1", port, [messages[:20]] * 4) for ack in batch)
    assert len(kept) == 1 + 80 + 80


def test_a_silent_platform_is_told():
    def nobody(content):
        raise NoAnswer("La plateforme n’écoute pas.")

    with pytest.raises(NoAnswer):
        Hospital([PERSON], nobody).perform(0, BY_KEY["cardiologie"], frozenset())


@pytest.fixture
def page(platform):
    port, kept = platform

    def send(content):
        with Client("127.0.0.1", port) as client:
            return client.send(content)

    hospital = Hospital([PERSON], send)
    running = server(hospital, port=0)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield running.server_port, hospital, kept
    running.shutdown()
    running.server_close()
    thread.join(10)


def asked(port, method, path, *, form=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    body = urllib.parse.urlencode(form) if form is not None else None
    connection.request(method, path, body, {name.capitalize(): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_a_visitor_admits_a_patient_and_sees_both_messages(page):
    port, hospital, kept = page
    status, text = asked(port, "GET", "/")
    assert status == 200
    assert "Claire &lt;b&gt;Essai&lt;/b&gt;" in text
    assert "<b>" not in text
    form = {"jeton": hospital.form_token, "geste": "urgences"}
    status, text = asked(port, "POST", "/patient/0", form=form)
    assert status == 200
    assert "Message accepté (AA)." in text
    assert "ADT^A04^ADT_A01" in text
    assert "présent, Urgences" in text
    assert [item.envelope.trigger for item in kept] == ["A04"]


def test_a_refused_message_does_not_move_the_stay(page):
    port, hospital, _ = page
    form = {"jeton": hospital.form_token, "geste": "urgences", "defaut": "NO_PID"}
    _, text = asked(port, "POST", "/patient/0", form=form)
    assert "Message refusé (AE). Le segment PID manque" in text
    assert hospital.wards[0].stay is None


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        ({"geste": "urgences"}, {}, 403),
        ({"geste": "urgences", "jeton": "faux é"}, {}, 403),
        ({"geste": "urgences", "jeton": "@"}, {"origin": "https://ailleurs.example"}, 403),
        ({"geste": "urgences", "jeton": "@"}, {"host": "ailleurs.example"}, 403),
        ({"geste": "inconnu", "jeton": "@"}, {}, 404),
    ],
)
def test_forms_from_elsewhere_are_refused(page, form, headers, status):
    port, hospital, kept = page
    form = {key: hospital.form_token if value == "@" else value for key, value in form.items()}
    assert asked(port, "POST", "/patient/0", form=form, **headers)[0] == status
    assert kept == []


@pytest.mark.parametrize("path", ["/patient/9", "/patient/x", "/autre", "/patient/-1"])
def test_unknown_pages(page, path):
    assert asked(page[0], "GET", path)[0] == 404


def test_the_list_of_people_is_read_or_refused_with_a_sentence(tmp_path):
    path = tmp_path / "people.json"
    row = {
        "ipp": "P1", "ins": None, "birth_name": "ESSAI", "given": "CLAIRE", "birth_date": "1956-02-14",
        "sex": "F", "birth_place": "77379", "authority": {"namespace": "H", "universal_id": "1.2"},
    }  # fmt: skip
    path.write_text(json.dumps([row]), encoding="utf-8")
    (person,) = read_people(path)
    assert (person.label, person.ins, person.authority.type) == ("ESSAI CLAIRE", "", "ISO")
    for content in ("{", "[1]", '[{"ipp": "P1"}]', json.dumps([row | {"authority": "H"}])):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UnusableFile, match="authority"):
            read_people(path)
    with pytest.raises(UnusableFile):
        read_people(tmp_path / "absente.json")
