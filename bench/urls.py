"""Bare Django, for comparison: what its handler, and its ORM reading by primary key, cost on this machine."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path

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


urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("empty/", empty),
    path("reads/<int:number>/<uuid:user_id>/", primary_key_reads),
]
