"""What the robot prepared for a support structure: three persons to inform, and what a file looks like when it is not
perfect.
"""

from config.local.region.places import Directory
from terresante.interop.robot_actions import RuleEntry, prepare_from_file, set_rule

_ADMINISTRATOR, _STRUCTURE = "sauvage", "repy"
# Persons of no story: two come out of hospital, one is known to her physician only; the last line is a slip.
_FILE = """nom_naissance;prenoms_naissance;date_naissance;sexe;lieu_naissance
LEFLOC-ESSAI;Yvonne Marie;14/02/1944;F;29232
BOUCHARD-ESSAI;Roger;30/09/1938;M;94028
TRAORE-ESSAI;Fatoumata;02/06/1957;F;99335
LEFLOC-ESSAI;Yvonne Marie;14/02/1944;F;29232
MERCIER-ESSAI;Jean;31/02/1950;M;94028
"""


def prepare_records(directory: Directory) -> None:
    actor, structure = directory.actors[_ADMINISTRATOR], directory.organizations[_STRUCTURE]
    entry = RuleEntry(
        name="Sortie d’hospitalisation, insuffisance cardiaque",
        organization_number=structure.finess or structure.annuaire_id or structure.siret,
    )
    rule = set_rule(actor, entry=entry)
    prepare_from_file(actor, rule.pk, content=_FILE.encode())
