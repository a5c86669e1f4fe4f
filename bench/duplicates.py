"""The search for duplicates, measured on an invented population (docs/bench.md).

python -m bench.duplicates [--patients 100000] [--queries 2000] [--seed 2] [--show 20]

Half of the questions are people of the base entered a second time with their errors, half are newcomers. Beside it, in
the same run: the same strict traits, and plain trigrams at the threshold that suits them best.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import psycopg

from bench.cluster import migrated, patients_in, running
from bench.population import Person, persons, typed_again
from bench.report import Figure, at_least, at_most, machine, tell
from config.local.database import Urls, drop_database
from config.local.places import say, var_folder
from config.local.postgres import Server
from terresante.patients.identity_rules import normalised_name
from terresante.patients.likeness import Sides, best, links_by_itself

# The first seed tunes, any other measures.
TUNING, MEASURED = 1, 2
_COLUMNS = (
    "id, birth_name, birth_given_names, birth_given_name, birth_date, lunar_birth_date, sex, birth_place_code, "
    "birth_place_name, used_name, used_given_name, ins, ins_oid, identity_status, is_homonym, is_doubtful, "
    "is_fictitious, match_birth_name, match_given_name, match_used_name, phone, email, address_line, postal_code, "
    "city, created_at, updated_at"
)
_TEXT = (
    "(match_birth_name || ' ' || match_given_name || ' ' || (extract(year FROM birth_date) * 10000"
    " + extract(month FROM birth_date) * 100 + extract(day FROM birth_date))::integer)"
)
_TRIGRAMS = f"CREATE INDEX bench_trigrams ON patients_patient USING gin ({_TEXT} gin_trgm_ops)"
_LOWEST, _THRESHOLDS = 0.45, [step / 100 for step in range(45, 100, 5)]


@dataclass(slots=True)
class Score:
    """Of one way of searching: what it gave back for those who are in the base, and for those who are not."""

    right: int = 0
    given: int = 0
    present: int = 0
    milliseconds: list[float] = field(default_factory=list)
    missed: Counter[tuple[str, ...]] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        return self.right / self.present

    @property
    def precision(self) -> float:
        return self.right / self.given if self.given else 1.0

    @property
    def slowest(self) -> float:
        """At the 95th percentile."""
        return statistics.quantiles(self.milliseconds, n=20)[-1]


@dataclass(frozen=True, slots=True)
class Question:
    asked: Sides
    # Key in the base, "" for a newcomer.
    answer: str
    errors: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.duplicates")
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=MEASURED)
    parser.add_argument("--show", type=int, default=0, help="errors most often missed")
    asked = parser.parse_args(arguments)
    with running() as server:
        found = figures(server, asked.patients, asked.queries, asked.seed, show=asked.show)
    context = f"{machine()} ; {asked.patients} identités, {asked.queries} questions, graine {asked.seed}"
    tell(found, context=context, path=var_folder() / "bench-duplicates.json")
    return 0


def figures(server: Server, patients: int, count: int, seed: int, *, show: int = 0) -> list[Figure]:
    return _measure(_loaded(server, patients, seed), patients, count, seed, show=show)


def key(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def sides(person: Person) -> Sides:
    return Sides(
        name=normalised_name(person.family),
        used=normalised_name(person.used),
        given=normalised_name(" ".join(person.given)),
        birth_date=person.born,
        is_lunar=person.lunar,
        sex=person.sex,
        place=person.place,
        ins=person.ins,
    )


def questions(
    population: Sequence[Person], newcomers: Sequence[Person], count: int, seed: int
) -> list[Question]:
    step = max(len(population) // (count // 2), 1)
    asked = []
    for person in population[::step][: count // 2]:
        stranger = population[(person.number * 7919 + 13) % len(population)]
        entered, errors = typed_again(person, seed, stranger)
        asked.append(Question(sides(entered), key(person.number), errors))
    return asked + [Question(sides(person), "", ()) for person in newcomers]


def _loaded(server: Server, patients: int, seed: int) -> Urls:
    name = f"bench_duplicates_{seed}_{patients}"
    urls = migrated(server, name)
    if patients_in(urls) == patients:
        return urls
    drop_database(server, name)
    urls = migrated(server, name)
    began = time.monotonic()
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        ((keys,),) = connection.execute(
            "SELECT pg_get_indexdef('patient_identity_keys'::regclass)"
        ).fetchall()
        connection.execute("DROP INDEX patient_identity_keys")
        with connection.cursor().copy(f"COPY patients_patient ({_COLUMNS}) FROM STDIN") as copy:
            for person in persons(patients, seed):
                copy.write_row(_row(person))
        say(f"copie : {time.monotonic() - began:.0f} s")
        connection.execute(keys)
        say(f"clés : {time.monotonic() - began:.0f} s")
        connection.execute(_TRIGRAMS)
        connection.execute("VACUUM ANALYZE patients_patient")
    say(f"{name} : {patients} identités en {time.monotonic() - began:.0f} s")
    return urls


def _row(person: Person) -> tuple[object, ...]:
    own = sides(person)
    first = own.given.split(" ")[0]
    return (
        key(person.number), own.name, own.given, first, person.born, "", person.sex, person.place, "", person.used, "",
        person.ins, "", "PROV", False, False, False, own.name, first, own.used, "", "", "", "", "", "now", "now",
    )  # fmt: skip


def _measure(urls: Urls, patients: int, count: int, seed: int, *, show: int) -> list[Figure]:
    everybody = list(islice(persons(patients + count // 2, seed), patients + count // 2))
    asked = questions(everybody[:patients], everybody[patients:], count, seed)
    with psycopg.connect(urls.app, autocommit=False) as connection:
        connection.execute("SELECT set_config('app.kind', 'job', false)")
        false_links = 0
        found = Score()
        for question in asked:
            rows = _answer(found, question, lambda sides: _candidates(connection, sides))
            false_links += sum(link and row != question.answer for row, link in rows)
    with psycopg.connect(urls.superuser) as connection:
        connection.execute("SELECT set_config('pg_trgm.similarity_threshold', %s, false)", [str(_LOWEST)])
        exact = Score()
        for question in asked:
            _answer(exact, question, lambda sides: _exact(connection, sides))
        trigrams, threshold = _best_trigrams(connection, asked[:: max(count // 200, 1)])
    for errors, times in found.missed.most_common(show):
        say(f"{times:5} manqués : {', '.join(errors) or 'sans erreur'}")
    return _figures(found, exact, trigrams, threshold, false_links)


def _figures(found: Score, exact: Score, trigrams: Score, threshold: float, false_links: int) -> list[Figure]:
    def share(name: str, value: float, beside: float) -> Figure:
        return Figure(name=name, value=100 * value, unit="%", baseline=100 * beside)

    return [
        at_least("doublons retrouvés (rappel)", 100 * found.recall, "%", aim=98),
        at_least("proposés à raison (précision)", 100 * found.precision, "%", aim=95),
        at_most("rattachements automatiques faux", false_links, "", aim=0),
        at_most("recherche, 95e centile", found.slowest, "ms", aim=50),
        at_most("recherche, médiane", statistics.median(found.milliseconds), "ms", aim=50),
        share("traits identiques : rappel", exact.recall, found.recall),
        share("traits identiques : précision", exact.precision, found.precision),
        share(f"trigrammes ≥ {threshold:g} : rappel", trigrams.recall, found.recall),
        share(f"trigrammes ≥ {threshold:g} : précision", trigrams.precision, found.precision),
        Figure(name="trigrammes, 95e centile", value=trigrams.slowest, unit="ms", baseline=found.slowest),
    ]


def _answer(
    score: Score, question: Question, ask: Callable[[Sides], Sequence[tuple[str, bool]]]
) -> Sequence[tuple[str, bool]]:
    began = time.perf_counter()
    rows = ask(question.asked)
    score.milliseconds.append(1000 * (time.perf_counter() - began))
    score.given += len(rows)
    score.present += bool(question.answer)
    if question.answer in {row for row, _ in rows}:
        score.right += 1
    elif question.answer:
        score.missed[question.errors] += 1
    return rows


def _candidates(connection: psycopg.Connection, asked: Sides) -> list[tuple[str, bool]]:
    """As `patients.desk_queries.resembling` asks, through the application role."""
    rows = connection.execute(
        "SELECT * FROM likely_same(%s, %s, %s, %s, %s, NULL, 30)",
        [asked.name, asked.used, asked.given, asked.birth_date, asked.ins],
    ).fetchall()
    candidates = [
        Sides(
            name=row[1],
            used=normalised_name(row[2]),
            given=row[3],
            birth_date=row[4],
            is_lunar=bool(row[5]),
            sex=row[6],
            place=row[7],
            ins=row[8],
        )
        for row in rows
    ]
    return [
        (str(rows[place][0]), links_by_itself(asked, candidates[place]))
        for place, _ in best(asked, candidates)
    ]


def _exact(connection: psycopg.Connection, asked: Sides) -> list[tuple[str, bool]]:
    rows = connection.execute(
        "SELECT id FROM patients_patient WHERE birth_date = %s AND match_birth_name = %s AND match_given_name = %s"
        " AND sex = %s",
        [asked.birth_date, asked.name, asked.given.split(" ")[0], asked.sex],
    )
    return [(str(row[0]), False) for row in rows]


def _best_trigrams(connection: psycopg.Connection, asked: Sequence[Question]) -> tuple[Score, float]:
    """At the threshold that serves them best in this very run."""
    scores = {threshold: Score() for threshold in _THRESHOLDS}
    for question in asked:
        began = time.perf_counter()
        rows = _similar(connection, question.asked)
        spent = 1000 * (time.perf_counter() - began)
        for threshold, score in scores.items():
            _answer(score, question, partial(_above, threshold, rows))
            score.milliseconds[-1] = spent
    threshold = max(scores, key=lambda one: _harmonic(scores[one]))
    return scores[threshold], threshold


def _above(threshold: float, rows: Sequence[tuple[str, float]], _: Sides) -> list[tuple[str, bool]]:
    return [(row, False) for row, likeness in rows if likeness >= threshold]


def _similar(connection: psycopg.Connection, asked: Sides) -> list[tuple[str, float]]:
    text = f"{asked.name} {asked.given.split(' ')[0]} {asked.birth_date:%Y%m%d}"
    rows = connection.execute(
        f"SELECT id, similarity({_TEXT}, %s) FROM patients_patient WHERE {_TEXT} %% %s",  # noqa: S608 -- a constant
        [text, text],
    )
    return [(str(row[0]), row[1]) for row in rows]


def _harmonic(score: Score) -> float:
    total = score.recall + score.precision
    return 2 * score.recall * score.precision / total if total else 0.0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
