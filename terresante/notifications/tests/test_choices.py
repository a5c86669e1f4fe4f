"""For each notice, channel, quiet hours and summary: who is told, when. Moments are of Paris."""

from datetime import UTC, datetime, time

import pytest

from terresante.notifications.choices import (
    ADMINISTRATORS,
    OFFERS,
    OFFICERS,
    PARIS,
    PATIENTS,
    PROFESSIONALS,
    Wishes,
)
from terresante.notifications.enums import Channel, Notice, Reach

AFTERNOON = datetime(2026, 3, 10, 14, 30, tzinfo=PARIS)
EVENING = datetime(2026, 3, 10, 23, 15, tzinfo=PARIS)
NIGHT = datetime(2026, 3, 11, 3, 0, tzinfo=PARIS)
MORNING = datetime(2026, 3, 11, 7, 0, tzinfo=PARIS)
MESSAGES = [Channel.PUSH, Channel.EMAIL, Channel.SMS]
SILENCED = [notice for notice in Notice if not OFFERS[notice].always]
NEVER_SILENCED = [notice for notice in Notice if OFFERS[notice].always]


def wishes(notice=None, channels=None, **others):
    return Wishes(channels={} if notice is None else {notice: channels}, **others)


def asleep(notice, channels, **others):
    return wishes(notice, channels, quiet_from=time(21), quiet_until=time(7), **others)


def test_what_protects_a_person_is_never_silenced_and_nothing_else_is():
    assert set(NEVER_SILENCED) == {
        Notice.EMERGENCY,
        Notice.PRIVACY,
        Notice.FIRST_ACCESS,
        Notice.DELEGATION,
    }


@pytest.mark.parametrize("notice", NEVER_SILENCED)
@pytest.mark.parametrize("now", [AFTERNOON, EVENING, NIGHT])
def test_it_is_told_by_e_mail_at_once_whatever_was_chosen(notice, now):
    for chosen in (Wishes(), asleep(notice, []), asleep(notice, ["digest"])):
        assert chosen.when(notice, Channel.EMAIL, now) == now
        assert chosen.when(notice, Channel.DIGEST, now) is None
    assert asleep(notice, ["push"]).when(notice, Channel.PUSH, now) == now
    assert asleep(notice, []).when(notice, Channel.PUSH, now) is None
    assert not asleep(notice, ["push"]).waits(notice, Channel.PUSH)


@pytest.mark.parametrize("notice", SILENCED)
@pytest.mark.parametrize("channel", MESSAGES)
def test_each_notice_goes_by_the_channels_chosen_for_it(notice, channel):
    chosen = wishes(notice, [channel.value])

    for other in Channel:
        told = chosen.when(notice, other, AFTERNOON)
        assert (told == AFTERNOON) if other == channel else (told is None)
    another = next(one for one in SILENCED if one != notice)
    assert chosen.by(another) == OFFERS[another].default


@pytest.mark.parametrize("notice", SILENCED)
@pytest.mark.parametrize("channel", MESSAGES)
@pytest.mark.parametrize(
    ("now", "then"),
    [
        (AFTERNOON, AFTERNOON),
        (datetime(2026, 3, 10, 20, 59, tzinfo=PARIS), datetime(2026, 3, 10, 20, 59, tzinfo=PARIS)),
        (datetime(2026, 3, 10, 21, 0, tzinfo=PARIS), MORNING),
        (EVENING, MORNING),
        (NIGHT, MORNING),
        (NIGHT.astimezone(UTC), MORNING),
        (MORNING, MORNING),
    ],
)
def test_what_comes_in_quiet_hours_is_told_at_their_end(notice, channel, now, then):
    assert asleep(notice, [channel.value]).when(notice, channel, now) == then


def test_quiet_hours_of_one_day_end_the_same_day():
    nap = wishes("note", ["push"], quiet_from=time(13), quiet_until=time(15))

    assert nap.when(Notice.NOTE, Channel.PUSH, AFTERNOON) == AFTERNOON.replace(hour=15, minute=0)
    assert nap.when(Notice.NOTE, Channel.PUSH, EVENING) == EVENING


@pytest.mark.parametrize(
    ("now", "then"),
    [
        # 2026-03-29: at 2 it is 3. 2026-10-25: at 3 it is 2 again.
        (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), datetime(2026, 3, 29, 5, 0, tzinfo=UTC)),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
    ],
)
def test_a_night_when_the_clock_moves_ends_at_seven_of_paris(now, then):
    assert asleep("note", ["push"]).when(Notice.NOTE, Channel.PUSH, now) == then


@pytest.mark.parametrize("notice", SILENCED)
@pytest.mark.parametrize(
    ("now", "then"),
    [
        (AFTERNOON, datetime(2026, 3, 10, 18, 0, tzinfo=PARIS)),
        (EVENING, datetime(2026, 3, 11, 18, 0, tzinfo=PARIS)),
        (datetime(2026, 3, 10, 18, 0, tzinfo=PARIS), datetime(2026, 3, 11, 18, 0, tzinfo=PARIS)),
    ],
)
def test_the_summary_comes_at_its_hour(notice, now, then):
    chosen = wishes(notice, ["digest"], digest_hour=18)

    assert chosen.when(notice, Channel.DIGEST, now) == then
    assert chosen.when(notice, Channel.EMAIL, now) is None
    assert chosen.waits(notice, Channel.DIGEST)


def test_a_summary_whose_hour_is_quiet_waits_for_the_end():
    chosen = asleep("note", ["digest"], digest_hour=5)

    assert chosen.when(Notice.NOTE, Channel.DIGEST, AFTERNOON) == MORNING


def test_a_patient_is_told_of_by_who_reaches_him_as_was_chosen():
    assert [Wishes().reach(one) for one in Reach] == [True, True, False]
    assert [Wishes(own_circle=False, my_structure=True).reach(one) for one in Reach] == [True, False, True]


def test_every_notice_stands_in_one_list_and_a_professional_s_is_not_a_patient_s():
    told = [offer.notice for offer in (*PROFESSIONALS, *OFFICERS, *ADMINISTRATORS, *PATIENTS)]

    assert set(told) == set(Notice)
    assert [one for one in Notice if told.count(one) > 1] == [Notice.EMERGENCY]


def test_nobody_pays_nor_is_disturbed_by_a_default():
    for offer in OFFERS.values():
        assert Channel.SMS not in offer.default
        assert Channel.DIGEST not in offer.default
