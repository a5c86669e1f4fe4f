"""Entries made here, and imports. What is entered or corrected here is never overwritten by an import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from terresante.directory.access import DIRECTORY_EDIT, DIRECTORY_IMPORT, require_keeper
from terresante.directory.enums import Duty, ExerciseMode, ImportState, OrganizationKind, Profession, Source
from terresante.directory.events import DirectoryImported, PractitionerStruckOff
from terresante.directory.identifiers import is_finess, is_rpps, practitioner_national_id
from terresante.directory.loading.run import Files, apply_staged, run
from terresante.directory.models import DirectoryImport, Organization, Practitioner, PractitionerRole
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.events import emit


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerEntry:
    family_name: str
    given_name: str
    profession: Profession
    rpps: str = ""
    title: str = ""
    civility: str = ""
    specialty_label: str = ""
    email: str = ""
    mssante_email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationEntry:
    name: str
    kind: OrganizationKind
    finess: str = ""
    legal_finess: str = ""
    siret: str = ""
    address: str = ""
    postal_code: str = ""
    commune_code: str = ""
    commune_name: str = ""
    phone: str = ""
    email: str = ""
    is_psychiatric: bool = False
    part_of_id: UUID | None = None


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
def add_practitioner(actor: Actor, *, entry: PractitionerEntry) -> Practitioner:
    """Raises Invalid on a malformed RPPS, Conflict when the RPPS is already here. A wrong key is accepted."""
    require_keeper(actor)
    if entry.rpps and not is_rpps(entry.rpps):
        raise Invalid("Le numéro RPPS compte 11 chiffres.", fields={"rpps": "Saisissez les 11 chiffres."})
    practitioner = Practitioner(
        source=Source.LOCAL,
        idnps=practitioner_national_id(rpps=entry.rpps) or None,
        **_columns(entry) | {"rpps": entry.rpps or None},
    )
    _insert(practitioner, "Ce numéro RPPS est déjà dans l’annuaire : ouvrez la fiche existante.")
    audit.record(actor, DIRECTORY_EDIT, about=practitioner)
    return practitioner


@action
def add_organization(actor: Actor, *, entry: OrganizationEntry) -> Organization:
    """Raises Invalid on a malformed FINESS, Conflict when it is already here. A wrong key is accepted."""
    require_keeper(actor)
    if entry.finess and not is_finess(entry.finess):
        raise Invalid(
            "Le numéro FINESS compte 9 caractères.", fields={"finess": "Saisissez les 9 caractères."}
        )
    columns = _columns(entry) | {"finess": entry.finess or None}
    organization = Organization(source=Source.LOCAL, **columns)
    _insert(organization, "Ce numéro FINESS est déjà dans l’annuaire : ouvrez la fiche existante.")
    audit.record(actor, DIRECTORY_EDIT, about=organization)
    return organization


PRACTITIONER_CORRECTIONS = frozenset(
    {"family_name", "given_name", "title", "specialty_label", "email", "mssante_email", "phone"}
)
ORGANIZATION_CORRECTIONS = frozenset(
    {"name", "short_name", "kind", "address", "postal_code", "commune_code", "commune_name", "phone", "email"}
    | {"is_psychiatric"}
)
# Columns computed from others: corrected with them.
SEARCHED = {"family_name", "given_name", "name", "short_name"}


@action
def correct_practitioner(
    actor: Actor, *, practitioner_id: UUID, corrections: Mapping[str, str]
) -> Practitioner:
    practitioner = access.get(actor, DIRECTORY_EDIT, Practitioner, practitioner_id, lock=True)
    _correct(practitioner, corrections, PRACTITIONER_CORRECTIONS)
    audit.record(actor, DIRECTORY_EDIT, about=practitioner, detail={"fields": sorted(corrections)})
    return practitioner


@action
def correct_organization(
    actor: Actor, *, organization_id: UUID, corrections: Mapping[str, str | bool]
) -> Organization:
    organization = access.get(actor, DIRECTORY_EDIT, Organization, organization_id, lock=True)
    _correct(organization, corrections, ORGANIZATION_CORRECTIONS)
    audit.record(actor, DIRECTORY_EDIT, about=organization, detail={"fields": sorted(corrections)})
    return organization


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
def end_role(actor: Actor, *, role_id: UUID, on: date) -> PractitionerRole:
    """`on` is the first day without the role; an import will not open it again."""
    role = access.get(actor, DIRECTORY_EDIT, PractitionerRole, role_id, lock=True)
    if on < role.period_start:
        raise Invalid("La fin précède le début du rôle.", fields={"on": "Choisissez une date plus tardive."})
    role.period_end = on
    role.local_fields = sorted({*role.local_fields, "period_end"})
    role.save()
    audit.record(actor, DIRECTORY_EDIT, about=role)
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


@action
def discard_import(actor: Actor, *, import_id: UUID) -> DirectoryImport:
    held = _held(actor, import_id)
    held.state, held.decided_by, held.decided_at = ImportState.DISCARDED, actor.name, timezone.now()
    held.save()
    _tell(actor, held, [])
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


def _columns(entry: PractitionerEntry | OrganizationEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in entry.__slots__}


def _insert(row: Practitioner | Organization, taken: str) -> None:
    try:
        row.full_clean(validate_unique=False)
        with transaction.atomic():
            row.save(force_insert=True)
    except ValidationError as error:
        raise _invalid(error) from error
    except IntegrityError as error:
        raise Conflict(taken) from error


def _correct(
    row: Practitioner | Organization, corrections: Mapping[str, object], allowed: frozenset[str]
) -> None:
    refused = sorted(set(corrections) - allowed)
    if refused:
        raise Invalid(f"Le champ « {refused[0]} » vient de l’annuaire national : il ne se corrige pas ici.")
    for name, value in corrections.items():
        setattr(row, name, value)
    if row.source != Source.LOCAL:
        computed = {"search_name"} if SEARCHED & set(corrections) else set()
        row.local_fields = sorted({*row.local_fields, *corrections, *computed})
    try:
        row.full_clean()
    except ValidationError as error:
        raise _invalid(error) from error
    row.save()


def _invalid(error: ValidationError) -> Invalid:
    return Invalid(
        "Des champs de la fiche sont à corriger.",
        fields={name: " ".join(messages) for name, messages in error.message_dict.items()},
    )
