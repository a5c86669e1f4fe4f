import asyncio
import signal
import ssl
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from terresante.interop.mllp.listener import Listener, server_context
from terresante.interop.mllp.store import MessageStore
from terresante.interop.models import SenderSystem


class Command(BaseCommand):
    help = "Écoute les établissements en MLLP : un port par émetteur en démonstration, un certificat client sinon."

    def handle(self, *args: Any, **options: Any) -> None:
        senders = list(SenderSystem.objects.filter(active=True).prefetch_related("domains").order_by("name"))
        store = MessageStore(senders)
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
    for port in [settings.MLLP_TLS_PORT] if tls else store.ports:
        taken = await listener.start(settings.MLLP_HOST, port, tls=tls)
        say(f"MLLP {settings.MLLP_HOST}:{taken}")
    await stopping.wait()
    await listener.stop()
    store.close()
