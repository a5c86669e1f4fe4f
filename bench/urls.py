"""Bare Django, for comparison: what its handler, and its ORM reading by primary key, cost on this machine."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import FileSystemStorage
from django.http import FileResponse, HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from bench.cluster import FOLDER
from config import health
from terresante.accounts.models import User


def empty(request: HttpRequest) -> HttpResponse:
    return _nothing()


def primary_key_reads(request: HttpRequest, number: int, user_id: UUID) -> HttpResponse:
    for _ in range(number):
        User.objects.get(pk=user_id)
    return _nothing()


def _nothing() -> HttpResponse:
    """With its length, which the middleware left out here would have given."""
    return HttpResponse(b"", headers={"Content-Length": "0"})


def page(request: HttpRequest, number: int, user_id: UUID, size: int) -> HttpResponse:
    """As many reads, then a table of fifty rows of eight values by Django's templates, filled up to `size` bytes."""
    return _table(request, [User.objects.get(pk=user_id) for _ in range(number)], size)


@login_required
def own_page(request: HttpRequest, number: int, user_id: UUID, size: int) -> HttpResponse:
    """The same for somebody logged in (`bench.logged_in`): two of the reads are of his session and his account."""
    return _table(request, [User.objects.get(pk=user_id) for _ in range(number - 2)], size)


def _table(request: HttpRequest, users: list[User], size: int) -> HttpResponse:
    rows = [
        [users[0].name, users[0].email, place, True, "92 %", "SpO2", users[0].pk, "J9"] for place in range(50)
    ]
    content = _TABLE.render({"rows": rows}, request).ljust(size).encode()
    return HttpResponse(content, headers={"Content-Length": str(len(content))})


def upload(request: HttpRequest) -> HttpResponse:
    (sent,) = request.FILES.getlist("sent")
    _STORAGE.save(sent.name or "sent", sent)
    return HttpResponse(b"", status=302, headers={"Location": "/empty/", "Content-Length": "0"})


def download(request: HttpRequest) -> FileResponse:
    """The one file that is there: the first that was sent."""
    return FileResponse(_STORAGE.open("banc.txt"), as_attachment=True)


_TABLE = engines["django"].from_string(
    "<table>{% for row in rows %}<tr>{% for value in row %}<td>{{ value }}</td>{% endfor %}</tr>{% endfor %}</table>"
)
_STORAGE = FileSystemStorage(location=FOLDER / "bare")
urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("empty/", empty),
    path("upload/", upload),
    path("download/", download),
    path("page/<int:number>/<uuid:user_id>/<int:size>/", page),
    path("own/<int:number>/<uuid:user_id>/<int:size>/", own_page),
    path("reads/<int:number>/<uuid:user_id>/", primary_key_reads),
]
