"""What a draft says of itself, for whom it is and its delays: fields of `pathway.toml`, whose comments stay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from terresante.questionnaires import archive, draft
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.editors.values import with_values
from terresante.questionnaires.pathway_forms import NOTHING, EditedField

_OF_FILE = {
    "summary": ("", "summary"),
    "anchor": ("anchor", "label"),
    "ages": ("enrolment", "ages"),
    "sex": ("enrolment", "sex"),
    "statuses": ("enrolment", "statuses"),
    "criteria": ("enrolment", "criteria"),
    "confirm": ("delays", "confirm"),
    "take_red": ("delays", "take_red"),
    "take_orange": ("delays", "take_orange"),
}
_LABELS = {
    "summary": "Résumé",
    "anchor": "Date de référence",
    "ages": "Âge minimal",
    "ages-to": "Âge maximal",
    "sex": "Sexe",
    "statuses": "Statuts de la personne, un par ligne",
    "criteria": "Critères d’inclusion, un par ligne",
    "confirm": "Mesure à refaire",
    "take_red": "Alerte rouge que personne ne prend",
    "take_orange": "Alerte orange que personne ne prend",
}
_HELP = {
    "summary": "Deux phrases, lues par qui choisit un parcours.",
    "anchor": "Le calendrier se compte à partir de cette date : « Date de l’opération ».",
    "statuses": "Vide : aucun statut n’est demandé.",
    "criteria": (
        "Ce que le professionnel confirme en incluant la personne : « A une balance chez elle ». Vide : rien n’est"
        " demandé."
    ),
}
SEXES = {"": "Toute personne", "female": "Femmes", "male": "Hommes"}
# A list in the file, a line each on the page.
_LISTS = ("statuses", "criteria")
# As `pathway.toml` accepts them, in minutes.
_AGES = ("ages", "ages-to")
_MINUTES = {"confirm": (0, 1440), "take_red": (1, 1440), "take_orange": (1, 10080)}


# (table, key) of the file → the field where it is corrected.
FRAMED = {place: f"cadre-{name}" for name, place in _OF_FILE.items()}


@dataclass(frozen=True, slots=True)
class Framed:
    field: EditedField
    help: str


class FramingEditor:
    """`cadre-<name>`."""

    SEXES = SEXES

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None = None,
        wrong: Mapping[str, str] = NOTHING,
    ) -> None:
        self.said, self.sent, self.wrong = draft.told(files), sent, wrong

    @property
    def about(self) -> list[Framed]:
        return [self._framed(name) for name in ("summary", "statuses")]

    @property
    def anchor(self) -> Framed:
        return self._framed("anchor")

    @property
    def criteria(self) -> Framed:
        return self._framed("criteria")

    @property
    def ages(self) -> list[EditedField]:
        """In completed years, both included."""
        kept = dict(zip(_AGES, _bounds(self._kept("ages")), strict=True))
        return [self._field(name, kept[name], words="ans, compris") for name in _AGES]

    @property
    def sex(self) -> EditedField:
        return self._field("sex")

    @property
    def delays(self) -> list[EditedField]:
        return [self._field(name, words="minutes") for name in _MINUTES]

    @property
    def refused(self) -> list[tuple[EditedField, str]]:
        """(field, of what)"""
        every = [*(self._field(name) for name in _OF_FILE if name != "ages"), *self.ages]
        return [(one, "cadre") for one in every if one.wrong]

    def mistakes(self) -> dict[str, str]:
        """Of what was sent, by the name of its field."""
        found = {}
        if not self._typed("summary"):
            found["cadre-summary"] = "Écrivez ce que suit ce parcours, en une ou deux phrases."
        found |= self._wrong_ages()
        if told := engine.wrong_criteria(_lines(self._typed("criteria"))):
            found["cadre-criteria"] = told
        if self._typed("sex") not in SEXES:
            found["cadre-sex"] = "Choisissez dans la liste."
        for name, (lowest, highest) in _MINUTES.items():
            typed = self._typed(name)
            if not (typed.isascii() and typed.isdigit() and lowest <= int(typed) <= highest):
                found[f"cadre-{name}"] = f"Écrivez un nombre entier de minutes, entre {lowest} et {highest}."
        return found

    def _wrong_ages(self) -> dict[str, str]:
        typed = {name: self._typed(name) for name in _AGES}
        found = {
            f"cadre-{name}": f"Écrivez un âge en années entières, de 0 à {engine.OLDEST}, ou laissez vide."
            for name, said in typed.items()
            if said
            and not (said.isascii() and said.isdigit() and len(said) < 4 and int(said) <= engine.OLDEST)
        }
        if not found and all(typed.values()) and int(typed["ages"]) > int(typed["ages-to"]):
            found["cadre-ages-to"] = (
                f"Cet âge est au-dessous de {typed['ages']} ans : corrigez l’un des deux."
            )
        return found

    def _ages(self) -> str:
        """As the file writes them; as it wrote them, when they say the same."""
        kept = self._kept("ages")
        low, high = (said and str(int(said)) for said in (self._typed(name) for name in _AGES))
        if _bounds(kept) == (low, high):
            return kept
        return f"{low or 0}..{high}" if high else f">= {low}" if low else ""

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        """Of what has no mistake. What is not on the page stays. Raises Unreadable."""
        edits: dict[tuple[str, str], Any] = {}
        for name, place in _OF_FILE.items():
            if f"cadre-{name}" not in (self.sent or {}):
                continue
            typed = self._ages() if name == "ages" else self._typed(name)
            value: Any = int(typed) if name in _MINUTES else typed
            if name in _LISTS:
                value = _lines(typed)
            # What says nothing is left out of the file, unless it stood there.
            edits[place] = value or (None if name not in _MINUTES and not self._kept(name) else value)
        return with_values(before, archive.ABOUT, edits)

    def _framed(self, name: str) -> Framed:
        return Framed(self._field(name), _HELP.get(name, ""))

    def _field(self, name: str, kept: str | None = None, *, words: str = "") -> EditedField:
        key = f"cadre-{name}"
        kept = self._kept(name) if kept is None else kept
        value = kept if self.sent is None else str(self.sent.get(key, kept))
        return EditedField(key, _LABELS[name], value, self.wrong.get(key, ""), words)

    def _kept(self, name: str) -> str:
        table, key = _OF_FILE[name]
        holder = self.said.get(table, {}) if table else self.said
        value = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(value, list):
            return "\n".join(map(str, value))
        if value is None and name in _MINUTES:
            return str(getattr(engine.Delays(), name))
        return "" if value is None else str(value)

    def _typed(self, name: str) -> str:
        lines = str((self.sent or {}).get(f"cadre-{name}", "")).strip()[:5000]
        return lines if name in _LISTS else " ".join(lines.split())


def _lines(typed: str) -> list[str]:
    return [one for line in typed.splitlines() if (one := line.strip())]


def _bounds(ages: str) -> tuple[str, str]:
    """(lowest, highest) as they are typed; what cannot be read is shown to whoever corrects it."""
    try:
        low, high = engine.ages_of(ages)
    except ValueError:
        return ages, ""
    return "" if low is None else str(low), "" if high is None else str(high)
