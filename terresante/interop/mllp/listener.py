"""The MLLP server: all connections feed one store in batches; answers leave after it has committed."""

import asyncio
import contextlib
import hashlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from terresante.interop.hl7v2.grammar import TOO_LARGE, UNFINISHED
from terresante.interop.mllp.framing import DEFAULT_LIMIT, END, Decoder, Fault, Piece, framed
from terresante.interop.mllp.intake import Batcher, Outcome, Received, Store, answer, received

logger = logging.getLogger(__name__)

_READ_SIZE = 64 * 1024
_UNANSWERED = 64  # messages of one connection that wait, and as many being answered
_LINGER = 2.0  # seconds
_LARGE = 1024 * 1024  # bytes; after a message this large, nothing is read until it is answered


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end. `fingerprint` is the SHA-256 of its certificate, in hexadecimal."""

    port: int
    fingerprint: str = ""
    common_name: str = ""


# The sender's key, or None: an unknown peer is not answered.
SenderDirectory = Callable[[Peer], str | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds, sizes in bytes."""

    message_size: int = DEFAULT_LIMIT
    message_time: float = 30
    idle_time: float = 3600
    answer_time: float = 30
    stop_time: float = 3
    connections: int = 512
    # One hospital gone wild leaves room for the others.
    connections_of_one: int = 128
    gather_for: float = 0.004
    batch: int = 256


