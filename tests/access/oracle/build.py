"""Sets a world up in the database: by the platform's own actions wherever somebody may act, else behind the walls."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team import actions
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import Basis, ConsentKind, Sector
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess, NamedReader
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Refused
from terresante.kernel.ids import new_id
from terresante.patients.actions import apply_traits
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord, IdentityDomain, Patient, PatientAccount, SourceIdentity
from terresante.patients.traits import Traits
from tests.access.oracle import model
from tests.access.oracle.model import (
    BreaksGlass,
    Joins,
    Leaves,
    Lifts,
    Names,
    Opposes,
    Reader,
    Unnames,
    World,
    Writes,
)
from tests.access.oracle.rows import ROWS, Limits
from tests.walls import walls_down

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
    users: dict[Reader, tuple[User, UUID | None]] = field(default_factory=dict)
    # (model label, row number) → the row's key
    rows: dict[tuple[str, int], UUID] = field(default_factory=dict)
    periods: dict[UUID, Joins] = field(default_factory=dict)
    # Who added the member of each period, of the professionals.
    bringers: dict[UUID, int | None] = field(default_factory=dict)
    named: dict[Names, UUID] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    # Letters of its own: several worlds may stand in the database, and a search looks everywhere.
    word: str = field(default_factory=lambda: new_id().hex[-10:].translate(_LETTERS))


def build(world: World) -> Built:
    built = Built(world)
    with walls_down():
        _structures_and_people(built)
        _patients(built)
    _actors(built)
    for number, move in enumerate(world.moves):
        _play(built, replace(world, moves=world.moves[:number]), move, number)
    return built


def marker(row: int, label: str) -> str:
    """A word that stands nowhere else, to be looked for in a page."""
    return f"zq{row}x{label.partition('.')[2].lower()}qz"


def called(built: Built, patient: int) -> str:
    """His birth name, which nobody else bears."""
    return f"ZED{built.word}{'ABCDEFGH'[patient]}"


def _structures_and_people(built: Built) -> None:
    for number in range(built.world.structures):
        name = f"Structure {number} {new_id().hex[-8:]}"
        built.structures.append(
            Organization.objects.create(
                name=name,
                kind=STRUCTURES[model.sector_of_structure(built.world, number)],
                source=Source.LOCAL,
            )
        )
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
            built.users[Reader("professional", number, structure)] = (user, role.pk)


def _patients(built: Built) -> None:
    for number in range(built.world.patients):
        patient = Patient(id=new_id())
        apply_traits(
            patient,
            Traits(
                birth_name=called(built, number),
                birth_given_names="CAMILLE",
                birth_date=date(1940, 1, 1 + number),
                sex="F",
                birth_place_code="94028",
            ),
        )
        patient.save(force_insert=True)
        built.records.append(
            CareRecord.objects.create(
                patient=patient,
                holder=built.structures[0],
                is_shared=True,
                information_given_at=timezone.now(),
                information_given_by=built.people[0],
                information_support=InformationSupport.ORAL_WITH_NOTICE,
            )
        )
        user = _user()
        PatientAccount.objects.create(user=user, patient=patient)
        built.users[Reader("patient", number)] = (user, None)
    for structure, patient_number in built.world.known:
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=f"urn:oid:1.2.{built.structures[structure].pk.int}",
            defaults={"name": "IPP", "organization": built.structures[structure]},
        )
        SourceIdentity.objects.create(
            domain=domain, value=new_id().hex, patient_id=built.records[patient_number].patient_id
        )


def _user() -> User:
    login = f"{new_id().hex}@example.org"
    return User.objects.create(login=login, name="Camille", email=login)


def _actors(built: Built) -> None:
    """Through the door itself where there is an account: who is behind this session?"""
    for reader in model.readers(built.world):
        if reader in built.users:
            user, role_id = built.users[reader]
            session = {ports.SITUATION_KEY: str(role_id)} if role_id else {}
            asked: Any = SimpleNamespace(user=user, session=session)
            found = ports.actor_behind(asked)
            # Gone from the structure he asks for, he is left in another of his: for this one nobody is there.
            is_elsewhere = (
                role_id and found and found.organization_id != built.structures[reader.structure or 0].pk
            )
            built.actors[reader] = None if is_elsewhere else found
        elif reader.kind == "gateway":
            structure = built.structures[reader.structure or 0]
            built.actors[reader] = Actor(
                kind=ActorKind.GATEWAY, name=structure.name, organization_id=structure.pk
            )
        elif reader.kind == "representative":
            built.actors[reader] = Actor(
                kind=ActorKind.REPRESENTATIVE, name="Proche", person_id=new_id(), user_id=new_id()
            )
        else:
            built.actors[reader] = Actor.job("oracle")


def _play(built: Built, before: World, move: model.Move, number: int) -> None:
    match move:
        case Joins():
            _joins(built, before, move)
        case Leaves():
            _leaves(built, before, move)
        case Opposes():
            _opposes(built, before, move)
        case Lifts():
            patient = built.actors[Reader("patient", move.patient)]
            assert patient is not None
            actions.lift_opposition(patient, built.records[move.patient].pk)
        case BreaksGlass():
            _breaks(built, before, move, number)
        case Writes():
            _writes(built, move)
        case Names():
            _names(built, move)
        case Unnames():
            _unnames(built, move)


def _editors(built: Built, before: World, patient: int) -> list[Reader]:
    """Those whom the model lets edit this circle: if the platform refuses one, that is a difference."""
    return [
        r
        for r in model.readers(before)
        if model.edits_circle(before, r, patient) and built.actors[r] is not None
    ]


def _editor(built: Built, before: World, patient: int) -> Actor | None:
    found = _editors(built, before, patient)
    return built.actors[found[0]] if found else None


def _joins(built: Built, before: World, move: Joins) -> None:
    record = built.records[move.patient]
    practitioner_id = built.people[move.who].pk if move.who is not None else None
    organization_id = built.structures[move.structure].pk if move.structure is not None else None
    struck_off = move.who is not None and before.professionals[move.who].struck_off
    editors = _editors(built, before, move.patient)
    bringer = None
    if editors and move.from_hour <= 0 and not struck_off:
        member = actions.NewMember(practitioner_id=practitioner_id, organization_id=organization_id)
        editor = built.actors[editors[0]]
        assert editor is not None
        period = actions.add_member(editor, record.pk, member=member)
        bringer = editors[0].who
    else:
        sector, place = model.secret(before, move)
        with walls_down():
            period = CareTeamParticipant.objects.create(
                patient_id=record.patient_id,
                record=record,
                practitioner_id=practitioner_id,
                organization_id=organization_id,
                basis=Basis.CARE_TEAM,
                started_at=timezone.now() + timedelta(hours=move.from_hour),
                added_by_name="la preuve",
                sector=sector,
                restricted_to=built.structures[place] if place is not None else None,
            )
    built.periods[period.pk] = move
    built.bringers[period.pk] = bringer


def _leaves(built: Built, before: World, move: Leaves) -> None:
    record = built.records[move.patient]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    with walls_down():
        open_now = list(CareTeamParticipant.objects.filter(patient_id=record.patient_id, ended_at=None))
    period = next(each for each in open_now if member_id in (each.practitioner_id, each.organization_id))
    for reader in _editors(built, before, move.patient):
        seen = {
            each.pk
            for each in open_now
            if model.knows_of(before, reader, built.periods[each.pk], built.bringers[each.pk])
        }
        editor = built.actors[reader]
        # The last member that the editor knows of stays: he cannot tell whether others are there.
        if editor is not None and period.pk in seen and len(seen) > 1:
            actions.remove_member(editor, record.pk, period.pk, reason="fin des soins")
            return
    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(ended_at=timezone.now())


def _names(built: Built, move: Names) -> None:
    """By the patient for a whole sector; in the name of a structure, behind the walls."""
    record = built.records[move.patient]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    if move.restricted_to is None:
        with walls_down():
            member = CareTeamParticipant.objects.get(
                patient_id=record.patient_id, member_id=member_id, ended_at=None
            )
        patient = built.actors[Reader("patient", move.patient)]
        assert patient is not None
        named = name_reader(patient, record.pk, sector=Sector(move.sector), participant_id=member.pk)
    else:
        with walls_down():
            named = NamedReader.objects.create(
                patient_id=record.patient_id,
                record=record,
                sector=move.sector,
                restricted_to=built.structures[move.restricted_to],
                practitioner_id=member_id if move.who is not None else None,
                organization_id=member_id if move.who is None else None,
                named_by_name="la preuve",
            )
    built.named[move] = named.pk


def _unnames(built: Built, move: Unnames) -> None:
    patient = built.actors[Reader("patient", move.named.patient)]
    assert patient is not None
    withdraw_name(patient, built.records[move.named.patient].pk, built.named[move.named])


def _opposes(built: Built, before: World, move: Opposes) -> None:
    record = built.records[move.patient]
    kind = ConsentKind.OPPOSITION_EMERGENCY if move.emergency else ConsentKind.OPPOSITION_RECORD
    editor = _editor(built, before, move.patient)
    if editor is not None:
        actions.record_choice(editor, record.pk, kind=kind, proof="courrier du 3 mars")
        return
    with walls_down():
        Consent.objects.create(patient_id=record.patient_id, kind=kind, recorded_by_name="la preuve")
        now = timezone.now()
        EmergencyAccess.objects.filter(patient_id=record.patient_id, expires_at__gt=now).update(
            expires_at=now
        )
        if not move.emergency:
            CareTeamParticipant.objects.filter(patient_id=record.patient_id, ended_at=None).update(
                suspended_at=now
            )


def _breaks(built: Built, before: World, move: BreaksGlass, number: int) -> None:
    record, reader = built.records[move.patient], Reader("professional", move.who, move.structure)
    actor, opens = built.actors[reader], model.glass_opens(built.world, number)
    if actor is None:
        return
    if move.hours_ago:
        if opens:
            with walls_down():
                opened_at = timezone.now() - timedelta(hours=move.hours_ago)
                EmergencyAccess.objects.create(
                    patient_id=record.patient_id,
                    practitioner_id=actor.person_id,
                    organization_id=actor.organization_id,
                    user_id=actor.user_id,
                    reason="retrouvée inconsciente",
                    opened_at=opened_at,
                    expires_at=opened_at + timedelta(hours=model.EMERGENCY_HOURS),
                )
        return
    try:
        actions.open_in_emergency(actor, record.patient_id, reason="retrouvée inconsciente")
        outcome = True
    except Conflict:
        outcome = opens
    except Refused:
        outcome = False
    if outcome != opens:
        built.surprises.append(f"move {number}: breaking the glass {outcome}, expected {opens}")


def _writes(built: Built, move: Writes) -> None:
    record = built.records[move.patient]
    for label, make in ROWS.items():
        with walls_down():
            made = make(
                Limits(
                    patient_id=record.patient_id,
                    record_id=record.pk,
                    data_class=move.data_class,
                    private_to_id=None if move.private_to is None else built.structures[move.private_to].pk,
                    private_to_person_id=None
                    if move.private_to_who is None
                    else built.people[move.private_to_who].pk,
                    hidden=move.hidden,
                    sector=move.sector,
                    restricted_to_id=None
                    if move.restricted_to is None
                    else built.structures[move.restricted_to].pk,
                    author=built.people[0],
                    organization_id=built.structures[0].pk,
                    row=move.row,
                    marker=marker(move.row, label),
                )
            )
        if made is not None:
            built.rows[label, move.row] = made.pk


def opens(actor: Actor, patient_id: UUID) -> str:
    with rls.acting(actor):
        return rls.open_record(patient_id)
