"""Each move of a world: by the platform's own actions wherever somebody may act, else behind the walls."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from terresante.care_team import actions, matrix
from terresante.care_team.actions import GivenConsent
from terresante.care_team.actions import relatives as relative_actions
from terresante.care_team.actions.relatives import NewDelegation
from terresante.care_team.enums import Basis, ConsentKind, DataClass, UrgentKind
from terresante.care_team.models import (
    CareTeamParticipant,
    Consent,
    EmergencyAccess,
)
from terresante.directory.actions.delegations import DelegationEntry, end_delegation, give_delegation
from terresante.directory.models import Delegation as Desk
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.switch_changes import change
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
)
from terresante.patients.models import (
    CareRecord,
    Delegation,
    RelatedPerson,
)
from terresante.portal import actions as portal_actions
from tests.access.oracle import model
from tests.access.oracle.model import (
    Agrees,
    BreaksGlass,
    Delegates,
    Grants,
    HandsOver,
    Joins,
    Leaves,
    Lends,
    Lifts,
    Opposes,
    Reader,
    Regime,
    Removes,
    Restricts,
    Revokes,
    Withdraws,
    World,
    Writes,
)
from tests.access.oracle.moves import Names, Unnames
from tests.access.oracle.rows import ROWS, Limits
from tests.access.oracle.stage import PROFESSIONS, Built, at_the_door, marker
from tests.access.oracle.turns import hands_over, names, unnames
from tests.walls import walls_down


def play(built: Built, before: World, move: model.Move, number: int) -> None:
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
        case Agrees():
            _agrees(built, before, move)
        case Regime():
            change(_administrator(built), "legal_regime", "consent" if move.consent else "information", _WHY)
        case Grants():
            group = matrix.group_of(PROFESSIONS[move.profession])
            code = matrix.code_of(group, DataClass(move.data_class))
            change(_administrator(built), code, matrix.value_of(move.right.upper()), _WHY)
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
        case Names():
            names(built, move)
        case Unnames():
            unnames(built, move)
        case HandsOver():
            hands_over(built, move)


def _editors(built: Built, before: World, patient: int) -> list[tuple[Reader, Actor]]:
    """Those whom the model lets edit this circle: if the platform refuses one, that is a difference."""
    found = [reader for reader in model.readers(before) if model.edits_circle(before, reader, patient)]
    asked = [
        (reader, built.actors[reader] if reader in built.actors else at_the_door(built, reader))
        for reader in found
    ]
    return [(reader, actor) for reader, actor in asked if actor is not None]


_WHY = "décidé pour la preuve"
_PROOF = "courrier du 3 mars"


def _administrator(built: Built) -> Actor:
    user, _ = next(iter(built.users.values()))
    duties = frozenset({"administrator"})
    return Actor(kind=ActorKind.PROFESSIONAL, name="Administration", user_id=user.pk, duties=duties)


def _agrees(built: Built, before: World, move: Agrees) -> None:
    record, editor = built.records[move.patient], _editor(built, before, move.patient)
    if editor is not None:
        consent = GivenConsent(given_at=timezone.now(), proof=_PROOF)
        actions.record_sharing_consent(editor, record.pk, consent=consent)
        return
    with walls_down():
        Consent.objects.create(
            patient_id=record.patient_id, kind=ConsentKind.CONSENT_SHARING, recorded_by_name="la preuve"
        )


def _consent(move: Joins) -> GivenConsent:
    return GivenConsent(
        given_at=timezone.now() - timedelta(hours=48),
        proof=_PROOF,
        scope=None if move.scope is None else [DataClass(name) for name in move.scope],
        expires_at=None
        if move.until_hour is None
        else timezone.now() + timedelta(hours=abs(move.until_hour)),
    )


def _editor(built: Built, before: World, patient: int) -> Actor | None:
    found = _editors(built, before, patient)
    return found[0][1] if found else None


def _joins(built: Built, before: World, move: Joins) -> None:
    record = built.records[move.patient]
    practitioner_id = built.people[move.who].pk if move.who is not None else None
    organization_id = built.structures[move.structure].pk if move.structure is not None else None
    struck_off = move.who is not None and before.professionals[move.who].struck_off
    editors, bringer = _editors(built, before, move.patient), None
    editor = editors[0][1] if editors else None
    by_consent = move.scope is not None or move.until_hour is not None
    basis = Basis.CONSENT if by_consent else Basis.CARE_TEAM
    member = actions.NewMember(
        practitioner_id=practitioner_id, organization_id=organization_id, basis=basis, consent=_consent(move)
    )
    if not model.may_join(before.moves, move.patient):
        _is_refused(built, editor, record, member)
        return
    if editor is not None and move.from_hour <= 0 and not struck_off:
        period, bringer = actions.add_member(editor, record.pk, member=member), editors[0][0].who
        if move.until_hour is not None and move.until_hour < 0:
            with walls_down():
                CareTeamParticipant.objects.filter(pk=period.pk).update(
                    started_at=timezone.now() - timedelta(hours=48),
                    expires_at=timezone.now() + timedelta(hours=move.until_hour),
                )
    else:
        sector, place = model.secret(before, move)
        with walls_down():
            period = CareTeamParticipant.objects.create(
                patient_id=record.patient_id,
                record=record,
                practitioner_id=practitioner_id,
                organization_id=organization_id,
                basis=basis,
                started_at=timezone.now() + timedelta(hours=move.from_hour),
                added_by_name="la preuve",
                sector=sector,
                restricted_to=built.structures[place] if place is not None else None,
                scope=None if move.scope is None else list(move.scope),
                expires_at=None
                if move.until_hour is None
                else timezone.now() + timedelta(hours=move.until_hour),
            )
    built.periods[period.pk] = move
    built.bringers[period.pk] = bringer


def _is_refused(built: Built, editor: Actor | None, record: CareRecord, member: actions.NewMember) -> None:
    """The regime of 2019 lets nobody in before the consent."""
    if editor is None:
        return
    try:
        actions.add_member(editor, record.pk, member=member)
    except Refused:
        return
    except Invalid:
        return
    built.surprises.append("somebody joins a circle before the consent that the regime asks for")


def _leaves(built: Built, before: World, move: Leaves) -> None:
    record = built.records[move.patient]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    with walls_down():
        # One past its end is nobody who stays, though its row is still open.
        lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        open_now = list(
            CareTeamParticipant.objects.filter(lasting, patient_id=record.patient_id, ended_at=None)
        )
    period = next(each for each in open_now if member_id in (each.practitioner_id, each.organization_id))
    for reader, editor in _editors(built, before, move.patient):
        seen = {
            each.pk
            for each in open_now
            if model.knows_of(before, reader, built.periods[each.pk], built.bringers[each.pk])
        }
        # The last member that the editor knows of stays: he cannot tell whether others are there.
        if period.pk in seen and len(seen) > 1:
            actions.remove_member(editor, record.pk, period.pk, reason="fin des soins")
            return
    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(ended_at=timezone.now())


_OPPOSITIONS = {
    model.RECORD: (ConsentKind.OPPOSITION_RECORD, list(UrgentKind)),
    model.EMERGENCY: (ConsentKind.OPPOSITION_EMERGENCY, [UrgentKind.BREAK_GLASS]),
    model.SAMU: (ConsentKind.OPPOSITION_SAMU, [UrgentKind.SAMU]),
}


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
    kind, ended = _OPPOSITIONS[move.to]
    editor = _editor(built, before, move.patient)
    if editor is not None:
        actions.record_choice(editor, record.pk, kind=kind, proof="courrier du 3 mars")
        return
    with walls_down():
        Consent.objects.create(patient_id=record.patient_id, kind=kind, recorded_by_name="la preuve")
        now = timezone.now()
        EmergencyAccess.objects.filter(
            patient_id=record.patient_id, expires_at__gt=now, kind__in=ended
        ).update(expires_at=now)
        if move.to == model.RECORD:
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
                    kind=UrgentKind.SAMU if move.call else UrgentKind.BREAK_GLASS,
                    reason="retrouvée inconsciente",
                    opened_at=opened_at,
                    expires_at=opened_at + timedelta(hours=model.EMERGENCY_HOURS),
                )
        return
    try:
        door = actions.open_for_call if move.call else actions.open_in_emergency
        door(actor, record.patient_id, reason="retrouvée inconsciente")
        outcome = True
    except Conflict:
        outcome = opens
    except (Refused, NotFound):
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
                    private_to_person_id=None
                    if move.private_to_who is None
                    else built.people[move.private_to_who].pk,
                    hidden=move.hidden,
                    sector=move.sector,
                    restricted_to_id=None
                    if move.restricted_to is None
                    else built.structures[move.restricted_to].pk,
                    hidden_from_relatives=move.hidden_from_relatives,
                    author=built.people[0],
                    organization_id=built.structures[0].pk,
                    row=move.row,
                    marker=marker(move.row, label),
                )
            )
        if made is not None:
            built.rows[label, move.row] = made.pk
