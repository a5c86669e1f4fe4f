"""What Pro Santé Connect says of a professional (`userinfo`, scope `scope_all`). Pure.

`SubjectNameID` is his national identifier: 8 and RPPS, 0 and ADELI. `SubjectRefPro.exercices[].activities[]` are his
work situations, from the RPPS; any list may be missing or empty, and an empty string stands for null (INTEROP.md 9).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from terresante.directory.enums import Profession

STUDENT_CATEGORY, STUDENT_PREFIX = "E", "G16_"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidSituation:
    """One activity: the structure by its numbers, '' when not said; codes of the RPPS (TRE_R23, R21, R22, R02)."""

    profession: Profession
    finess: str
    annuaire_id: str
    siret: str
    mode: str
    function: str
    activity_kind: str
    sector: str


def national_id(claims: Mapping[str, Any]) -> str:
    """'' when it is not said."""
    said = claims.get("SubjectNameID")
    return said.strip() if isinstance(said, str) else ""


def situations(claims: Mapping[str, Any]) -> list[SaidSituation]:
    """Those whose profession we know and whose structure has a number; none when PSC says of none."""
    said = claims.get("SubjectRefPro")
    found = []
    for practice in _objects(said if isinstance(said, Mapping) else {}, "exercices"):
        profession = _profession(practice)
        for activity in _objects(practice, "activities") if profession else ():
            situation = _situation(profession, activity) if profession else None
            if situation is not None:
                found.append(situation)
    return found


def _situation(profession: Profession, activity: Mapping[str, Any]) -> SaidSituation | None:
    situation = SaidSituation(
        profession=profession,
        finess=_text(activity, "numeroFinessSite"),
        annuaire_id=_text(activity, "identifiantTechniqueDeLaStructure"),
        siret=_text(activity, "numeroSiretSite"),
        mode=_text(activity, "codeModeExercice"),
        function=_text(activity, "codeRole"),
        activity_kind=_text(activity, "codeGenreActivite"),
        sector=_text(activity, "codeSecteurDactivite"),
    )
    return situation if situation.finess or situation.annuaire_id else None


def _profession(practice: Mapping[str, Any]) -> Profession | None:
    """A student is never taken for who he will be: he keeps the prefix of his own list."""
    code = _text(practice, "codeProfession")
    if _text(practice, "codeCategorieProfessionnelle") == STUDENT_CATEGORY:
        code = STUDENT_PREFIX + code
    return Profession(code) if code in Profession.values else None


def _objects(told: Mapping[str, Any], name: str) -> Iterator[Mapping[str, Any]]:
    listed = told.get(name)
    return (each for each in (listed if isinstance(listed, list) else []) if isinstance(each, Mapping))


def _text(told: Mapping[str, Any], name: str) -> str:
    said = told.get(name)
    return said.strip() if isinstance(said, str) else ""
