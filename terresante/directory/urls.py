from django.urls import path

from terresante.directory.views import (
    accounts,
    delegations,
    queue,
    registration,
    search,
    structures,
    support,
    switches,
)

app_name = "directory"
urlpatterns = [
    path("annuaire/", search.search, name="search"),
    path("delegations/", delegations.delegations, name="delegations"),
    path("delegations/<uuid:desk_id>/terminer/", delegations.end, name="end_delegation"),
    path("inscription/", registration.register, name="register"),
    path("inscription/envoyer/", registration.registration_send, name="registration_send"),
    path("inscription/code/", registration.registration_code, name="registration_code"),
    path("inscription/mot-de-passe/", registration.registration_password, name="registration_password"),
    path("inscription/justificatif/", registration.registration_place, name="registration_place"),
    path(
        "inscription/justificatif/<uuid:organization_id>/",
        registration.registration_proof,
        name="registration_proof",
    ),
    path("administration/comptes/", accounts.accounts, name="accounts"),
    path("administration/comptes/<uuid:user_id>/", accounts.account, name="account"),
    path("administration/comptes/<uuid:user_id>/fermer/", accounts.close, name="close_account"),
    path("administration/comptes/<uuid:user_id>/rouvrir/", accounts.reopen, name="reopen_account"),
    path("administration/comptes/<uuid:user_id>/second-facteur/", accounts.reset_factor, name="reset_factor"),
    path("administration/comptes/<uuid:user_id>/sessions/", accounts.end_sessions, name="end_sessions"),
    path("administration/comptes/<uuid:user_id>/debloquer/", accounts.unlock, name="unlock_account"),
    path("administration/comptes/<uuid:user_id>/courriel/", accounts.login_mail, name="login_mail"),
    path("administration/structures/", structures.structures, name="structures"),
    path("administration/structures/<uuid:organization_id>/", structures.structure, name="structure"),
    path(
        "administration/structures/<uuid:organization_id>/ajouter/",
        structures.find_member,
        name="find_member",
    ),
    path(
        "administration/structures/<uuid:organization_id>/ajouter/<uuid:practitioner_id>/",
        structures.add_member,
        name="add_member",
    ),
    path(
        "administration/structures/<uuid:organization_id>/nouveau/", structures.new_member, name="new_member"
    ),
    path("administration/structures/<uuid:organization_id>/unites/", structures.add_unit, name="add_unit"),
    path("administration/unites/<uuid:unit_id>/", structures.unit_sensitivity, name="unit_sensitivity"),
    path("administration/fonctions/<uuid:role_id>/terminer/", structures.end_member, name="end_member"),
    path("administration/fonctions/<uuid:role_id>/confier/", structures.duties, name="duties"),
    path(
        "administration/professionnels/<uuid:practitioner_id>/compte/",
        structures.open_account,
        name="open_account",
    ),
    path("administration/reglages/", switches.settings_page, name="switches"),
    path("administration/reglages/<slug:code>/", switches.setting, name="switch"),
    path("administration/inscriptions/", queue.registrations, name="registrations"),
    path("administration/inscriptions/<uuid:registration_id>/", queue.registration, name="registration"),
    path("administration/inscriptions/<uuid:registration_id>/justificatif/", queue.proof, name="proof"),
    path("administration/inscriptions/<uuid:registration_id>/accepter/", queue.accept, name="accept"),
    path("administration/inscriptions/<uuid:registration_id>/refuser/", queue.refuse, name="refuse"),
    path("appui/", support.desk, name="support"),
    path("appui/professionnels/", support.find, name="support_find"),
    path("appui/professionnels/<uuid:practitioner_id>/", support.serve, name="support_serve"),
    path("appui/professionnels/<uuid:practitioner_id>/compte/", support.open_account, name="support_account"),
    path("appui/professionnels/<uuid:practitioner_id>/aider/", support.assist, name="support_assist"),
]
