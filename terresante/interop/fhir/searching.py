"""Parameters of ITI-66 and ITI-67, read strictly: one that is not known is refused, never passed over. Pure but for
the conditions that it makes.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from django.utils import timezone

from terresante.documents.enums import SENDER_IDENTIFIER_LENGTH, DocumentStatus
from terresante.interop.enums import ListKind
from terresante.interop.fhir.codes import SECTOR_OF, SETTING_OF, types_of_class
from terresante.interop.fhir.metadata import UNSAID, plain_system
from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.schema import plain_identifier
from terresante.kernel.access import NOBODY
from terresante.kernel.ids import key_of

MOST = 100
_USUAL = 20
_PREFIXES = ("eq", "ge", "le", "gt", "lt", "sa", "eb")
_DATE = re.compile(r"([a-z]{2})?(\d{4})(?:-(\d{2})(?:-(\d{2})(T\S{5,30})?)?)?", re.ASCII)
_LONGEST = 200
Parameters = Mapping[str, Collection[str]]
_Reader = Callable[[str, str], Q]


@dataclass(frozen=True, slots=True)
class Number:
    """patient.identifier: `system` without its `urn:oid:`."""

    system: str
    value: str


@dataclass(frozen=True, slots=True)
class Search:
    patient: Number
    condition: Q
    count: int


def read_search(parameters: Parameters, readers: Mapping[str, _Reader]) -> Search:
    """`readers`: what each parameter asks. Several of one name narrow; commas widen (R4, Search). Raises Problem."""
    condition = Q()
    known = ("patient.identifier", *readers, "_count", "_format")
    for name, values in parameters.items():
        if name not in known:
            said = "".join(sign for sign in name[:40] if sign.isprintable())
            sentence = f"Le paramètre « {said} » n’est pas compris ici. Sont compris : {', '.join(known)}."
            raise wrong(sentence, code="not-supported", status=400)
        for value in values:
            if len(value) > _LONGEST or "\x00" in value:
                raise wrong(f"La valeur du paramètre {name} est trop longue.", code="value", status=400)
            if name in readers:
                condition &= _any(name, value, readers[name])
    return Search(_number(parameters), condition, _count(parameters))


def _any(name: str, value: str, reader: _Reader) -> Q:
    found = [reader(name, each.strip()) for each in value.split(",") if each.strip()]
    return reduce(or_, found) if found else NOBODY


def _number(parameters: Parameters) -> Number:
    told = list(parameters.get("patient.identifier", ()))
    system, separator, value = told[0].strip().partition("|") if len(told) == 1 else ("", "", "")
    if not (system and separator and value):
        sentence = (
            "Nommez le patient par un seul patient.identifier=système|valeur (INS, ou IPP de la structure)."
        )
        raise wrong(sentence, code="required", status=400)
    return Number(system.removeprefix("urn:oid:"), value.replace(" ", ""))


def _count(parameters: Parameters) -> int:
    told = next(iter(parameters.get("_count", ())), str(_USUAL))
    if not (told.isascii() and told.isdecimal() and len(told) < 6):
        raise wrong("_count est un nombre.", code="value", status=400)
    return min(int(told), MOST)


def _code(value: str) -> str:
    return value.rpartition("|")[2]


def _status(name: str, value: str) -> Q:
    code = _code(value)
    return Q(status=code) if code in DocumentStatus.values else NOBODY


def _type(name: str, value: str) -> Q:
    return Q(type=_code(value))


def _category(name: str, value: str) -> Q:
    return Q(type__in=types_of_class(_code(value)))


def _facility(name: str, value: str) -> Q:
    return Q(organization__kind__in=[kind for kind, told in SECTOR_OF.items() if told[0] == _code(value)])


def _setting(name: str, value: str) -> Q:
    return Q(organization__kind__in=[kind for kind, told in SETTING_OF.items() if told[0] == _code(value)])


def _label(name: str, value: str) -> Q:
    """As `overview.fhir.security_label` writes it: one, the narrowest."""
    narrow = ~Q(sector="") | Q(private_to__isnull=False) | Q(private_to_person__isnull=False)
    patient, relatives = Q(hidden_from_patient=True), Q(hidden_from_representative=True)
    return {
        "R": narrow,
        "INVISIBLE_PATIENT": ~narrow & patient,
        "INVISIBLE_REPRESENTANTS_LEGAUX": ~narrow & ~patient & relatives,
        "N": ~narrow & ~patient & ~relatives,
    }.get(_code(value), NOBODY)


def _author(name: str, value: str) -> Q:
    said = Q(written_by__icontains=value)
    return said | Q(written_by="", author_name__icontains=value)


def _told(of: str, value: str) -> Resource:
    """A token as the resource holds it: `system|code`, or `code` alone, of any system."""
    system, separator, code = value.rpartition("|")
    return {**({"system": plain_system(system)} if separator and system else {}), of: code}


def _event(name: str, value: str) -> Q:
    return Q(metadata__contains={"event": [_told("code", value)]})


def _related(name: str, value: str) -> Q:
    """By the number of what it answers (an order, an accession): MHD's `related`, PDSm's `related-id`."""
    return Q(metadata__contains={"related": [_told("value", value)]})


def _format(name: str, value: str) -> Q:
    told = _told("code", value)
    said = Q(metadata__contains={"format": told})
    return said | ~Q(metadata__has_key="format") if told.items() <= UNSAID.items() else said


def _identifier(name: str, value: str) -> Q:
    """By the name that its sender gives it, or by ours: of the document, of all its versions."""
    plain = _plain(value)
    key = key_of(plain)
    own = Q(pk=key) | Q(set_id=key) if key else NOBODY
    return own | Q(sender_identifier__in=_names(value, SENDER_IDENTIFIER_LENGTH)) & ~Q(sender_identifier="")


def _name_of_a_list(name: str, value: str) -> Q:
    return Q(identifier__in=_names(value, _LONGEST))


def _names(value: str, length: int) -> list[str]:
    return [name[:length] for name in dict.fromkeys((_plain(value), value)) if name]


def _plain(value: str) -> str:
    system, _, number = value.rpartition("|")
    return plain_identifier({"system": system, "value": number})


def _id(name: str, value: str) -> Q:
    key = key_of(value)
    return Q(pk=key) if key else NOBODY


def _changed(name: str, value: str) -> Q:
    """When it last changed; else when it came."""
    then, at = _moment("recorded_at")(name, value), _moment("changed_at")(name, value)
    return Q(changed_at=None) & then | Q(changed_at__isnull=False) & at


def _day(field: str) -> _Reader:
    return lambda name, value: _compared(field, name, value, lambda at: timezone.localdate(at))


def _moment(field: str) -> _Reader:
    return lambda name, value: _compared(field, name, value, lambda at: at)


def _compared(field: str, name: str, text: str, told: Callable[[datetime], date | datetime]) -> Q:
    """R4, Search: a value is the period that it covers, to its precision."""
    found = _DATE.fullmatch(text)
    if found is None or (found[1] or "eq") not in _PREFIXES:
        raise wrong(f"La date du paramètre {name} est mal formée.", code="value", status=400)
    try:
        start, end = _period(found)
    except (ValueError, OverflowError):
        raise wrong(f"La date du paramètre {name} n’existe pas.", code="value", status=400) from None
    first, last = told(start), told(end)
    match found[1] or "eq":
        case "ge":
            return Q(**{f"{field}__gte": first})
        case "gt" | "sa":
            return Q(**{f"{field}__gte": last})
        case "le":
            return Q(**{f"{field}__lt": last})
        case "lt" | "eb":
            return Q(**{f"{field}__lt": first})
    return Q(**{f"{field}__gte": first, f"{field}__lt": last})


def _period(found: "re.Match[str]") -> tuple[datetime, datetime]:
    """Its beginning, and the beginning of what follows it."""
    _, year, month, day, hour = found.groups()
    zone = timezone.get_current_timezone()
    if hour:
        at = datetime.fromisoformat(found[0].removeprefix(found[1] or ""))
        at = at if at.tzinfo else at.replace(tzinfo=zone)
        return at, at + timedelta(seconds=1)
    start = datetime(int(year), int(month or 1), int(day or 1), tzinfo=zone)
    if day:
        return start, start + timedelta(days=1)
    if month:
        following = start.replace(day=28) + timedelta(days=4)
        return start, following.replace(day=1)
    return start, start.replace(year=start.year + 1)


def _kind(name: str, value: str) -> Q:
    code = _code(value)
    return Q(kind=code) if code in ListKind.values else NOBODY


def _current(name: str, value: str) -> Q:
    """What was sent together is so for ever."""
    return Q() if _code(value) == "current" else NOBODY


OF_DOCUMENTS: dict[str, _Reader] = {
    "status": _status,
    "type": _type,
    "category": _category,
    "creation": _day("dated_on"),
    "date": _moment("recorded_at"),
    "period": _day("dated_on"),
    "event": _event,
    "security-label": _label,
    "format": _format,
    "facility": _facility,
    "setting": _setting,
    "author.given": _author,
    "author.family": _author,
    "related-id": _related,
    "related:identifier": _related,
    "identifier": _identifier,
    "_id": _id,
    "_lastUpdated": _changed,
}
OF_LISTS: dict[str, _Reader] = {
    "code": _kind,
    "status": _current,
    "date": _moment("sent_at"),
    "identifier": _name_of_a_list,
    "_id": _id,
    "_lastUpdated": _moment("received_at"),
}
