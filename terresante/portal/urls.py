from django.urls import path

from terresante.portal import (
    document_views,
    follow_views,
    health_views,
    plan_views,
    relative_views,
    result_views,
    views,
)

app_name = "portal"
urlpatterns = [
    path("mon-dossier/", views.home, name="home"),
    path("mon-dossier/acces/", views.accesses, name="accesses"),
    path("mon-dossier/acces/<uuid:entry_id>/contester/", views.contest, name="contest"),
    path("mon-dossier/mon-cercle/", views.circle, name="circle"),
    path("mon-dossier/mes-suivis/", views.secrets, name="secrets"),
    path("mon-dossier/mon-cercle/ajouter/", views.search, name="search"),
    path(
        "mon-dossier/mon-cercle/ajouter/<uuid:practitioner_id>/",
        views.add_practitioner,
        name="add_practitioner",
    ),
    path("mon-dossier/mon-cercle/<uuid:participant_id>/retirer/", views.remove_member, name="remove_member"),
    path("mon-dossier/mon-cercle/demandes/<uuid:join_id>/", views.answer_request, name="answer_request"),
    path("mon-dossier/notes/", views.notes, name="notes"),
    path("mon-dossier/notes/<uuid:note_id>/photos/<uuid:media_id>/", document_views.photo, name="note_photo"),
    path("mon-dossier/documents/", document_views.documents, name="documents"),
    path("mon-dossier/documents/ajouter/", document_views.add_document, name="add_document"),
    path(
        "mon-dossier/documents/<uuid:document_id>/montrer/",
        document_views.show_document,
        name="show_document",
    ),
    path(
        "mon-dossier/documents/<uuid:document_id>/retirer/",
        document_views.withdraw_document,
        name="withdraw_document",
    ),
    path("mon-dossier/documents/<uuid:document_id>/", document_views.document, name="document"),
    path("mon-dossier/analyses/", result_views.results, name="results"),
    path("mon-dossier/analyses/examens/<uuid:observation_id>/", result_views.examination, name="examination"),
    path("mon-dossier/analyses/<uuid:report_id>/", result_views.result, name="result"),
    path("mon-dossier/ma-sante/", health_views.health, name="health"),
    path(
        "mon-dossier/ma-sante/<slug:kind>/<uuid:line_id>/retirer/", health_views.take_back, name="take_back"
    ),
    path("mon-dossier/ma-sante/<slug:kind>/", health_views.declare, name="declare"),
    path("mon-dossier/domicile/", health_views.home_access, name="home_access"),
    path("mon-dossier/domicile/modifier/", health_views.write_home_access, name="write_home_access"),
    path("mon-dossier/fiche-urgence/", health_views.emergency_sheet, name="emergency_sheet"),
    path(
        "mon-dossier/fiche-urgence/imprimer/",
        health_views.print_emergency_sheet,
        name="print_emergency_sheet",
    ),
    path("mon-dossier/programmes/", plan_views.programmes, name="programmes"),
    path("mon-dossier/suivi/", follow_views.follow_up, name="follow_up"),
    path("mon-dossier/suivi/maintenant/", follow_views.tell_now, name="tell_now"),
    path("mon-dossier/suivi/kit/", follow_views.offline_kit, name="offline_kit"),
    path("mon-dossier/suivi/<uuid:expected_id>/", follow_views.answer, name="answer"),
    path("mon-dossier/copie/", document_views.copy, name="copy"),
    path("mon-dossier/mes-choix/", views.choices, name="choices"),
    path("mon-dossier/mes-choix/lever-mon-opposition/", views.lift_opposition, name="lift_opposition"),
    path("mon-dossier/personne/", views.switch, name="switch"),
    path("mon-dossier/reuni/", views.show_moved, name="moved"),
    path("mon-dossier/proches/ajouter/", relative_views.relative, name="new_relative"),
    path("mon-dossier/proches/<uuid:relative_id>/", relative_views.relative, name="relative"),
    path("mon-dossier/proches/<uuid:relative_id>/acces/", relative_views.carer, name="carer"),
    path(
        "mon-dossier/proches/acces/<uuid:delegation_id>/retirer/",
        relative_views.withdraw_carer,
        name="withdraw_carer",
    ),
    path("invitation/ouvrir/", relative_views.claim, name="claim"),
    path("invitation/<str:token>/", relative_views.invitation, name="invitation"),
]
