"""The named cast: the same persons in every test, each with his own patients, so that a refusal means something.

Madeleine has a GP (Dr Amar), a nurse (Inès) and the support structure (DAC Est) in her circle; Léon has another GP
(Dr Brun, same profession, his own patients) and another nurse (Jules). Nobody of Léon's circle may reach Madeleine.
"""

import itertools
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.test import Client
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team.enums import Basis, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel.actor import Actor, ActorKind, Assurance
from terresante.kernel.ids import new_id
from terresante.patients.actions import apply_traits
from terresante.patients.enums import (
    DelegationBasis,
    DelegationProof,
    InformationSupport,
    ProtectionMission,
    Relationship,
)
from terresante.patients.models import CareRecord, Delegation, Patient, PatientAccount, RelatedPerson
from terresante.patients.traits import Traits
from tests.backstage import backstage
from tests.walls import empty_tables, tables_to_empty, walls_down

T = TypeVar("T")
_numbers = itertools.count()


@dataclass
class Cast:
    actors: dict[str, Actor] = field(default_factory=dict)
    records: dict[str, CareRecord] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Actor:
        try:
            return self.actors[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def madeleine_record(self) -> CareRecord:
        return self.records["madeleine"]

    @property
    def leon_record(self) -> CareRecord:
        return self.records["leon"]

    def again(self) -> "Cast":
        """Actors are values; records are objects that a test may change."""
        return Cast(dict(self.actors), deepcopy(self.records))


def login(client: Client, actor: Actor) -> Client:
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


def client_of(actor: Actor) -> Client:
    return login(Client(), actor)


def assemble() -> Cast:
    """Creates the whole cast behind the walls and returns its actors by name."""
    cast = Cast()
    with walls_down():
        practice = organization("Cabinet des Lilas", OrganizationKind.GROUP_PRACTICE)
        other_practice = organization("Cabinet du Canal", OrganizationKind.GROUP_PRACTICE)
        hospital = organization("Hôpital Saint-Martin", OrganizationKind.PUBLIC_HOSPITAL)
        dac = organization("DAC Est", OrganizationKind.DAC)
        for name, profession, at, duties in (
            ("amar", Profession.DOCTOR, practice, []),
            ("ines", Profession.NURSE, practice, []),
            ("brun", Profession.DOCTOR, other_practice, []),
            ("jules", Profession.NURSE, other_practice, []),
            ("samira", Profession.SOCIAL_WORKER, dac, []),
            ("colin", Profession.PATHWAY_COORDINATOR, dac, []),
            ("urgentiste", Profession.DOCTOR, hospital, []),
            ("dpo", Profession.OTHER, hospital, ["privacy_officer"]),
            ("identito", Profession.OTHER, hospital, ["identity_officer"]),
        ):
            cast.actors[name] = professional(name, profession, at, duties=duties)
        cast.records["madeleine"] = shared_record(cast.amar, "LEROUX", "MADELEINE", date(1939, 4, 2))
        cast.records["leon"] = shared_record(cast.brun, "LEROUX", "LEON", date(1941, 9, 12))
        join(cast.madeleine_record, practitioner_id=cast.ines.person_id)
        join(cast.madeleine_record, organization_id=dac.pk, basis=Basis.SUPPORT)
        join(cast.leon_record, practitioner_id=cast.jules.person_id)
        for name in ("madeleine", "leon"):
            cast.actors[name] = patient_actor(cast.records[name])
    return cast


class Kept(Generic[T]):
    """What `make` writes in an empty database, once, whose rows each test then writes again in one exchange.

    Same persons, same identifiers, same moments: nobody meets them but the test, which leaves none of them behind.
    `copied` gives each test its own of what `make` returned.
    """

    def __init__(self, make: Callable[[], T], copied: Callable[[T], T]) -> None:
        empty_tables()
        self._made, self._copied = make(), copied
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE")
            written = [_written_again(cursor, table) for table in tables_to_empty(cursor)]
            cursor.execute("SET ROLE terresante_app")
        self._name, self._body = f"play_{next(_numbers)}", f"BEGIN {''.join(written)} END"
        empty_tables()

    def play(self) -> T:
        """As they were written: what a trigger made is among them, and foreign keys held."""
        backstage.is_empty = False
        backstage.call(self._name, lambda: self._body)
        return self._copied(self._made)


def _written_again(cursor: CursorWrapper, table: str) -> str:
    cursor.execute(f'SELECT json_agg(kept) FROM "{table}" AS kept')
    rows = cursor.fetchone()[0]
    if not rows:
        return ""
    cursor.execute(
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    columns = cursor.fetchone()[0]
    return (
        f'INSERT INTO "{table}" ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns}'
        f' FROM json_populate_recordset(NULL::"{table}", $row${json.dumps(rows)}$row$);'
    )


def organization(name: str, kind: OrganizationKind) -> Organization:
    return Organization.objects.create(name=name, kind=kind, source=Source.LOCAL)


def professional(
    name: str, profession: Profession, at: Organization, *, duties: list[str] | None = None
) -> Actor:
    user = User.objects.create(login=f"{name}@example.org", name=name.title(), email=f"{name}@example.org")
    practitioner = Practitioner.objects.create(
        family_name=name.upper(), given_name="Camille", profession=profession, user=user, source=Source.LOCAL
    )
    PractitionerRole.objects.create(
        practitioner=practitioner,
        organization=at,
        profession=profession,
        duties=duties or [],
        period_start=timezone.localdate() - timedelta(days=400),
        source=Source.LOCAL,
    )
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        name=str(practitioner),
        user_id=user.pk,
        person_id=practitioner.pk,
        organization_id=at.pk,
        organization_name=at.name,
        role=profession,
        role_label=profession.label,
        duties=frozenset(duties or []),
        assurance=Assurance.PASSWORD_AND_CODE,
    )


def shared_record(founder: Actor, family: str, given: str, born: date) -> CareRecord:
    patient = Patient(id=new_id())
    apply_traits(
        patient,
        Traits(
            birth_name=family, birth_given_names=given, birth_date=born, sex="F", birth_place_code="94028"
        ),
    )
    patient.save(force_insert=True)
    assert founder.organization_id is not None
    record = CareRecord.objects.create(
        patient=patient,
        holder_id=founder.organization_id,
        is_shared=True,
        information_given_at=timezone.now(),
        information_given_by_id=founder.person_id,
        information_support=InformationSupport.ORAL_WITH_NOTICE,
    )
    join(record, practitioner_id=founder.person_id, role=TeamRole.ATTENDING)
    return record


def join(
    record: CareRecord,
    *,
    practitioner_id: UUID | None = None,
    organization_id: UUID | None = None,
    role: TeamRole = TeamRole.MEMBER,
    basis: Basis = Basis.CARE_TEAM,
) -> CareTeamParticipant:
    return CareTeamParticipant.objects.create(
        patient_id=record.patient_id,
        record=record,
        practitioner_id=practitioner_id,
        organization_id=organization_id,
        role=role,
        basis=basis,
        started_at=timezone.now() - timedelta(days=30),
        added_by_name="la distribution",
    )


def patient_actor(record: CareRecord) -> Actor:
    name = str(record.patient)
    login = f"{record.patient.birth_given_name.lower()}@example.org"
    user = User.objects.create(login=login, name=name, email=login)
    PatientAccount.objects.create(user=user, patient=record.patient)
    return Actor(
        kind=ActorKind.PATIENT,
        name=name,
        user_id=user.pk,
        person_id=record.patient_id,
        role_label="Patient",
        assurance=Assurance.PASSWORD_AND_CODE,
    )


def represented_by(
    record: CareRecord,
    name: str,
    basis: DelegationBasis,
    *,
    scope: tuple[str, ...] = ("care",),
    user: User | None = None,
    **dates: Any,
) -> Actor:
    """A relative of this patient with an account and an access in force, unless `dates` say otherwise."""
    login = f"{name.lower()}@example.org"
    user = user or User.objects.create(login=login, name=name, email=login)
    is_carer = basis == DelegationBasis.CARER
    related = RelatedPerson.objects.create(
        patient_id=record.patient_id, name=name, relationship=Relationship.OTHER
    )
    given = Delegation.objects.create(
        patient_id=record.patient_id,
        related_person=related,
        user=user,
        claimed_at=timezone.now(),
        basis=basis,
        mission=ProtectionMission.PERSON if basis in Delegation.MEASURES else "",
        scope=sorted(scope) if is_carer else [],
        proof=DelegationProof.SIGNED_FORM if is_carer else DelegationProof.FAMILY_BOOK,
        recorded_by_name="la distribution",
        invited_email=login,
        token_hash=new_id().hex,
        code_hash=new_id().hex,
        invited_until=timezone.now(),
        **{"valid_from": timezone.localdate() - timedelta(days=30), **dates},
    )
    return Actor(
        kind=ActorKind.REPRESENTATIVE,
        name=name,
        user_id=user.pk,
        person_id=related.pk,
        role=basis,
        role_label=basis.label,
        delegated=frozenset(given.scope),
        on_behalf_of=str(record.patient),
        assurance=Assurance.PASSWORD_AND_CODE,
    )
