"""What a hospital does with a patient: each gesture becomes one message, and moves the stay on."""

import dataclasses
import datetime
import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from simulators.hospital.documents import Author, Letter, Passage, cda, mdm
from simulators.hospital.entries import coded_section
from simulators.hospital.messages import PARIS, Flaw, Movement, Person, Place, Stay, message

EMERGENCY = Place("Urgences", "8782", "URG", "BOX", "3")
CARDIOLOGY = Place("Cardiologie", "4411", "CARDIO", "12", "A")
MEDICINE = Place("Médecine interne", "3105", "MEDINT", "204", "B")
_PHYSICIAN = Author("99900000015", "Paul", "MARTEL", "", "")
_DRUGS = (("Paracétamol 1 g", "1 matin, midi et soir"), ("Furosémide 40 mg", "1 le matin"))
_STOPPED = (("Ibuprofène 400 mg", "Déconseillé avec une insuffisance cardiaque"),)
_FOLLOW_UP = "Revoir le médecin traitant dans la semaine, avec un bilan sanguin."
PSYCHIATRY = Place("Psychiatrie adulte", "6601", "PSY", "7", "")


class Impossible(Exception):
    """The gesture makes no sense now; the text says why, in French."""


@dataclass(frozen=True, slots=True)
class Gesture:
    key: str
    label: str
    event: str


GESTURES = (
    Gesture("identite", "Envoyer l’identité", "A31"),
    Gesture("preadmission", "Préadmettre en cardiologie", "A05"),
    Gesture("urgences", "Admettre aux urgences", "A04"),
    Gesture("cardiologie", "Hospitaliser en cardiologie", "A01"),
    Gesture("psychiatrie", "Hospitaliser en psychiatrie", "A01"),
    Gesture("secret", "Hospitaliser en accès protégé", "A01"),
    Gesture("annuler-admission", "Annuler l’admission", "A11"),
    Gesture("transferer", "Transférer en médecine interne", "A02"),
    Gesture("annuler-transfert", "Annuler le transfert", "A12"),
    Gesture("medecin", "Changer de médecin responsable", "A54"),
    Gesture("permission", "Laisser partir en permission", "A21"),
    Gesture("retour", "Accueillir au retour de permission", "A22"),
    Gesture("corriger", "Corriger le dernier mouvement", "Z99"),
    Gesture("sortie", "Faire sortir vers le domicile", "A03"),
    Gesture("sortie-ssr", "Faire sortir vers un service de suite et de réadaptation", "A03"),
    Gesture("lettre", "Envoyer la lettre de liaison de la sortie", "T02"),
    Gesture("annuler-sortie", "Annuler la sortie", "A13"),
    Gesture("deces", "Déclarer le décès", "A03"),
)
_CANCELS = {"A11": ("A01", "A04"), "A12": ("A02",), "A13": ("A03",)}
_ADMISSIONS = {"cardiologie": CARDIOLOGY, "psychiatrie": PSYCHIATRY, "secret": MEDICINE}
_EXITS = {"sortie": ("8", ""), "sortie-ssr": ("7", "2"), "deces": ("9", "")}


@dataclass(frozen=True, slots=True)
class _Done:
    """A movement, and the stay as it was before it."""

    event: str
    movement: Movement
    before: Stay | None


