"""Bare Django, for comparison: what its handler, and its ORM reading by primary key, cost on this machine."""

from uuid import UUID

from django.core.files.storage import FileSystemStorage
from django.http import FileResponse, HttpRequest, HttpResponse
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


def upload(request: HttpRequest) -> HttpResponse:
    sent = request.FILES["sent"]
    _STORAGE.save(sent.name or "sent", sent)
    return HttpResponse(b"", status=302, headers={"Location": "/empty/", "Content-Length": "0"})


def download(request: HttpRequest) -> FileResponse:
    """The one file that is there: the first that was sent."""
    return FileResponse(_STORAGE.open("banc.txt"), as_attachment=True)


_STORAGE = FileSystemStorage(location=FOLDER / "bare")
urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("empty/", empty),
    path("upload/", upload),
    path("download/", download),
    path("reads/<int:number>/<uuid:user_id>/", primary_key_reads),
]
