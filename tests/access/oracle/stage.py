"""The people, structures and patients of a world, behind the walls, and who comes to which door."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team.enums import Basis
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import ports
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ids import new_id
from terresante.patients.actions import apply_traits
from terresante.patients.enums import (
    InformationSupport,
    Relationship,
)
from terresante.patients.models import (
    CareRecord,
    IdentityDomain,
    Patient,
    PatientAccount,
    RelatedPerson,
    SourceIdentity,
)
from terresante.patients.traits import Traits
from tests.access.oracle import model
from tests.access.oracle.model import (
    Delegates,
    Joins,
    Reader,
    World,
)
from tests.access.oracle.moves import Names

PROFESSIONS = {
    "doctor": Profession.DOCTOR,
    "nurse": Profession.NURSE,
    "psychiatric_nurse": Profession.PSYCHIATRIC_NURSE,
    "midwife": Profession.MIDWIFE,
    "pharmacist": Profession.PHARMACIST,
    "physiotherapist": Profession.PHYSIOTHERAPIST,
    "psychologist": Profession.PSYCHOLOGIST,
    "social_worker": Profession.SOCIAL_WORKER,
    "home_help": Profession.HOME_HELP,
    "coordinator": Profession.PATHWAY_COORDINATOR,
    "secretary": Profession.MEDICAL_SECRETARY,
    "other": Profession.OTHER,
}


STRUCTURES = {
    "": OrganizationKind.PUBLIC_HOSPITAL,
    "psychiatry": OrganizationKind.CMP,
    "addictology": OrganizationKind.CSAPA,
}
SPECIALTIES = {"": "", "psychiatry": "Psychiatrie", "addictology": "Addictologie"}


_LETTERS = str.maketrans("0123456789abcdef", "GHJKLMNPQRABCDEF")


@dataclass
class Built:
    world: World
    structures: list[Organization] = field(default_factory=list)
    people: list[Practitioner] = field(default_factory=list)
    records: list[CareRecord] = field(default_factory=list)
    actors: dict[Reader, Actor | None] = field(default_factory=dict)
    # Who logs in, and the situation he chooses.
    users: dict[Reader, tuple[User, str]] = field(default_factory=dict)
    # (model label, row number) → the row's key
    rows: dict[tuple[str, int], UUID] = field(default_factory=dict)
    periods: dict[UUID, Joins] = field(default_factory=dict)
    # Who added the member of each period, of the professionals.
    bringers: dict[UUID, int | None] = field(default_factory=dict)
    named: dict[Names, UUID] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    # Letters of its own: several worlds may stand in the database, and a search looks everywhere.
    word: str = field(default_factory=lambda: new_id().hex[-10:].translate(_LETTERS))
    # (relative, patient) → the relative as he stands in that record
    related: dict[tuple[int, int], RelatedPerson] = field(default_factory=dict)
    # Delegation → (relative, patient, whether it is his account's)
    given: dict[UUID, tuple[int, int, bool]] = field(default_factory=dict)


def marker(row: int, label: str) -> str:
    """A word that stands nowhere else, to be looked for in a page."""
    return f"zq{row}x{label.partition('.')[2].lower()}qz"


def called(built: Built, patient: int) -> str:
    """His birth name, which nobody else bears."""
    return f"ZED{built.word}{'ABCDEFGH'[patient]}"


def structures_and_people(built: Built) -> None:
    for number in range(built.world.structures):
        name = f"Structure {number} {new_id().hex[-8:]}"
        sector = model.sector_of_structure(built.world, number)
        kind = OrganizationKind.SAMU if number in built.world.samus else STRUCTURES[sector]
        built.structures.append(Organization.objects.create(name=name, kind=kind, source=Source.LOCAL))
    for number, professional in enumerate(built.world.professionals):
        user = _user()
        person = Practitioner.objects.create(
            family_name=f"NOM{number}",
            given_name="Camille",
            profession=PROFESSIONS[professional.profession],
            specialty_label=SPECIALTIES[professional.specialty],
            user=user,
            source=Source.LOCAL,
            active=not professional.struck_off,
        )
        built.people.append(person)
        for structure in (*professional.structures, *professional.former):
            is_over = structure in professional.former
            role = PractitionerRole.objects.create(
                practitioner=person,
                organization=built.structures[structure],
                profession=person.profession,
                period_start=timezone.localdate() - timedelta(days=90),
                period_end=timezone.localdate() if is_over else None,
                source=Source.LOCAL,
            )
            built.users[Reader("professional", number, structure)] = (user, str(role.pk))


def found_patients(built: Built) -> None:
    for number in range(built.world.patients):
        patient = Patient(id=new_id())
        apply_traits(
            patient,
            Traits(
                birth_name=called(built, number),
                birth_given_names="CAMILLE",
                birth_date=born(built.world, number),
                sex="F",
                birth_place_code="94028",
            ),
        )
        patient.save(force_insert=True)
        built.records.append(_record(built, number, patient))
        user = _user()
        PatientAccount.objects.create(user=user, patient=patient)
        built.users[Reader("patient", number)] = (user, "")
    for structure, patient_number in built.world.known:
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=f"urn:oid:1.2.{built.structures[structure].pk.int}",
            defaults={"name": "IPP", "organization": built.structures[structure]},
        )
        SourceIdentity.objects.create(
            domain=domain, value=new_id().hex, patient_id=built.records[patient_number].patient_id
        )


def _record(built: Built, number: int, patient: Patient) -> CareRecord:
    holder = model.holder(built.world, number)
    if holder is None:
        return CareRecord.objects.create(
            patient=patient,
            holder=built.structures[0],
            is_shared=True,
            information_given_at=timezone.now(),
            information_given_by=built.people[0],
            information_support=InformationSupport.ORAL_WITH_NOTICE,
        )
    structure = built.structures[holder]
    record = CareRecord.objects.create(patient=patient, holder=structure, kept_by=structure)
    period = CareTeamParticipant.objects.create(
        patient=patient,
        record=record,
        organization=structure,
        basis=Basis.SUPPORT,
        started_at=timezone.now() - timedelta(hours=48),
        added_by_name="la preuve",
        sector=model.sector_of_structure(built.world, holder),
        restricted_to=structure if model.sector_of_structure(built.world, holder) else None,
    )
    built.periods[period.pk], built.bringers[period.pk] = Joins(number, structure=holder), None
    return record


def born(world: World, patient: int) -> date:
    """Eighteen years before the birthday that the world names; without one, long ago."""
    if not world.grown_up_for:
        return date(1940, 1, 1 + patient)
    birthday = timezone.localdate() - timedelta(days=world.grown_up_for[patient])
    if (birthday.month, birthday.day) == (2, 29):
        birthday -= timedelta(days=1)
    return birthday.replace(year=birthday.year - 18)


def known_relatives(built: Built) -> None:
    """Each relative is known in each record, whether or not he has an access there."""
    for relative in range(built.world.relatives):
        user = _user()
        for patient, record in enumerate(built.records):
            built.related[relative, patient] = RelatedPerson.objects.create(
                patient_id=record.patient_id, name="Proche", relationship=Relationship.OTHER
            )
            built.users[Reader("representative", relative, patient=patient)] = (user, None)


def bring_relatives(built: Built) -> None:
    """As if he came with what he last had, whether or not it still holds: the doors must not take his word."""
    for relative, patient in built.related:
        reader = Reader("representative", relative, patient=patient)
        last = [
            move
            for move in built.world.moves
            if isinstance(move, Delegates) and (move.relative, move.patient) == (relative, patient)
        ]
        built.actors[reader] = Actor(
            kind=ActorKind.REPRESENTATIVE,
            name="Proche",
            person_id=built.related[relative, patient].pk,
            user_id=built.users[reader][0].pk,
            role=last[-1].basis if last else "guardianship",
            delegated=frozenset(last[-1].scope if last else ()),
            on_behalf_of="quelqu’un",
        )


def _user() -> User:
    login = f"{new_id().hex}@example.org"
    return User.objects.create(login=login, name="Camille", email=login)


def bring_actors(built: Built) -> None:
    """Who acts for another comes once the moves are played: what he was lent may be over."""
    for reader in model.readers(built.world):
        if reader.kind == "representative" or reader.acts_for is not None:
            continue
        if reader in built.users:
            found = at_the_door(built, reader)
            # Gone from the structure he asks for, he is left in another of his: for this one nobody is there.
            is_elsewhere = (
                reader.structure is not None
                and found is not None
                and reader.kind == "professional"
                and found.organization_id != built.structures[reader.structure].pk
            )
            built.actors[reader] = None if is_elsewhere else found
        elif reader.kind == "gateway":
            structure = built.structures[reader.structure or 0]
            built.actors[reader] = Actor(
                kind=ActorKind.GATEWAY, name=structure.name, organization_id=structure.pk
            )
        else:
            built.actors[reader] = Actor.job("oracle")


def at_the_door(built: Built, reader: Reader) -> Actor | None:
    """Through the door itself, with an account: who is behind this session?"""
    user, situation = built.users[reader]
    session = {ports.SITUATION_KEY: situation} if situation else {}
    asked: Any = SimpleNamespace(user=user, session=session)
    return ports.actor_behind(asked)
