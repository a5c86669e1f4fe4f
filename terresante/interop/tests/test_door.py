import asyncio

import pytest

from terresante.interop.actions import register_sender
from terresante.interop.digests import SEALED_FOR
from terresante.interop.hl7v2.tests.messages import MSH, PID, PV1
from terresante.interop.mllp.framing import framed
from terresante.interop.mllp.intake import received
from terresante.interop.mllp.listener import Limits, Peer
from terresante.interop.mllp.store import FOREIGN_AUTHORITY
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.sealing import unseal
from terresante.patients.models import IdentityDomain
from terresante.stays.models import Encounter, EncounterMovement
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def sent(hospital, content, **options):
    return asyncio.run(
        wire.exchange(content, wire.store(), sender_of=lambda peer: str(hospital.pk), **options)
    )


def kept():
    with walls_down():
        return [
            unseal(row.sealed_raw, context=SEALED_FOR) for row in InboundMessage.objects.order_by("sequence")
        ]


WHOLE = wire.stamped("A01")
BAD = {
    "truncated": (framed(WHOLE)[:-40], "AR", "unreadable"),
    "not HL7": (framed(b"GET / HTTP/1.1"), "AR", "unreadable"),
    "wrong charset": (
        framed(WHOLE.replace(b"CLAIRE", "CLAIR\u00c9".encode("latin-1"))),
        "AE",
        "unreadable",
    ),
    "unknown trigger": (framed(wire.stamped("Q99")), "AR", "refused"),
    "no PID": (framed(wire.stamped("A01", pid=None)), "AE", "refused"),
    "no control id": (framed(wire.stamped("A01", control_id="")), "AR", "refused"),
    "not an ADT": (framed(wire.stamped("A01", msh=MSH.replace("ADT^", "ORU^"))), "AR", "refused"),
    "authority of another hospital": (framed(WHOLE.replace(b"750000222", b"750000333")), "AR", "refused"),
    "no visit number": (
        framed(wire.stamped("A02", pid=PID.replace("|D1^", "|^"), pv1=PV1.replace("|V1^", "|^"))),
        "AE",
        "refused",
    ),
    "no number of a hospital": (framed(WHOLE.replace(b"^PI|", b"^NH|")), "AE", "refused"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_a_reason_and_its_bytes_are_kept(hospital, name):
    content, code, state = BAD[name]
    wire.connect("Clinique des Essais", authority="750000333", port=21002)

    answers = sent(hospital, content)

    assert [answer[0] for answer in answers] == [code]
    assert [found for found, _ in wire.states()] == [state]
    assert kept()[0] in content
    assert wire.apply() == 0
    with walls_down():
        assert not Encounter.objects.exists()


def test_an_oversized_message_is_refused_and_its_beginning_kept(hospital):
    content = framed(WHOLE + b"OBX|" + b"x" * 20_000)

    answers = sent(hospital, content, limits=Limits(message_size=10_000, idle_time=5, stop_time=5))

    assert answers == [["AR", "M1"]]
    assert [state for state, _ in wire.states()] == ["unreadable"]
    assert len(kept()[0]) == 4096


def test_five_hundred_duplicates_are_acknowledged_and_kept_once(hospital, madeleine):
    raw = wire.stamped("A01", pid=madeleine)

    answers = sent(hospital, framed(raw) * 500, count=500)
    wire.apply()

    assert answers == [["AA", "M1"]] * 500
    assert wire.states() == [("applied", "stay")]
    with walls_down():
        assert EncounterMovement.objects.count() == 1


@pytest.mark.long
def test_ten_thousand_duplicates_are_kept_once(hospital, madeleine):
    raw = wire.stamped("A01", pid=madeleine)

    assert sent(hospital, framed(raw) * 10_000, count=10_000) == [["AA", "M1"]] * 10_000
    assert len(wire.states()) == 1


def test_messages_keep_the_order_of_the_wire(hospital, madeleine):
    raws = [wire.stamped("A01", pid=madeleine, control_id=f"K{n}") for n in range(60)]

    sent(hospital, b"".join(framed(raw) for raw in raws), count=60)

    assert kept() == raws


def test_a_sender_is_known_by_its_own_port_and_by_no_other(hospital):
    store = wire.store()

    assert store.sender_of(Peer(hospital.port)) == str(hospital.pk)
    assert store.sender_of(Peer(hospital.port + 1)) is None
    assert store.sender_of(Peer(hospital.port, fingerprint="0" * 64)) is None


def test_a_sender_is_known_by_its_certificate_whatever_the_port(hospital):
    certified = register_sender(
        Actor.job("tests"),
        hospital.organization_id,
        name="GAM certifiée",
        authorities=["1.2.250.1.778"],
        fingerprint="a" * 64,
    )
    store = wire.store()

    assert store.sender_of(Peer(hospital.port, fingerprint="a" * 64)) == str(certified.pk)
    assert store.sender_of(Peer(2575, fingerprint="a" * 64)) == str(certified.pk)
    assert store.sender_of(Peer(2575)) is None


def test_senders_are_followed_while_the_listener_runs(hospital, madeleine):
    store = wire.store()
    later = wire.connect("Clinique des Essais", authority="750000333", port=21002)
    with walls_down():
        type(hospital).objects.filter(pk=hospital.pk).update(active=False)

    asyncio.run(store.renew())

    assert store.ports == [21002]
    assert store.sender_of(Peer(later.port)) == str(later.pk)
    # Over a connection it still holds, a sender that is gone speaks for nobody.
    outcome = store.store([received(str(hospital.pk), wire.stamped("A01", pid=madeleine))])[0]
    assert outcome.refusal is FOREIGN_AUTHORITY
    store.close()


def test_the_domain_of_a_hospital_makes_itself_at_its_first_message(cast, hospital):
    raw = wire.stamped("A01", pid=wire.person(cast.madeleine_record)).replace(b"750000222", b"1.2.250.1.777")
    store = wire.store()

    assert [outcome.refusal for outcome in store.store([received(str(hospital.pk), raw)] * 2)] == [None, None]

    with walls_down():
        domain = IdentityDomain.objects.get(authority="1.2.250.1.777")
        assert domain.organization_id == hospital.organization_id
    # Nobody is linked by it: the same traits are for a person to confirm.
    wire.apply()
    assert wire.states() == [("doubtful", "close")]


def test_the_authority_of_the_ins_becomes_nobody_s_domain_even_typed_as_that_of_an_ipp(hospital):
    """It would then be one hospital's, and the matricules of the others would be refused as those of another."""
    whole = wire.stamped("A28", pv1=None, zbe=None)
    both = whole.replace(b"P1^^^", b"256021416802587^^^X&1.2.250.1.213.1.4.8&ISO^PI~P1^^^")
    raw = both.replace(b"750000222", b"1.2.250.1.778")

    assert wire.receive(hospital, raw) == ["AA"]

    with walls_down():
        assert IdentityDomain.objects.filter(authority="1.2.250.1.778").exists()
        assert not IdentityDomain.objects.filter(authority="1.2.250.1.213.1.4.8").exists()


def test_a_sender_cannot_make_itself_more_domains_than_a_hospital_has(hospital):
    whole = wire.stamped("A28", pv1=None, zbe=None)
    raws = [whole.replace(b"750000222", f"1.2.{number}".encode()) for number in range(20)]

    codes = wire.receive(hospital, *raws)

    assert codes.count("AA") == 11
    assert codes[-1] == "AR"


def test_an_inactive_sender_is_not_answered(hospital):
    with walls_down():
        type(hospital).objects.update(active=False)

    assert wire.store().sender_of(Peer(hospital.port)) is None


def test_nothing_readable_of_a_person_lies_in_the_row(hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))

    with walls_down():
        row = InboundMessage.objects.values().get()
    assert "LEROUX" not in str(row)
    assert "P1" not in row["identity_keys"]


def test_messages_are_out_of_reach_of_everybody_but_the_gateway(cast, hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    for actor in cast.actors.values():
        with rls.acting(actor):
            assert not InboundMessage.objects.exists()
