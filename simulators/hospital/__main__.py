"""`python -m simulators.hospital --host 127.0.0.1 --port 2575`: a hospital to play with, in a browser."""

import argparse
import ssl
import sys
from pathlib import Path

from simulators.hospital.client import Ack, Client, NoAnswer
from simulators.hospital.page import Hospital, UnusableFile, read_people, server
from simulators.hospital.receiver import Receiver


def main() -> int:
    options = _options()
    try:
        people = read_people(options.patients)
    except UnusableFile as error:
        sys.stderr.write(f"{error}\n")
        return 2
    tls = _tls(options)

    def send(content: bytes) -> Ack:
        try:
            with Client(options.host, options.port, tls=tls) as client:
                return client.send(content)
        except OSError as error:
            raise NoAnswer(
                f"La plateforme ne répond pas ({options.host}, port {options.port}) : est-elle lancée ?"
            ) from error

    receiver = _receiver(options.receiver_port or options.port + 1)
    page = server(Hospital(people, send, receiver), port=options.page_port)
    sys.stdout.write(f"Hôpital de démonstration : http://127.0.0.1:{page.server_port}/\n")
    sys.stdout.flush()
    try:
        page.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        page.server_close()
    return 0


def _receiver(port: int) -> Receiver | None:
    """None when the port is taken: the page is then without acknowledgements, and says so."""
    try:
        receiver = Receiver(port)
    except OSError:
        sys.stderr.write(f"Le port {port} est pris : les accusés métier ne sont pas reçus.\n")
        return None
    receiver.serve()
    return receiver


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="simulators.hospital", description="Hôpital de démonstration (HL7 v2, MLLP)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="machine de la plateforme")
    parser.add_argument("--port", type=int, default=2575, help="port MLLP de la plateforme")
    parser.add_argument(
        "--page-port", type=int, default=8087, help="port de la page, sur cette machine seulement"
    )
    parser.add_argument(
        "--receiver-port", type=int, default=0, help="port des accusés métier (par défaut : celui d’après)"
    )
    parser.add_argument(
        "--patients", type=Path, default=Path("var/demo-hospital.json"), help="liste des patients"
    )
    parser.add_argument(
        "--authority-file", type=Path, help="autorité qui a signé le certificat de la plateforme"
    )
    parser.add_argument("--certificate", type=Path, help="certificat de l’hôpital")
    parser.add_argument("--key", type=Path, help="clé de ce certificat")
    return parser.parse_args()


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    if options.authority_file is None:
        return None
    context = ssl.create_default_context(cafile=str(options.authority_file))
    if options.certificate:
        context.load_cert_chain(options.certificate, options.key)
    return context


if __name__ == "__main__":
    raise SystemExit(main())
