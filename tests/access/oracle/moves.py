"""What happens in a world, in order. Imports nothing of the platform, as `model.py`, which reads it."""

from dataclasses import dataclass

RECORD, EMERGENCY, SAMU = "record", "emergency", "samu"


@dataclass(frozen=True)
class Joins:
    """A person (`who`) or a structure (`structure`) enters the circle; `from_hour` may be in the future.

    By consent: `scope` names the classes consented to, `until_hour` its end; a person only.
    """

    patient: int
    who: int | None = None
    structure: int | None = None
    from_hour: int = -48
    scope: tuple[str, ...] | None = None
    until_hour: int | None = None


@dataclass(frozen=True)
class Leaves:
    patient: int
    who: int | None = None
    structure: int | None = None


@dataclass(frozen=True)
class Opposes:
    """The patient says no: to the whole record, to its opening in an emergency, to its opening by a SAMU."""

    patient: int
    to: str = RECORD


@dataclass(frozen=True)
class Lifts:
    """The patient takes back his opposition to the record."""

    patient: int


@dataclass(frozen=True)
class Agrees:
    """The patient consents to the sharing of her record."""

    patient: int


@dataclass(frozen=True)
class Regime:
    """The deployment asks for a prior consent (2019), or for the information alone (2020)."""

    consent: bool


@dataclass(frozen=True)
class Grants:
    """The deployment gives a profession this right on a class: "", "r" or "rw"."""

    profession: str
    data_class: str
    right: str


@dataclass(frozen=True)
class BreaksGlass:
    """Attempted; whether it opens is for the rules to say. `hours_ago` past four, it has expired since.

    `call`: by the door of a SAMU.
    """

    patient: int
    who: int
    structure: int
    hours_ago: int = 0
    call: bool = False


@dataclass(frozen=True)
class Lends:
    """A physician lets a secretary of one structure act for him there, from a day on, perhaps to another."""

    who: int
    secretary: int
    structure: int
    from_day: int = 0
    # The first day without it.
    to_day: int | None = None


@dataclass(frozen=True)
class Revokes:
    """One of the two ends it, at once."""

    who: int
    secretary: int
    structure: int


@dataclass(frozen=True)
class Writes:
    """A row about a patient, with its limits. `row` names it."""

    row: int
    patient: int
    data_class: str
    private_to: int | None = None
    hidden: bool = False
    hidden_from_relatives: bool = False


@dataclass(frozen=True)
class Delegates:
    """A relative gets an access in the name of a patient; days are counted from today, both ends included.

    `basis`: parental, guardianship (and the other measures on the person) or carer, who reads the classes of `scope`.
    """

    patient: int
    relative: int
    basis: str
    from_day: int = -30
    until_day: int | None = None
    scope: tuple[str, ...] = ()
    claimed: bool = True


@dataclass(frozen=True)
class Withdraws:
    """That access is taken back."""

    patient: int
    relative: int


@dataclass(frozen=True)
class Restricts:
    """A judge cuts this parent, and not the other."""

    patient: int
    relative: int


@dataclass(frozen=True)
class Removes:
    """The patient himself takes a member out of his circle."""

    patient: int
    who: int | None = None
    structure: int | None = None


Move = (
    Joins
    | Leaves
    | Opposes
    | Lifts
    | Agrees
    | Regime
    | Grants
    | BreaksGlass
    | Writes
    | Delegates
    | Withdraws
    | Restricts
    | Removes
    | Lends
    | Revokes
)
