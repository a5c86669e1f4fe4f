from django.urls import include, path

from config import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("", include("terresante.accounts.urls")),
    path("", include("terresante.directory.urls")),
    path("", include("terresante.overview.urls")),
]
