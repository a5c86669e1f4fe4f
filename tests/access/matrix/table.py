"""Who may do what: the named cast × every declared rule × {own patient, another's}, asked of the rules themselves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Model

from terresante.kernel import access, rls
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.patients.models import Patient
from tests.cast import Cast

Rule = tuple[Action, type[Model]]
Rows = dict[tuple[str, type[Model]], UUID]

# Order and French words of the columns; the first patient is Madeleine, the second Léon.
COLUMNS = {
    "amar": "Médecin traitante (membre)",
    "ines": "Infirmière (membre)",
    "samira": "Assistante sociale (par sa structure)",
    "colin": "Coordinateur (par sa structure)",
    "secretaire": "Secrétaire (membre)",
    "aide": "Aide à domicile (membre)",
    "ancien": "Infirmier sorti du cercle",
    "urgentiste": "Urgentiste (accès en urgence)",
    "brun": "Médecin d’un autre patient",
    "dpo": "Délégué à la protection des données",
    "identito": "Identitovigilance",
    "cheffe": "Cheffe de projet de programmes",
    "madeleine": "La patiente",
    "leon": "Un autre patient",
    "tutrice": "Sa tutrice",
    "aidante": "Son aidante (soins)",
    "tuteur_leon": "Tuteur d’un autre patient",
    "hopital": "Hôpital qui connaît la patiente",
    "clinique": "Hôpital qui ne la connaît pas",
    "job": "Traitement automatique",
}
PATIENTS = {"madeleine": "Madeleine", "leon": "Léon", "opposee": "Odile, opposée"}


@dataclass(frozen=True)
class Line:
    action: Action
    model: str
    of_patient: bool
    # Whether there was a row to ask about.
    asked: bool
    # For each patient, the columns that may.
    allowed: dict[str, frozenset[str]]


def lines(cast: Cast, rows: Rows) -> list[Line]:
    """`rows`: one row of each model, without any limit of its own, for each patient."""
    declared = sorted(access.declared_rules(), key=lambda pair: (pair[1]._meta.label, pair[0].code))
    allowed = {
        (patient, name): allowed_to(
            cast.actors[name], declared, rows, patient, cast.records[patient].patient_id
        )
        # By actor: what he asks of one patient is still prepared when he asks it of the next.
        for name in COLUMNS
        for patient in PATIENTS
    }
    found = []
    for action, model in declared:
        who = {
            patient: frozenset(name for name in COLUMNS if (action, model) in allowed[patient, name])
            for patient in PATIENTS
        }
        of_patient = "patient" in {field.name for field in model._meta.fields} or model is Patient
        asked = all((patient, model) in rows for patient in PATIENTS)
        found.append(Line(action, str(model._meta.verbose_name), of_patient, asked, who))
    return found


def allowed_to(
    actor: Actor, declared: Sequence[Rule], rows: Rows, patient: str, patient_id: UUID
) -> set[Rule]:
    """As a page would: the record is opened first, if it opens; then each rule about its row of this patient."""
    with rls.acting(replace(actor), read_only=True):
        rls.open_record(patient_id)
        return {
            (action, model)
            for action, model in declared
            if (patient, model) in rows
            and access.list(actor, action, model).filter(pk=rows[patient, model]).exists()
        }


def written(found: list[Line]) -> str:
    head = "| Action | Sur | " + " | ".join(COLUMNS.values()) + " |"
    parts = [
        "# Matrice des accès",
        "",
        "Générée par `python -m tests.access.matrix` : chaque règle déclarée, posée à toute la distribution.",
        "Ne pas modifier à la main ; un test la compare aux règles. Une ligne porte sur un élément sans",
        "restriction (ni réservé à une structure, ni masqué au patient), de la classe « coordination » s’il en a une.",
    ]
    for patient, name in PATIENTS.items():
        parts += ["", f"## Sur le dossier de {name}", "", head, "|---|---|" + ":-:|" * len(COLUMNS)]
        for line in found:
            marks = " | ".join("✔" if column in line.allowed[patient] else "·" for column in COLUMNS)
            parts.append(f"| {line.action.label} | {line.model} | {marks} |")
    return "\n".join(parts) + "\n"
