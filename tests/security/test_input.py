"""What is sent in: other fields, files, addresses to call, and what of it reaches a log."""

import ast
import http.server
import logging
import threading

import jwt
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve
from django.utils.log import log_response

from config.logs import OneLine
from terresante.interop.insi import InsiOverHttp
from terresante.interop.launch import key_id_of
from terresante.interop.tests.launches import PRIVATE, call, software, token
from terresante.notes.models import Note
from terresante.patients.enums import InsiAnswer
from terresante.patients.models import CareRecord, SourceIdentity
from terresante.patients.traits import Traits
from tests.cast import client_of, login
from tests.house.tree import PLATFORM
from tests.walls import walls_down


@pytest.fixture
def amar(cast):
    client = client_of(cast.amar)
    return client


# Mass assignment.


@pytest.mark.commits
def test_fields_that_a_form_does_not_have_change_nothing(cast, amar):
    """Every column of the row, posted beside what the form asks."""
    record = cast.madeleine_record
    more = {field.name: "x" for field in Note._meta.fields} | {
        field.attname: str(cast.leon_record.patient_id) for field in Note._meta.fields if field.is_relation
    }
    asked = {"text": "Pansement refait", "data_class": "care", "level": "circle", "patient_sees": "on"}
    answer = amar.post(
        f"/dossiers/{record.pk}/notes/nouvelle/", {**more, "written_at": "1999-01-01", **asked}
    )

    assert answer.status_code in (302, 422), answer.status_code
    with walls_down():
        for note in Note.objects.all():
            assert (note.patient_id, note.author_id) == (record.patient_id, cast.amar.person_id)
            assert note.written_at.year > 2000
        assert CareRecord.objects.get(pk=record.pk).patient_id == record.patient_id


def test_no_form_is_made_of_a_model():
    """A field added to a table would be open to whoever posts it."""
    made = [
        path
        for path in PLATFORM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Name)
        and getattr(node, "attr", getattr(node, "id", "")) in ("ModelForm", "modelform_factory")
    ]

    assert made == []


# Files.


def test_only_the_screens_known_here_take_a_file():
    """Another screen that takes one brings its types, sizes, antivirus: docs/asvs.md, chapter 5, says what is asked."""
    taken = [
        path.name
        for path in [*PLATFORM.rglob("*.py"), *PLATFORM.rglob("*.html")]
        if "tests" not in path.parts
        and any(
            word in path.read_text()
            for word in ("FileField", "ImageField", "multipart/form-data", 'type="file"')
        )
    ]

    assert sorted(taken) == [
        *("_photos.html", "add.html", "add_document.html", "forms.py", "forms.py", "forms.py"),
        "middleware.py",  # receives the forms of every screen
        *(
            "pathway_forms.py",
            "pathways.html",
            "register_proof.html",
            "replace.html",
            "robot_rule.html",
            "write.html",
        ),
    ]


@pytest.mark.commits
@pytest.mark.parametrize("name", ["page.html", "../../etc/passwd", "image.svg", "carte.exe"])
def test_a_file_that_nobody_asked_for_is_kept_nowhere(cast, amar, tmp_path, settings, name):
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile(name, b"<script>alert(1)</script>")
    answer = amar.post(
        f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/", {"text": file, "level": "circle"}
    )

    assert answer.status_code == 422
    assert list(tmp_path.iterdir()) == []


# Addresses that we call.


class Redirecting(http.server.BaseHTTPRequestHandler):
    asked: list[str] = []
    said = b""
    status = 302

    def do_POST(self):
        type(self).asked.append(self.path)
        self.send_response(type(self).status)
        self.send_header("Location", "http://169.254.169.254/latest/meta-data/")
        self.send_header("Content-Length", str(len(type(self).said)))
        self.end_headers()
        self.wfile.write(type(self).said)

    do_GET = do_POST

    def log_message(self, *args):
        """Silent."""


@pytest.fixture
def elsewhere():
    Redirecting.asked, Redirecting.said, Redirecting.status = [], b"", 302
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


TRAITS = Traits(birth_name="A", birth_given_names="B", birth_date=None, sex="F", birth_place_code="99999")


def test_the_teleservice_leads_us_nowhere(elsewhere):
    assert InsiOverHttp(elsewhere).search(TRAITS).answer is InsiAnswer.UNAVAILABLE

    assert Redirecting.asked == ["/recherche"]


