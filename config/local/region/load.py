"""The whole load, in one transaction: it is there entire, or not at all and may be run again."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from config.local.database import MARKER
from config.local.failure import Failure
from config.local.postgres import write_private
from config.local.region import marks
from config.local.region.asking import ask_and_invite, file_her_own
from config.local.region.at_home import answer_from_home
from config.local.region.crowd import Crowd
from config.local.region.desks import settle_desks
from config.local.region.federation import franceconnect_identities, open_second_role, psc_cards
from config.local.region.forms import FormFiller, load_shipped
from config.local.region.healths import HealthWriter
from config.local.region.homes import follow_others_at_home
from config.local.region.kept import keep_one_record
from config.local.region.nomenclatures import load_lists
from config.local.region.papers import Filer
from config.local.region.places import Directory, OpenedAccount, fill_directory, open_account
from config.local.region.practice import connect_practice
from config.local.region.programmes import run_a_programme
from config.local.region.records import Teller, Times
from config.local.region.relatives import give_to_relative
from config.local.region.robot import prepare_records
from config.local.region.stays import (
    connect_hospitals,
    link_patients,
    person_of,
    play_stays,
    put_letters_back,
)
from config.local.region.telephone import OWNER, give_telephone
from config.local.region.turns import ask_to_take_over, judge_an_emergency
from config.local.region.watching import watch_at_home
from simulators.insi import people as insi
from simulators.region.build import build
from simulators.region.identifiers import ins
from simulators.region.model import Region
from terresante.accounts.models import User
from terresante.directory.models import Organization
from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import PatientAccount

Say = Callable[[str], None]
_EMERGENCY_PHYSICIAN = "roche"


def load(*, now: datetime, var: Path, mllp_port: int, say: Say) -> None:
    """Raises Failure in a database that the demonstration did not create, or that already has a region."""
    _refuse_another_database()
    region = build(timezone.localdate(now))
    var.mkdir(parents=True, exist_ok=True)
    with transaction.atomic():
        loading = _Loading(region, Times(region, now), say)
        loading.run(mllp_port)
        # Before the commit: a region without the list of its accounts could not be entered.
        _write(var / "demo-accounts.json", [asdict(account) for account in loading.opened])
        _write(var / "demo-hospital.json", _hospital(region))
        insi.write(var / "demo-insi.csv", _known_to_insi(region))
        _write(var / "demo-practice.json", loading.practice)
        _write(var / "demo-push.json", loading.telephones)
        _write(var / "demo-psc.json", loading.cards)
        _write(var / "demo-franceconnect.json", franceconnect_identities(region))


def _write(path: Path, told: list[dict[str, Any]] | dict[str, Any]) -> None:
    write_private(path, json.dumps(told, ensure_ascii=False, indent=2))


class _Loading:
    def __init__(self, region: Region, times: Times, say: Say) -> None:
        self.opened: list[OpenedAccount] = []
        self.practice: dict[str, Any] = {}
        self.cards: list[dict[str, Any]] = []
        self.telephones: list[dict[str, Any]] = []
        self._region = region
        self._times = times
        self._say = say
        self._job = Actor.job("Chargement de la démonstration", channel=Channel.COMMAND)
        self._users: dict[str, User] = {}
        self._patients: dict[str, UUID] = {}

    def run(self, mllp_port: int) -> None:
        region = self._region
        with self._step("comptes"):
            self._open_accounts()
        with self._step("nomenclatures"):
            load_lists(self._job)
        with self._step("parcours"):
            load_shipped(self._job)
        with self._step("structures et professionnels"):
            directory = fill_directory(region, self._users)
            open_second_role(directory)
            self.cards = psc_cards(directory)
        with self._step("histoires écrites"):
            self._tell(directory)
            keep_one_record(self._job, directory, self._times)
        with self._step("autres patients"):
            self._settle(directory)
        with self._step("séjours, par les messages des hôpitaux"):
            senders = connect_hospitals(self._job, region, directory, port=mllp_port)
            link_patients(self._job, region, self._patients)
            play_stays(region, senders, self._times)
        with self._step("logiciel d’un cabinet"):
            self.practice = connect_practice(self._job, region, directory, self._patients)
        with self._step("secrétariats et inscriptions"):
            settle_desks(directory)
        with self._step("dossiers préparés par le robot"):
            prepare_records(directory)
        with self._step("réponses depuis le domicile"):
            answer_from_home(self._job, directory, self._patients)
        with self._step("programme d’insuffisance cardiaque"):
            run_a_programme(self._job, directory, self._patients, self._times)
        with self._step("télésuivi"):
            watch_at_home(self._job, directory, self._patients)
            follow_others_at_home(self._job, self._patients)
        with self._step("lectures et accès"):
            self._finish(directory)

    def _open_accounts(self) -> None:
        stories = {story.key: story for story in self._region.stories}
        for account in self._region.accounts:
            if account.relative_of:
                name = account.holder
            elif account.is_patient:
                identity = stories[account.holder].identity
                name = f"{identity.given.split()[0]} {identity.used_name or identity.birth_name}"
            else:
                who = self._region.professionals[account.holder]
                name = f"{who.given} {who.family}"
            self._users[account.holder], opened = open_account(self._job, account, name)
            if opened.login == OWNER:
                self.telephones = give_telephone(self._users[account.holder])
            self.opened.append(opened)

    def _tell(self, directory: Directory) -> None:
        teller = Teller(self._job, directory, self._times)
        filer = Filer(self._job, directory, self._times)
        writer = HealthWriter(self._job, directory, self._times)
        forms = FormFiller(self._job, directory, self._times)
        for story in self._region.stories:
            if story.is_written_by_hand:
                self._patients[story.key] = teller.tell(story)
                filer.file(self._patients[story.key], story)
                writer.write(self._patients[story.key], story, self._users.get(story.key))
                forms.fill(self._patients[story.key], story)

    def _settle(self, directory: Directory) -> None:
        crowd = [story for story in self._region.stories if not story.is_written_by_hand]
        found = Crowd(self._job, directory, self._times).settle(crowd)
        self._patients |= {story.key: patient for story, patient in zip(crowd, found, strict=True)}

    def _finish(self, directory: Directory) -> None:
        put_letters_back(self._job, self._region, self._patients, self._times)
        marks.put_back_stays(self._job, self._region, self._patients)
        stories = {story.key: story for story in self._region.stories}
        marks.mark_read(directory, stories, self._patients, self._times)
        for account in self._region.accounts:
            if account.is_patient:
                user, patient_id = self._users[account.holder], self._patients[account.holder]
                self._give_own_account(user, patient_id)
                file_her_own(self._job, user, account.holder, patient_id)
            for told in account.relative_of:
                give_to_relative(self._job, self._users[account.holder], account.holder, told, self._patients)
        marks.name_readers(self._job, directory, self._patients)
        marks.open_one_in_emergency(directory, self._patients, physician=_EMERGENCY_PHYSICIAN)
        judge_an_emergency(directory, self._patients)
        ask_to_take_over(directory, self._patients)
        ask_and_invite(directory, self._patients)
        marks.deny_one(self._region, self._patients)
        marks.forget_events(self._job)

    def _give_own_account(self, user: User, patient_id: UUID) -> None:
        with rls.acting(self._job):
            rls.open_record(patient_id)
            PatientAccount.objects.bulk_create([PatientAccount(user=user, patient_id=patient_id)])
        marks.mark_own_record_read(user, patient_id, self._times)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._say(f"  {name} : {time.monotonic() - began:.1f} s")


def _refuse_another_database() -> None:
    if not (settings.DEMO or settings.TESTING):
        raise Failure("load_demo ne sert qu’à la démonstration : lancez « make demo ».")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        if cursor.fetchone()[0] != MARKER:
            raise Failure(
                "Cette base n’a pas été créée par la démonstration : rien n’y est écrit. Lancez « make demo »."
            )
    if Organization.objects.exists():
        raise Failure("Cette base contient déjà une région : lancez d’abord « make demo-reset ».")


def _known_to_insi(region: Region) -> list[insi.Known]:
    """Everybody of the stories, so that an identity still provisional can be asked for."""
    return [
        insi.Known(
            name=normalised_name(one.birth_name),
            given_names=tuple(normalised_name(one.given).split()),
            used_name=one.used_name,
            born=one.born,
            sex=one.sex,
            matricule=one.ins
            or ins(sex=one.sex, born=one.born, place=one.birth_place.code, order=500 + number),
        )
        for number, one in enumerate(story.identity for story in region.stories)
    ]


def _hospital(region: Region) -> list[dict[str, Any]]:
    structure = region.structures[region.simulated_hospital]
    rows: list[dict[str, Any]] = []
    for visitor in region.visitors:
        person = person_of(visitor.identity, visitor.ipp, structure)
        row = {
            name: getattr(person, name)
            for name in ("ipp", "birth_name", "given", "birth_date", "sex", "birth_place", "ins", "used_name")
        }
        name = f"{visitor.identity.given.split()[0]} {person.used_name or person.birth_name}"
        rows.append({**row, "label": f"{name} : {visitor.label}", "authority": asdict(person.authority)})
    return rows
