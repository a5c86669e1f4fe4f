"""What an open page says when identities are merged, or two again. Pure."""

from terresante.care_team.queries import OpenRecord
from terresante.kernel.ui.frame import Action, Level, Strip
from terresante.kernel.ui.links import link

_NOW_IN_IT = {
    "union": (
        "Dossier réuni",
        "Un autre dossier de la même personne vient d’être réuni avec celui-ci : rouvrez le dossier pour tout voir.",
    ),
    "separation": (
        "Dossier séparé",
        "Ce dossier vient d’être séparé d’un autre : cette page peut montrer encore ce qui est à l’autre personne. "
        "Rouvrez le dossier avant d’agir.",
    ),
}


def strip_of_merge(opened: OpenRecord, *, is_moved: bool, since: str) -> Strip | None:
    """`opened` is the record that goes on; `is_moved`: the page is another one's, which is now part of it."""
    url = link("overview:record", opened.record.pk)
    if is_moved:
        name = f"{opened.patient.display_given_name} {opened.patient.display_name.upper()}"
        text = (
            f"Ce dossier a été réuni avec un autre : {name}. Rien ne s’enregistre plus ici : copiez ce que vous "
            "écriviez, puis ouvrez le dossier réuni."
        )
        opens = Action(label="Ouvrir le dossier réuni", url=url)
        return Strip(text=text, level=Level.ORANGE, word="Dossier réuni", link=opens)
    if since not in _NOW_IN_IT:
        return None
    word, text = _NOW_IN_IT[since]
    return Strip(text=text, level=Level.ORANGE, word=word, link=Action(label="Rouvrir le dossier", url=url))
