"""Whom the simulated Pro Santé Connect and FranceConnect know: people of the region, and a few who are turned away."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from config.local.region.places import Directory
from simulators.region.model import Identity, Region, Story
from terresante.directory.enums import ExerciseMode, Profession, Source
from terresante.directory.identifiers import with_key
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.directory.names import search_form
from terresante.kernel.ids import new_id

_PROFESSIONS = "1.2.250.1.213.1.1.5.5"
_FRANCE = "99100"


def open_second_role(directory: Directory) -> None:
    """Dr Caussade also works at the HAD: at her first login she says where she is."""
    PractitionerRole.objects.create(
        source=Source.LOCAL,
        practitioner=directory.practitioners["caussade"],
        organization=directory.organizations["had"],
        profession=Profession.DOCTOR,
        mode=ExerciseMode.SALARIED,
        period_start=timezone.localdate() - timedelta(days=120),
    )


def psc_cards(directory: Directory) -> list[dict[str, Any]]:
    """As `simulators/psc` reads them."""
    who, where = directory.practitioners, directory.organizations
    struck_off, unknown = _struck_off(), _somebody("INCONNU-ESSAI", "Marc", "1000099901")
    shown: tuple[tuple[Practitioner, list[str], str], ...] = (
        (who["georges"], ["deux-rives"], "Un exercice : arrive droit sur ses patients."),
        (
            who["caussade"],
            ["deux-rives", "had"],
            "Deux structures ; son compte s’ouvre à sa première connexion.",
        ),
        (who["marie"], ["infirmier-pont"], "Infirmière libérale, un exercice."),
        (
            who["tran"],
            ["sorbiers", "acacias"],
            "Un exercice aux Acacias que l’annuaire ne connaît pas encore.",
        ),
        (who["belmonte"], [], "Sans situation d’exercice : connectée, sans accès aux dossiers."),
        (struck_off, ["sorbiers"], "Radié de l’annuaire : refusé."),
        (unknown, ["sorbiers"], "Absent de l’annuaire : refusé."),
    )
    return [_card(one, [where[key] for key in places], shows) for one, places, shows in shown]


def franceconnect_identities(region: Region) -> list[dict[str, Any]]:
    stories = {story.key: story for story in region.stories}
    return [
        _citizen(_of(stories, "isidore"), "Son dossier et son compte existent : ils s’ouvrent."),
        _citizen(
            _of(stories, "toussaint"), "Son dossier existe, sans compte : il s’ouvre à sa première connexion."
        ),
        _citizen(_of(stories, "diallo"), "Né à l’étranger : le pays tient lieu de commune."),
        _citizen(
            _of(stories, "cauvin"),
            "Un prénom de plus que dans son dossier : la cellule d’identitovigilance décide.",
            given_name="René Lucien Marcel",
        ),
        _citizen(
            _of(stories, "perrin"),
            "Aucun dossier à ce nom : une demande est transmise, rien n’est montré.",
            family_name="VIGNERON-ESSAI",
            given_name="Adèle",
            birthdate="1971-02-11",
        ),
    ]


def _of(stories: dict[str, Story], key: str) -> Identity:
    return stories[key].identity


def _struck_off() -> Practitioner:
    gone = _somebody("DUPRAT-LÉVY", "Henri", "1000099902")
    gone.active, gone.struck_off_on = False, timezone.localdate() - timedelta(days=12)
    gone.save(force_insert=True)
    return gone


def _somebody(family: str, given: str, digits: str) -> Practitioner:
    rpps = with_key(digits)
    return Practitioner(
        id=new_id(),
        source=Source.LOCAL,
        rpps=rpps,
        idnps=f"8{rpps}",
        family_name=family,
        given_name=given,
        title="Dr",
        profession=Profession.DOCTOR,
        search_name=search_form(family, given),
    )


def _card(who: Practitioner, places: Sequence[Organization], shows: str) -> dict[str, Any]:
    practice = {
        "codeProfession": who.profession,
        "codeCategorieProfessionnelle": "C",
        "nomDexercice": who.family_name,
        "prenomDexercice": who.given_name,
        "codeTypeSavoirFaire": "",
        "codeSavoirFaire": "",
        "activities": [_activity(place) for place in places],
    }
    claims = {
        "SubjectNameID": who.idnps,
        "preferred_username": who.idnps,
        "family_name": who.family_name,
        "given_name": who.given_name,
        "otherIds": [{"identifiant": who.idnps, "origine": "RPPS", "qualite": 1}],
        "SubjectRole": [f"{who.profession}^{_PROFESSIONS}"],
        "authMode": "MOBILE",
        "Palier_Authentification": "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        **({"SubjectRefPro": {"codeCivilite": "", "exercices": [practice]}} if places else {}),
    }
    label = f"{who.title} {who.given_name} {who.family_name}".strip()
    return {"sub": f"f:demo:{who.idnps}", "label": label, "shows": shows, "claims": claims}


def _activity(place: Organization) -> dict[str, str]:
    """Empty strings stand for null, as PSC writes them."""
    return {
        "codeModeExercice": "S" if place.finess else "L",
        "codeSecteurDactivite": place.sector or "SA07",
        "codeRole": "",
        "codeGenreActivite": "GENR01",
        "numeroFinessSite": place.finess or "",
        "numeroFinessetablissementJuridique": "",
        "numeroSiretSite": "",
        "identifiantTechniqueDeLaStructure": place.annuaire_id or "",
        "raisonSocialeSite": place.name,
        "codePostal": place.postal_code,
    }


def _citizen(identity: Identity, shows: str, **other: str) -> dict[str, Any]:
    """The pivot identity: names of the civil status, place by its COG code, a country for who was born abroad."""
    code = identity.birth_place.code
    is_abroad = code.startswith("99")
    claims = {
        "given_name": identity.given,
        "family_name": identity.birth_name,
        "preferred_username": identity.used_name,
        "birthdate": identity.born.isoformat(),
        "gender": {"F": "female", "M": "male"}[identity.sex],
        "birthplace": "" if is_abroad else code,
        "birthcountry": code if is_abroad else _FRANCE,
        "email": "",
        **other,
    }
    label = f"{claims['given_name']} {claims['family_name']}"
    return {"sub": search_form(label).replace(" ", "-"), "label": label, "shows": shows, "claims": claims}
