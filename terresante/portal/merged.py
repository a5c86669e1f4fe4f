"""What an open page of the person says when her identity is merged, or her own again; refused once it is closed."""

from terresante.care_team.queries import represented_patient
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import NotFound
from terresante.kernel.ui.frame import Action, Level, Strip
from terresante.kernel.ui.links import link
from terresante.kernel.ui.translation import later

_SAID = {
    "union": (
        later("Dossier réuni"),
        later(
            "Un autre dossier de la même personne vient d’être réuni avec celui-ci : rouvrez l’accueil pour tout lire."
        ),
    ),
    "separation": (
        later("Dossier séparé"),
        later(
            "Ce dossier vient d’être séparé de celui d’une autre personne : cette page peut montrer encore ce qui est "
            "à elle. Rouvrez l’accueil."
        ),
    ),
}


def strip_of_merge(actor: Actor, *, whose: str, since: str) -> Strip | None:
    """`whose`: the identity whose pages are open; `since`: what they heard. Raises NotFound once they are closed."""
    patient_id = actor.person_id if actor.kind == ActorKind.PATIENT else represented_patient(actor)
    if patient_id is None:
        raise NotFound
    is_here = str(patient_id) == whose
    # Separated since the page was loaded: what it shows is somebody else's.
    if since in ("fin", "separation") and not is_here:
        raise NotFound
    # Of the identity that was merged: the account now opens the one that goes on, or its own again.
    moved = "union" if since == "reuni" and not is_here else since if is_here else ""
    if moved not in _SAID:
        return None
    word, text = _SAID[moved]
    leads_home = Action(label=later("Rouvrir l’accueil"), url=link("portal:home"))
    return Strip(text=text, level=Level.ORANGE, word=word, link=leads_home)
