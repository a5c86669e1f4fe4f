"""What a code means, and whether a list has it. Nothing loaded: nobody knows, and nothing is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.terminology.access import TERMINOLOGY_READ
from terresante.terminology.enums import LOINC, KnownSet
from terresante.terminology.models import Concept, ValueSet


@dataclass(frozen=True, slots=True)
class Verdict:
    """`version` is empty when no such list is loaded."""

    label: str = ""
    is_listed: bool = True
    version: str = ""


def judged(asked: Sequence[tuple[KnownSet, str]]) -> list[Verdict]:
    """Each code in its list, in two questions; a code that is empty is no fault."""
    names = {known.value for known, _ in asked}
    rows = ValueSet.objects.filter(short_name__in=names, is_current=True)
    loaded = {row.short_name: row for row in rows}
    found = Concept.objects.filter(
        value_set__in=[row.pk for row in loaded.values()], code__in={code for _, code in asked}
    )
    labels = {(concept.value_set_id, concept.code): concept.label for concept in found}
    return [_verdict(loaded.get(known.value), labels, code) for known, code in asked]


def _verdict(row: ValueSet | None, labels: dict[tuple[UUID, str], str], code: str) -> Verdict:
    if row is None or not code:
        return Verdict()
    label = labels.get((row.pk, code), "")
    return Verdict(label, bool(label), row.version)


def refuse_unlisted(known: KnownSet, code: str) -> None:
    """For what is typed here, or leaves from here (MISSION P13). Raises Invalid; a list not loaded refuses nothing."""
    (verdict,) = judged([(known, code)])
    if not verdict.is_listed:
        raise Invalid(
            f"Le code « {code} » n’est pas dans la nomenclature « {known.label} » (version {verdict.version}) :"
            " choisissez-en un autre, ou faites charger la version en vigueur."
        )


def loinc_labels(codes: Sequence[str]) -> dict[str, str]:
    """French names, when a file of them is loaded (docs/why/terminologies.md)."""
    found = Concept.objects.filter(
        value_set__short_name="LOINC", value_set__is_current=True, system=LOINC, code__in=list(codes)
    )
    return dict(found.values_list("code", "label"))


def loaded_sets(actor: Actor) -> QuerySet[ValueSet]:
    """Those in force first, each followed by its earlier versions."""
    return access.list(actor, TERMINOLOGY_READ, ValueSet).order_by(
        "short_name", "-is_current", "-published_on", "-loaded_at", "pk"
    )
