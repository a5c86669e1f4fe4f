"""The software of a practice, connected by an administrator: what the simulator needs to open patients here."""

from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from config.local.region.places import Directory
from simulators.region.build import ipp_of
from simulators.region.model import Identity, Region, Story
from terresante.interop.enums import ApiScope
from terresante.interop.fhir.actions import AccessEntry, open_access
from terresante.interop.partner_actions import add_key, register_partner
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain

_ADMINISTRATOR, _USER = "sauvage", "georges"
_AUTHORITY = "2.999.94.77"
_OF_HIS_CIRCLE = 5


def connect_practice(
    job: Actor, region: Region, directory: Directory, patients: dict[str, UUID]
) -> dict[str, Any]:
    """Five patients of Dr Georges, one whose circle he is not in, one whom nobody here knows."""
    administrator = directory.actors[_ADMINISTRATOR]
    practice = directory.workplaces[_USER]
    partner = register_partner(
        administrator,
        name="Cabinet Horizon (simulé)",
        editor="Éditeur de démonstration",
        version="12.4",
        organizations=[practice.annuaire_id or ""],
    )
    private = ec.generate_private_key(ec.SECP256R1())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    key = add_key(administrator, partner.pk, public_key=public)
    domain = IdentityDomain.objects.create(
        authority=_AUTHORITY, name=practice.name[:120], organization=practice
    )
    known = _shown(region)
    for story in known:
        with rls.acting(job):
            link_identity(job, patients[story.key], domain=domain, value=_number(story, region))
    opened = open_access(
        administrator, partner.pk, entry=AccessEntry(organization=practice, scopes=ApiScope.values)
    )
    user = directory.practitioners[_USER]
    return {
        "issuer": str(partner.pk),
        "key_id": str(key.pk),
        "client_id": str(opened.pk),
        "private_key": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "user": f"{user.title} {user}".strip(),
        "rpps": user.rpps,
        "patients": [*(_patient(story, region) for story in known), _unknown()],
    }


def _shown(region: Region) -> list[Story]:
    told = [story for story in region.stories if story.is_written_by_hand]
    his = [story for story in told if _USER in {story.founder, *(member.who for member in story.members)}]
    return [*his[:_OF_HIS_CIRCLE], next(story for story in told if story not in his)]


def _number(story: Story, region: Region) -> str:
    return f"CAB{ipp_of(story, region.simulated_hospital)}"


def _patient(story: Story, region: Region) -> dict[str, Any]:
    return {
        **_traits(story.identity),
        "ipp": {"value": _number(story, region), "authority": _AUTHORITY},
    }


def _traits(identity: Identity) -> dict[str, Any]:
    return {
        "label": f"{identity.given.split()[0]} {identity.used_name or identity.birth_name}",
        "birth_name": identity.birth_name,
        "birth_given_names": identity.given,
        "birth_date": identity.born.isoformat(),
        "sex": identity.sex,
        "birth_place_code": identity.birth_place.code,
    }


def _unknown() -> dict[str, Any]:
    return {
        "label": "Solange VAUTRIN-ESSAI (sans dossier ici)",
        "birth_name": "VAUTRIN-ESSAI",
        "birth_given_names": "SOLANGE",
        "birth_date": "1951-06-09",
        "sex": "F",
        "birth_place_code": "94028",
        "ipp": {"value": "CAB-SANS-DOSSIER", "authority": _AUTHORITY},
    }
