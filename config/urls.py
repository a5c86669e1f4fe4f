from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("dossiers/<uuid:record_id>/sejours/", include("terresante.stays.urls")),
]
