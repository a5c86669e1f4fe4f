"""`/healthz` says that a process answers; `/readyz`, that it can serve. Neither tells more to whoever asks."""

import pytest
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db


def test_a_deployment_that_is_migrated_is_ready(client):
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)


def test_one_that_waits_for_its_migrations_is_alive_and_not_ready(client, monkeypatch):
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda *_: [("0024", False)])

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"migrations are waiting: terresante migrate\n")


def test_one_whose_database_does_not_answer_is_alive_and_not_ready(client, monkeypatch):
    def silent(*_):
        raise OperationalError("connection to server at 10.0.0.7 failed for user terresante_app")

    monkeypatch.setattr(MigrationExecutor, "__init__", silent)

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"the database does not answer\n")
