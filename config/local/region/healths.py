"""What is known of the health of the stories, written by those who follow them, then put back at its dates."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.region.model import Moment, Story
from terresante.accounts.models import User
from terresante.feed.models import FeedItem
from terresante.health_record.actions import add_line, declare_line, tell_declared
from terresante.health_record.enums import (
    AllergyCategory,
    Criticality,
    DecidedBy,
    DirectiveKind,
    MeasureCode,
)
from terresante.health_record.models import HealthLine
from terresante.health_record.said import (
    Said,
    SaidAllergy,
    SaidCondition,
    SaidDirective,
    SaidImmunization,
    SaidMeasure,
    SaidTreatment,
)
from terresante.home_care.actions import SaidAccess, say_access
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind, Assurance
from terresante.patients.models import CareRecord

Values = Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`measures`: (days ago, value), a pressure as « 128/75 ». `said_by_herself` waits for a professional."""

    by: str
    allergies: Sequence[SaidAllergy] = ()
    conditions: Sequence[tuple[str, int | None]] = ()
    directives: Sequence[tuple[DirectiveKind, DecidedBy, str, str, str]] = ()
    # (drug, dosage, what for)
    treatments: Sequence[tuple[str, str, str]] = ()
    vaccines: Sequence[tuple[str, int]] = ()
    measures: dict[MeasureCode, Values] = field(default_factory=dict)
    said_by_herself: Sequence[Said] = ()
    # How one gets in; said by the person who has an account, else by who follows her.
    home: SaidAccess | None = None


def _allergy(substance: str, category: AllergyCategory, grave: Criticality, reaction: str) -> SaidAllergy:
    return SaidAllergy(substance=substance, category=category, criticality=grave, reaction=reaction)


_DRUG, _FOOD, _AROUND = AllergyCategory.MEDICATION, AllergyCategory.FOOD, AllergyCategory.ENVIRONMENT
_GRAVE, _MILD = Criticality.HIGH, Criticality.LOW
_K, _D, _M = DirectiveKind, DecidedBy, MeasureCode
HEALTHS = {
    "isidore": Health(
        by="norbert",
        allergies=[_allergy("Pénicilline", _DRUG, _GRAVE, "Œdème du visage en 1998")],
        conditions=[
            ("Fibrillation auriculaire permanente", 2021),
            ("Insuffisance cardiaque à FEVG 45 %", 2022),
            ("Hypertension artérielle", 2009),
            ("Diabète de type 2", 2014),
        ],
        directives=[
            (
                _K.ADVANCE_DIRECTIVES,
                _D.PERSON,
                "",
                "Pas de réanimation prolongée si je ne peux plus vivre chez moi ; soulager la douleur d’abord.",
                "Mon espace santé, et une copie chez sa fille",
            )
        ],
        treatments=[
            ("Apixaban 5 mg", "1 matin et soir", "Fibrillation auriculaire"),
            ("Bisoprolol 5 mg", "1 le matin", "Insuffisance cardiaque"),
            ("Furosémide 40 mg", "1 le matin", "Insuffisance cardiaque"),
            ("Metformine 1 g", "1 matin et soir", "Diabète"),
        ],
        vaccines=[("Grippe", 40), ("Covid-19", 40), ("Pneumocoque", 400)],
        measures={
            _M.WEIGHT: [
                (62, "68.1"),
                (55, "68.0"),
                (48, "68.3"),
                (41, "68.2"),
                (34, "68.6"),
                (27, "69.1"),
                (20, "69.4"),
                (13, "70.2"),
                (9, "71.0"),
                (5, "71.3"),
            ],
            _M.BLOOD_PRESSURE: [(55, "138/78"), (27, "142/80"), (9, "146/84")],
            _M.OXYGEN: [(27, "96"), (9, "94")],
            _M.GLUCOSE: [(41, "1.32"), (9, "1.41")],
        },
        said_by_herself=[_allergy("Crevettes", _FOOD, _MILD, "Des boutons, deux fois")],
        home=SaidAccess(
            building_name="B",
            access_code="45B12, puis le bouton vert",
            interphone="ISIDORE",
            elevator="Ascenseur au fond du hall",
            floor="3e",
            room_number="À gauche",
            key_holder="Mme Petit, au rez-de-chaussée",
            key_holder_phone="0636980107",
            animal="Un chien craintif, à enfermer dans la cuisine",
        ),
    ),
    "cauvin": Health(
        by="georges",
        allergies=[_allergy("Produit de contraste iodé", _DRUG, _GRAVE, "Choc en 2016, scanner injecté")],
        conditions=[("Insuffisance cardiaque ischémique, FEVG 35 %", 2018), ("Insuffisance rénale", 2020)],
        directives=[
            (
                _K.NO_INTENSIVE_CARE,
                _D.COLLEGIAL,
                "Dr Georges, avec le Dr Lefort",
                "Discutée avec lui et son épouse.",
                "",
            )
        ],
        measures={
            _M.WEIGHT: [(40, "78.0"), (26, "78.9"), (12, "80.4"), (6, "79.2")],
            _M.HEART_RATE: [(12, "72")],
        },
    ),
    "le-goff": Health(
        by="georges",
        conditions=[("Dénutrition modérée", 2025), ("Ostéoporose fracturaire", 2017)],
        directives=[
            (_K.NO_RESUSCITATION, _D.PERSON, "", "Dit devant son médecin et sa nièce.", "Chez elle, buffet")
        ],
        vaccines=[("Grippe", 35)],
        measures={
            _M.WEIGHT: [(120, "49.2"), (90, "48.6"), (60, "47.8"), (30, "47.0")],
            _M.HEIGHT: [(120, "156")],
        },
    ),
    "lambert": Health(
        by="pelissier",
        allergies=[_allergy("Morphine", _DRUG, _MILD, "Confusion : oxycodone bien supportée")],
        conditions=[("Carcinome bronchique à petites cellules, stade étendu", 2025)],
        directives=[
            (_K.COMFORT_ONLY, _D.COLLEGIAL, "Dr Pelissier", "", ""),
            (_K.NO_RESUSCITATION, _D.PERSON, "", "", "Dossier de soins au domicile"),
        ],
        measures={_M.PAIN: [(9, "6"), (7, "5"), (5, "3"), (3, "3"), (2, "2")]},
    ),
    "toussaint": Health(
        by="georges",
        allergies=[_allergy("Latex", _AROUND, _GRAVE, "Urticaire au bloc")],
        conditions=[("Coxarthrose gauche", 2023)],
        treatments=[
            ("Acide acétylsalicylique 75 mg", "1 le midi", "Prévention secondaire"),
            ("Amlodipine 5 mg", "1 le matin", "Hypertension"),
            ("Kétoprofène 100 mg", "1 matin et soir, si douleur", "Coxarthrose"),
        ],
        vaccines=[("Tétanos, poliomyélite", 700)],
    ),
    "diallo": Health(
        by="tran",
        conditions=[("Troubles de la mémoire, bilan en cours", None)],
        directives=[
            (_K.ADVANCE_DIRECTIVES, _D.PERSON, "", "Rester chez lui tant que possible.", "Chez son épouse")
        ],
    ),
    "perrin": Health(
        by="georges",
        allergies=[_allergy("Métoclopramide", _DRUG, _GRAVE, "Aggrave la maladie de Parkinson")],
        conditions=[("Maladie de Parkinson", 2019)],
        measures={_M.BLOOD_PRESSURE: [(20, "118/64"), (6, "104/60")]},
    ),
    "belkacem": Health(
        by="vernoux",
        conditions=[("Naissance à 30 SA + 2", 2026)],
        measures={_M.WEIGHT: [(60, "1.62"), (45, "1.94"), (30, "2.31"), (15, "2.74")]},
    ),
    "marchetti": Health(by="caussade", conditions=[("Adénocarcinome du sigmoïde", 2026)]),
    "roussel": Health(
        by="tran",
        allergies=[
            _allergy("Acariens", _AROUND, _MILD, "Asthme"),
            _allergy("Arachide", _FOOD, _GRAVE, "Stylo d’adrénaline à l’école"),
        ],
        conditions=[("Asthme allergique", 2019)],
    ),
    "bastien": Health(
        by="okoye", vaccines=[("Rougeole, oreillons, rubéole", 900)], measures={_M.WEIGHT: [(40, "16.4")]}
    ),
}