@pytest.mark.parametrize(
    "said", [b"[" * 100_000, b'{"code": "00", "identite": ' + b"{" * 5000, b"9" * 200_000]
)
def test_a_bomb_in_its_answer_is_a_teleservice_that_is_down(elsewhere, said):
    Redirecting.status, Redirecting.said = 200, said

    assert InsiOverHttp(elsewhere).search(TRAITS).answer is InsiAnswer.UNAVAILABLE


@pytest.mark.commits
def test_a_call_names_no_address_where_its_key_would_be_fetched(client, cast, elsewhere):
    """jku, x5u and jwk of the header: the key is the one registered, whatever they say."""
    key = software(cast)
    claims = jwt.decode(token(key), options={"verify_signature": False})
    forged = jwt.encode(
        claims,
        PRIVATE,
        algorithm="ES256",
        headers={"kid": key_id_of(token(key)), "jku": f"{elsewhere}/keys", "x5u": f"{elsewhere}/cert"},
    )

    assert call(client, forged).status_code == 302
    assert Redirecting.asked == []


# Logs and errors.


@pytest.fixture
def logged():
    """What the deployment's own handler would write of a record."""
    formatter = OneLine("%(levelname)s %(name)s %(message)s")
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record):
            lines.append(formatter.format(record))

    kept = Kept()
    logging.getLogger().addHandler(kept)
    yield lines
    logging.getLogger().removeHandler(kept)


def test_a_line_of_the_log_stays_one_line(logged):
    logging.getLogger("essai").warning("login %s", "x\r\n2026 INFO forged\x1b[31m\u2028y")

    assert logged == ["WARNING essai login x\\x0d\\x0a2026 INFO forged\\x1b[31m\\x2028y"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/suivi/zqSECRETqz/", "/suivi/<str:token>/"),
        ("/connexion/lien/zqSECRETqz/", "/connexion/lien/<str:token>/"),
        ("/zqSECRETqz", "(adresse)"),
    ],
)
def test_a_page_that_breaks_is_logged_by_the_pattern_of_its_address(logged, path, said):
    """Django logs the address of each error: a link in it would open somebody's questionnaires, or account."""
    request = RequestFactory().get(path)
    request.resolver_match = resolve(path) if said.startswith("/") else None
    log_response("%s: %s", "Internal Server Error", path, response=HttpResponse(status=500), request=request)

    assert logged == [f"ERROR django.request Internal Server Error: {said}"]


@pytest.mark.commits
def test_an_error_of_the_database_is_logged_without_the_row_it_refused(cast, logged):
    """PostgreSQL quotes the key: somebody's number, his name."""
    with walls_down():
        known = SourceIdentity.objects.create(
            domain_id=_domain(), value="IPP-SECRET-77", patient_id=cast.madeleine_record.patient_id
        )
        try:
            with transaction.atomic():
                SourceIdentity.objects.create(
                    domain_id=known.domain_id, value="IPP-SECRET-77", patient_id=known.patient_id
                )
        except IntegrityError:
            logging.getLogger("essai").exception("not written")

    (line,) = logged
    assert "SECRET" not in line
    assert "django.db.utils.IntegrityError" in line
    assert "SQLSTATE 23505" in line
    assert "test_input.py" in line


def _domain():
    from terresante.patients.models import IdentityDomain  # noqa: PLC0415

    return IdentityDomain.objects.create(authority="1.2.3.4.5", name="Essai").pk


@pytest.mark.commits
def test_nothing_that_was_typed_reaches_a_log(cast, logged):
    marked = "zqSECRETqz"
    client = Client(raise_request_exception=False)
    client.post("/connexion/", {"login": f"{marked}@example.org", "password": marked})
    client.post("/connexion/mot-de-passe-oublie/", {"login": marked})
    client.get(f"/connexion/lien/{marked}/")
    client.post("/appel-contextuel/", {"token": marked})
    login(client, cast.amar)
    client.get("/recherche/", {"q": f"{marked} Ma 02/04/1939"})
    client.get(f"/dossiers/{marked}/")
    client.post(f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/", {"text": marked})
    strict = Client(enforce_csrf_checks=True)
    strict.post(f"/dossiers/{cast.madeleine_record.pk}/notes/nouvelle/", {"text": marked})

    told = "\n".join(logged)
    assert marked not in told
    assert str(cast.madeleine_record.pk) not in told
