"""What layouts and components consume. Screens build these; templates read nothing else of the frame."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Level(StrEnum):
    RED = "red"
    ORANGE = "orange"
    GREEN = "green"
    SILENT = "silent"
    INFORMATION = "information"
    NEUTRAL = "neutral"


LEVEL_WORDS = {
    Level.RED: "Rouge",
    Level.ORANGE: "Orange",
    Level.GREEN: "Vert",
    Level.SILENT: "Sans réponse",
    Level.INFORMATION: "Information",
    Level.NEUTRAL: "",
}
LEVEL_ICONS = {
    Level.RED: "level-red",
    Level.ORANGE: "level-orange",
    Level.GREEN: "level-green",
    Level.SILENT: "level-silent",
    Level.INFORMATION: "level-information",
    Level.NEUTRAL: "",
}


@dataclass(frozen=True, kw_only=True)
class Action:
    """A link; with `method="post"` a form with its token; with `form_id` the submit button of that form.

    `swaps`: selector of what the answer of a post replaces in place; without JavaScript the page comes again.
    """

    label: str
    url: str = ""
    icon: str = ""
    method: str = "get"
    form_id: str = ""
    swaps: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    label: str
    url: str
    icon: str
    current: bool = False
    counter: int = 0


@dataclass(frozen=True, kw_only=True)
class Tab:
    """`counter` is shown filled when `unread`, else as a plain total."""

    label: str
    url: str
    icon: str = ""
    counter: int = 0
    unread: bool = False
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Chip:
    label: str
    url: str
    icon: str = ""
    level: Level | None = None
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A state. On a phone the header of a record keeps those not neutral, and those marked essential."""

    text: str
    level: Level = Level.NEUTRAL
    icon: str = ""
    essential: bool = False

    @property
    def drawing(self) -> str:
        return self.icon or LEVEL_ICONS[self.level]

    @property
    def is_fact(self) -> bool:
        return self.level is Level.NEUTRAL and not self.essential


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Of a workstation that several people use: `after_seconds` without an act, the page is covered."""

    lock_url: str
    unlock_url: str
    presence_url: str
    after_seconds: int

    @property
    def reload_seconds(self) -> int:
        """Without JavaScript nothing covers the page: it is asked again, and the server answers with the lock."""
        return self.after_seconds + 5


@dataclass(frozen=True, kw_only=True)
class UserMenu:
    name: str
    initials: str
    logout_url: str
    role: str = ""
    links: tuple[Action, ...] = ()
    lock: Lock | None = None


@dataclass(frozen=True, kw_only=True)
class Live:
    """`position` is the outbox position the page was rendered at: the stream starts from there."""

    url: str
    position: int
    toast_url: str
    toast_kinds: str


@dataclass(frozen=True, kw_only=True)
class LiveStrip:
    """What an open page may have to say of itself: asked at `url` after these events, about `patient` or about anybody.
    Several patients: with a space between. Refused: nothing of the page stays (`data-closed` of its layout).
    """

    url: str
    kinds: str
    patient: str = ""


@dataclass(frozen=True, kw_only=True)
class DeskFrame:
    """Context name `desk`. Patients' pages use it too: places are their tabs."""

    home_url: str
    places: tuple[Place, ...]
    user: UserMenu
    search_url: str = ""
    search_query: str = ""
    search_label: str = "Rechercher un patient"
    alerts_url: str = ""
    alerts: int = 0
    # Where their number is asked again, after these events of the live stream.
    alerts_count_url: str = ""
    alerts_kinds: str = ""
    messages_url: str = ""
    messages: int = 0
    live: Live | None = None
    # Of a patient's pages; a record has its own.
    live_strips: tuple[LiveStrip, ...] = ()
    # The service worker; '' on a shared workstation, where nothing is kept.
    worker_url: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordFrame:
    """Context name `record`: the header that is the identity check, the same on each page of a record."""

    given_name: str
    family_name: str
    # With its participle: "née MARTIN".
    birth_name: str = ""
    facts: str
    identity: Badge
    back_url: str
    tabs: tuple[Tab, ...]
    bottom_tabs: tuple[Tab, ...]
    more_tabs: tuple[Tab, ...] = ()
    badges: tuple[Badge, ...] = ()
    # Where they are asked again, after these events of the live stream.
    badges_url: str = ""
    badges_kinds: str = ""
    live_strips: tuple[LiveStrip, ...] = ()
    phone: str = ""
    phone_url: str = ""
    address: str = ""
    map_url: str = ""
    email: str = ""
    main_action: Action | None = None
    side_action: Action | None = None
    state: str = ""
    quick_actions: tuple[Action, ...] = ()
    is_summary: bool = False

    @property
    def more_is_current(self) -> bool:
        return any(tab.current for tab in self.more_tabs)


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One event. `fact` follows `strong` as it is (", seuil 3 kg"); without `strong` it follows `kind · `."""

    kind: str
    fact: str
    at: datetime | date
    icon: str = ""
    level: Level | None = None
    strong: str = ""
    source: str = ""
    url: str = ""
    unread: bool = False
    action: Action | None = None

    @property
    def drawing(self) -> str:
        return self.icon or (LEVEL_ICONS[self.level] if self.level else "dot")


@dataclass(frozen=True, kw_only=True)
class PersonRow:
    """`shape`: person, relative or organisation."""

    name: str
    role: str
    initials: str
    shape: str = "person"
    url: str = ""
    phone: str = ""
    phone_url: str = ""
    write_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Toast:
    """Said after a save, or when something arrives (`link` leads to it)."""

    text: str
    level: Level = Level.GREEN
    link: Action | None = None

    @property
    def drawing(self) -> str:
        return LEVEL_ICONS[self.level]


@dataclass(frozen=True, kw_only=True)
class Strip:
    """A state of the whole page; stays until its cause is gone."""

    text: str
    level: Level = Level.INFORMATION
    word: str = ""
    link: Action | None = None

    @property
    def title(self) -> str:
        return self.word or LEVEL_WORDS[self.level]

    @property
    def drawing(self) -> str:
        return LEVEL_ICONS[self.level]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list; `previous_url` and `next_url` empty at the ends. `is_more`: there are more than `total`."""

    first: int
    last: int
    total: int
    noun: str
    is_more: bool = False
    previous_url: str = ""
    next_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One line of a comparison or of a definition list."""

    label: str
    old: str
    new: str = ""

    @property
    def is_different(self) -> bool:
        return self.old != self.new


@dataclass(frozen=True, kw_only=True)
class Comparison:
    old_title: str
    new_title: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class AudiencePanel:
    """Who will read this, before saving. `head_count` is a sentence ("5 membres sur 9, et la patiente")."""

    head_count: str
    seen: tuple[PersonRow, ...]
    hidden: tuple[PersonRow, ...] = ()
    seen_title: str = "Verront la note"
    hidden_title: str = "Ne verront pas la note"
    # Somebody acts for the person: hiding it from him is then offered.
    has_relatives: bool = False
    end: str = ""


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    text: str
    at: datetime | date
    icon: str
    source: str = ""
    url: str = ""
    level: Level | None = None
    month: str = ""
