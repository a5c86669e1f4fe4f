"""The legal regime of a deployment, and what a choice of the person must say under it. No rule of access.

2020 (law of 24 July 2019, L1110-4 CSP): the person is informed and does not oppose. 2019: nothing is created or shared
before she consents. Changing it opens and closes nothing by itself: docs/why/decisions.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from terresante.care_team.enums import ConsentGround, ConsentKind, ConsentSupport, DataClass
from terresante.kernel import switches
from terresante.kernel.errors import Invalid

PROOF_MIN_LENGTH = 5
# « dès que possible » (D1110-3-4 CSP): the longest day that may be given.
LATER_INFORMATION = timedelta(days=30)
INFORMATION, CONSENT = "information", "consent"

REGIME = switches.declare(
    "legal_regime",
    label="Régime légal du partage",
    help="Ce qu’il faut avant de créer un dossier, de l’ouvrir au partage et d’y ajouter quelqu’un. Les dossiers déjà"
    " ouverts le restent ; sous le consentement préalable, ils n’accueillent plus personne avant qu’il soit recueilli.",
    default=INFORMATION,
    choices=(
        (INFORMATION, "Information et non-opposition (2020)"),
        (CONSENT, "Consentement préalable (2019)"),
    ),
    group="regime",
)


def needs_consent() -> bool:
    return switches.value(REGIME.code) == CONSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """When the person consented, and what proves it (D1110-3-1 CSP); or what dispensed from asking, and until when she
    must be told (D1110-3-4).
    """

    given_at: datetime | None = None
    proof: str = ""
    support: ConsentSupport = ConsentSupport.ORAL
    ground: ConsentGround = ConsentGround.GIVEN
    inform_by: date | None = None
    # None: until it is withdrawn.
    expires_at: datetime | None = None
    # None: all that the professional's profession reads.
    scope: Collection[DataClass] | None = None


def checked_proof(proof: str) -> str:
    """Raises Invalid when nothing says how the person expressed the choice."""
    written = " ".join(proof.split())
    if len(written) < PROOF_MIN_LENGTH:
        sentence = "Indiquez comment la personne l’a exprimé : courrier daté, entretien, formulaire signé."
        raise Invalid(sentence, fields={"proof": sentence})
    return written[:200]


def check_consent(consent: GivenConsent) -> None:
    """Raises Invalid for a missing proof, a date to come, an end already past, a scope of nothing."""
    now = timezone.now()
    checked_proof(consent.proof)
    if consent.ground == ConsentGround.GIVEN:
        if consent.given_at is None or consent.given_at > now:
            sentence = "Indiquez la date à laquelle la personne a consenti, au plus tard aujourd’hui."
            raise Invalid(sentence, fields={"consented_at": sentence})
    else:
        _check_dispense(consent)
    if consent.expires_at is not None and consent.expires_at <= now:
        sentence = "La fin du consentement est déjà passée : indiquez un jour à venir, ou laissez vide."
        raise Invalid(sentence, fields={"expires_on": sentence})
    if consent.scope is not None and not consent.scope:
        sentence = "Cochez au moins une catégorie de données : la personne consent à quelque chose."
        raise Invalid(sentence, fields={"scope": sentence})


def _check_dispense(consent: GivenConsent) -> None:
    today = timezone.localdate()
    if consent.inform_by is None or not today <= consent.inform_by <= today + LATER_INFORMATION:
        sentence = (
            "Indiquez avant quel jour la personne sera informée : dès que possible, dans les"
            f" {LATER_INFORMATION.days} jours."
        )
        raise Invalid(sentence, fields={"inform_by": sentence})


def scope_of(consent: GivenConsent) -> list[str] | None:
    return None if consent.scope is None else sorted(data_class.value for data_class in consent.scope)


def missing_consent(kind: ConsentKind) -> Invalid:
    what = (
        "à la création de son dossier" if kind == ConsentKind.CONSENT_RECORD else "au partage de son dossier"
    )
    sentence = f"Recueillez d’abord le consentement de la personne {what} : cette plateforme l’exige."
    return Invalid(sentence, fields={"consented_at": sentence})
