"""clamd as a client meets it: zPING and zINSTREAM over TCP or a Unix socket (clamd(8)), with one signature known.

The signature is EICAR's test file, kept here in two halves so that no real antivirus takes this file for it.
"""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + rb"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
# StreamMaxLength of a distribution's clamd.conf.
STREAM_MAX_LENGTH = 100 << 20


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        command = self._command()
        if command == b"zPING":
            self.wfile.write(b"PONG\0")
        elif command == b"zINSTREAM":
            self.wfile.write(self._scanned())
        else:
            self.wfile.write(b"UNKNOWN COMMAND\0")

    def _command(self) -> bytes:
        command = b""
        while (sign := self.rfile.read(1)) not in (b"\0", b""):
            command += sign
        return command

    def _scanned(self) -> bytes:
        size, tail, found = 0, b"", False
        while length := int.from_bytes(self.rfile.read(4), "big"):
            size += length
            if size > STREAM_MAX_LENGTH:
                return b"INSTREAM size limit exceeded. ERROR\0"
            piece = self.rfile.read(length)
            found = found or EICAR in tail + piece
            tail = piece[-len(EICAR) :]
        return b"stream: Eicar-Test-Signature FOUND\0" if found else b"stream: OK\0"


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def running(path: Path | None = None) -> Iterator[str]:
    """Its address, as a deployment would say it; on a free port of this machine unless a socket's path is given."""
    server: _Tcp | _Unix = _Unix(str(path), _Handler) if path else _Tcp(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield str(path) if path else "{}:{}".format(*server.socket.getsockname())
    finally:
        server.shutdown()
        server.server_close()
