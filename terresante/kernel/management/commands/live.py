from argparse import ArgumentParser
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand

from terresante.kernel.management.commands.serve import refuse_elsewhere


class Command(BaseCommand):
    help = "Serves the live streams (path /live), behind the same origin as the pages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001)

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere(options["host"])
        uvicorn.run(
            "config.asgi:live",
            host=options["host"],
            port=options["port"],
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
