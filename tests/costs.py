"""What a page costs, in figures that no other work of the machine changes."""

import json
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection
from django.template.base import Node
from django.test.utils import CaptureQueriesContext


def queries_of(client, address):
    """Every statement: session, account, situation, transactions, row contexts, audit, marks."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def blocks_of(client, address):
    """Blocks of 8 kB that PostgreSQL looks at to answer the questions of the page: a rule asked of each row, or
    rows joined in pairs, show here where the number of statements says nothing.
    """
    seen = 0

    def look(execute, sql, parameters, many, context):
        nonlocal seen
        if sql.startswith(
            ('SELECT "', "SELECT CASE", "SELECT DISTINCT", "SELECT COUNT", "SELECT count", "SELECT *")
        ):
            with context["connection"].connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", parameters)
                (told,) = cursor.fetchone()
            plan = (told if isinstance(told, list) else json.loads(told))[0]["Plan"]
            seen += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
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
