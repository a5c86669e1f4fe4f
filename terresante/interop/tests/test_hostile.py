"""SQL, HTML, control characters and endless texts in every field of a message, through the door and on the screens."""

import pytest
from django.urls import reverse
from django.utils import timezone

from simulators.laboratory.reports import Order, ordered
from terresante.interop.hl7v2.tests.messages import EVN, MSH, PV1, ZBE
from terresante.interop.models import InboundMessage
from terresante.interop.tests import papers, wire
from terresante.patients.models import Patient
from terresante.results.tests.factories import sugar
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

HOSTILE = "<script>alert(1)</script>'); DROP TABLE stays_encounter; --"
LONG = "N" * 5000
NUL = "a\x00b\x1fc"


def every_field(segments, text):
    """Each message with one field replaced; MSH-1, MSH-2 and the names of segments are what makes it HL7."""
    for name, line in segments.items():
        parts = line.split("|")
        for index in range(2 if name == "msh" else 1, len(parts)):
            changed = [*parts[:index], text, *parts[index + 1 :]]
            yield f"{name}-{index}", "\r".join({**segments, name: "|".join(changed)}.values()).encode()


@pytest.mark.parametrize("text", [HOSTILE, LONG, NUL])
def test_no_field_of_a_message_makes_it_fail(hospital, madeleine, text):
    whole = {"msh": MSH, "evn": EVN, "pid": madeleine, "pv1": PV1, "zbe": ZBE, "zfm": "ZFM|8|8||"}
    raws = [raw.replace(b"{trigger}", b"A03") for _, raw in every_field(whole, text)]
    numbered = [raw.replace(b"|M1|", f"|M{number}|".encode()) for number, raw in enumerate(raws)]

    codes = wire.receive(hospital, *numbered)
    wire.apply()
    # What waits behind a doubtful one is tried as well.
    with walls_down():
        InboundMessage.objects.filter(state__in=["doubtful", "held"]).update(state="put_aside")
        InboundMessage.objects.filter(state="put_aside", outcome="").update(state="received")
    wire.apply()

    assert set(codes) <= {"AA", "AE", "AR"}
    assert codes.count("AA") > 80
    assert not [outcome for state, outcome in wire.states() if state == "failed"]
    with walls_down():
        assert InboundMessage.objects.count() == len(set(numbered))


@pytest.mark.parametrize("text", [HOSTILE, LONG, NUL])
def test_no_field_of_results_given_one_by_one_makes_them_fail(cast, hospital, madeleine, text):
    claire = papers.whose(cast.madeleine_record)
    orders = (Order(number="R1", chapter=sugar()),)
    raw = ordered(claire, control_id="M1", at=timezone.now(), orders=orders)
    head, pid, pv1, *below = [*raw.decode().strip().split("\r"), "NTE|1||Hémolysé"]
    # The header names each message, and who it is about is damaged above.
    raws = [
        "\r".join((head.replace("|M1|", f"|M{number}|"), pid, pv1, "")).encode() + damaged
        for number, (_, damaged) in enumerate(every_field({line[:3]: line for line in below}, text))
    ]

    codes = wire.receive(hospital, *raws)
    wire.apply()
    with walls_down():
        InboundMessage.objects.filter(state__in=["doubtful", "held"]).update(state="put_aside")
        InboundMessage.objects.filter(state="put_aside", outcome="").update(state="received")
    wire.apply()

    assert set(codes) <= {"AA", "AE", "AR"}
    assert codes.count("AA") > 25
    assert not [outcome for state, outcome in wire.states() if state == "failed"]


def test_hostile_text_of_a_message_is_shown_as_text(cast, client, hospital, madeleine):
    unit = ZBE.replace("|Cardio^", f"|{HOSTILE}^").replace("4411", "9")
    name = f"{HOSTILE.replace('^', ' ')}^MARIE^MARIE^^^^L"
    stranger = wire.person(cast.leon_record, f3="P8^^^HOPITAL-T&750000222&N^PI").replace("^^^^L|", "^^^^L~")
    wire.receive(
        hospital,
        wire.stamped("A01", pid=madeleine, zbe=unit),
        wire.stamped("A01", pid=stranger.replace("~|", f"~{name}||"), control_id="M2"),
    )
    wire.apply()
    with walls_down():
        login(client, cast.amar)
        waiting = InboundMessage.objects.filter(state="doubtful").first()

    stays = client.get(reverse("stays:list", args=[cast.madeleine_record.pk])).content.decode()

    assert "<script>alert" not in stays
    assert "&lt;script&gt;" in stays
    assert waiting is not None
    with walls_down():
        login(client, cast.identito)
    assert "<script>alert" not in client.get(f"/a-verifier/{waiting.pk}/").content.decode()


def test_a_number_too_long_to_be_one_is_refused(hospital, madeleine):
    long = madeleine.replace("P1^", f"{'9' * 61}^")

    assert wire.receive(hospital, wire.stamped("A01", pid=long)) == ["AE"]
    with walls_down():
        assert not Patient.objects.filter(source_identities__value__startswith="999").exists()
