from django.urls import path

from terresante.care_team.views import circle, hand_over, joining, regime, relatives, secrets, urgent

app_name = "care_team"
urlpatterns = [
    path("dossiers/<uuid:record_id>/cercle/", circle.circle, name="circle"),
    path("dossiers/<uuid:record_id>/cercle/ajouter/", circle.add_member, name="add_member"),
    path(
        "dossiers/<uuid:record_id>/cercle/ajouter/professionnel/<uuid:practitioner_id>/",
        circle.add_practitioner,
        name="add_practitioner",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/ajouter/structure/<uuid:organization_id>/",
        circle.add_organization,
        name="add_organization",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/<uuid:participant_id>/retirer/",
        circle.remove_member,
        name="remove_member",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/<uuid:participant_id>/modifier/",
        joining.change_member,
        name="change_member",
    ),
    path(
        "dossiers/<uuid:record_id>/cercle/demandes/<uuid:join_id>/refuser/",
        joining.refuse_request,
        name="refuse_request",
    ),
    path("dossiers/<uuid:record_id>/cercle/inviter/", joining.invite, name="invite"),
    path(
        "dossiers/<uuid:record_id>/cercle/invitations/<uuid:invitation_id>/retirer/",
        joining.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("demandes/", joining.own_requests, name="own_requests"),
    path("demandes/<uuid:join_id>/retirer/", joining.withdraw_request, name="withdraw_request"),
    path("demandes/personne/<uuid:patient_id>/", joining.ask, name="ask_to_join"),
    path("rejoindre/<str:token>/", joining.circle_invitation, name="invitation"),
    path("rejoindre/<str:token>/repondre/", joining.answer_invitation, name="answer_circle_invitation"),
    path("dossiers/<uuid:record_id>/suivi-restreint/", secrets.secret_care, name="secret_care"),
    path(
        "dossiers/<uuid:record_id>/suivi-restreint/<uuid:named_id>/retirer/",
        secrets.withdraw,
        name="withdraw_name",
    ),
    path("dossiers/<uuid:record_id>/proches/ajouter/", relatives.relative, name="new_relative"),
    path("dossiers/<uuid:record_id>/proches/<uuid:relative_id>/", relatives.relative, name="relative"),
    path(
        "dossiers/<uuid:record_id>/proches/<uuid:relative_id>/acces/",
        relatives.delegate,
        name="delegate",
    ),
    path(
        "dossiers/<uuid:record_id>/proches/acces/<uuid:delegation_id>/retirer/",
        relatives.withdraw,
        name="withdraw_delegation",
    ),
    path(
        "dossiers/<uuid:record_id>/proches/acces/<uuid:delegation_id>/restriction/",
        relatives.restrict,
        name="restrict_parent",
    ),
    path("dossiers/<uuid:record_id>/choix/", circle.choices, name="choices"),
    path(
        "dossiers/<uuid:record_id>/choix/opposition-au-dossier/",
        circle.oppose_record,
        name="oppose_record",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/opposition-a-l-urgence/",
        circle.oppose_emergency,
        name="oppose_emergency",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/opposition-au-samu/",
        circle.oppose_samu,
        name="oppose_samu",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/consentement-au-partage/",
        regime.sharing_consent,
        name="sharing_consent",
    ),
    path(
        "dossiers/<uuid:record_id>/choix/<uuid:choice_id>/informer/",
        regime.inform_later,
        name="inform_later",
    ),
    path("dossiers/<uuid:record_id>/ouvrir-au-partage/", regime.share_kept, name="share_kept"),
    path("samu/<uuid:patient_id>/", urgent.open_for_call, name="open_for_call"),
    path("a-recueillir/", regime.to_ask, name="to_ask"),
    path("habilitations/", regime.rights, name="rights"),
    path("habilitations/regime/", regime.change_regime, name="change_regime"),
    path("habilitations/<slug:group>/<slug:data_class>/", regime.change_right, name="change_right"),
    path(
        "dossiers/<uuid:record_id>/choix/<uuid:choice_id>/retirer/",
        circle.withdraw_choice,
        name="withdraw_choice",
    ),
    path("dossiers/<uuid:record_id>/acces/", circle.access_log, name="access_log"),
    path("urgence/<uuid:patient_id>/", urgent.break_glass, name="break_glass"),
    path("acces-en-urgence/", urgent.emergencies, name="emergencies"),
    path("acces-en-urgence/<uuid:access_id>/examen/", urgent.review, name="review"),
    path("acces-en-urgence/<uuid:access_id>/rendre/", urgent.give_back, name="give_back_emergency"),
    path("relais/", hand_over.hand_overs, name="hand_overs"),
    path("relais/proposer/", hand_over.propose, name="propose_hand_over"),
    path("relais/<uuid:hand_over_id>/", hand_over.answer, name="answer_hand_over"),
    path("relais/<uuid:hand_over_id>/retirer/", hand_over.withdraw, name="withdraw_hand_over"),
    path("mes-acces-en-urgence/", urgent.own_emergencies, name="own_emergencies"),
    path("mes-acces-en-urgence/<uuid:access_id>/", urgent.explain, name="explain_emergency"),
    path("acces-en-urgence/refus/", urgent.refusals, name="refusals"),
    path("acces-en-urgence/contestes/", circle.complaints, name="complaints"),
    path("acces-en-urgence/contestes/<uuid:complaint_id>/", circle.answer_complaint, name="answer_complaint"),
]
