"""What a page costs, in figures that no other work of the machine changes."""

import json
import re
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from django.db import connection
from django.template.base import Node
from django.test.utils import CaptureQueriesContext
from psycopg import ClientCursor


def queries_of(client, address):
    """Every statement: session, account, situation, transactions, row contexts, audit, marks."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def blocks_of(client, address, *, kept=False):
    """Blocks of 8 kB that PostgreSQL looks at to answer the questions of the page, functions included: a rule asked of
    each row, or rows joined in pairs, show here where the number of statements says nothing. `kept`: by the plans of a
    connection that has answered for a while, made without knowing who asks.
    """
    plans = plans_of(client, address, kept=kept)
    return sum(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] for plan in plans)


def plans_of(client, address, *, kept=False):
    """Of the questions of the page, as they were answered."""
    seen = []

    def look(execute, sql, parameters, many, context):
        if sql.startswith(
            (
                'SELECT "',
                'SELECT ("',
                "SELECT CASE",
                "SELECT DISTINCT",
                "SELECT COUNT",
                "SELECT count",
                "SELECT *",
            )
        ):
            seen.append((_kept_plan if kept else _plan)(context["connection"].connection, sql, parameters))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(look):
        assert client.get(address).status_code == 200
    return seen


class TagsDrawn:
    total = 0


@contextmanager
def tags_drawn():
    """Tags and values that templates draw one after the other: what a list draws for each row of it shows here."""
    seen, draw = TagsDrawn(), Node.render_annotated

    def counted(node, context):
        seen.total += 1
        return draw(node, context)

    with patch.object(Node, "render_annotated", counted):
        yield seen


def tags_of(client, address):
    with tags_drawn() as seen:
        assert client.get(address).status_code == 200
    return seen.total


_EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON)"


def _plan(raw, sql, parameters):
    with raw.cursor() as cursor:
        return _told(cursor.execute(f"{_EXPLAIN} {sql}", parameters))


def _kept_plan(raw, sql, parameters):
    places = (f"${number}" for number in count(1))
    with ClientCursor(raw) as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        cursor.execute(
            "PREPARE asked AS " + re.sub("%[s%]", lambda at: "%" if at[0] == "%%" else next(places), sql)
        )
        values = f"({', '.join(['%s'] * len(parameters))})" if parameters else ""
        told = _told(cursor.execute(f"{_EXPLAIN} EXECUTE asked {values}", parameters))
        cursor.execute("DEALLOCATE asked; SET LOCAL plan_cache_mode = auto")
        return told


def _told(cursor):
    (told,) = cursor.fetchone()
    return (told if isinstance(told, list) else json.loads(told))[0]["Plan"]
