"""Stays and letters come as they would in life: HL7 messages of the structures, stored, then applied in their order."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from xml.sax.saxutils import escape

from config.local.places import HOST
from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.hospital.documents import Author, Letter, Passage, cda, mdm, table
from simulators.hospital.entries import coded_section
from simulators.hospital.messages import Authority, Movement, Person, Place, message
from simulators.hospital.messages import Stay as MessageStay
from simulators.laboratory.reports import Examinations, Germ, Result, entry
from simulators.region.build import ipp_of
from simulators.region.identifiers import rpps
from simulators.region.model import Identity, Moment, Region, Section, SentLetter, Stay, Story, Structure
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.interop.actions import register_sender
from terresante.interop.jobs import apply_waiting
from terresante.interop.mllp.intake import received
from terresante.interop.mllp.store import MessageStore
from terresante.interop.models import SenderSystem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.patients.actions import link_identity
from terresante.patients.models import IdentityDomain
from terresante.results.models import DiagnosticReport

_BIOLOGY = "11502-2"
_LAST_EVENING = Moment(days=1, hour=21, minute=40)


@dataclass(frozen=True, slots=True)
class Sent:
    sender: str
    at: datetime
    content: bytes


class UnexpectedAnswer(RuntimeError):
    """A programming error: the platform refuses what a well-behaved hospital sends."""


def connect_hospitals(
    job: Actor, region: Region, directory: Directory, *, port: int
) -> dict[str, SenderSystem]:
    """The simulated hospital has the port; the others, whom nothing plays, a certificate nobody holds."""
    senders = {}
    for key, structure in region.structures.items():
        if not structure.oid:
            continue
        is_simulated = key == region.simulated_hospital
        what = "Résultats" if structure.kind == "laboratory" else "Admissions"
        senders[key] = register_sender(
            job,
            directory.organizations[key].pk,
            name=f"{what}, {structure.short_name or structure.name}",
            authorities=[structure.oid],
            port=port if is_simulated else None,
            fingerprint=None if is_simulated else hashlib.sha256(structure.oid.encode()).hexdigest(),
        )
        if is_simulated:
            # Where it receives its business acknowledgements (simulators.hospital).
            SenderSystem.objects.filter(pk=senders[key].pk).update(
                return_host=HOST, return_port=port + 1, return_tls=False
            )
    return senders


def link_patients(job: Actor, region: Region, patients: dict[str, UUID]) -> None:
    """Hospitals know those who stayed there, and those a visitor may play."""
    domains = {domain.authority: domain for domain in IdentityDomain.objects.all()}
    played = {visitor.ipp for visitor in region.visitors}
    for story in region.stories:
        hospitals = {stay.hospital for stay in story.stays} | {letter.sender for letter in story.letters}
        if ipp_of(story, region.simulated_hospital) in played:
            hospitals.add(region.simulated_hospital)
        for hospital in sorted(hospitals):
            domain = domains[region.structures[hospital].oid]
            with rls.acting(job):
                link_identity(job, patients[story.key], domain=domain, value=ipp_of(story, hospital))


def play_stays(region: Region, senders: dict[str, SenderSystem], times: Times) -> int:
    """Stores and applies each message at its own time, oldest first; returns how many."""
    everything = sorted(_messages(region, senders, times), key=lambda sent: sent.at)
    store = MessageStore(list(SenderSystem.objects.prefetch_related("domains")))
    for sent in everything:
        outcome = store.keep([replace(received(sent.sender, sent.content), received_at=sent.at)])[0]
        if outcome.refusal is not None:
            raise UnexpectedAnswer(outcome.refusal.sentence)
        apply_waiting(1, clock=lambda at=sent.at: at)  # type: ignore[misc]  # bound now, not at the call
    return len(everything)


def person_of(identity: Identity, ipp: str, structure: Structure) -> Person:
    return Person(
        ipp=ipp,
        birth_name=identity.birth_name,
        given=identity.given,
        birth_date=identity.born.isoformat(),
        sex=identity.sex,
        birth_place=identity.birth_place.code,
        authority=authority_of(structure),
        ins=identity.ins,
        used_name=identity.used_name,
    )


def authority_of(structure: Structure) -> Authority:
    return Authority(structure.key.upper(), structure.oid)


def _messages(region: Region, senders: dict[str, SenderSystem], times: Times) -> Iterator[Sent]:
    for story in region.stories:
        for number, stay in enumerate(story.stays):
            yield from _of_stay(region, senders, times, story, stay, number)
        for number, letter in enumerate(story.letters):
            yield _of_letter(region, senders, times, story, letter, number)
    yield _waiting_for_a_decision(region, senders, times)


def _of_stay(
    region: Region,
    senders: dict[str, SenderSystem],
    times: Times,
    story: Story,
    stay: Stay,
    number: int,
) -> Iterable[Sent]:
    structure = region.structures[stay.hospital]
    person = person_of(story.identity, ipp_of(story, stay.hospital), structure)
    sender, name = str(senders[stay.hospital].pk), f"{person.ipp}{number}"
    came = times.at(stay.came)
    shown = _shown(structure, stay, f"V{name}", came)
    arrival = "A01" if stay.patient_class == "I" else "A04"
    yield Sent(sender, came, _adt(arrival, person, shown, f"{name}E", came))
    if stay.gone is not None:
        gone = times.at(stay.gone)
        left = replace(
            shown,
            discharged_at=gone,
            circumstance="3",
            exit_mode=stay.exit_mode,
            destination=stay.destination,
        )
        yield Sent(sender, gone, _adt("A03", person, left, f"{name}S", gone))


def _of_letter(
    region: Region,
    senders: dict[str, SenderSystem],
    times: Times,
    story: Story,
    letter: SentLetter,
    number: int,
) -> Sent:
    structure = region.structures[letter.sender]
    person = person_of(story.identity, ipp_of(story, letter.sender), structure)
    given, family = letter.by.split(" ", 1)
    at = times.at(letter.at)
    came = _came(story, letter, number, times)
    name = _letter_name(structure, story, letter, number)
    document = Letter(
        identifier=name,
        person=person,
        author=Author(rpps(700 + number), given, family, structure.name, structure.finess, role=letter.role),
        at=at,
        code=letter.type,
        title=letter.title,
        passages=tuple(passage(each, at) for each in letter.sections),
        performed_at=at if letter.type == _BIOLOGY else None,
    )
    control_id = f"D{person.ipp}{number}"
    content = mdm("T02", cda(document), person, control_id=control_id, at=came, code=letter.type)
    return Sent(str(senders[letter.sender].pk), came, content)


def _came(story: Story, letter: SentLetter, number: int, times: Times) -> datetime:
    """What is older than the record was sent once it was there."""
    if letter.at.days < story.since:
        return times.at(letter.at)
    return times.at(Moment(days=story.since - 1, hour=9, minute=number % 60))


def _letter_name(structure: Structure, story: Story, letter: SentLetter, number: int) -> str:
    return f"{structure.oid}.{ipp_of(story, letter.sender)[1:]}.{number}"


def put_letters_back(job: Actor, region: Region, patients: dict[str, UUID], times: Times) -> None:
    """At the hour they came, not at the hour of the loading."""
    for story in region.stories:
        for number, letter in enumerate(story.letters):
            at = _came(story, letter, number, times)
            name = _letter_name(region.structures[letter.sender], story, letter, number)
            with rls.acting(job):
                rls.open_record(patients[story.key])
                document = DocumentReference.objects.get(
                    patient_id=patients[story.key], sender_identifier=name
                )
                DocumentReference.objects.filter(pk=document.pk).update(recorded_at=at)
                FeedItem.objects.filter(object_id=document.pk).update(occurred_at=at, recorded_at=at)
                DiagnosticReport.objects.filter(document=document).update(recorded_at=at)


def passage(section: Section, at: datetime) -> Passage:
    """Of a report of biology, with its results as a laboratory codes them."""
    germ = section.germ
    if not section.results and germ is None:
        return Passage(section.code, section.title, *_words_and_codes(section))
    chapter = Examinations(
        code=section.code,
        results=tuple(
            Result(code=code, label=label, value=value, unit=unit, low=low, high=high, flag=flag)
            for code, label, value, unit, low, high, flag in section.results
        ),
        germs=(Germ(code=germ.code, name=germ.name, count=germ.count, antibiotics=germ.antibiotics),)
        if germ
        else (),
        specimen=germ.specimen if germ else "",
    )
    return Passage(section.code, section.title, narrative(section), entries=entry(chapter, at))


def _words_and_codes(section: Section) -> tuple[str, str]:
    """What a good software writes: its words, and the codes of its rows."""
    return (
        coded_section(section.code, section.head, section.rows) if section.head else (narrative(section), "")
    )


def narrative(section: Section) -> str:
    if section.head:
        return table(section.head, *section.rows)
    items = "".join(f"<item>{escape(each)}</item>" for each in section.items)
    words = f"<paragraph>{escape(section.text)}</paragraph>" if section.text else ""
    return words + (f"<list>{items}</list>" if items else "")


def _shown(structure: Structure, stay: Stay, number: str, came: datetime) -> MessageStay:
    unit = next(unit for unit in structure.units if unit.code == stay.unit)
    return MessageStay(
        number=number,
        account=f"D{number[1:]}",
        patient_class=stay.patient_class,
        place=Place(unit.name, unit.code, unit.name[:8].upper().strip()),
        admitted_at=came,
        entry_mode="8",
        reason=stay.reason,
        is_protected=stay.is_protected,
    )


def _adt(event: str, person: Person, stay: MessageStay, name: str, at: datetime) -> bytes:
    return message(event, person, control_id=f"M{name}", at=at, stay=stay, movement=Movement(f"MV{name}", at))


def _waiting_for_a_decision(region: Region, senders: dict[str, SenderSystem], times: Times) -> Sent:
    """Something on the identity desk: the homonym, under a number that the simulator does not use."""
    key = region.simulated_hospital
    homonym = region.visitors[-1]
    structure = region.structures[key]
    stay = Stay(hospital=key, unit="8782", reason="Douleur abdominale", came=_LAST_EVENING, gone=None)
    came = times.at(stay.came)
    shown = replace(_shown(structure, stay, "VB9000000030", came), patient_class="E")
    person = person_of(homonym.identity, "B900000003", structure)
    return Sent(str(senders[key].pk), came, _adt("A04", person, shown, "B9000000030E", came))
