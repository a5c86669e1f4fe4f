"""Sets a world up in the database: by the platform's own actions wherever somebody may act, else behind the walls."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team import actions, relative_actions
from terresante.care_team.enums import Basis, ConsentKind
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.relative_actions import NewDelegation
from terresante.directory.actions.delegations import DelegationEntry, end_delegation, give_delegation
from terresante.directory.enums import OrganizationKind, Profession, Source
from terresante.directory.models import Delegation as Desk
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.kernel import ports, rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Refused
from terresante.kernel.ids import new_id
from terresante.patients.actions import apply_traits
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    InformationSupport,
    Relationship,
)
from terresante.patients.models import (
    CareRecord,
    Delegation,
    IdentityDomain,
    Patient,
    PatientAccount,
    RelatedPerson,
    SourceIdentity,
)
from terresante.patients.traits import Traits
from terresante.portal import actions as portal_actions
from tests.access.oracle import model
from tests.access.oracle.model import (
    BreaksGlass,
    Delegates,
    Joins,
    Leaves,
    Lends,
    Lifts,
    Opposes,
    Reader,
    Removes,
    Restricts,
    Revokes,
    Withdraws,
    World,
    Writes,
)
from tests.access.oracle.rows import ROWS, Limits
from tests.walls import walls_down

PROFESSIONS = {
    "doctor": Profession.DOCTOR,
    "nurse": Profession.NURSE,
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
    surprises: list[str] = field(default_factory=list)
    # Letters of its own: several worlds may stand in the database, and a search looks everywhere.
    word: str = field(default_factory=lambda: new_id().hex[-10:].translate(_LETTERS))
    # (relative, patient) → the relative as he stands in that record
    related: dict[tuple[int, int], RelatedPerson] = field(default_factory=dict)
    # Delegation → (relative, patient, whether it is his account's)
    given: dict[UUID, tuple[int, int, bool]] = field(default_factory=dict)


def build(world: World) -> Built:
    built = Built(world)
    with walls_down():
        _structures_and_people(built)
        _patients(built)
        _relatives(built)
    _actors(built)
    for number, move in enumerate(world.moves):
        _play(built, replace(world, moves=world.moves[:number]), move, number)
    _represent(built)
    for reader in model.readers(world):
        if reader.acts_for is not None:
            built.actors[reader] = _at_the_door(built, reader)
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
            Organization.objects.create(name=name, kind=OrganizationKind.PUBLIC_HOSPITAL, source=Source.LOCAL)
        )
    for number, professional in enumerate(built.world.professionals):
        user = _user()
        person = Practitioner.objects.create(
            family_name=f"NOM{number}",
            given_name="Camille",
            profession=PROFESSIONS[professional.profession],
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


def _patients(built: Built) -> None:
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
        built.users[Reader("patient", number)] = (user, "")
    for structure, patient_number in built.world.known:
        domain, _ = IdentityDomain.objects.get_or_create(
            authority=f"urn:oid:1.2.{built.structures[structure].pk.int}",
            defaults={"name": "IPP", "organization": built.structures[structure]},
        )
        SourceIdentity.objects.create(
            domain=domain, value=new_id().hex, patient_id=built.records[patient_number].patient_id
        )


def born(world: World, patient: int) -> date:
    """Eighteen years before the birthday that the world names; without one, long ago."""
    if not world.grown_up_for:
        return date(1940, 1, 1 + patient)
    birthday = timezone.localdate() - timedelta(days=world.grown_up_for[patient])
    if (birthday.month, birthday.day) == (2, 29):
        birthday -= timedelta(days=1)
    return birthday.replace(year=birthday.year - 18)


def _relatives(built: Built) -> None:
    """Each relative is known in each record, whether or not he has an access there."""
    for relative in range(built.world.relatives):
        user = _user()
        for patient, record in enumerate(built.records):
            built.related[relative, patient] = RelatedPerson.objects.create(
                patient_id=record.patient_id, name="Proche", relationship=Relationship.OTHER
            )
            built.users[Reader("representative", relative, patient=patient)] = (user, None)


def _represent(built: Built) -> None:
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


def _actors(built: Built) -> None:
    """Who acts for another comes once the moves are played: what he was lent may be over."""
    for reader in model.readers(built.world):
        if reader.kind == "representative" or reader.acts_for is not None:
            continue
        if reader in built.users:
            found = _at_the_door(built, reader)
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


def _at_the_door(built: Built, reader: Reader) -> Actor | None:
    """Through the door itself, with an account: who is behind this session?"""
    user, situation = built.users[reader]
    session = {ports.SITUATION_KEY: situation} if situation else {}
    asked: Any = SimpleNamespace(user=user, session=session)
    return ports.actor_behind(asked)


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
        case Delegates():
            _delegates(built, before, move)
        case Withdraws() | Restricts():
            _cuts(built, before, move)
        case Removes():
            _removes(built, move)
        case Lends():
            _lends(built, before, move)
        case Revokes():
            _revokes(built, move)
        case Writes():
            _writes(built, move)


def _editor(built: Built, before: World, patient: int) -> Actor | None:
    """Somebody whom the model lets edit this circle: if the platform refuses him, that is a difference."""
    found = [r for r in model.readers(before) if model.edits_circle(before, r, patient)]
    if not found:
        return None
    return built.actors[found[0]] if found[0] in built.actors else _at_the_door(built, found[0])


def _joins(built: Built, before: World, move: Joins) -> None:
    record = built.records[move.patient]
    practitioner_id = built.people[move.who].pk if move.who is not None else None
    organization_id = built.structures[move.structure].pk if move.structure is not None else None
    struck_off = move.who is not None and before.professionals[move.who].struck_off
    editor = _editor(built, before, move.patient)
    if editor is not None and move.from_hour <= 0 and not struck_off:
        member = actions.NewMember(practitioner_id=practitioner_id, organization_id=organization_id)
        period = actions.add_member(editor, record.pk, member=member)
    else:
        with walls_down():
            period = CareTeamParticipant.objects.create(
                patient_id=record.patient_id,
                record=record,
                practitioner_id=practitioner_id,
                organization_id=organization_id,
                basis=Basis.CARE_TEAM,
                started_at=timezone.now() + timedelta(hours=move.from_hour),
                added_by_name="la preuve",
            )
    built.periods[period.pk] = move


def _leaves(built: Built, before: World, move: Leaves) -> None:
    record = built.records[move.patient]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    editor = _editor(built, before, move.patient)
    with walls_down():
        periods = CareTeamParticipant.objects.filter(patient_id=record.patient_id, ended_at=None)
        period, is_last = periods.get(member_id=member_id), periods.count() == 1
    if editor is not None and not is_last:
        actions.remove_member(editor, record.pk, period.pk, reason="fin des soins")
        return
    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(ended_at=timezone.now())


def _removes(built: Built, move: Removes) -> None:
    """With the patient's own hand, always: he needs nobody for it."""
    record, patient = built.records[move.patient], built.actors[Reader("patient", move.patient)]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    with walls_down():
        period = CareTeamParticipant.objects.get(
            patient_id=record.patient_id, ended_at=None, member_id=member_id
        )
    assert patient is not None
    portal_actions.remove_member(patient, record.pk, period.pk)


