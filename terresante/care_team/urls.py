from django.urls import path

from terresante.care_team import (
    emergency_views,
    hand_over_views,
    regime_views,
    relative_views,
    secret_views,
    views,
)

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
    path("dossiers/<uuid:record_id>/suivi-restreint/", secret_views.secret_care, name="secret_care"),
    path(
        "dossiers/<uuid:record_id>/suivi-restreint/<uuid:named_id>/retirer/",
        secret_views.withdraw,
        name="withdraw_name",
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
        "dossiers/<uuid:record_id>/choix/opposition-au-samu/",
        views.oppose_samu,
        name="oppose_samu",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/consentement-au-partage/",
        regime_views.sharing_consent,
        name="sharing_consent",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/<uuid:choice_id>/informer/",
        regime_views.inform_later,
        name="inform_later",
    ),
    path("dossiers/<uuid:record_id>/ouvrir-au-partage/", regime_views.share_kept, name="share_kept"),
    path("samu/<uuid:patient_id>/", regime_views.open_for_call, name="open_for_call"),
    path("a-recueillir/", regime_views.to_ask, name="to_ask"),
    path("habilitations/", regime_views.rights, name="rights"),
    path("habilitations/regime/", regime_views.change_regime, name="change_regime"),
    path("habilitations/<slug:group>/<slug:data_class>/", regime_views.change_right, name="change_right"),
    path(
        "dossiers/<uuid:record_id>/choix/<uuid:choice_id>/retirer/",
        views.withdraw_choice,
        name="withdraw_choice",
    ),
    path("dossiers/<uuid:record_id>/acces/", views.access_log, name="access_log"),
    path("urgence/<uuid:patient_id>/", emergency_views.break_glass, name="break_glass"),
    path("acces-en-urgence/", emergency_views.emergencies, name="emergencies"),
    path("acces-en-urgence/<uuid:access_id>/examen/", emergency_views.review, name="review"),
    path("acces-en-urgence/<uuid:access_id>/rendre/", emergency_views.give_back, name="give_back_emergency"),
    path("relais/", hand_over_views.hand_overs, name="hand_overs"),
    path("relais/proposer/", hand_over_views.propose, name="propose_hand_over"),
    path("relais/<uuid:hand_over_id>/", hand_over_views.answer, name="answer_hand_over"),
    path("relais/<uuid:hand_over_id>/retirer/", hand_over_views.withdraw, name="withdraw_hand_over"),
    path("mes-acces-en-urgence/", emergency_views.own_emergencies, name="own_emergencies"),
    path("mes-acces-en-urgence/<uuid:access_id>/", emergency_views.explain, name="explain_emergency"),
    path("acces-en-urgence/refus/", emergency_views.refusals, name="refusals"),
    path("acces-en-urgence/contestes/", views.complaints, name="complaints"),
    path("acces-en-urgence/contestes/<uuid:complaint_id>/", views.answer_complaint, name="answer_complaint"),
]
