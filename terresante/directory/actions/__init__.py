"""Roles and accounts given by a command or a login, and imports. What is entered here no import overwrites."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from terresante.directory.access import DIRECTORY_EDIT, DIRECTORY_IMPORT, require_keeper
from terresante.directory.enums import Duty, ExerciseMode, ImportState, Profession, Source
from terresante.directory.events import DirectoryImported, PractitionerStruckOff
from terresante.directory.loading.run import Files, apply_staged, run
from terresante.directory.models import DirectoryImport, Organization, Practitioner, PractitionerRole
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict
from terresante.kernel.events import emit


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEntry:
    practitioner_id: UUID
    organization_id: UUID
    profession: Profession
    function_label: str = ""
    mode: ExerciseMode | None = None
    duties: Sequence[Duty] = ()
    start: date


@action
def start_role(actor: Actor, *, entry: RoleEntry) -> PractitionerRole:
    practitioner = access.get(actor, DIRECTORY_EDIT, Practitioner, entry.practitioner_id, lock=True)
    organization = access.get(actor, DIRECTORY_EDIT, Organization, entry.organization_id)
    if not (practitioner.active and organization.active):
        raise Conflict(
            "Ce professionnel est radié, ou cette structure est fermée : aucun rôle ne peut commencer."
        )
    role = PractitionerRole(
        source=Source.LOCAL,
        practitioner=practitioner,
        organization=organization,
        profession=entry.profession,
        function_label=entry.function_label,
        mode=entry.mode or "",
        duties=list(entry.duties),
        period_start=entry.start,
    )
    role.full_clean()
    role.save(force_insert=True)
    audit.record(actor, DIRECTORY_EDIT, about=role, detail={"duties": list(entry.duties)})
    return role


@action
def link_account(actor: Actor, *, practitioner_id: UUID, user_id: UUID) -> Practitioner:
    """Ties an account to a professional, by an administrator or by the sign-up job that checked the proof."""
    practitioner = access.get(actor, DIRECTORY_EDIT, Practitioner, practitioner_id, lock=True)
    if practitioner.user_id not in (None, user_id):
        raise Conflict("Ce professionnel a déjà un compte.")
    if not practitioner.active:
        raise Conflict("Ce professionnel n’est plus inscrit : aucun compte ne peut lui être rattaché.")
    practitioner.user_id = user_id
    practitioner.save(update_fields=["user"])
    audit.record(actor, DIRECTORY_EDIT, about=practitioner, detail={"user_id": str(user_id)})
    return practitioner


@action
def load_directory(
    actor: Actor, *, files: Files, dry_run: bool = False, accept_strikes: bool = False
) -> DirectoryImport:
    """Raises Invalid when a file is not what it should be. The import is held when it would strike off too many."""
    require_keeper(actor)
    outcome = run(files, actor_name=actor.name, dry_run=dry_run, accept_strikes=accept_strikes)
    _tell(actor, outcome.directory_import, outcome.struck_off)
    return outcome.directory_import


@action
def accept_import(actor: Actor, *, import_id: UUID) -> DirectoryImport:
    """A person applies what was held. Raises Conflict when another load or a crash has replaced its lines."""
    held = _held(actor, import_id)
    struck_off = apply_staged(held, decided_by=actor.name)
    _tell(actor, held, struck_off)
    return held


def _held(actor: Actor, import_id: UUID) -> DirectoryImport:
    found = access.get(actor, DIRECTORY_IMPORT, DirectoryImport, import_id, lock=True)
    if found.state != ImportState.HELD:
        raise Conflict(f"Cet import n’attend plus de décision : il est « {found.get_state_display()} ».")
    return found


def _tell(actor: Actor, directory_import: DirectoryImport, struck_off: Sequence[UUID]) -> None:
    detail = {"state": directory_import.state, "counts": directory_import.counts}
    audit.record(actor, DIRECTORY_IMPORT, about=directory_import, detail=detail)
    if directory_import.state == ImportState.APPLIED:
        emit(actor, DirectoryImported(import_id=directory_import.pk))
        for practitioner_id in struck_off:
            emit(actor, PractitionerStruckOff(practitioner_id=practitioner_id))
