"""What may be done to an identity. Its rules stand one layer up with those of the patient, in `care_team/access.py`."""

from terresante.kernel.access import Action

IDENTITY_READ = Action("identity.read", "Consulter une identité")
IDENTITY_VERIFY = Action("identity.verify", "Vérifier une identité")
IDENTITY_CORRECT = Action("identity.correct", "Corriger une identité")
IDENTITY_SEARCH = Action("identity.search", "Rechercher une identité")
IDENTITY_FLAG = Action("identity.flag", "Signaler une identité")
IDENTITY_CLEAR_DEATH = Action("identity.clear_death", "Effacer un décès noté par erreur")
IDENTITY_ADMIT_DEATH = Action("identity.admit_death", "Confirmer un décès qui avait été effacé")
IDENTITY_MERGE = Action("identity.merge", "Fusionner deux identités")
IDENTITY_UNMERGE = Action("identity.unmerge", "Défaire une fusion d’identités")
IDENTITY_TELL_APART = Action("identity.tell_apart", "Distinguer deux personnes")
IDENTITY_ATTACH = Action("identity.attach", "Rattacher un compte FranceConnect à une identité")
INSI_CALL = Action("identity.insi", "Interroger le téléservice INSi")