def _delegates(built: Built, before: World, move: Delegates) -> None:
    """By who may record it, when the law lets him record it so; then the account is the relative's."""
    record, person = built.records[move.patient], built.related[move.relative, move.patient]
    today = timezone.localdate()
    asked = NewDelegation(
        basis=DelegationBasis(move.basis),
        mission="person" if move.basis == "guardianship" else "",
        email="proche@example.org",
        proof=_PROOFS[move.basis],
        scope=frozenset(DelegatedScope(name) for name in move.scope),
        valid_from=today + timedelta(days=move.from_day),
        valid_until=None if move.until_day is None else today + timedelta(days=move.until_day),
        court="Tribunal judiciaire de Créteil",
        judged_on=today - timedelta(days=40),
    )
    recorder = _editor(built, before, move.patient)
    if move.basis == "carer":
        recorder = built.actors[Reader("patient", move.patient)]
    is_grown = move.basis == "parental" and before.grown_up_for[move.patient] >= 0
    lawful = not is_grown and (move.basis != "guardianship" or asked.valid_until is not None)
    if recorder is not None and lawful:
        given = relative_actions.record_delegation(
            recorder, record.pk, person.pk, delegation=asked
        ).delegation
    else:
        with walls_down():
            given = _set_in_place(person, asked)
    if move.claimed:
        user = built.users[Reader("representative", move.relative, patient=move.patient)][0]
        with walls_down():
            Delegation.objects.filter(pk=given.pk).update(user=user, claimed_at=timezone.now())
    built.given[given.pk] = (move.relative, move.patient, move.claimed)


