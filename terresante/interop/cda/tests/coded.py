"""Letters whose rows are also said in codes, written by the simulated hospital."""

from simulators.hospital.documents import Passage, cda
from simulators.hospital.entries import coded_section
from terresante.interop.cda.body import read_cda
from terresante.interop.cda.tests.letters import letter

STOPPED = (
    "18610-6",
    "Traitements arrêtés",
    ("Médicament", "Motif"),
    [("Ibuprofène 400 mg", "Insuffisance rénale")],
)
AT_DISCHARGE = (
    "10183-2",
    "Traitements à la sortie",
    ("Médicament", "Posologie", "Depuis", "Évolution"),
    [("Furosémide 40 mg", "1 le matin", "02/03/2026", "Modifié"), ("Bisoprolol 2,5 mg", "1 le soir", "", "")],
)
ALLERGIES = (
    "48765-2",
    "Allergies",
    ("Substance", "Famille", "Réaction", "Gravité"),
    [("Pénicilline", "Médicament", "Œdème", "Grave")],
)
VACCINES = ("11369-6", "Vaccinations", ("Vaccin", "Fait le", "Lot"), [("Grippe", "14/10/2025", "L123")])
PROBLEMS = ("11450-4", "Problèmes", ("Problème", "Depuis"), [("Insuffisance cardiaque", "01/02/2019")])
FOLLOW_UP = ("18776-5", "Suites à donner", ("À faire", "Quand"), [("Bilan sanguin", "20/03/2026")])
DEVICES = ("46264-8", "Dispositifs", ("Dispositif",), [("Stimulateur cardiaque",)])
EVERY = (STOPPED, AT_DISCHARGE, ALLERGIES, VACCINES, PROBLEMS, FOLLOW_UP, DEVICES)


def passages(*sections):
    return tuple(
        Passage(code, title, *coded_section(code, head, rows)) for code, title, head, rows in sections
    )


def written(*sections, **changes):
    return cda(letter(passages=passages(*(sections or EVERY)), **changes))


def read(*sections, **changes):
    return read_cda(written(*sections, **changes))


def of_section(code, narrative, entries, title="Section"):
    """A section written by hand, as its XML."""
    return read_cda(cda(letter(passages=(Passage(code, title, narrative, entries=entries),))))
