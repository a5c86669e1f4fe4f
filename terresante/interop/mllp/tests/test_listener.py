import asyncio
import contextlib
import datetime
import ipaddress
import logging
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from terresante.interop.hl7v2.grammar import Code, Refusal
from terresante.interop.hl7v2.tests.messages import adt
from terresante.interop.mllp.framing import Decoder, framed
from terresante.interop.mllp.intake import Outcome
from terresante.interop.mllp.listener import Limits, Listener, server_context

QUICK = Limits(message_time=0.4, idle_time=5, answer_time=5, stop_time=5)


def message(control_id, **parts):
    return adt("A01", **parts).replace(b"|M1|", f"|{control_id}|".encode())


class Memory:
    """A store that keeps what it is given, batch by batch."""

    def __init__(self):
        self.batches = []

    async def __call__(self, items):
        self.batches.append(items)
        await asyncio.sleep(0)
        return [Outcome() for _ in items]

    @property
    def ids(self):
        return [item.envelope.control_id for batch in self.batches for item in batch]


@contextlib.asynccontextmanager
async def listening(store, *, limits=QUICK, sender_of=lambda peer: "hospital", tls=None):
    listener = Listener(store, sender_of, limits=limits)
    port = await listener.start("127.0.0.1", 0, tls=tls)
    try:
        yield port, listener
    finally:
        await listener.stop()


async def answers(reader, *, count=None):
    """The MSA of each answer, until the stream ends or `count` are there."""
    decoder = Decoder()
    found: list[str] = []
    while count is None or len(found) < count:
        content = await asyncio.wait_for(reader.read(65536), 10)
        if not content:
            break
        for piece in decoder.feed(content):
            found.append(piece.content.decode().split("\r")[1])
    return found


async def exchange(port, content, *, half_close=False, count=None, tls=None):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    writer.write(content)
    await writer.drain()
    if half_close:
        writer.write_eof()
    found = await answers(reader, count=count)
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return found


def test_pipelined_messages_are_answered_in_order():
    async def scenario():
        store = Memory()
        async with listening(store) as (port, _):
            found = await exchange(port, b"".join(framed(message(f"K{n}")) for n in range(20)), count=20)
        assert found == [f"MSA|AA|K{n}" for n in range(20)]
        assert store.ids == [f"K{n}" for n in range(20)]
        assert len(store.batches) < 20

    asyncio.run(scenario())


def test_a_half_closed_connection_is_still_answered():
    async def scenario():
        store = Memory()
        async with listening(store) as (port, _):
            assert await exchange(port, framed(message("K1")), half_close=True) == ["MSA|AA|K1"]

    asyncio.run(scenario())


def test_sixty_four_connections_share_the_batches():
    async def scenario():
        store = Memory()
        limits = Limits(gather_for=0.05)
        async with listening(store, limits=limits) as (port, _):
            found = await asyncio.gather(
                *(exchange(port, framed(message(f"C{n}")), count=1) for n in range(64))
            )
        assert found == [[f"MSA|AA|C{n}"] for n in range(64)]
        assert len(store.batches) < 32

    asyncio.run(scenario())


def test_nothing_is_answered_before_the_store_has_committed():
    async def scenario():
        committed = asyncio.Event()

        async def slow(items):
            await committed.wait()
            return [Outcome() for _ in items]

        async with listening(slow) as (port, _):
            task = asyncio.create_task(exchange(port, framed(message("K1")), count=1))
            await asyncio.sleep(0.1)
            assert not task.done()
            committed.set()
            assert await task == ["MSA|AA|K1"]

    asyncio.run(scenario())


def test_a_failing_store_is_never_acknowledged_and_the_connection_lives(caplog):
    async def scenario():
        failing = True

        async def store(items):
            if failing:
                raise RuntimeError("detail: ESSAI CLAIRE")
            return [Outcome() for _ in items]

        async with listening(store) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(framed(message("K1")))
            content = await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 10)
            assert b"MSA|AE|K1" in content
            assert "Message non enregistré, renvoyez-le.".encode() in content
            failing = False
            writer.write(framed(message("K1")))
            assert b"MSA|AA|K1" in await asyncio.wait_for(reader.readuntil(b"\x1c\r"), 10)
            writer.close()

    with caplog.at_level(logging.DEBUG, logger="terresante"):
        asyncio.run(scenario())
    assert "RuntimeError" in caplog.text
    assert "ESSAI" not in caplog.text


