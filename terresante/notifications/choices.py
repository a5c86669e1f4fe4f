"""Who is told of what, by which channel and when: the defaults, then what somebody chose. Pure.

Some notices are never silenced (`ALWAYS`): a record opened in emergency, a first access, an access given to a relative,
an act that the privacy officers watch. They are how a person, or the officer, sees what should not have happened;
their e-mail cannot be taken off, and neither quiet hours nor the summary of the day hold any of their channels back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from terresante.notifications.enums import Channel, Notice, Reach

PARIS = ZoneInfo("Europe/Paris")
DIGEST_HOUR = 18


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the settings."""

    notice: Notice
    says: str
    default: frozenset[Channel]
    always: bool = False
    # Whether what appears on the screen while one works may be taken off; the pages themselves always say what is new.
    app_is_chosen: bool = False

    def offers(self, channel: Channel) -> bool:
        if channel == Channel.APP:
            return self.app_is_chosen
        return not self.always or channel not in (Channel.EMAIL, Channel.DIGEST)


_TOLD = frozenset({Channel.PUSH, Channel.EMAIL})
_EMERGENCY = Offer(
    Notice.EMERGENCY, "Un dossier est ouvert en urgence, puis l’examen de cet accès", _TOLD, always=True
)
PROFESSIONALS = (
    Offer(
        Notice.STAY,
        "Arrivée, passage aux urgences, sortie ou décès",
        _TOLD | {Channel.APP},
        app_is_chosen=True,
    ),
    Offer(Notice.NOTE, "Une note que vous pouvez lire est publiée", frozenset()),
    Offer(Notice.NOTE_ANSWERED, "Quelqu’un répond à l’une de vos notes", frozenset({Channel.PUSH})),
    Offer(Notice.DOCUMENT, "Un document que vous pouvez lire est déposé", frozenset()),
    Offer(
        Notice.DOCUMENT_ADDRESSED, "Un hôpital ou un laboratoire vous adresse un document d’un patient", _TOLD
    ),
    Offer(
        Notice.DECLARED,
        "Un patient déclare une donnée de santé, que vous pouvez confirmer",
        frozenset({Channel.PUSH}),
    ),
    Offer(
        Notice.CIRCLE,
        "Relais proposé, demande à rejoindre un cercle et sa réponse, dossier ouvert au partage, retrait décidé par le"
        " patient",
        _TOLD,
    ),
    _EMERGENCY,
)
OFFICERS = (Offer(Notice.PRIVACY, "Droits donnés ou retirés, refus et droits modifiés", _TOLD, always=True),)
ADMINISTRATORS = (Offer(Notice.FLOW, "Un établissement raccordé n’envoie plus rien", _TOLD),)
PATIENTS = (
    Offer(Notice.FIRST_ACCESS, "Un professionnel ouvre le dossier pour la première fois", _TOLD, always=True),
    _EMERGENCY,
    Offer(Notice.DELEGATION, "Un proche ou un représentant peut agir", _TOLD, always=True),
    Offer(Notice.ANSWER, "Le délégué à la protection des données vous a répondu", _TOLD),
    Offer(Notice.JOIN, "Un professionnel demande à lire le dossier", _TOLD),
    Offer(Notice.TEAM, "Un professionnel passe le relais à un autre", _TOLD),
    Offer(Notice.QUESTIONNAIRE, "Un questionnaire de suivi vous attend, ou ses dates changent", _TOLD),
    Offer(Notice.NOTE_SHOWN, "Une note que vous pouvez lire est publiée", frozenset({Channel.PUSH})),
    Offer(Notice.DOCUMENT_SHOWN, "Un document que vous pouvez lire est déposé", frozenset({Channel.PUSH})),
)
OFFERS = {offer.notice: offer for offer in (*PROFESSIONALS, *OFFICERS, *ADMINISTRATORS, *PATIENTS)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody chose; a notice that is not in `channels` follows its default."""

    channels: Mapping[str, Collection[str]] = field(default_factory=dict)
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_hour: int = DIGEST_HOUR
    own_circle: bool = True
    my_structure: bool = False

    def by(self, notice: Notice) -> frozenset[Channel]:
        offer = OFFERS[notice]
        chosen = self.channels.get(notice)
        wanted = offer.default if chosen is None else frozenset(Channel(one) for one in chosen)
        return wanted | {Channel.EMAIL} if offer.always else wanted

    def reach(self, reach: Reach) -> bool:
        """Whether they want to hear of patients known to them in this way."""
        if reach == Reach.NAMED:
            return True
        return self.own_circle if reach == Reach.CIRCLE else self.my_structure

    def when(self, notice: Notice, channel: Channel, now: datetime) -> datetime | None:
        """The moment to tell by this channel, `now` for at once; None when it is not wanted."""
        if channel not in self.by(notice):
            return None
        if OFFERS[notice].always:
            return None if channel == Channel.DIGEST else now
        return self._out_of_quiet(self._next_digest(now) if channel == Channel.DIGEST else now)

    def waits(self, notice: Notice, channel: Channel) -> bool:
        """Whether it is stored as a HeldNotice first, even when it is due now."""
        return channel == Channel.DIGEST or (self.quiet_from is not None and not OFFERS[notice].always)

    def _next_digest(self, now: datetime) -> datetime:
        day = now.astimezone(PARIS).date()
        today = datetime.combine(day, time(self.digest_hour), PARIS)
        return (
            today if today > now else datetime.combine(day + timedelta(days=1), time(self.digest_hour), PARIS)
        )

    def _out_of_quiet(self, moment: datetime) -> datetime:
        """The moment itself, or the end of the quiet hours it falls in."""
        if self.quiet_from is None or self.quiet_until is None:
            return moment
        here = moment.astimezone(PARIS)
        at, overnight = here.time(), self.quiet_from > self.quiet_until
        before_end = at < self.quiet_until
        inside = (at >= self.quiet_from or before_end) if overnight else self.quiet_from <= at and before_end
        if not inside:
            return moment
        day = here.date() if before_end else here.date() + timedelta(days=1)
        return datetime.combine(day, self.quiet_until, PARIS)
