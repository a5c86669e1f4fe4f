from terresante.kernel.access import Action

SITUATION_CHOOSE = Action("situation.choose", "Choisir la structure pour laquelle on travaille")
