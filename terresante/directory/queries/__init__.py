"""Search: prefixes of words, without accents, case, hyphens nor order; by profession; by commune or postal code."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from terresante.directory.access import DIRECTORY_READ, open_today
from terresante.directory.enums import PROFESSION_WORDS, SECRETARIES, PlaceKind, Profession
from terresante.directory.identifiers import is_rpps
from terresante.directory.models import Delegation, Organization, Place, Practitioner, PractitionerRole
from terresante.directory.names import search_form
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor

M = TypeVar("M", Practitioner, Organization)
MOST_RESULTS = 100
# More words than any name has: the rest is noise.
MOST_WORDS = 6
WORDS_OF_PROFESSION = {
    search_form(label): Profession(code) for code, label in Profession.choices
} | PROFESSION_WORDS
LONGEST_PROFESSION = max(len(words.split()) for words in WORDS_OF_PROFESSION)
# The COG writes these words in full.
ABBREVIATIONS = {"st": "saint", "ste": "sainte"}


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """« infirmier dup 94700 » read as a profession, words of a name, a postal code."""

    words: tuple[str, ...]
    profession: Profession | None
    postal_code: str
    rpps: str


@dataclass(frozen=True, slots=True)
class PractitionerFound:
    practitioner: Practitioner
    # Those of today, with their structure.
    roles: Sequence[PractitionerRole]


@dataclass(frozen=True, slots=True)
class WorkSituation:
    """A professional in the structure he works for now: what an account acts as."""

    role_id: UUID
    practitioner_id: UUID
    practitioner_name: str
    organization_id: UUID
    organization_name: str
    profession: str
    profession_label: str
    duties: frozenset[str]
    has_cell: bool
    # The physician a secretary acts for, in this structure.
    delegation_id: UUID | None = None
    principal_id: UUID | None = None
    principal_name: str = ""

    @property
    def key(self) -> str:
        """What the session keeps of the choice: the role, then the delegation."""
        return f"{self.role_id}:{self.delegation_id}" if self.delegation_id else str(self.role_id)


def read_terms(text: str) -> SearchTerms:
    tokens = search_form(text).split()
    profession, tokens = _take_profession(tokens)
    postal_code = next((token for token in tokens if len(token) == 5 and token.isdigit()), "")
    rpps = next((token for token in tokens if is_rpps(token)), "")
    words = tuple(token for token in tokens if token not in {postal_code, rpps})
    return SearchTerms(words=words[:MOST_WORDS], profession=profession, postal_code=postal_code, rpps=rpps)


def search_practitioners(
    actor: Actor,
    *,
    text: str,
    profession: Profession | None = None,
    commune: str | None = None,
    limit: int = 20,
) -> list[PractitionerFound]:
    """Names that begin with one of the words come first. Nothing is searched without any criterion."""
    terms = read_terms(text)
    place = commune or terms.postal_code
    profession = profession or terms.profession
    if not (terms.words or terms.rpps or profession or place):
        return []
    rows = access.list(actor, DIRECTORY_READ, Practitioner).filter(active=True)
    if terms.rpps:
        rows = rows.filter(rpps=terms.rpps)
    if profession:
        rows = rows.filter(profession=profession)
    if place:
        rows = rows.filter(pk__in=practitioners_at(place))
    found = _best_first(rows.prefetch_related(_open_roles()), terms.words, min(limit, MOST_RESULTS))
    return [PractitionerFound(row, list(row.roles.all())) for row in found]


def search_organizations(
    actor: Actor, *, text: str, kind: str | None = None, commune: str | None = None, limit: int = 20
) -> list[Organization]:
    tokens = search_form(text).split()
    postal_code = next((token for token in tokens if len(token) == 5 and token.isdigit()), "")
    words = tuple(token for token in tokens if token != postal_code)[:MOST_WORDS]
    place = commune or postal_code
    if not (words or kind or place):
        return []
    rows = access.list(actor, DIRECTORY_READ, Organization).filter(active=True)
    if kind:
        rows = rows.filter(kind=kind)
    if place:
        rows = rows.filter(_located_at(place))
    return _best_first(rows, words, min(limit, MOST_RESULTS))


def search_communes(text: str, *, limit: int = 20) -> list[Place]:
    """For an address or a place of birth: former communes and countries included.

    Exact names first, then the most populated.
    """
    name = _place_name(text)
    if not name:
        return []
    if len(name) == 5 and name.isdigit():
        rows = Place.objects.filter(Q(postal_codes__contains=[name]) | Q(code=name))
    else:
        rows = Place.objects.filter(search_name__startswith=name)
    exact = rows.filter(search_name=name).order_by("-population", "code")[:limit]
    rest = rows.exclude(search_name=name).order_by("-population", "search_name", "code")[:limit]
    return [*exact, *rest][:limit]


def work_situations(user_id: UUID) -> list[WorkSituation]:
    """The open roles of the active professional behind an account, then what secretaries do for physicians.

    None = no right, the same day. Of a delegation the database checks the same again (`app_principal()`).
    """
    today = timezone.localdate()
    own = [_situation(role) for role in _roles_of_account(user_id, today)]
    at_desk = {one.organization_id: one for one in own if one.profession in SECRETARIES}
    if not at_desk:
        return own
    delegations = _delegations_to(user_id, today)
    return own + [
        _acting_for(at_desk[one.organization_id], one)
        for one in delegations
        if one.organization_id in at_desk
    ]


def chosen_situation(situations: Sequence[WorkSituation], wanted: str) -> WorkSituation | None:
    """The one whose key was kept; a delegation that has ended leaves its secretary in her own role, else the first."""
    by_key = {one.key: one for one in situations}
    own_role, _, _ = wanted.partition(":")
    return by_key.get(wanted) or by_key.get(own_role) or next(iter(situations), None)


def proved_situations(user_id: UUID, proved: Collection[str] | None) -> list[WorkSituation]:
    """Of these, the ones that the proof of this session said (keys of roles); all when it said nothing of them."""
    found = work_situations(user_id)
    return found if proved is None else [each for each in found if str(each.role_id) in proved]


@compiled.rows
def _roles_of_account(user_id: UUID, today: date) -> QuerySet[PractitionerRole]:
    return (
        PractitionerRole.objects.filter(
            practitioner__user_id=user_id,
            practitioner__active=True,
            organization__active=True,
            period_start__lte=today,
        )
        .exclude(period_end__lte=today)
        .select_related("practitioner", "organization")
        .order_by("organization__name", "pk")
    )


@compiled.rows
def _delegations_to(user_id: UUID, today: date) -> QuerySet[Delegation]:
    """In force today, the physician still working there. Her own role is asked apart."""
    works_there = PractitionerRole.objects.filter(
        practitioner_id=OuterRef("physician_id"),
        organization_id=OuterRef("organization_id"),
        period_start__lte=today,
    ).exclude(period_end__lte=today)
    return (
        Delegation.objects.filter(
            Exists(works_there),
            secretary__user_id=user_id,
            revoked_at=None,
            starts_on__lte=today,
            physician__active=True,
        )
        .exclude(ends_on__lte=today)
        .select_related("physician")
        .order_by("physician__search_name", "pk")
    )


def _acting_for(own: WorkSituation, delegation: Delegation) -> WorkSituation:
    """Her own role and structure, without the duties: those are hers alone."""
    return replace(
        own,
        duties=frozenset(),
        delegation_id=delegation.pk,
        principal_id=delegation.physician_id,
        principal_name=delegation.physician.full_name,
    )


def _open_roles() -> "Prefetch[str, QuerySet[PractitionerRole], str]":
    rows = PractitionerRole.objects.filter(open_today()).select_related("organization")
    return Prefetch("roles", queryset=rows.order_by("organization__name", "pk"))


def _best_first(rows: QuerySet[M], words: Sequence[str], limit: int) -> list[M]:
    """Both steps stop early: the first reads the index of names, the second only what is still missing."""
    if not words:
        return list(rows.order_by("search_name", "pk")[:limit])
    prefixes = " & ".join(f"{word}:*" for word in words)
    rows = rows.filter(search_words=SearchQuery(prefixes, search_type="raw", config="simple"))
    starts = Q()
    for word in words:
        starts |= Q(search_name__startswith=word)
    first = list(rows.filter(starts).order_by("search_name", "pk")[:limit])
    if len(first) == limit:
        return first
    return first + list(rows.exclude(starts).order_by("search_name", "pk")[: limit - len(first)])


def _situation(role: PractitionerRole) -> WorkSituation:
    practitioner = role.practitioner
    return WorkSituation(
        role_id=role.pk,
        practitioner_id=practitioner.pk,
        practitioner_name=practitioner.full_name,
        organization_id=role.organization_id,
        organization_name=role.organization.name,
        profession=role.profession,
        profession_label=role.get_profession_display(),
        duties=frozenset(role.duties),
        has_cell=role.organization.has_cell,
    )


def _take_profession(tokens: list[str]) -> tuple[Profession | None, list[str]]:
    for size in range(min(LONGEST_PROFESSION, len(tokens)), 0, -1):
        for start in range(len(tokens) - size + 1):
            profession = WORDS_OF_PROFESSION.get(" ".join(tokens[start : start + size]))
            if profession is not None:
                return profession, tokens[:start] + tokens[start + size :]
    return None, tokens


def practitioners_at(place: str) -> QuerySet[PractitionerRole, Any]:
    """Keys of those who work today in a commune, or under a postal code."""
    located = Organization.objects.filter(_located_at(place), active=True)
    return PractitionerRole.objects.filter(open_today(), organization__in=located).values("practitioner")


def _located_at(text: str) -> Q:
    """A postal code, or a commune by its name: the whole name when one bears it, else its beginning."""
    name = _place_name(text)
    if len(name) == 5 and name.isdigit():
        # A CEDEX has its own postal code; the commune tells where it is when it has only one.
        alone = Place.objects.filter(kind=PlaceKind.COMMUNE, postal_codes=[name]).values_list(
            "code", flat=True
        )
        return Q(postal_code=name) | Q(commune_code__in=list(alone))
    places = Place.objects.exclude(kind=PlaceKind.COUNTRY)
    codes = list(places.filter(search_name=name).values_list("code", flat=True))
    if codes:
        codes += places.filter(kind=PlaceKind.DISTRICT, parent_code__in=codes).values_list("code", flat=True)
    elif name:
        codes = list(places.filter(search_name__startswith=name).values_list("code", flat=True)[:500])
    return Q(commune_code__in=codes)


def _place_name(text: str) -> str:
    return " ".join(ABBREVIATIONS.get(word, word) for word in search_form(text).split())
