from django.urls import path

from terresante.questionnaires import pathway_views, replay_views
from terresante.questionnaires.editors import views as editor_views

app_name = "pathways"
urlpatterns = [
    path("", pathway_views.list_pathways, name="list"),
    path("importer/", pathway_views.bring, name="bring"),
    path("<uuid:pathway_id>/", pathway_views.show_pathway, name="one"),
    path("<uuid:pathway_id>/retirer/", pathway_views.retire, name="retire"),
    path("versions/<uuid:version_id>/", pathway_views.show_version, name="version"),
    path("versions/<uuid:version_id>/exporter/<slug:file_format>/", pathway_views.export, name="export"),
    path("versions/<uuid:version_id>/brouillon/", pathway_views.clone, name="clone"),
    path("versions/<uuid:version_id>/dupliquer/", pathway_views.copy, name="copy"),
    path("versions/<uuid:version_id>/modifier/<slug:part>/", editor_views.edit, name="edit"),
    path("versions/<uuid:version_id>/abandonner/", pathway_views.abandon, name="abandon"),
    path("versions/<uuid:version_id>/publier/", pathway_views.publish, name="publish"),
    path("versions/<uuid:version_id>/valider/", pathway_views.sign, name="sign"),
    path("versions/<uuid:version_id>/rejouer/", replay_views.replay, name="replay"),
]
