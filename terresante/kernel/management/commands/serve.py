import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Command(BaseCommand):
    help = "Serves the pages; with --with-live the streams too, from one process (a demonstration)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--workers", type=int, default=os.cpu_count() or 2, help="by default, one per processor"
        )
        parser.add_argument("--threads", type=int, default=64, help="per worker: those a slow network holds")
        parser.add_argument("--with-live", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_elsewhere(options["host"])
        if options["with_live"]:
            _serve_everything(options["host"], options["port"])
        else:
            _serve_pages(options["host"], options["port"], options["workers"], options["threads"])


def refuse_elsewhere(host: str) -> None:
    """A demonstration shows everybody's codes (`/demonstration/boite/`)."""
    if settings.DEMO and host not in LOOPBACK:
        raise CommandError("Une démonstration n’écoute que sur cette machine : --host 127.0.0.1.")


def _serve_everything(host: str, port: int) -> None:
    import uvicorn  # noqa: PLC0415 -- each server is loaded by the one mode that uses it

    uvicorn.run(
        "config.asgi:everything", host=host, port=port, log_level="warning", timeout_graceful_shutdown=2
    )


def _serve_pages(host: str, port: int, workers: int, threads: int) -> None:
    from granian import Granian  # noqa: PLC0415 -- as above
    from granian.constants import Interfaces  # noqa: PLC0415 -- as above

    os.environ["TERRESANTE_THREADS"] = str(threads)  # read by the settings of each worker
    Granian(
        "config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
    ).serve()
