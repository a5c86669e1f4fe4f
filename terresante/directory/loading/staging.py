"""The read lines of one import, in unlogged tables: kept while the import waits for a person, then emptied.

An unlogged table is empty after a crash of the server: the import is then to be loaded again, which `accept_import`
says.
"""

from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from psycopg import sql

from terresante.directory.enums import RemarkLevel
from terresante.directory.loading.annuaire import Activity, Skill, read_activities, read_skills
from terresante.directory.loading.finess import FinessOrganization, read_finess
from terresante.directory.loading.lines import Remark
from terresante.directory.models import DirectoryImportRejection
from terresante.kernel.ids import new_id

Staged = Activity | Skill | FinessOrganization
R = TypeVar("R", Activity, Skill, FinessOrganization)

# Table, record, and the keys made in advance for the rows that the line may create.
TABLES: dict[type[Any], tuple[str, tuple[str, ...]]] = {
    Activity: ("directory_staging_activity", ("practitioner_id", "organization_id", "role_id")),
    Skill: ("directory_staging_skill", ()),
    FinessOrganization: ("directory_staging_finess", ("organization_id",)),
}
# Remarks kept in full per file and level; the counts are always complete.
KEPT_REMARKS = 10_000


class RemarkBook:
    """The remarks of one import: counted all, kept up to a bound."""

    def __init__(self, import_id: UUID) -> None:
        self.import_id = import_id
        self.counts = dict.fromkeys(RemarkLevel, 0)
        self._kept: list[DirectoryImportRejection] = []
        self._kept_by_file: dict[tuple[str, RemarkLevel], int] = {}

    def add(self, file_name: str, remark: Remark) -> None:
        level = RemarkLevel.REJECTION if remark.rejects else RemarkLevel.WARNING
        self.counts[level] += 1
        kept = self._kept_by_file.get((file_name, level), 0)
        if kept < KEPT_REMARKS:
            self._kept_by_file[file_name, level] = kept + 1
            self._kept.append(
                DirectoryImportRejection(
                    directory_import_id=self.import_id,
                    level=level,
                    file_name=file_name[:200],
                    line=remark.line,
                    column=remark.column,
                    sentence=remark.sentence,
                )
            )

    def save(self) -> None:
        DirectoryImportRejection.objects.bulk_create(self._kept, batch_size=2000)


def stage_annuaire(path: Path, book: RemarkBook) -> None:
    _copy(Activity, _accepted(read_activities(path), path, book), book.import_id)


def stage_skills(path: Path, book: RemarkBook) -> None:
    _copy(Skill, _accepted(read_skills(path), path, book), book.import_id)


def stage_finess(paths: Iterable[Path], book: RemarkBook) -> None:
    """A number already met, in any of the files, is a rejected line."""
    _copy(FinessOrganization, _once(paths, book), book.import_id)


def _once(paths: Iterable[Path], book: RemarkBook) -> Iterator[FinessOrganization]:
    first_lines: dict[str, int] = {}
    for path in paths:
        for record in _accepted(read_finess(path), path, book):
            met = first_lines.setdefault(record.finess, record.line)
            if met == record.line:
                yield record
            else:
                column = "nofiness" if record.is_legal_entity else "nofinesset"
                book.add(
                    path.name, Remark(record.line, column, f"Ce numéro FINESS est déjà à la ligne {met}.")
                )


def _accepted(lines: Iterable[R | Remark], path: Path, book: RemarkBook) -> Iterator[R]:
    for line in lines:
        if isinstance(line, Remark):
            book.add(path.name, line)
        else:
            yield line


def _copy(record: type[Staged], lines: Iterable[Staged], import_id: UUID) -> None:
    table, keys = TABLES[record]
    columns = ("import_id", *keys, *(field.name for field in fields(record)))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for line in lines:
            copy.write_row((import_id, *(new_id() for _ in keys), *astuple(line)))


def staged_lines(import_id: UUID) -> int:
    return sum(_execute("SELECT count(*) FROM {} WHERE import_id = %s", import_id))


def empty() -> None:
    """Whatever was staged, by this import or by one that nobody accepted."""
    _execute("DELETE FROM {}", None)


def _execute(statement: str, import_id: UUID | None) -> list[int]:
    results = []
    with connection.cursor() as cursor:
        for table, _keys in TABLES.values():
            cursor.execute(
                sql.SQL(statement).format(sql.Identifier(table)),
                None if import_id is None else [import_id],
            )
            row = cursor.fetchone() if import_id is not None else None
            results.append(int(row[0]) if row else cursor.rowcount)
    return results