def test_one_message_the_store_cannot_take_does_not_harm_the_others():
    async def scenario():
        async def store(items):
            if any(item.envelope.control_id == "K2" for item in items):
                raise RuntimeError
            return [Outcome() for _ in items]

        async with listening(store) as (port, _):
            found = await exchange(port, b"".join(framed(message(f"K{n}")) for n in range(5)), count=5)
        assert found == ["MSA|AA|K0", "MSA|AA|K1", "MSA|AE|K2", "MSA|AA|K3", "MSA|AA|K4"]

    asyncio.run(scenario())


def test_a_store_that_miscounts_is_not_believed():
    async def scenario():
        async def store(items):
            return []

        async with listening(store) as (port, _):
            assert await exchange(port, framed(message("K1")), count=1) == ["MSA|AE|K1"]

    asyncio.run(scenario())


def test_the_store_may_refuse_a_readable_message():
    async def scenario():
        refusal = Refusal(Code.ERROR, "207", "", "Le document joint est illisible.")

        async def store(items):
            return [Outcome(refusal) for _ in items]

        async with listening(store) as (port, _):
            assert await exchange(port, framed(message("K1")), count=1) == ["MSA|AE|K1"]

    asyncio.run(scenario())


def test_a_refused_message_reaches_the_store_with_its_bytes_but_is_never_accepted():
    async def scenario():
        store = Memory()
        raw = message("K1", pid=None)
        async with listening(store) as (port, _):
            found = await exchange(port, framed(raw) + framed(b"GET / HTTP/1.1"), count=2)
        assert found == ["MSA|AE|K1", "MSA|AR|"]
        kept = [item for batch in store.batches for item in batch]
        assert [item.raw for item in kept] == [raw, b"GET / HTTP/1.1"]
        assert kept[0].refusal.location == "PID"

    asyncio.run(scenario())


def test_a_slow_sender_is_cut_off_with_an_answer():
    async def scenario():
        store = Memory()
        async with listening(store) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            content = framed(message("SLOW"))
            writer.write(content[:120])
            for position in range(120, 180):
                await asyncio.sleep(0.01)
                writer.write(content[position : position + 1])
            assert await answers(reader) == ["MSA|AR|SLOW"]
            writer.close()

    asyncio.run(scenario())


def test_an_idle_connection_is_closed_without_a_word():
    async def scenario():
        async with listening(Memory(), limits=Limits(idle_time=0.1)) as (port, _):
            assert await exchange(port, b"") == []

    asyncio.run(scenario())


def test_an_oversized_message_is_refused_and_its_connection_closed():
    async def scenario():
        store = Memory()
        async with listening(store, limits=Limits(message_size=5000)) as (port, _):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x0b" + message("BIG") + b"x" * 6000)
            assert await answers(reader) == ["MSA|AR|BIG"]
            writer.close()
            assert await exchange(port, framed(message("K1")), count=1) == ["MSA|AA|K1"]
        # The head of the refused one is kept too, for the person who will look.
        assert store.ids == ["BIG", "K1"]

    asyncio.run(scenario())


def test_a_message_of_fifty_megabytes_is_thrown_away_piece_by_piece_and_answered(monkeypatch):
    """Its sender reads nothing before it has sent everything, and is slow; nothing is held of what is thrown away."""
    monkeypatch.setattr("terresante.interop.mllp.listener._LINGER", 0.01)
    held = []

    async def scenario():
        store = Memory()
        async with listening(store, limits=Limits(message_size=1_000_000, stop_time=5)) as (port, listener):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"\x0b" + message("BIG"))
            for _ in range(50):
                writer.write(b"x" * 1_000_000)
                await writer.drain()
                await asyncio.sleep(0.005)
                (connection,) = listener._connections.values()
                held.append(len(connection._decoder._buffer))
            writer.write(b"\x1c\r")
            await writer.drain()
            assert await answers(reader) == ["MSA|AR|BIG"]
            writer.close()
        assert [len(item.raw) for batch in store.batches for item in batch] == [4096]

    asyncio.run(scenario())
    assert max(held) < 1_200_000 and held[-1] == 0


