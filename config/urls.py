from django.urls import include, path

from config import health
from terresante.kernel import installable

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("application.webmanifest", installable.manifest, name="manifest"),
    path("sw.js", installable.worker, name="worker"),
    path("hors-connexion/", installable.offline, name="offline"),
    # A page tries those above its own, every one of them: the pages of a record, asked most, come first.
    path("dossiers/<uuid:record_id>/notes/", include("terresante.notes.urls")),
    path("dossiers/<uuid:record_id>/documents/", include("terresante.documents.urls")),
    path("dossiers/<uuid:record_id>/resultats/", include("terresante.results.urls")),
    path("dossiers/<uuid:record_id>/sante/", include("terresante.health_record.urls")),
    path("dossiers/<uuid:record_id>/telesuivi/", include("terresante.telemonitoring.urls")),
    path("dossiers/<uuid:record_id>/formulaires/", include("terresante.questionnaires.urls")),
    path("dossiers/<uuid:record_id>/parcours-organise/", include("terresante.care_plans.urls")),
    path("dossiers/<uuid:record_id>/domicile/", include("terresante.home_care.urls")),
    path("dossiers/<uuid:record_id>/sejours/", include("terresante.stays.urls")),
    path("", include("terresante.overview.urls")),
    path("", include("terresante.care_team.urls")),
    path("", include("terresante.telemonitoring.board.urls")),
    path("", include("terresante.accounts.urls")),
    path("", include("terresante.portal.urls")),
    path("", include("terresante.interop.urls")),
    path("", include("terresante.directory.urls")),
    path("", include("terresante.terminology.urls")),
    path("", include("terresante.notifications.urls")),
    path("notes-gardees/", include("terresante.notes.kept_urls")),
    path("suivi/", include("terresante.telemonitoring.answering.urls")),
    path("identites/", include("terresante.patients.urls")),
    path("administration/parcours/", include("terresante.questionnaires.pathway_urls")),
    path("administration/programmes/", include("terresante.care_plans.programme_urls")),
]
