"""Who tries the doors: what each answer tells, what work each takes, how many tries each allows."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from django.contrib.auth import hashers
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from terresante.accounts.actions import login as logins
from terresante.accounts.actions import recovery
from terresante.accounts.models import User
from terresante.accounts.tests.steps import last_message
from terresante.kernel.ids import new_id
from tests.access.test_forged_urls import NAMED, key_of, logged_in, named_views, of_interface
from tests.walls import walls_down

pytestmark = pytest.mark.commits

PASSWORD = "des hortensias bleus"
# Posted from elsewhere on purpose: the signed token, used once, is what says that it was wanted.
# The call of a partner, the signed assertion of a token, the sealed permit of a telephone that was without network, and
# what the provider of SMS signs.
SIGNED = {"interop:launch", "interop:fhir_token", "answers:kept_answer", "answers:text_message"}


@pytest.fixture
def user(cast):
    with walls_down():
        found = User.objects.get(pk=cast.amar.user_id)
        found.set_password(PASSWORD)
        found.save()
    return found


@contextmanager
def work():
    """What an answer costs, counted rather than timed: hashes of passwords and statements of the database."""
    done = {"hashes": 0, "statements": 0}
    # Django keeps 9,000 statements, of all the requests of a test: this one is counted from none.
    reset_queries()
    real = hashers.get_hasher("default").__class__.encode

    def counted(self, *args, **kwargs):
        done["hashes"] += 1
        return real(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as asked:
        patch.setattr(hashers.get_hasher("default").__class__, "encode", counted)
        yield done
    done["statements"] = len(asked)


# Enumeration of users.


def test_an_unknown_login_takes_the_same_work_and_gets_the_same_answer(user):
    answers, costs = {}, {}
    # Twice: what a process reads again every few seconds falls on one try or another.
    for login in (user.login, "personne@example.org") * 2:
        with work() as done:
            answer = Client().post("/connexion/", {"login": login, "password": "faux"})
        answers[login] = without_tokens((answer.status_code, answer.content.decode().replace(login, "")))
        cost = (done["hashes"], done["statements"])
        costs[login] = min(cost, costs.get(login, cost))

    assert len(set(costs.values())) == 1, costs
    assert costs[user.login][0] == 1
    assert len(set(answers.values())) == 1


def test_asking_for_a_link_tells_nothing_of_who_has_an_account(user, monkeypatch):
    """By message; by time, the answer waits until the same moment after the question."""
    slept = []
    monkeypatch.setattr(recovery, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=slept.append))
    answers = []
    for login in (user.login, "personne@example.org"):
        answer = Client().post("/connexion/mot-de-passe-oublie/", {"login": login}, follow=True)
        answers.append((answer.status_code, answer.content.decode().replace(login, "")))

    assert without_tokens(answers[0]) == without_tokens(answers[1])
    assert slept == [recovery.ANSWER_SECONDS] * 2


def without_tokens(answer):
    status, text = answer
    return status, "".join(line for line in text.splitlines() if "csrf" not in line)


# Enumeration of patients.


def answered_at_least(client, url):
    with work() as done:
        client.get(url)
    return done["hashes"], done["statements"]


# They say to a professional who has no access yet the identity that the search has just shown him.
SHOWN_TO_WHO_FOUND_HIM = {"care_team:break_glass", "care_team:ask_to_join"}


@pytest.mark.parametrize("name", ["brun", "ancien", "leon"])
def test_somebody_else_s_object_takes_the_work_of_one_that_does_not_exist(world, name):
    """Statements are counted at each address: what is out of reach is not told by the time it takes either."""
    cast, _ = world
    client = logged_in(cast.actors[name])
    told = []
    for view, keys in named_views():
        if not {"record_id", "patient_id"} & set(keys) or (view in SHOWN_TO_WHO_FOUND_HIM and name != "leon"):
            continue
        urls = [
            reverse(
                view,
                args=[new_id() if absent and NAMED[key] else key_of(world, "madeleine", key) for key in keys],
            )
            for absent in (False, True)
        ]
        # What a process reads again every few seconds falls on one or the other: asked again, it does not.
        least = [answered_at_least(client, url) for url in urls]
        for _ in range(3):
            if least[0] != least[1]:
                least = [
                    min(cost, answered_at_least(client, url)) for cost, url in zip(least, urls, strict=True)
                ]
        told += [(view, *least)] if least[0] != least[1] else []

    assert told == []


# Other sites.


def every_post(world):
    for view, keys in named_views():
        if view not in SIGNED and not of_interface(view, keys):
            yield view, reverse(view, args=[key_of(world, "madeleine", key) for key in keys])


def test_no_post_is_taken_without_its_token_public_pages_included(world):
    cast, _ = world
    client = Client(enforce_csrf_checks=True)
    for actor in (None, cast.amar):
        if actor is not None:
            client.force_login(User.objects.get(pk=actor.user_id))
        for view, url in every_post(world):
            assert client.post(url, {"login": "x"}).status_code in (403, 405), view


def test_no_post_is_taken_from_another_site_even_with_its_token(world):
    cast, _ = world
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=cast.amar.user_id))
    client.get("/patients/nouveau/")
    token = client.cookies["csrftoken"].value
    headers = {"X-CSRFToken": token}
    # Good: the same post, from here.
    assert client.post("/patients/nouveau/", {"birth_name": "x"}, headers=headers).status_code == 422

    for origin in ("https://ailleurs.example", "null", "http://testserver.ailleurs.example"):
        for view, url in every_post(world):
            answer = client.post(url, {}, headers=headers | {"Origin": origin})
            assert answer.status_code in (403, 405), (view, origin)


def test_the_signed_call_alone_comes_from_another_site(world):
    found = {
        view
        for view, keys in named_views()
        if not of_interface(view, keys)
        and getattr(_view(reverse(view, args=[new_id() for _ in keys])), "csrf_exempt", False)
    }

    assert found == SIGNED


def _view(url):
    return resolve(url).func


# Names of the host.


def test_a_link_of_recovery_names_the_deployment_never_the_host_that_was_asked(user, settings):
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(
        "/connexion/mot-de-passe-oublie/",
        {"login": user.login},
        headers={"host": "ailleurs.example", "x-forwarded-host": "ailleurs.example"},
    )
    body = last_message()
    assert settings.BASE_URL in body
    assert "ailleurs" not in body


# Tries.


def tries(client, url, most, **fields):
    """The first try that is answered otherwise than the one before it, counted from one."""
    first = None
    for number in range(1, most + 2):
        answer = client.post(url, fields, REMOTE_ADDR="198.51.100.7").content.decode()
        said = "Trop d’essais" in answer or "Trop de" in answer
        if said:
            return number
        first = first or answer
    return None


def test_passwords_are_tried_a_few_times_from_one_place(user):
    refused = tries(Client(), "/connexion/", 30, login=user.login, password="faux")

    assert refused == logins.TRIES_OF_A_PAIR + 1
    # Bad: the owner, elsewhere, must not suffer from it.
    answer = Client().post(
        "/connexion/", {"login": user.login, "password": PASSWORD}, REMOTE_ADDR="203.0.113.9"
    )
    assert answer.status_code == 302


def test_links_are_asked_for_a_few_times_from_one_place(user, monkeypatch):
    monkeypatch.setattr(recovery.time, "sleep", lambda seconds: None)
    refused = tries(
        Client(), "/connexion/mot-de-passe-oublie/", recovery.LINKS_OF_A_NETWORK + 5, login="x@example.org"
    )

    assert refused == recovery.LINKS_OF_A_NETWORK + 1


def test_the_region_is_searched_sixty_times_an_hour(world):
    cast, _ = world
    client = logged_in(cast.amar)
    answers = [
        client.get("/recherche/", {"q": f"Leroux Ma 0{1 + n % 9}/04/1939"}).content.decode()
        for n in range(61)
    ]

    assert "recherches dans la région en une heure" in answers[60]
    assert "recherches dans la région en une heure" not in answers[59]


# What a browser keeps.


def test_no_public_page_is_kept_by_a_browser_but_what_is_the_same_for_everybody(client):
    """The address of who was given an access, the name on a locked workstation: not after the next person sat down."""
    same = {"worker"}
    kept = []
    for view, keys in named_views():
        address = reverse(view, args=[new_id() for _ in keys])
        if resolve(address).func.declaration.kind == "public" and view not in same:
            answer = client.get(address)
            if answer.status_code in (200, 302, 422) and "no-store" not in answer.headers.get(
                "Cache-Control", ""
            ):
                kept.append(view)

    assert kept == []


# What no JSON can do.


@pytest.mark.parametrize(
    "bomb",
    ["[" * 100_000, '{"a":' * 50_000, '"' + "\\u0000" * 1000, "9" * 5000, json.dumps({"id": "A" * 100_000})],
)
def test_a_bomb_of_json_is_a_refusal(client, bomb):
    client.get("/connexion/cle/defi/", headers={"host": "localhost"})
    answer = client.post("/connexion/cle/", {"answer": bomb}, headers={"host": "localhost"})

    assert answer.status_code in (200, 403, 422)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("bomb", ["[" * 8000, "a." * 4000, "A" * 9000, "eyJ" + "A" * 5000 + ".e30."])
def test_a_bomb_in_a_signed_call_is_a_refusal(client, bomb):
    assert client.post("/appel-contextuel/", {"token": bomb}).status_code == 403


def test_thousands_of_fields_are_refused_before_they_are_read(world):
    cast, _ = world
    client = logged_in(cast.amar)
    client.raise_request_exception = False

    answer = client.post("/patients/nouveau/", {f"field{n}": "x" for n in range(2000)})

    assert answer.status_code == 400
    assert "Traceback" not in answer.content.decode()
