import asyncio
import contextlib
import logging
import signal
import ssl
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from terresante.interop.mllp.listener import Listener, server_context
from terresante.interop.mllp.store import MessageStore, active_senders

logger = logging.getLogger(__name__)
_RENEW_SECONDS = 30.0


class Command(BaseCommand):
    help = "Écoute les établissements en MLLP : un port par émetteur en démonstration, un certificat client sinon."

    def handle(self, *args: Any, **options: Any) -> None:
        store = MessageStore(active_senders())
        tls = _tls_context()
        if tls is None and not store.ports:
            raise CommandError(
                "Aucun émetteur à écouter : raccordez un établissement (avec son port), ou indiquez "
                "TERRESANTE_MLLP_CERTIFICATE, TERRESANTE_MLLP_KEY et TERRESANTE_MLLP_CLIENT_AUTHORITIES."
            )
        asyncio.run(_listen(store, tls, say=self.stdout.write))


def _tls_context() -> ssl.SSLContext | None:
    files = (settings.MLLP_CERTIFICATE, settings.MLLP_KEY, settings.MLLP_CLIENT_AUTHORITIES)
    if not all(files):
        if any(files) or not (settings.DEMO or settings.TESTING):
            raise CommandError(
                "Hors démonstration, MLLP exige TERRESANTE_MLLP_CERTIFICATE, TERRESANTE_MLLP_KEY et "
                "TERRESANTE_MLLP_CLIENT_AUTHORITIES : un établissement y est connu par son certificat."
            )
        return None
    certificate, key, authorities = (Path(name) for name in files)
    return server_context(certificate=certificate, key=key, client_authorities=authorities)


async def _listen(store: MessageStore, tls: ssl.SSLContext | None, *, say: Any) -> None:
    listener = Listener(*store.doors())
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    open_ports: set[int] = set()
    while not stopping.is_set():
        wanted = {settings.MLLP_TLS_PORT} if tls else set(store.ports)
        for port in sorted(wanted - open_ports):
            await _open(listener, port, tls, say=say)
            open_ports.add(port)
        await _renewed(store, stopping)
    await listener.stop()
    store.close()


async def _open(listener: Listener, port: int, tls: ssl.SSLContext | None, *, say: Any) -> None:
    taken = await listener.start(settings.MLLP_HOST, port, tls=tls)
    say(f"MLLP {settings.MLLP_HOST}:{taken}")


async def _renewed(store: MessageStore, stopping: asyncio.Event) -> None:
    """A sender registered meanwhile is listened to without a restart; one that is gone is heard no more."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), _RENEW_SECONDS)
        return
    try:
        await store.renew()
    except DatabaseError as error:
        logger.warning("mllp: the senders were not read again, %s", type(error).__name__)
