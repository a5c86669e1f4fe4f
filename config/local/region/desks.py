"""Who works for whom, and who asks for an account: what the back office shows on the first day."""

from django.utils import timezone

from config.local.region.places import MAIL_DOMAIN, Directory
from terresante.directory.actions.delegations import DelegationEntry, give_delegation
from terresante.directory.actions.registration import RegistrationEntry, ask_registration, newcomer
from terresante.directory.enums import Profession

_PHYSICIAN, _SECRETARY = "georges", "maurel"
# (family name, given name, profession, structure): one for the administrator of a structure, one for the platform's.
_WAITING = (
    ("TAILLEUR-ESSAI", "Rose", Profession.CARE_ASSISTANT, "bicetre"),
    ("VASSEUR-ESSAI", "Hugo", Profession.PHYSIOTHERAPIST, "kine-berges"),
)
_PROOF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>endobj
4 0 obj<</Length 66>>stream
BT /F 16 Tf 40 120 Td (Justificatif de demonstration, sans valeur) Tj ET
endstream endobj
5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def settle_desks(directory: Directory) -> None:
    secretary = directory.practitioners[_SECRETARY]
    entry = DelegationEntry(secretary_id=secretary.pk, starts_on=timezone.localdate())
    give_delegation(directory.actors[_PHYSICIAN], entry=entry)
    for family, given, profession, place in _WAITING:
        entry_of = RegistrationEntry(
            family_name=family,
            given_name=given,
            profession=profession,
            number="",
            email=f"{given.lower()}@{MAIL_DOMAIN}",
            phone="",
            organization_id=directory.organizations[place].pk,
        )
        ask_registration(newcomer(), entry=entry_of, proof=_PROOF)
