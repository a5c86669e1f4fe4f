import json
from typing import Any

from django.core.management.base import BaseCommand

from terresante.kernel.ui.translation import catalogue

_HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


class Command(BaseCommand):
    help = (
        "Writes what the pages of patients and relatives say, as a gettext template:"
        " terresante strings > locale/en/LC_MESSAGES/django.po, then compilemessages."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(_HEAD)
        for text, places in sorted(catalogue().items()):
            said = json.dumps(text, ensure_ascii=False)
            self.stdout.write(f'#: {" ".join(sorted(places))}\nmsgid {said}\nmsgstr ""\n')
