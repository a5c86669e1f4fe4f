import hashlib
from dataclasses import dataclass

from django.db.models import F

from terresante.kernel import access, audit, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.terminology.access import TERMINOLOGY_LOAD
from terresante.terminology.models import Concept, ValueSet
from terresante.terminology.reading import Published, read_set

_TOGETHER = 5000


@dataclass(frozen=True, slots=True)
class Loaded:
    """`is_new` is False for a file that was loaded already: nothing changed."""

    value_set: ValueSet
    is_new: bool


@action
def load_set(actor: Actor, *, content: bytes, file_name: str) -> Loaded:
    """One file; its version stays beside the earlier ones, and the latest published is in force.

    Raises NotASet for a file that is none.
    """
    published = read_set(content, file_name)
    digest = hashlib.sha256(content).hexdigest()
    sets = access.list(actor, TERMINOLOGY_LOAD, ValueSet).filter(short_name=published.short_name)
    known = sets.filter(sha256=digest).first()
    row = known or _stored(published, digest, file_name)
    _put_in_force(published.short_name)
    row.refresh_from_db()
    audit.record(actor, TERMINOLOGY_LOAD, about=row, detail={"codes": row.size, "new": known is None})
    return Loaded(row, known is None)


def _stored(published: Published, digest: str, file_name: str) -> ValueSet:
    row = ValueSet.objects.create(
        id=new_id(),
        identifier=published.identifier,
        short_name=published.short_name,
        title=published.title,
        version=published.version,
        published_on=published.published_on,
        format=published.format,
        file_name=file_name[:200],
        sha256=digest,
        size=len(published.codes),
        remarks=list(published.rejected),
    )
    for start in range(0, len(published.codes), _TOGETHER):
        some = published.codes[start : start + _TOGETHER]
        together.insert(
            [Concept(value_set=row, code=each.code, system=each.system, label=each.label) for each in some]
        )
    return row


def _put_in_force(short_name: str) -> None:
    """The latest published; of one day, the latest loaded."""
    sets = ValueSet.objects.filter(short_name=short_name)
    newest = sets.order_by(F("published_on").desc(nulls_last=True), "-loaded_at", "-pk").first()
    if newest is not None and not newest.is_current:
        sets.filter(is_current=True).update(is_current=False)
        sets.filter(pk=newest.pk).update(is_current=True)
