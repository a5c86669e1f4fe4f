"""`python -m simulators.practice`: the software of a practice, which opens its patients in the platform."""

import argparse
import sys
from pathlib import Path

from simulators.practice.call import UnusableFile, read_settings
from simulators.practice.page import server


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulators.practice", description="Logiciel de cabinet simulé")
    parser.add_argument("--platform", default="http://127.0.0.1:8000", help="adresse de la plateforme")
    parser.add_argument("--settings", type=Path, default=Path("var/demo-practice.json"), help="réglages")
    parser.add_argument(
        "--page-port", type=int, default=8088, help="port de la page, sur cette machine seulement"
    )
    options = parser.parse_args()
    try:
        settings = read_settings(options.settings, platform=options.platform)
    except UnusableFile as error:
        sys.stderr.write(f"{error}\n")
        return 2
    page = server(settings, port=options.page_port)
    sys.stdout.write(f"Logiciel de cabinet : http://127.0.0.1:{page.server_port}/\n")
    sys.stdout.flush()
    try:
        page.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        page.server_close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