class HealthWriter:
    def __init__(self, job: Actor, directory: Directory, times: Times) -> None:
        self._job, self._directory, self._times = job, directory, times

    def write(self, patient_id: UUID, story: Story, account: User | None) -> None:
        health = HEALTHS.get(story.key)
        if health is None:
            return
        with rls.acting(self._job):
            rls.open_record(patient_id)
            record = CareRecord.objects.select_related("patient").get(patient_id=patient_id)
        author = self._directory.actors[health.by]
        for said, days in self._said(health):
            self._put_back(add_line(author, record.pk, said=said), min(days, story.since))
        if account is not None:
            person = _person(record, account)
            for said in health.said_by_herself:
                self._put_back(declare_line(person, record.pk, said=said), 4)
        if health.home is not None:
            who = _person(record, account) if account is not None else author
            say_access(who, record.pk, said=health.home, seen=None)

    def _said(self, health: Health) -> list[tuple[Said, int]]:
        today = timezone.localdate(self._times.now)
        lines: list[tuple[Said, int]] = [(said, 200) for said in health.allergies]
        lines += [(SaidCondition(name=name, onset_year=year), 190) for name, year in health.conditions]
        for kind, decided_by, who, text, kept_at in health.directives:
            said = SaidDirective(
                kind=kind,
                decided_by=decided_by,
                decider_name=who,
                decided_on=today - timedelta(days=75),
                text=text,
                kept_at=kept_at,
            )
            lines.append((said, 75))
        for drug, dosage, indication in health.treatments:
            lines.append((SaidTreatment(drug=drug, dosage=dosage, indication=indication), 180))
        for vaccine, days in health.vaccines:
            given = SaidImmunization(vaccine=vaccine, occurred_on=today - timedelta(days=days))
            lines.append((given, days))
        for code, values in health.measures.items():
            lines += [(self._measure(code, days, value), days) for days, value in values]
        return lines

    def _measure(self, code: MeasureCode, days: int, value: str) -> SaidMeasure:
        high, _, low = value.partition("/")
        return SaidMeasure(
            code=code,
            value=Decimal(high),
            low_value=Decimal(low) if low else None,
            effective_at=self._times.at(Moment(days=days, hour=8, minute=20)),
        )

    def _put_back(self, line: HealthLine, days: int) -> None:
        at = self._times.at(Moment(days=days, hour=8, minute=40))
        with rls.acting(self._job):
            rls.open_record(line.patient_id)
            if line.is_unconfirmed:
                # As the dispatcher would have told it.
                tell_declared(self._job, line)
            type(line)._default_manager.filter(pk=line.pk).update(recorded_at=at, asserted_at=at)
            FeedItem.objects.filter(object_id=line.pk).update(occurred_at=at, recorded_at=at)


def _person(record: CareRecord, account: User) -> Actor:
    return Actor(
        kind=ActorKind.PATIENT,
        name=account.name,
        user_id=account.pk,
        person_id=record.patient_id,
        role_label="Patient",
        assurance=Assurance.PASSWORD_AND_CODE,
    )