class Ward:
    """The stays of one person, as the hospital knows them. Not safe between threads."""

    def __init__(
        self,
        person: Person,
        *,
        numbers: "itertools.count[int] | None" = None,
        stay: Stay | None = None,
        history: Iterable[_Done] = (),
    ) -> None:
        self.person = person
        self.stay = stay
        self._history = list(history)
        self._numbers = numbers or itertools.count(1)
        # Two runs of the simulator must not reuse the numbers of an earlier stay.
        self._prefix = datetime.datetime.now(PARIS).strftime("%m%d%H%M")

    def copy(self) -> "Ward":
        """Same person, same stay; what one does next does not touch the other."""
        return Ward(self.person, numbers=self._numbers, stay=self.stay, history=self._history)

    def perform(self, gesture: Gesture, *, flaws: frozenset[Flaw] = frozenset()) -> bytes:
        """Raises Impossible."""
        now = datetime.datetime.now(PARIS)
        if gesture.event == "T02":
            return self._letter(now)
        event, movement, shown = gesture.event, None, self.stay
        if event != "A31":
            event, movement, shown = self._moved(gesture, now)
        number = self._number("M")
        return message(
            event, self.person, control_id=number, at=now, stay=shown, movement=movement, flaws=flaws
        )

    def _letter(self, now: datetime.datetime) -> bytes:
        """As a CDA of level 3; the stay does not move."""
        stay = self.stay
        if stay is None or stay.discharged_at is None:
            raise Impossible("La lettre accompagne la sortie : faites d’abord sortir cette personne.")
        days = f"du {stay.admitted_at:%d/%m/%Y} au {stay.discharged_at:%d/%m/%Y}"
        letter = Letter(
            identifier=f"{self.person.authority.universal_id}.{self._number('')}",
            person=self.person,
            author=_PHYSICIAN,
            at=now,
            title="Lettre de liaison à la sortie",
            passages=(
                Passage(
                    "42349-1", "Motif d’hospitalisation", f"<paragraph>{escape(stay.reason)}</paragraph>"
                ),
                Passage(
                    "42545-4", "Synthèse du séjour", f"<paragraph>{stay.place.unit}, {days}.</paragraph>"
                ),
                Passage(
                    "18610-6",
                    "Traitements arrêtés",
                    *coded_section("18610-6", ("Médicament", "Motif"), _STOPPED),
                ),
                Passage(
                    "10183-2",
                    "Traitements à la sortie",
                    *coded_section("10183-2", ("Médicament", "Posologie"), _DRUGS),
                ),
                Passage("18776-5", "Suites à donner", f"<list><item>{_FOLLOW_UP}</item></list>"),
            ),
            stay=(stay.admitted_at, stay.discharged_at),
        )
        asked = {"ACK_RECEPTION": "Y"}
        name = self._number("L")
        return mdm("T02", cda(letter), self.person, control_id=name, at=now, stay=stay, told=asked)

    def _moved(self, gesture: Gesture, now: datetime.datetime) -> tuple[str, Movement, Stay | None]:
        """The event, its movement, and the stay as the message shows it."""
        if self.person.died_at and gesture.event != "A13":
            raise Impossible("Le décès est déclaré : seule l’annulation de la sortie reste possible.")
        if gesture.event in _CANCELS:
            return self._cancelled(gesture.event)
        if gesture.event == "Z99":
            return "Z99", self._corrected(), self.stay
        event = gesture.event
        if event == "A01" and self.stay and self.stay.patient_class == "E" and not self.stay.discharged_at:
            event = "A06"
        before, self.stay = self.stay, self._stay_after(gesture, event, now)
        movement = Movement(self._number("MV"), now)
        self._history.append(_Done(event, movement, before))
        return event, movement, self.stay

    def _stay_after(self, gesture: Gesture, event: str, now: datetime.datetime) -> Stay:
        if event in {"A01", "A04", "A05"}:
            return self._new_stay(gesture, event, now)
        stay = self._present()
        if event == "A06":
            return dataclasses.replace(stay, patient_class="I", **_admission(gesture))
        if event == "A02":
            return dataclasses.replace(stay, place=MEDICINE)
        if event == "A54":
            return dataclasses.replace(stay, physician="810000000024^DURAND^LISE")
        if event == "A03":
            mode, destination = _EXITS[gesture.key]
            if mode == "9":
                self.person = dataclasses.replace(self.person, died_at=now)
            return dataclasses.replace(
                stay, discharged_at=now, circumstance="3", exit_mode=mode, destination=destination
            )
        return stay

    def _new_stay(self, gesture: Gesture, event: str, now: datetime.datetime) -> Stay:
        is_expected = bool(self._history) and self._history[-1].event == "A05"
        if self.stay and not self.stay.discharged_at and not is_expected:
            raise Impossible("Cette personne est déjà présente : faites-la d’abord sortir.")
        if self.stay and is_expected:
            return dataclasses.replace(self.stay, admitted_at=now, **_admission(gesture))
        stay = Stay(self._number("V"), self._number("D"), "I", CARDIOLOGY, now, entry_mode="8")
        if event == "A04":
            return dataclasses.replace(stay, patient_class="E", place=EMERGENCY, reason="Douleur thoracique")
        return dataclasses.replace(stay, **_admission(gesture))

    def _present(self) -> Stay:
        if self.stay is None or self.stay.discharged_at:
            raise Impossible("Cette personne n’est pas à l’hôpital : admettez-la d’abord.")
        return self.stay

    def _cancelled(self, event: str) -> tuple[str, Movement, Stay | None]:
        """A cancelled admission shows the stay withdrawn, any other cancellation the stay come back to."""
        if not self._history or self._history[-1].event not in _CANCELS[event]:
            raise Impossible("Le dernier mouvement n’est pas de ceux que ce geste annule.")
        done = self._history.pop()
        cancelled, self.stay = self.stay, done.before
        self.person = dataclasses.replace(self.person, died_at=None)
        movement = dataclasses.replace(done.movement, action="CANCEL", original_event=done.event)
        return event, movement, cancelled if event == "A11" else self.stay

    def _corrected(self) -> Movement:
        if not self._history:
            raise Impossible("Aucun mouvement à corriger : commencez par une admission.")
        done = self._history[-1]
        return dataclasses.replace(done.movement, action="UPDATE", original_event=done.event)

    def _number(self, prefix: str) -> str:
        return f"{prefix}{self._prefix}{next(self._numbers)}"


def _admission(gesture: Gesture) -> dict[str, Any]:
    """Where an admission leads, and with which marks."""
    place = _ADMISSIONS.get(gesture.key, CARDIOLOGY)
    if gesture.key == "psychiatrie":
        reason = "Soins psychiatriques à la demande d’un tiers"
        return {"place": place, "reason": reason, "psychiatric_mode": "7"}
    return {"place": place, "reason": "Surveillance", "is_protected": gesture.key == "secret"}