_PROOFS = {
    "parental": DelegationProof.FAMILY_BOOK,
    "guardianship": DelegationProof.JUDGMENT,
    "carer": DelegationProof.ONLINE,
}


def _set_in_place(person: RelatedPerson, asked: NewDelegation) -> Delegation:
    return Delegation.objects.create(
        patient_id=person.patient_id,
        related_person=person,
        basis=asked.basis,
        mission=asked.mission,
        scope=sorted(asked.scope),
        valid_from=asked.valid_from,
        valid_until=asked.valid_until,
        proof=asked.proof,
        court=asked.court,
        judged_on=asked.judged_on,
        recorded_by_name="la preuve",
        invited_email=asked.email,
        token_hash=new_id().hex,
        code_hash=new_id().hex,
        invited_until=timezone.now() + timedelta(days=14),
    )


def _cuts(built: Built, before: World, move: Withdraws | Restricts) -> None:
    record, given = built.records[move.patient], model.delegation(before, move.relative, move.patient)
    assert given is not None
    with walls_down():
        row = Delegation.objects.get(
            related_person=built.related[move.relative, move.patient], withdrawn_at=None, restricted_at=None
        )
    editor = _editor(built, before, move.patient)
    if given.basis == "carer":
        editor = built.actors[Reader("patient", move.patient)]
    if editor is None:
        with walls_down():
            name = "withdrawn_at" if isinstance(move, Withdraws) else "restricted_at"
            Delegation.objects.filter(pk=row.pk).update(**{name: timezone.now()})
    elif isinstance(move, Withdraws):
        relative_actions.withdraw_delegation(editor, record.pk, row.pk)
    else:
        relative_actions.restrict_parent(editor, record.pk, row.pk, decision="JAF de Créteil, 12 mars")


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


def _lends(built: Built, before: World, move: Lends) -> None:
    """By the physician at the door, when it may start today; else behind the walls, as time will have made it."""
    reader = Reader("professional", move.who, move.structure)
    physician, secretary = built.actors[reader], built.people[move.secretary]
    today = timezone.localdate()
    if physician is not None and move.from_day == 0 and move.to_day is None:
        entry = DelegationEntry(secretary_id=secretary.pk, starts_on=today)
        given = give_delegation(physician, entry=entry)
    else:
        with walls_down():
            given = Desk.objects.create(
                physician=built.people[move.who],
                secretary=secretary,
                organization=built.structures[move.structure],
                starts_on=today + timedelta(days=move.from_day),
                ends_on=None if move.to_day is None else today + timedelta(days=move.to_day),
            )
    own = Reader("professional", move.secretary, move.structure)
    user, role = built.users[own]
    acting = Reader("professional", move.secretary, move.structure, acts_for=move.who)
    built.users[acting] = (user, f"{role}:{given.pk}")


def _revokes(built: Built, move: Revokes) -> None:
    given = Desk.objects.get(
        physician=built.people[move.who],
        secretary=built.people[move.secretary],
        organization=built.structures[move.structure],
        revoked_at=None,
    )
    secretary = built.actors[Reader("professional", move.secretary, move.structure)]
    assert secretary is not None
    end_delegation(secretary, given.pk)


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
                    hidden=move.hidden,
                    hidden_from_relatives=move.hidden_from_relatives,
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
