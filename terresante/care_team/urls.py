from django.urls import path

from terresante.care_team import relative_views, views

app_name = "care_team"
urlpatterns = [
    path("dossiers/<uuid:record_id>/cercle/", views.circle, name="circle"),
    path("dossiers/<uuid:record_id>/cercle/ajouter/", views.add_member, name="add_member"),
    path(
        "dossiers/<uuid:record_id>/cercle/ajouter/professionnel/<uuid:practitioner_id>/",
        views.add_practitioner,
        name="add_practitioner",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/ajouter/structure/<uuid:organization_id>/",
        views.add_organization,
        name="add_organization",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/<uuid:participant_id>/retirer/",
        views.remove_member,
        name="remove_member",
    ),
    path("dossiers/<uuid:record_id>/proches/ajouter/", relative_views.relative, name="new_relative"),
    path("dossiers/<uuid:record_id>/proches/<uuid:relative_id>/", relative_views.relative, name="relative"),
    path(
        "dossiers/<uuid:record_id>/proches/<uuid:relative_id>/acces/",
        relative_views.delegate,
        name="delegate",
    ),
    path(
        "dossiers/<uuid:record_id>/proches/acces/<uuid:delegation_id>/retirer/",
        relative_views.withdraw,
        name="withdraw_delegation",
    ),
    path(
        "dossiers/<uuid:record_id>/proches/acces/<uuid:delegation_id>/restriction/",
        relative_views.restrict,
        name="restrict_parent",
    ),
    path("dossiers/<uuid:record_id>/choix/", views.choices, name="choices"),
    path(
        "dossiers/<uuid:record_id>/choix/opposition-au-dossier/",
        views.oppose_record,
        name="oppose_record",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/opposition-a-l-urgence/",
        views.oppose_emergency,
        name="oppose_emergency",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/<uuid:choice_id>/retirer/",
        views.withdraw_choice,
        name="withdraw_choice",
    ),
    path("dossiers/<uuid:record_id>/acces/", views.access_log, name="access_log"),
    path("urgence/<uuid:patient_id>/", views.break_glass, name="break_glass"),
    path("acces-en-urgence/", views.emergencies, name="emergencies"),
    path("acces-en-urgence/<uuid:access_id>/examen/", views.review, name="review"),
    path("acces-en-urgence/refus/", views.refusals, name="refusals"),
    path("acces-en-urgence/contestes/", views.complaints, name="complaints"),
    path("acces-en-urgence/contestes/<uuid:complaint_id>/", views.answer_complaint, name="answer_complaint"),
]
