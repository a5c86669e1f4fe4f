from django.db.models import Q

from terresante.accounts.models import KnownDevice, Passkey, Session
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor

LOGIN = Action("account.login", "Se connecter")
LOGOUT = Action("account.logout", "Se déconnecter")
ACCOUNT_CREATE = Action("account.create", "Ouvrir un compte")
SECOND_FACTOR_SET = Action("account.second_factor", "Enregistrer une application d’authentification")
SECOND_FACTOR_END = Action("account.second_factor_end", "Retirer une application d’authentification")
PHONE_SET = Action("account.phone", "Enregistrer un téléphone pour les codes")
RECOVERY_CODES_MAKE = Action("account.recovery_codes", "Créer des codes de secours")
PASSWORD_CHANGE = Action("account.password", "Changer son mot de passe")
IDENTITY_CONFIRM = Action("account.confirm", "Confirmer son mot de passe")
PASSKEY_ADD = Action("account.passkey", "Créer une clé d’accès")
PASSKEY_END = Action("account.passkey_end", "Retirer une clé d’accès")
RECOVERY_ASK = Action("account.recovery_ask", "Demander un lien pour retrouver son compte")
PASSWORD_RECOVER = Action("account.password_recover", "Remplacer un mot de passe oublié")
SECOND_FACTOR_RECOVER = Action("account.factor_recover", "Revenir aux codes par courriel")
WORKSTATION_LOCK = Action("account.lock", "Verrouiller un poste partagé")
WORKSTATION_UNLOCK = Action("account.unlock", "Déverrouiller un poste partagé")
SECURITY_READ = Action("account.security_read", "Voir la sécurité de son compte")
SESSION_END = Action("account.session_end", "Fermer une session de son compte")
DEVICE_FORGET = Action("account.device_forget", "Oublier un appareil de son compte")

ACCOUNT_LIST = Action("account.list", "Consulter les comptes")
ACCOUNT_OPEN = Action("account.open", "Ouvrir un compte à quelqu’un")
ACCOUNT_MANAGE = Action("account.manage", "Administrer un compte")
ACCOUNT_ASSIST = Action("account.assist", "Aider quelqu’un à se connecter")
REGISTER = Action("account.register", "S’inscrire")


def _own(actor: Actor) -> Q:
    return Q(user_id=actor.user_id) if actor.user_id is not None else NOBODY


rule(SESSION_END, Session, visible=True)(_own)
rule(PASSKEY_END, Passkey, visible=True)(_own)
rule(DEVICE_FORGET, KnownDevice, visible=True)(_own)
