from django.urls import path

from terresante.accounts.views import demonstration, door, factors, passkeys, recovery, security

app_name = "accounts"
urlpatterns = [
    path("connexion/", door.login, name="login"),
    path("connexion/code/", door.code, name="code"),
    path("connexion/code/renvoyer/", door.code_again, name="code_again"),
    path("connexion/code/autrement/", door.code_otherwise, name="code_otherwise"),
    path("connexion/code/secours/", door.code_of_paper, name="code_of_paper"),
    path("connexion/cle/defi/", passkeys.passkey_options, name="passkey_options"),
    path("connexion/cle/", passkeys.passkey_login, name="passkey_login"),
    path("mon-compte/cles/nouvelle/", passkeys.new_passkey, name="new_passkey"),
    path("mon-compte/cles/proposee/", passkeys.passkey_offer, name="passkey_offer"),
    path("mon-compte/cles/<uuid:key_id>/retirer/", passkeys.end_passkey, name="end_passkey"),
    path("connexion/mot-de-passe-oublie/", recovery.forgotten, name="forgotten"),
    path("connexion/code/perdu/", recovery.lost_factor, name="lost_factor"),
    path("connexion/lien/<str:token>/", recovery.link, name="link"),
    path("connexion/nouveau-mot-de-passe/", recovery.recover_password, name="recover_password"),
    path("connexion/second-facteur/", recovery.recover_factor, name="recover_factor"),
    path("mon-compte/securite/", security.security, name="security"),
    path("mon-compte/sessions/<uuid:handle>/fermer/", security.end_session, name="end_session"),
    path("mon-compte/sessions/fermer/", security.end_other_sessions, name="end_other_sessions"),
    path("mon-compte/appareils/<uuid:device_id>/oublier/", security.forget_device, name="forget_device"),
    path("mon-compte/mot-de-passe/", security.password, name="password"),
    path("mon-compte/confirmer/", security.confirm, name="confirm"),
    path("mon-compte/application/", factors.application, name="application"),
    path("mon-compte/application/retirer/", factors.end_application, name="end_application"),
    path("mon-compte/telephone/", factors.phone, name="phone"),
    path("mon-compte/telephone/code/", factors.phone_code, name="phone_code"),
    path("mon-compte/telephone/retirer/", factors.end_phone, name="end_phone"),
    path("mon-compte/codes-de-secours/", factors.recovery_codes, name="recovery_codes"),
    path("deconnexion/", door.logout, name="logout"),
    path("demonstration/boite/", demonstration.demonstration_mailbox, name="mailbox"),
]
