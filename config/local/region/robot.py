"""What the robot prepared for a support structure: three persons to inform, and what a file looks like when it is not
perfect.
"""

from config.local.region.places import Directory
from terresante.interop.robot_actions import RuleEntry, prepare_from_file, set_rule

_ADMINISTRATOR, _STRUCTURE = "sauvage", "repy"
# Persons of no story: two come out of hospital, one is known to her physician only; the last line is a slip. As
# hospitals export: a column more, in their own order.
_FILE = """service;nom_naissance;prenoms_naissance;sexe;date_naissance;lieu_naissance
CARD;LEFLOC-ESSAI;Yvonne Marie;F;14/02/1944;29232
CARD;BOUCHARD-ESSAI;Roger;M;30/09/1938;94028
MED;TRAORE-ESSAI;Fatoumata;F;1957-06-02;99335
CARD;LEFLOC-ESSAI;Yvonne Marie;F;14/02/1944;29232
MED;MERCIER-ESSAI;Jean;M;31/02/1950;94028
"""


def prepare_records(directory: Directory) -> None:
    actor, structure = directory.actors[_ADMINISTRATOR], directory.organizations[_STRUCTURE]
    entry = RuleEntry(
        name="Sortie d’hospitalisation, insuffisance cardiaque",
        organization_number=structure.finess or structure.annuaire_id or structure.siret,
    )
    rule = set_rule(actor, entry=entry)
    prepare_from_file(actor, rule.pk, content=_FILE.encode())
