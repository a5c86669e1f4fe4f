"""A world: who is in it and what happens, in order. Imports nothing of the platform, as `model.py`, which reads it."""

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
    # A professional alone.
    private_to_who: int | None = None
    sector: str = ""
    restricted_to: int | None = None


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


@dataclass(frozen=True)
class Names:
    """A member may know of a sector from now on: of all of it, or of what the structure `restricted_to` does."""

    patient: int
    sector: str
    who: int | None = None
    structure: int | None = None
    restricted_to: int | None = None


@dataclass(frozen=True)
class Unnames:
    """That name is withdrawn."""

    named: Names


@dataclass(frozen=True)
class HandsOver:
    """`who` hands this patient over to `to`, who accepts at once."""

    patient: int
    who: int
    to: int


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
    | Names
    | Unnames
    | HandsOver
)


@dataclass(frozen=True)
class Professional:
    profession: str
    structures: tuple[int, ...]
    struck_off: bool = False
    # Of his specialty; a psychiatric nurse needs none.
    specialty: str = ""
    # Where he worked until yesterday.
    former: tuple[int, ...] = ()


@dataclass(frozen=True)
class World:
    structures: int
    professionals: tuple[Professional, ...]
    patients: int
    # (structure, patient): the establishment knows the patient under one of its identifiers.
    known: tuple[tuple[int, int], ...]
    moves: tuple[Move, ...]
    # Accounts that are nobody's but a relative's.
    relatives: int = 0
    # Days since the eighteenth birthday of each patient: 0 is today, -1 tomorrow.
    grown_up_for: tuple[int, ...] = ()
    # Structures that are a SAMU.
    samus: tuple[int, ...] = ()
    # (patient, structure): her record is that support structure's alone.
    kept: tuple[tuple[int, int], ...] = ()
    # The sector of each structure; '' for those of none, and for those that are not said.
    sectors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """kind: professional, patient, representative, gateway or job; a representative acts for one `patient`.

    `acts_for`: the physician whom a secretary said at the door.
    """

    kind: str
    who: int | None = None
    structure: int | None = None
    patient: int | None = None
    acts_for: int | None = None
