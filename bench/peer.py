"""The usual MLLP server, to compare with: a thread a connection, python-hl7, one durable insert, then the answer.

python -m bench.peer DATABASE_URL   prints its port, then serves until it is stopped
"""

import socket
import sys
import threading

import hl7  # type: ignore[import-untyped]  # the peer we compare with has no types
import psycopg

from config.local.places import HOST


def main(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_bare (id bigserial PRIMARY KEY, raw bytea)")
    with socket.create_server((HOST, 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            wire, _ = server.accept()
            threading.Thread(target=_serve, args=(wire, url), daemon=True).start()


def _serve(wire: socket.socket, url: str) -> None:
    received = b""
    with wire, psycopg.connect(url, autocommit=True) as connection:
        while content := wire.recv(65_536):
            received += content
            while b"\x1c\r" in received:
                frame, _, received = received.partition(b"\x1c\r")
                parsed = hl7.parse(frame.lstrip(b"\x0b").decode())
                connection.execute("INSERT INTO bench_bare (raw) VALUES (%s)", [frame])
                wire.sendall(b"\x0b" + str(parsed.create_ack()).encode() + b"\x1c\r")


if __name__ == "__main__":
    main(sys.argv[1])
