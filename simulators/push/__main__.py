"""`python -m simulators.push --port 8089 --devices file`: telephones on which alerts arrive."""

import argparse
import json
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from simulators.push.device import Device, from_text
from simulators.push.service import PushService, server


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulators.push", description="Service push et téléphones simulés")
    parser.add_argument("--port", type=int, default=8089, help="port, sur cette machine seulement")
    parser.add_argument("--devices", type=Path, help="téléphones inscrits, avec leurs clés")
    options = parser.parse_args()
    listed = json.loads(options.devices.read_text()) if options.devices else []
    devices = [_device(**told) for told in listed]
    service = server(PushService(devices={each.number: each for each in devices}), port=options.port)
    sys.stdout.write(f"Service push simulé : http://127.0.0.1:{service.server_port}/\n")
    sys.stdout.flush()
    try:
        service.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        service.server_close()
    return 0


def _device(number: str, served_key: str, private: str, auth: str) -> Device:
    key = ec.derive_private_key(int.from_bytes(from_text(private), "big"), ec.SECP256R1())
    return Device(number, served_key, key, from_text(auth))


if __name__ == "__main__":
    raise SystemExit(main())
