from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from config.local.region.load import load


class Command(BaseCommand):
    help = (
        "Charge la région de démonstration, dans la base que la démonstration a créée et dans aucune autre."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        load(
            now=timezone.now(),
            var=Path(settings.VAR_DIR),
            mllp_port=settings.MLLP_TLS_PORT,
            say=self._say,
        )

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
