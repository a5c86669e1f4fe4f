"""Versions of pathways: brought, cloned, edited, published, signed. A published one never changes (trigger)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import emit
from terresante.questionnaires import archive, draft
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import (
    PATHWAY_MANAGE,
    PATHWAY_PUBLISH,
    PATHWAY_SIGN,
    require_pathway_manager,
)
from terresante.questionnaires.enums import PATHWAY_CLASSES, PathwayKind, VersionStatus
from terresante.questionnaires.events import PathwayPublished
from terresante.questionnaires.models import Pathway, PathwaySignature, PathwayVersion

_TWO_DRAFTS = "Ce parcours a déjà un brouillon : ouvrez-le, ou abandonnez-le d’abord."
_MOST_SAID = 12
# The note of a version that came from files, and that nobody has made his own since.
LOADED = "Chargée depuis ses fichiers"


@action
def load(actor: Actor, files: Mapping[str, str]) -> tuple[PathwayVersion, bool]:
    """What a folder says, if no version of its pathway ever said it, and whether it is new.

    It is offered at once, but where what is offered was published by a person: it is then a draft, and hers stays.
    Raises Invalid with its mistakes, Conflict while somebody edits a draft of it.
    """
    require_pathway_manager(actor)
    sent = _checked(files)
    _refuse_mistakes(sent)
    code = engine.read(sent).code
    versions = list(PathwayVersion.objects.filter(pathway__code=code).order_by("-number"))
    if known := next((one for one in versions if one.files == sent), None):
        audit.record(actor, PATHWAY_MANAGE, about=known, detail={"code": code, "same": True})
        return known, False
    current = next((one for one in versions if one.status == VersionStatus.PUBLISHED), None)
    row = _new_draft(actor, _pathway(sent), sent, note=LOADED, based_on=current)
    if current is None or current.note == LOADED:
        _publish(actor, row)
    audit.record(actor, PATHWAY_PUBLISH, about=row, detail={"code": code, "number": row.number})
    return row, True


@action
def bring(actor: Actor, files: Mapping[str, str]) -> PathwayVersion:
    """A draft, with its mistakes if it has any: they are said on its page, and corrected there.

    Raises Invalid when what it is cannot be read, Conflict when the pathway has a draft.
    """
    require_pathway_manager(actor)
    sent = _checked(files)
    row = _new_draft(actor, _pathway(sent), sent, note="")
    audit.record(actor, PATHWAY_MANAGE, about=row, detail={"code": row.pathway.code, "number": row.number})
    return row


@action
def clone(actor: Actor, version_id: UUID) -> PathwayVersion:
    """The draft of the next version, from this one."""
    require_pathway_manager(actor)
    of = access.get(actor, PATHWAY_PUBLISH, PathwayVersion, version_id, related=("pathway",))
    row = _new_draft(actor, of.pathway, of.files, note="", based_on=of)
    audit.record(actor, PATHWAY_MANAGE, about=row, detail={"code": of.pathway.code, "number": row.number})
    return row


@action
def copy_as(actor: Actor, version_id: UUID, *, code: str, title: str) -> PathwayVersion:
    """Another pathway that begins as this one: its own code, its own life. Raises Invalid for a code that is taken."""
    require_pathway_manager(actor)
    of = access.get(actor, PATHWAY_PUBLISH, PathwayVersion, version_id)
    if Pathway.objects.filter(code=code).exists():
        raise Invalid(
            "Ce code est pris.", fields={"code": "Un parcours porte déjà ce code : choisissez-en un autre."}
        )
    files = draft.renamed(of.files, code, title)
    row = _new_draft(actor, _pathway(files), files, note="", based_on=of)
    audit.record(actor, PATHWAY_MANAGE, about=row, detail={"code": code, "number": row.number})
    return row


@action
def save_draft(
    actor: Actor, version_id: UUID, *, files: Mapping[str, str], seen: datetime, note: str | None = None
) -> PathwayVersion:
    """`seen`: its `changed_at` as who edits it read it. Raises Conflict when somebody else saved it meanwhile."""
    require_pathway_manager(actor)
    row = access.get(actor, PATHWAY_MANAGE, PathwayVersion, version_id, related=("pathway",), lock=True)
    sent = _checked(files)
    if row.changed_at != seen:
        raise Conflict("Quelqu’un d’autre a modifié ce brouillon : rechargez la page, puis recommencez.")
    code = draft.told(sent).get("code", row.pathway.code)
    if code != row.pathway.code:
        raise Invalid("Le code d’un parcours ne change pas : dupliquez-le plutôt sous un autre code.")
    row.files, row.changed_at = sent, timezone.now()
    if note is not None:
        row.note = note
    row.save(update_fields=["files", "changed_at", "note"])
    audit.record(actor, PATHWAY_MANAGE, about=row, detail={"code": row.pathway.code, "number": row.number})
    return row


@action
def abandon_draft(actor: Actor, version_id: UUID) -> Pathway:
    """It leaves no trace but in the trail; a pathway of which nothing else was made goes with it."""
    require_pathway_manager(actor)
    row = access.get(actor, PATHWAY_MANAGE, PathwayVersion, version_id, related=("pathway",), lock=True)
    audit.record(actor, PATHWAY_MANAGE, about=row, detail={"code": row.pathway.code, "abandoned": row.number})
    row.delete()
    return row.pathway


@action
def publish(actor: Actor, version_id: UUID, *, note: str) -> PathwayVersion:
    """Offered from now on; what runs stays on its own version. Raises Invalid while a mistake remains."""
    require_pathway_manager(actor)
    row = access.get(actor, PATHWAY_MANAGE, PathwayVersion, version_id, related=("pathway",), lock=True)
    if wrong := _errors(row.files):
        many = f"{len(wrong)} erreurs sont" if len(wrong) > 1 else "une erreur est"
        raise Invalid(
            f"Ce parcours ne peut pas être publié : {many} à corriger, dans « À corriger avant de publier »."
        )
    row.note = note
    row.save(update_fields=["note"])
    _publish(actor, row)
    audit.record(actor, PATHWAY_PUBLISH, about=row, detail={"code": row.pathway.code, "number": row.number})
    return row


@action
def retire(actor: Actor, pathway_id: UUID) -> Pathway:
    """Offered no more; what runs goes on to its end. A later version brings it back."""
    require_pathway_manager(actor)
    pathway = access.get(actor, PATHWAY_PUBLISH, Pathway, pathway_id, lock=True)
    current = PathwayVersion.objects.filter(pathway=pathway, status=VersionStatus.PUBLISHED).first()
    if current is None:
        raise Conflict("Aucune version de ce parcours n’est publiée : rechargez la page.")
    _retire(current)
    pathway.is_active = False
    pathway.save(update_fields=["is_active"])
    audit.record(
        actor, PATHWAY_PUBLISH, about=current, detail={"code": pathway.code, "retired": current.number}
    )
    return pathway


@action
def sign(actor: Actor, version_id: UUID) -> PathwaySignature:
    """« Validé cliniquement par » the structure that its administrator works for now."""
    version = access.get(actor, PATHWAY_SIGN, PathwayVersion, version_id, related=("pathway",))
    if actor.organization_id is None or actor.person_id is None:
        raise Refused("Choisissez d’abord la structure pour laquelle vous validez.")
    row = PathwaySignature(
        version=version,
        organization_id=actor.organization_id,
        organization_name=actor.organization_name,
        signed_by_id=actor.person_id,
        signed_by_name=actor.name,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("Votre structure a déjà validé cette version.") from error
    audit.record(
        actor, PATHWAY_SIGN, about=version, detail={"code": version.pathway.code, "number": version.number}
    )
    return row


def mistakes(files: Mapping[str, str]) -> Sequence[engine.Mistake]:
    """What is wrong with the files, the examples played; warnings last."""
    return sorted(engine.check(files), key=lambda one: (one.is_warning, one.file, one.line))


def _checked(files: Mapping[str, str]) -> dict[str, str]:
    try:
        return archive.checked(files)
    except archive.Unreadable as error:
        raise Invalid(str(error)) from error


def _errors(files: Mapping[str, str]) -> list[engine.Mistake]:
    return [one for one in mistakes(files) if not one.is_warning]


def _refuse_mistakes(files: Mapping[str, str]) -> None:
    """One a line, for who loads files without a page to show them on."""
    wrong = _errors(files)
    if wrong:
        said = [f"- {one.file}, ligne {one.line} : {one.what}" for one in wrong[:_MOST_SAID]]
        more = len(wrong) - _MOST_SAID
        said += [f"Et {more} autres erreurs."] if more > 0 else []
        raise Invalid("\n".join(["Ce parcours ne peut pas être publié :", *said]))


def _pathway(files: Mapping[str, str]) -> Pathway:
    """The one that these files are a version of, made when it is new. Raises Invalid when they do not say."""
    said = draft.told(files)
    code, title = str(said.get("code", "")), str(said.get("title", ""))
    if not code or not title:
        raise Invalid(
            "« pathway.toml » ne dit pas le code et le titre du parcours : ajoutez ces deux lignes."
        )
    kind, data_class = str(said.get("kind", "")), str(said.get("data_class", ""))
    known, _ = Pathway.objects.get_or_create(
        code=code[:40],
        defaults={
            "title": title[:200],
            "summary": str(said.get("summary", ""))[:500],
            "kind": kind if kind in PathwayKind.values else PathwayKind.ASSESSMENT,
            "data_class": data_class if data_class in PATHWAY_CLASSES else PATHWAY_CLASSES[0],
        },
    )
    return known


def _new_draft(
    actor: Actor,
    pathway: Pathway,
    files: Mapping[str, str],
    *,
    note: str,
    based_on: PathwayVersion | None = None,
) -> PathwayVersion:
    last = PathwayVersion.objects.filter(pathway=pathway).aggregate(last=Max("number"))["last"] or 0
    row = PathwayVersion(
        pathway=pathway,
        number=last + 1,
        files=dict(files),
        note=note,
        made_by_name=actor.name,
        based_on=based_on,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(_TWO_DRAFTS) from error
    return row


def _publish(actor: Actor, row: PathwayVersion) -> None:
    """Its files have no mistake."""
    said = engine.read(row.files)
    for earlier in PathwayVersion.objects.filter(pathway=row.pathway, status=VersionStatus.PUBLISHED):
        _retire(earlier)
    row.status, row.published_at, row.published_by_name = VersionStatus.PUBLISHED, timezone.now(), actor.name
    row.save(update_fields=["status", "published_at", "published_by_name"])
    pathway = row.pathway
    pathway.title, pathway.kind, pathway.data_class = said.title, said.kind, said.data_class
    pathway.summary, pathway.is_active = said.summary, True
    pathway.save(update_fields=["title", "kind", "data_class", "summary", "is_active"])
    emit(actor, PathwayPublished(object_id=row.pk))


def _retire(version: PathwayVersion) -> None:
    version.status, version.retired_at = VersionStatus.RETIRED, timezone.now()
    version.save(update_fields=["status", "retired_at"])
