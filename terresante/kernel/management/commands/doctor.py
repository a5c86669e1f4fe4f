from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terresante.kernel.diagnosis import examine


class Command(BaseCommand):
    help = "Says whether this deployment stands as it should: roles, policies, trail, events, e-mails."

    def handle(self, *args: Any, **options: Any) -> None:
        answers = examine()
        for answer in answers:
            self.stdout.write(f"{'bon     ' if not answer.findings else 'À REVOIR'}  {answer.question.asks}")
            for finding in answer.findings:
                self.stdout.write(f"          {finding} : {answer.question.remedy}")
        wrong = sum(bool(answer.findings) for answer in answers)
        if wrong:
            raise CommandError(f"{wrong} point(s) à revoir.")
