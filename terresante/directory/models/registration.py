"""Who asks for an account with a proof."""

from django.db import models
from django.db.models import Q

from terresante.directory.enums import Profession, ProofKind, RegistrationState
from terresante.directory.models.published import Organization, Practitioner
from terresante.kernel.models import Row


class Registration(Row):
    """Somebody who asks for an account with a proof of his profession. The proof is sealed, and erased in time."""

    state = models.CharField(
        max_length=10, choices=RegistrationState.choices, default=RegistrationState.WAITING
    )
    family_name = models.CharField("nom", max_length=100)
    given_name = models.CharField("prénom", max_length=100)
    profession = models.CharField("profession", max_length=8, choices=Profession.choices)
    # RPPS or ADELI, as it was typed; '' when he has none.
    number = models.CharField("numéro RPPS ou ADELI", max_length=11, blank=True)
    email = models.EmailField("adresse électronique")
    phone = models.CharField("téléphone", max_length=30, blank=True)
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="registrations")
    proof_kind = models.CharField(max_length=20, choices=ProofKind.choices)
    # Sealed by kernel.sealing, context "registration"; empty once erased.
    proof = models.BinaryField()
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    # Told to the person by e-mail.
    reason = models.CharField("motif", max_length=300, blank=True)
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, null=True, related_name="registrations")

    class Meta:
        verbose_name = "demande d’inscription"
        indexes = [
            models.Index(
                fields=["asked_at"],
                condition=Q(state=RegistrationState.WAITING),
                name="directory_registration_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()
