from terresante.kernel.access import Action

LOGIN = Action("account.login", "Se connecter")
LOGOUT = Action("account.logout", "Se déconnecter")
ACCOUNT_CREATE = Action("account.create", "Ouvrir un compte")
SECOND_FACTOR_SET = Action("account.second_factor", "Enregistrer une application d’authentification")
