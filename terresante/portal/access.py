from terresante.kernel.access import Action

# A choice of the session, on nobody's row; what is then done is told in the name of the person chosen.
PERSON_SWITCH = Action("portal.switch", "Changer de personne")
