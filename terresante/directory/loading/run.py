"""One import from its files to its report: staged, tried, then applied, undone or held."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from terresante.directory.enums import ImportState, RemarkLevel
from terresante.directory.loading import apply, staging
from terresante.directory.loading.apply import Changes, Population
from terresante.directory.loading.lines import Fingerprint, FormatError, fingerprint
from terresante.directory.models import DirectoryImport
from terresante.kernel.errors import Conflict, Invalid

# Above these shares of what was open before, a person decides. Activities move far more than professionals do.
MOST_STRUCK_OFF = 0.01
MOST_CLOSED = 0.01
MOST_ROLES_ENDED = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    annuaire: Path | None = None
    skills: Path | None = None
    finess: Sequence[Path] = ()

    def present(self) -> list[Path]:
        return [path for path in (self.annuaire, self.skills, *self.finess) if path is not None]


@dataclass(frozen=True, slots=True)
class Outcome:
    directory_import: DirectoryImport
    # Those who have an account here.
    struck_off: Sequence[UUID]


class _Undone(Exception):
    """Rolls the trial back to where it began."""


def run(files: Files, *, actor_name: str, dry_run: bool, accept_strikes: bool) -> Outcome:
    """Raises Invalid when no file is given, or one is not what it should be: nothing is kept then."""
    begun = time.monotonic()
    prints = _fingerprints(files)
    apply.lock()
    staging.empty()
    DirectoryImport.objects.filter(state=ImportState.HELD).update(state=ImportState.DISCARDED)
    row = DirectoryImport.objects.create(
        started_at=timezone.now(),
        state=ImportState.DRY_RUN if dry_run else ImportState.APPLIED,
        actor_name=actor_name,
        files=[asdict(one) for one in prints],
    )
    book = _stage(files, row.pk)
    changes, row.held_because = _try(row, accept_strikes=accept_strikes)
    if row.held_because and not dry_run:
        row.state = ImportState.HELD
    else:
        staging.empty()
    row.counts = changes.counts() | {
        "rejections": book.counts[RemarkLevel.REJECTION],
        "warnings": book.counts[RemarkLevel.WARNING],
    }
    row.seconds = round(time.monotonic() - begun, 2)
    row.save()
    return Outcome(row, changes.struck_off_with_account if row.state == ImportState.APPLIED else [])


def apply_staged(row: DirectoryImport, *, decided_by: str) -> Sequence[UUID]:
    """The professionals struck off who have an account. Raises Conflict when the lines are gone."""
    apply.lock()
    if not staging.staged_lines(row.pk):
        raise Conflict(
            "Les lignes de cet import ne sont plus conservées : relancez le chargement des fichiers."
        )
    changes = apply.apply(row.pk, today=timezone.localdate())
    staging.empty()
    row.state, row.decided_by, row.decided_at = ImportState.APPLIED, decided_by, timezone.now()
    row.counts |= changes.counts()
    row.save()
    return changes.struck_off_with_account


def _fingerprints(files: Files) -> list[Fingerprint]:
    present = files.present()
    if not present:
        raise Invalid("Aucun fichier n’est donné : indiquez une extraction de l’Annuaire Santé ou de FINESS.")
    if files.skills and not files.annuaire:
        raise Invalid("Le fichier des savoir-faire accompagne celui des activités : indiquez les deux.")
    missing = [path.name for path in present if not path.is_file()]
    if missing:
        raise Invalid(f"Le fichier {missing[0]} est introuvable ou n’est pas lisible.")
    return [fingerprint(path) for path in present]


def _stage(files: Files, import_id: UUID) -> staging.RemarkBook:
    book = staging.RemarkBook(import_id)
    try:
        if files.finess:
            staging.stage_finess(files.finess, book)
        if files.annuaire:
            staging.stage_annuaire(files.annuaire, book)
        if files.skills:
            staging.stage_skills(files.skills, book)
    except FormatError as error:
        raise Invalid(str(error)) from error
    book.save()
    return book


def _try(row: DirectoryImport, *, accept_strikes: bool) -> tuple[Changes, str]:
    """Applies, then undoes when it was a dry run or when a person must decide."""
    before = apply.population()
    changes, reason = Changes(), ""
    try:
        with transaction.atomic():
            changes = apply.apply(row.pk, today=timezone.localdate())
            reason = "" if accept_strikes else _why_hold(before, changes)
            if reason or row.state == ImportState.DRY_RUN:
                raise _Undone
    except _Undone:
        pass
    return changes, reason


def _why_hold(before: Population, changes: Changes) -> str:
    shares = (
        (
            changes.practitioners_struck_off,
            before.practitioners,
            MOST_STRUCK_OFF,
            "professionnels seraient radiés",
        ),
        (
            changes.organizations_closed,
            before.organizations,
            MOST_CLOSED,
            "structures FINESS seraient fermées",
        ),
        (changes.roles_ended, before.roles, MOST_ROLES_ENDED, "activités prendraient fin"),
    )
    reasons = [
        f"{lost} {what} sur {total} (seuil {100 * most:.0f}\N{NO-BREAK SPACE}%)"
        for lost, total, most, what in shares
        if total and lost > total * most
    ]
    return " ; ".join(reasons)
