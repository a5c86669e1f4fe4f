"""What the browser is told and what it may send: other sites, caches, frames, methods, names of the host."""

import pytest
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse

from tests.access.test_forged_urls import drawn, key_of, logged_in, named_views, of_interface
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

# Reading leaves its trace and its marks; logging in and choosing a structure are the session's.
WRITTEN_BY_READING = {"kernel_auditentry", "feed_readcursor", "feed_readexception", "accounts_session"}


def pages(world):
    """Those behind which somebody must stand."""
    for view, keys in named_views():
        url = reverse(view, args=[key_of(world, "madeleine", key) for key in keys])
        if resolve(url).func.declaration.kind not in ("public", "api"):
            yield view, url


def test_no_other_site_posts_in_our_name(world, request):
    """The token is asked before the view, which alone may do without it: one method says it of each view."""
    cast, _ = world
    client = Client(enforce_csrf_checks=True)
    login(client, cast.amar)
    all_views = [
        *pages(world),
        ("accounts:logout", reverse("accounts:logout")),
        ("login", "/connexion/"),
    ]

    for view, url in all_views:
        assert is_refused(client.post(url, {"id": "1"})), view
    for view, url in drawn(all_views, of="methods", request=request):
        for method in (client.put, client.delete, client.patch):
            assert is_refused(method(url)), (view, method)


def is_refused(answer):
    return answer.status_code == 405 or (
        answer.status_code == 403 and "restée ouverte" in answer.content.decode()
    )


@pytest.mark.parametrize("name", ["amar", "brun"])
def test_pages_stay_in_no_cache_no_frame_and_run_nothing_of_others(world, name, request):
    assert_closed(world, name, drawn(pages(world), of=name, request=request))


@pytest.mark.long
@pytest.mark.parametrize("name", ["amar", "brun"])
def test_every_page_stays_in_no_cache_no_frame_and_runs_nothing_of_others(world, name):
    assert_closed(world, name, pages(world))


def assert_closed(world, name, asked):
    """Refusals and fragments like the pages."""
    cast, _ = world
    client = logged_in(cast.actors[name])
    for view, url in asked:
        for headers in ({}, {"HX-Request": "true"}):
            answer = client.get(url, headers=headers)
            if answer.status_code == 405:
                continue
            assert "no-store" in answer["Cache-Control"], view
            assert answer["X-Frame-Options"] == "DENY", view
            assert answer["X-Content-Type-Options"] == "nosniff", view
            assert answer["Referrer-Policy"] == "same-origin", view
            policy = answer["Content-Security-Policy"]
            assert "unsafe" not in policy, view
            assert "frame-ancestors 'none'" in policy, view
            shown = answer.getvalue()
            assert b"<script>" not in shown, view
            assert b' style="' not in shown, view


def test_the_interface_of_softwares_looks_at_no_session(world):
    """Hence no page of another site asks it in somebody's name."""
    cast, _ = world
    for client in (logged_in(cast.amar), Client()):
        for view, keys in named_views():
            if of_interface(view, keys):
                url = reverse(view, args=[key_of(world, "madeleine", key) for key in keys])
                for method in (client.get, client.post, client.put, client.patch, client.delete):
                    answer = method(url)
                    assert answer.status_code in (401, 405), (view, method)
                    assert "no-store" in answer["Cache-Control"], view


def test_nothing_is_open_without_an_account(world):
    client = Client()
    for view, url in pages(world):
        for method in (client.get, client.post, client.put):
            answer = method(url)
            assert answer.status_code in (302, 405), view
            assert answer.status_code == 405 or answer["Location"].startswith("/connexion/"), view
        fragment = client.get(url, headers={"HX-Request": "true"})
        assert fragment.status_code in (401, 405), view
        assert not fragment.content, view


def counts():
    with walls_down(), connection.cursor() as cursor:
        tables = [
            name
            for name in connection.introspection.table_names(cursor)
            if name not in WRITTEN_BY_READING and not name.startswith("kernel_auditentry_")
        ]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*), coalesce(max(xmin::text::bigint), 0) FROM "{table}"')
            found[table] = cursor.fetchone()
    return found


WHO_ASK = pytest.mark.parametrize("name", ["amar", "madeleine", "dpo", "identito"])


@WHO_ASK
def test_what_is_only_asked_for_changes_nothing(world, name, request):
    assert_nothing_changes(world, name, drawn(pages(world), of=name, request=request))


@pytest.mark.long
@WHO_ASK
def test_nothing_at_all_that_is_only_asked_for_changes_anything(world, name):
    assert_nothing_changes(world, name, pages(world))


def assert_nothing_changes(world, name, asked):
    """A link, a preloaded page, an image of another site: GET writes marks of reading, and nothing else."""
    cast, _ = world
    client = logged_in(cast.actors[name])
    before = counts()

    for _, url in asked:
        client.get(url)
        client.head(url)

    assert counts() == before


def test_another_name_of_the_host_is_refused(world, settings):
    settings.ALLOWED_HOSTS = ["terresante.example"]
    cast, _ = world
    client = logged_in(cast.amar)

    for url in ("/", "/connexion/", "/healthz"):
        assert client.get(url, headers={"host": "ailleurs.example"}).status_code == 400, url
    kept = client.get("/", headers={"host": "terresante.example", "x-forwarded-host": "ailleurs.example"})
    assert b"ailleurs" not in kept.content


@pytest.mark.parametrize(
    "wanted",
    [
        "https://ailleurs.example/",
        "//ailleurs.example",
        "/\\ailleurs.example",
        "javascript:alert(1)",
        "healthz",
    ],
)
def test_the_page_after_a_login_is_one_of_ours(world, wanted):
    cast, _ = world
    client = logged_in(cast.amar)

    for url in ("/connexion/", "/situation/"):
        answer = client.get(url, {"next": wanted}, follow=True)
        assert all(step.startswith("/") and not step.startswith("//") for step, _ in answer.redirect_chain)
        assert answer.request["PATH_INFO"] == "/"


def test_the_session_is_out_of_reach_of_scripts_and_of_other_sites(settings):
    assert settings.SESSION_COOKIE_HTTPONLY
    assert (settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_SAMESITE) == ("Lax", "Lax")
    assert not settings.DEBUG
