from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.test import RequestFactory

from terresante.directory.models import Practitioner
from terresante.directory.views import search
from terresante.kernel import screens
from terresante.kernel.actor import Actor, ActorKind

pytestmark = pytest.mark.django_db


def page(monkeypatch, actor, *, whole=False, **criteria):
    monkeypatch.setattr(screens, "actor_behind", lambda request: actor)
    request = RequestFactory().get("/annuaire/", criteria, headers={} if whole else {"HX-Request": "true"})
    request.session = SessionBase()
    return search.search(request)


def test_results_escape_what_the_files_say(monkeypatch):
    Practitioner.objects.create(
        source="local", family_name="Dulac<script>", given_name="Zoé", profession="60", phone=""
    )
    somebody = Actor(kind=ActorKind.PROFESSIONAL, name="Inès", user_id=uuid4())
    shown = page(monkeypatch, somebody, nom="dul", profession="60").content.decode()
    assert "Zoé Dulac&lt;script&gt;" in shown and "Infirmier" in shown
    assert "Aucun professionnel" in page(monkeypatch, somebody, nom="personne").content.decode()


def test_without_an_account_there_is_no_page(monkeypatch):
    monkeypatch.setattr(screens, "to_login", lambda request: SimpleNamespace(status_code=302))
    assert page(monkeypatch, None, nom="dul").status_code == 302


def test_the_whole_page_works_without_a_script(monkeypatch):
    somebody = Actor(kind=ActorKind.PROFESSIONAL, name="Inès", user_id=uuid4())
    shown = page(monkeypatch, somebody, whole=True).content.decode()
    assert 'method="get"' in shown and "Commune ou code postal" in shown