def test_an_unknown_sender_gets_no_answer():
    async def scenario():
        store = Memory()
        async with listening(store, sender_of=lambda peer: None) as (port, _):
            with contextlib.suppress(ConnectionError):
                assert await exchange(port, framed(message("K1"))) == []
        assert store.batches == []

    asyncio.run(scenario())


def test_connections_beyond_the_limit_are_refused():
    async def scenario():
        async with listening(Memory(), limits=Limits(connections=1)) as (port, _):
            _, first = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
            with contextlib.suppress(ConnectionError):
                assert await exchange(port, framed(message("K2"))) == []
            first.close()

    asyncio.run(scenario())


def test_one_hospital_leaves_connections_to_the_others():
    async def scenario():
        store, callers = Memory(), iter(["wild", "wild", "other"])
        limits = Limits(connections_of_one=1)
        async with listening(store, limits=limits, sender_of=lambda peer: next(callers)) as (port, _):
            _, first = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.05)
            with contextlib.suppress(ConnectionError):
                assert await exchange(port, framed(message("K2"))) == []
            assert await exchange(port, framed(message("K3")), count=1) == ["MSA|AA|K3"]
            first.close()

    asyncio.run(scenario())


def test_stopping_answers_what_was_received():
    async def scenario():
        entered, committed = asyncio.Event(), asyncio.Event()

        async def store(items):
            entered.set()
            await committed.wait()
            return [Outcome() for _ in items]

        listener = Listener(store, lambda peer: "hospital", limits=QUICK)
        port = await listener.start("127.0.0.1", 0)
        asking = asyncio.create_task(exchange(port, framed(message("K1"))))
        await entered.wait()
        stopping = asyncio.create_task(listener.stop())
        await asyncio.sleep(0.05)
        assert not stopping.done()
        committed.set()
        await stopping
        assert await asking == ["MSA|AA|K1"]
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(scenario())


def test_a_sender_is_known_by_its_port_in_a_demonstration():
    async def scenario():
        store = Memory()
        names: dict[int, str] = {}
        listener = Listener(store, lambda peer: names.get(peer.port), limits=QUICK)
        for name in ("a", "b"):
            names[await listener.start("127.0.0.1", 0)] = name
        for port in names:
            await exchange(port, framed(message("K1")), count=1)
        await listener.stop()
        assert sorted(item.sender for batch in store.batches for item in batch) == ["a", "b"]

    asyncio.run(scenario())


def issued(common_name, *, issuer=None, issuer_key=None, usage=None):
    """A certificate and its key; self-signed, and an authority, without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def written(folder, name, certificate, key):
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


@pytest.fixture
def certificates(tmp_path):
    authority, authority_key = issued("Autorite d'essai")
    written(tmp_path, "ca", authority, authority_key)
    for name, usage in (
        ("server", ExtendedKeyUsageOID.SERVER_AUTH),
        ("hospital", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        written(tmp_path, name, *issued(name, issuer=authority, issuer_key=authority_key, usage=usage))
    written(tmp_path, "stranger", *issued("hospital"))
    return tmp_path


def client_context(folder, name):
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    if name:
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def tls_context(folder):
    return server_context(
        certificate=folder / "server.pem", key=folder / "server.key", client_authorities=folder / "ca.pem"
    )


def test_a_sender_is_known_by_its_certificate(certificates):
    async def scenario():
        store, peers = Memory(), []

        def sender_of(peer):
            peers.append(peer)
            return peer.common_name

        async with listening(store, sender_of=sender_of, tls=tls_context(certificates)) as (port, _):
            found = await exchange(
                port, framed(message("K1")), count=1, tls=client_context(certificates, "hospital")
            )
        assert found == ["MSA|AA|K1"]
        assert [item.sender for batch in store.batches for item in batch] == ["hospital"]
        certificate = x509.load_pem_x509_certificate((certificates / "hospital.pem").read_bytes())
        assert peers[0].fingerprint == certificate.fingerprint(hashes.SHA256()).hex()

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["", "stranger"])
def test_a_sender_without_a_certificate_we_trust_gets_nowhere(certificates, name):
    async def scenario():
        store = Memory()
        async with listening(store, tls=tls_context(certificates)) as (port, _):
            try:
                found = await exchange(port, framed(message("K1")), tls=client_context(certificates, name))
            except OSError:
                found = []
        assert found == []
        assert store.batches == []

    asyncio.run(scenario())
