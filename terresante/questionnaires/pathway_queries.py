"""Pathways as their administration shows them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import PATHWAY_READ
from terresante.questionnaires.enums import VersionStatus
from terresante.questionnaires.models import Pathway, PathwaySignature, PathwayVersion
from terresante.questionnaires.pathway_actions import mistakes
from terresante.questionnaires.places import Place, Places

_COLUMN = re.compile(r"^colonne\s«\s\w+\s»\s:\s")


@dataclass(frozen=True, slots=True)
class PathwayShown:
    """A pathway and its versions, the latest first, without their files."""

    pathway: Pathway
    versions: tuple[PathwayVersion, ...]

    @property
    def current(self) -> PathwayVersion | None:
        return next((one for one in self.versions if one.status == VersionStatus.PUBLISHED), None)

    @property
    def draft(self) -> PathwayVersion | None:
        return next((one for one in self.versions if one.is_draft), None)


@dataclass(frozen=True, slots=True)
class Placed:
    """A mistake of a draft, and where it is corrected."""

    mistake: engine.Mistake
    place: Place

    @property
    def beside(self) -> str:
        """As it is said beside its field: the column is there to be seen."""
        said = _COLUMN.sub("", self.mistake.what)
        return f"{said[:1].upper()}{said[1:]}"


@dataclass(frozen=True, slots=True)
class VersionShown:
    """A version, what its files say, and what is wrong with them: `said` is None when they cannot be read."""

    version: PathwayVersion
    said: engine.Pathway | None
    mistakes: tuple[engine.Mistake, ...]
    signatures: tuple[PathwaySignature, ...]

    @property
    def placed(self) -> list[Placed]:
        return _placed(self.version.files, self.mistakes)

    @property
    def rules(self) -> tuple[engine.RuleInWords, ...]:
        said = self.said
        return () if said is None else tuple(engine.in_words(said, rule) for rule in said.rules)

    @property
    def meant(self) -> str:
        return "" if self.said is None else engine.meant_for(self.said.meant)

    @property
    def errors(self) -> tuple[engine.Mistake, ...]:
        return tuple(one for one in self.mistakes if not one.is_warning)

    @property
    def warnings(self) -> tuple[engine.Mistake, ...]:
        return tuple(one for one in self.mistakes if one.is_warning)


def pathways(actor: Actor) -> list[PathwayShown]:
    rows = list(access.list(actor, PATHWAY_READ, Pathway).order_by("title", "pk"))
    prefetch_related_objects(rows, Prefetch("versions", queryset=_versions()))
    return [_shown(row) for row in rows]


def pathway(actor: Actor, pathway_id: UUID) -> PathwayShown:
    """Raises NotFound."""
    row = access.get(actor, PATHWAY_READ, Pathway, pathway_id)
    prefetch_related_objects([row], Prefetch("versions", queryset=_versions()))
    return _shown(row)


def _versions() -> QuerySet[PathwayVersion]:
    return PathwayVersion.objects.defer("files").order_by("-number").prefetch_related("signatures")


def _shown(row: Pathway) -> PathwayShown:
    return PathwayShown(row, tuple(row.versions.all()))


def placed(row: PathwayVersion) -> list[Placed]:
    """Of a draft, as it is kept."""
    return placed_in(row.files)


def placed_in(files: Mapping[str, str]) -> list[Placed]:
    """Of files that are kept or not."""
    return _placed(files, mistakes(files))


def _placed(files: Mapping[str, str], found: Sequence[engine.Mistake]) -> list[Placed]:
    places = Places(files)
    return [Placed(one, places.of(one)) for one in found]


def version_shown(actor: Actor, version_id: UUID) -> VersionShown:
    """Raises NotFound. A draft is read and checked each time; a published one has no mistake."""
    row = access.get(actor, PATHWAY_READ, PathwayVersion, version_id, related=("pathway", "based_on"))
    signatures = tuple(row.signatures.order_by("signed_at"))
    if not row.is_draft:
        return VersionShown(row, row.read(), (), signatures)
    found: Sequence[engine.Mistake] = mistakes(row.files)
    try:
        said = row.read()
    except engine.PathwayError:
        said = None
    return VersionShown(row, said, tuple(found), signatures)
