"""The account of a professional of the directory: the first of a deployment is its administrator's."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from terresante.accounts.actions.opening import create_account
from terresante.directory.actions import RoleEntry, link_account, start_role
from terresante.directory.enums import Duty, Profession
from terresante.directory.models import Organization, Practitioner
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import DomainError


class Command(BaseCommand):
    help = (
        "Ouvre le compte d’un professionnel de l’annuaire. Le mot de passe est demandé, ou lu sur l’entrée."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("rpps", help="numéro RPPS du professionnel")
        parser.add_argument("--login", required=True, help="identifiant de connexion")
        parser.add_argument("--email", required=True, help="adresse où partent les codes")
        parser.add_argument("--duty", choices=Duty.values, help="fonction confiée, exercée dans --at")
        parser.add_argument("--at", help="numéro FINESS de la structure où la fonction s’exerce")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["duty"]) != bool(options["at"]):
            raise CommandError("Donnez --duty et --at ensemble, ou ni l’un ni l’autre.")
        practitioner = Practitioner.objects.filter(rpps=options["rpps"]).first()
        if practitioner is None:
            raise CommandError(f"Aucun professionnel de l’annuaire ne porte le numéro {options['rpps']}.")
        password = _password()
        try:
            validate_email(options["email"])
            validate_password(password)
            with transaction.atomic():
                _open(practitioner, password, options)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except DomainError as error:
            raise CommandError(error.sentence) from error
        self.stdout.write(f"Compte ouvert pour {practitioner}.")


def _open(practitioner: Practitioner, password: str, options: dict[str, Any]) -> None:
    actor = Actor.job("open_account", channel=Channel.COMMAND)
    user = create_account(
        actor, login=options["login"], name=str(practitioner), email=options["email"], password=password
    )
    link_account(actor, practitioner_id=practitioner.pk, user_id=user.pk)
    if options["duty"]:
        place = Organization.objects.filter(Q(finess=options["at"]) | Q(annuaire_id=options["at"])).first()
        if place is None:
            raise CommandError(f"Aucune structure ne porte le numéro {options['at']}.")
        entry = RoleEntry(
            practitioner_id=practitioner.pk,
            organization_id=place.pk,
            profession=Profession(practitioner.profession),
            duties=[Duty(options["duty"])],
            start=timezone.localdate(),
        )
        start_role(actor, entry=entry)


def _password() -> str:
    if sys.stdin.isatty():
        return getpass.getpass("Mot de passe : ")
    return sys.stdin.readline().rstrip("\n")
