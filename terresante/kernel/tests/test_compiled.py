"""A statement is made once for each shape of question; only its values change."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db.models import Q
from django.utils import timezone

from terresante.care_team.access import RECORD_READ
from terresante.kernel import access, compiled, rls
from terresante.kernel.compiled import NotCompilable
from terresante.kernel.condition import among
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord

pytestmark = pytest.mark.commits


@compiled.rows
def records(actor, keys=None):
    found = access.list(actor, RECORD_READ, CareRecord)
    return found if keys is None else found.filter(among("pk", keys))


@compiled.number
def record_number(actor):
    return access.list(actor, RECORD_READ, CareRecord)


def test_each_actor_gets_his_own_rows_from_the_one_statement(cast):
    for actor, record in ((cast.amar, cast.madeleine_record), (cast.brun, cast.leon_record)):
        with rls.acting(actor):
            assert records(actor) == [record]
            assert records(actor, [record.pk, new_id()]) == [record]
            assert records(actor, []) == []
            assert record_number(actor) == 1


def test_what_an_actor_is_makes_another_statement(cast):
    nobody = replace(cast.amar, person_id=None, organization_id=None)
    with rls.acting(cast.amar):
        assert records(cast.amar)
        assert records(nobody) == [] and record_number(nobody) == 0


def test_a_value_that_is_no_argument_is_refused(cast):
    @compiled.rows
    def since_now(actor):
        return access.list(actor, RECORD_READ, CareRecord).filter(created_at__lte=timezone.now())

    @compiled.rows
    def called(actor, text):
        return access.list(actor, RECORD_READ, CareRecord).filter(programme__startswith=text)

    for question in (lambda: since_now(cast.amar), lambda: called(cast.amar, "PAERPA")):
        with rls.acting(cast.amar), pytest.raises(NotCompilable):
            question()


def test_a_question_that_depends_on_which_actor_asks_is_found_in_the_tests(cast):
    @compiled.rows
    def favoured(actor):
        chosen = Q(pk__isnull=False) if actor.person_id == cast.amar.person_id else Q(is_shared=True)
        return access.list(actor, RECORD_READ, CareRecord).filter(chosen)

    with rls.acting(cast.amar), pytest.raises(NotCompilable):
        favoured(cast.amar)


def test_a_question_that_depends_on_two_arguments_being_the_same_is_found_however_often_they_were_not(cast):
    @compiled.rows
    def of(actor, person_id):
        chosen = Q(pk__isnull=False) if actor.person_id == person_id else Q(is_shared=True)
        return access.list(actor, RECORD_READ, CareRecord).filter(chosen)

    with rls.acting(cast.amar):
        for _ in range(compiled.CHECKED_AGAIN_AFTER // 2):
            of(cast.amar, new_id())
        with pytest.raises(NotCompilable):
            of(cast.amar, cast.amar.person_id)


def test_a_question_that_depends_on_something_else_is_found_after_a_while(cast):
    told = Q(is_shared=True)

    @compiled.rows
    def told_apart(actor):
        return access.list(actor, RECORD_READ, CareRecord).filter(told)

    with rls.acting(cast.amar):
        told_apart(cast.amar)
        told = Q(pk__isnull=False)
        with pytest.raises(NotCompilable):
            for _ in range(compiled.CHECKED_AGAIN_AFTER):
                told_apart(cast.amar)


def test_moments_and_texts_are_those_of_the_call(cast):
    @compiled.rows
    def made(actor, since, programme):
        found = access.list(actor, RECORD_READ, CareRecord)
        return found.filter(created_at__gt=since, programme=programme)

    now, programme = timezone.now(), cast.madeleine_record.programme
    with rls.acting(cast.amar):
        assert made(cast.amar, now - timedelta(days=3650), programme)
        assert not made(cast.amar, now + timedelta(days=1), programme)
        assert not made(cast.amar, now - timedelta(days=3650), f"{programme}?")


def test_the_fields_of_what_is_given_count_as_arguments(cast):
    @dataclass(frozen=True, slots=True)
    class Wanted(compiled.Given):
        programme: str
        keys: list[UUID]
        newest_first: bool

    asked = []

    @compiled.rows
    def wanted(actor, what):
        asked.append(what)
        found = access.list(actor, RECORD_READ, CareRecord).filter(programme=what.programme)
        return found.filter(among("pk", what.keys)).order_by("-pk" if what.newest_first else "pk")

    record = cast.madeleine_record
    with rls.acting(cast.amar):
        assert wanted(cast.amar, Wanted(record.programme, [record.pk], False)) == [record]
        assert wanted(cast.amar, Wanted(f"{record.programme}?", [record.pk], False)) == []
        assert wanted(cast.amar, Wanted(record.programme, [new_id()], False)) == []
        of_one_order = {what.programme for what in asked} - {record.programme, f"{record.programme}?"}
        assert len(of_one_order) == 1, "made once, of what stands in for the texts"
        assert wanted(cast.amar, Wanted(record.programme, [record.pk], True)) == [record]
        assert len({what.programme for what in asked if what.newest_first} - {record.programme}) == 1
