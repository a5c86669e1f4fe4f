"""Whom the hospital of the chaos knows: patients with a shared record. Run by a process of its own."""

import json
import os
import sys
from datetime import date, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from terresante.directory.enums import OrganizationKind, Profession  # noqa: E402 -- once Django is set up
from terresante.directory.models import Unit  # noqa: E402
from terresante.interop.actions import register_sender  # noqa: E402
from terresante.kernel.actor import Actor  # noqa: E402
from terresante.patients.models import IdentityDomain, SourceIdentity  # noqa: E402
from tests.cast import organization, professional, shared_record  # noqa: E402
from tests.chaos.flow import AUTHORITY, UNIT  # noqa: E402
from tests.walls import walls_down  # noqa: E402

_BORN = date(1931, 1, 1)


def settle(number: int, port: int) -> list[dict[str, str]]:
    """The hospital with its port, a physician, and so many persons of his, each with her number."""
    with walls_down():
        practice = organization("Cabinet du Chaos", OrganizationKind.SOLO_PRACTICE)
        hospital = organization("Hôpital du Chaos", OrganizationKind.PUBLIC_HOSPITAL)
        Unit.objects.create(organization=hospital, code=UNIT, name="Médecine")
        doctor = professional("amar", Profession.DOCTOR, practice)
    register_sender(
        Actor.job("chaos"), hospital.pk, name="GAM", authorities=[AUTHORITY.universal_id], port=port
    )
    with walls_down():
        domain = IdentityDomain.objects.get(authority=AUTHORITY.universal_id)
        return [_person(doctor, domain, index) for index in range(number)]


def _person(doctor: Actor, domain: IdentityDomain, index: int) -> dict[str, str]:
    letters = "".join(chr(ord("A") + int(digit)) for digit in f"{index:04d}")
    born = _BORN + timedelta(days=index)
    record = shared_record(doctor, f"CHAOS{letters}", "ANNE", born)
    SourceIdentity.objects.create(domain=domain, value=f"C{index}", patient_id=record.patient_id)
    return {"ipp": f"C{index}", "name": f"CHAOS{letters}", "born": born.isoformat()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(settle(int(sys.argv[1]), int(sys.argv[2]))))
