"""`python -m simulators.insi --port 8088`: an INSi teleservice to ask, with invented people or a published list."""

import argparse
import os
import sys
from pathlib import Path

from simulators.insi.people import UnusableFile, invented, read
from simulators.insi.service import Insi, server


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulators.insi", description="Téléservice INSi de démonstration")
    parser.add_argument("--port", type=int, default=8088, help="port, sur cette machine seulement")
    parser.add_argument(
        "--people", type=Path, action="append", default=[], help="liste aux colonnes publiées"
    )
    options = parser.parse_args()
    listed = [*options.people, *(Path(name) for name in [os.environ.get("TERRESANTE_INSI_FILE", "")] if name)]
    try:
        people = [*invented(), *(one for path in listed for one in read(path))]
    except UnusableFile as error:
        sys.stderr.write(f"{error}\n")
        return 2
    service = server(Insi(people), port=options.port)
    sys.stdout.write(
        f"INSi de démonstration : http://127.0.0.1:{service.server_port}/, {len(people)} identités\n"
    )
    sys.stdout.flush()
    try:
        service.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        service.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