def server_context(*, certificate: Path, key: Path, client_authorities: Path) -> ssl.SSLContext:
    """TLS where the sender must show a certificate signed by one of `client_authorities`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(client_authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


class Listener:
    """`start` on as many addresses as needed (one port a sender in a demonstration), then `stop` once."""

    def __init__(self, store: Store, sender_of: SenderDirectory, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._sender_of = sender_of
        self._batcher = Batcher(store, gather_for=self._limits.gather_for, largest=self._limits.batch)
        self._batching: asyncio.Task[None] | None = None
        self._servers: list[asyncio.Server] = []
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    async def start(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Returns the port, which differs from the one asked when that was 0."""
        if self._batching is None:
            self._batching = asyncio.create_task(self._batcher.run())
        server = await asyncio.start_server(
            self._accept,
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=self._limits.message_time if tls else None,
        )
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Accepts no more, reads no more, answers what was received, closes."""
        for server in self._servers:
            server.close()
        for connection in self._connections.values():
            connection.stop_reading()
        if self._connections:
            _, late = await asyncio.wait(self._connections, timeout=self._limits.stop_time)
            for task in late:
                self._connections[task].cut()
                task.cancel()
        if self._batching is not None:
            self._batching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._batching
        for server in self._servers:
            await server.wait_closed()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        sender = self._sender_of(peer)
        if sender is None or self._is_full_for(sender):
            reason = "unknown sender" if sender is None else "too many connections"
            logger.warning("mllp: connection refused on port %d, %s", peer.port, reason)
            writer.transport.abort()
            return
        connection = _Connection(reader, writer, sender, self._batcher, self._limits)
        task = asyncio.create_task(connection.serve())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)

    def _is_full_for(self, sender: str) -> bool:
        own = sum(connection.sender == sender for connection in self._connections.values())
        return len(self._connections) >= self._limits.connections or own >= self._limits.connections_of_one


class _Connection:
    """One task reads and submits, one answers in the order of arrival."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        sender: str,
        batcher: Batcher,
        limits: Limits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self.sender = sender
        self._batcher = batcher
        self._limits = limits
        self._decoder = Decoder(limit=limits.message_size)
        self._message_began: float | None = None
        self._answers: asyncio.Queue[tuple[Received, asyncio.Future[Outcome]]] = asyncio.Queue(_UNANSWERED)
        self._reading: asyncio.Task[None] | None = None
        self._is_stopping = False
        self._is_cut_off = False

    def stop_reading(self) -> None:
        self._is_stopping = True
        if self._reading is not None:
            self._reading.cancel()

    def cut(self) -> None:
        """Cuts off a peer that reads no answer: it will send again what was not acknowledged."""
        self._writer.transport.abort()

    async def serve(self) -> None:
        answering = asyncio.create_task(self._answer())
        self._reading = asyncio.create_task(self._read())
        if self._is_stopping:
            self._reading.cancel()
        try:
            await asyncio.wait({self._reading, answering}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                waiting = asyncio.create_task(self._answers.join())
                await asyncio.wait({waiting, answering}, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            self._reading.cancel()
            answering.cancel()
            for ended in await asyncio.gather(self._reading, answering, return_exceptions=True):
                if isinstance(ended, Exception):
                    logger.error("mllp: connection of %s broken off, %s", self.sender, type(ended).__name__)
            await self._close()

    async def _read(self) -> None:
        is_open = True
        while is_open:
            try:
                content = await asyncio.wait_for(self._reader.read(_READ_SIZE), self._patience())
            except TimeoutError:
                logger.info("mllp: %s said nothing more, connection closed", self.sender)
                self._is_cut_off = self._decoder.is_within_a_message
                await self._receive(self._decoder.end())
                return
            except OSError:  # a reset connection, or a broken TLS session
                return
            pieces = self._decoder.feed(content) if content else self._decoder.end()
            is_open = await self._receive(pieces) and bool(content)
            self._note_progress(made=bool(pieces))

    def _patience(self) -> float:
        """A message must be whole within its time, however slowly its bytes keep coming."""
        if self._message_began is None:
            return self._limits.idle_time
        return max(0.0, self._message_began + self._limits.message_time - asyncio.get_running_loop().time())

    def _note_progress(self, *, made: bool) -> None:
        if not self._decoder.is_within_a_message:
            self._message_began = None
        elif made or self._message_began is None:
            self._message_began = asyncio.get_running_loop().time()

    async def _receive(self, pieces: list[Piece]) -> bool:
        """False when the connection must close."""
        for piece in pieces:
            if piece.fault is Fault.NOISE:
                logger.warning("mllp: %s sent %d bytes outside any message", self.sender, len(piece.content))
            elif piece.fault is Fault.TOO_LARGE:
                logger.warning(
                    "mllp: %s sent a message over %d bytes", self.sender, self._limits.message_size
                )
                self._is_cut_off = True
                await self._submit(received(self.sender, piece.content, refusal=TOO_LARGE))
                return False
            else:
                refusal = UNFINISHED if piece.fault else None
                await self._submit(received(self.sender, piece.content, refusal=refusal))
                if len(piece.content) > _LARGE:
                    await self._answers.join()
        return True

    async def _submit(self, item: Received) -> None:
        await self._answers.put((item, self._batcher.submit(item)))

    async def _answer(self) -> None:
        """Ends only when the peer no longer takes its answers: what it sent is stored all the same."""
        try:
            while True:
                waiting = [await self._answers.get()]
                while not self._answers.empty():
                    waiting.append(self._answers.get_nowait())
                await self._answer_in_order(waiting)
        except OSError:  # TimeoutError is one
            return

    async def _answer_in_order(self, waiting: list[tuple[Received, "asyncio.Future[Outcome]"]]) -> None:
        """What was stored by one batch leaves in one write."""
        told: list[bytes] = []
        for item, future in waiting:
            if told and not future.done():
                await self._tell(told)
                told = []
            told.append(framed(answer(item, await future)))
        await self._tell(told)

    async def _tell(self, answers: list[bytes]) -> None:
        try:
            self._writer.write(b"".join(answers))
            async with asyncio.timeout(self._limits.answer_time):
                await self._writer.drain()
        finally:
            for _ in answers:
                self._answers.task_done()

    async def _close(self) -> None:
        if self._is_cut_off:
            await self._linger()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), self._limits.answer_time)
        self._writer.transport.abort()

    async def _linger(self) -> None:
        """Closing over unread bytes would reset the connection, and the peer would lose our answer.

        A message that is too large is thrown away to its end, piece by piece: many senders read nothing before it.
        """
        with contextlib.suppress(OSError, TimeoutError):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            if self._decoder.is_cut:
                async with asyncio.timeout(self._limits.message_time):
                    while (content := await self._reader.read(_READ_SIZE)) and END not in content:
                        pass
            async with asyncio.timeout(_LINGER):
                while await self._reader.read(_READ_SIZE):
                    pass


def _peer(writer: asyncio.StreamWriter) -> Peer:
    port = int(writer.get_extra_info("sockname")[1])
    session = writer.get_extra_info("ssl_object")
    certificate = session.getpeercert(binary_form=True) if session else None
    if not certificate:
        return Peer(port)
    names = {key: value for group in session.getpeercert().get("subject", ()) for key, value in group}
    return Peer(port, hashlib.sha256(certificate).hexdigest(), names.get("commonName", ""))
