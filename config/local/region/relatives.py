"""Accesses of relatives, as the stories would have given them: with their ground, their proof and their dates."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from terresante.accounts.models import User
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.patients.enums import DelegationBasis, DelegationProof, ProtectionMission, Relationship
from terresante.patients.models import Delegation, RelatedPerson

_SINCE, _FOR = timedelta(days=60), timedelta(days=5 * 365)
_COURT = "Tribunal judiciaire de Créteil"
_RESTRICTION = "Juge aux affaires familiales de Créteil, il y a deux mois"
_PROOFS = {
    DelegationBasis.PARENTAL: DelegationProof.FAMILY_BOOK,
    DelegationBasis.GUARDIANSHIP: DelegationProof.JUDGMENT,
    DelegationBasis.CARER: DelegationProof.SIGNED_FORM,
}


def give_to_relative(job: Actor, user: User, name: str, told: str, patients: dict[str, UUID]) -> None:
    """`told` is a line of `Account.relative_of`."""
    story, basis_said, *more = told.split()
    basis, patient_id = DelegationBasis(basis_said), patients[story]
    now, begins = timezone.now(), timezone.localdate() - _SINCE
    is_measure = basis in Delegation.MEASURES
    is_cut = "restricted" in more
    with rls.acting(job):
        rls.open_record(patient_id)
        relative = RelatedPerson.objects.filter(patient_id=patient_id, name=name).first()
        if relative is None:
            relative = RelatedPerson(
                id=new_id(), patient_id=patient_id, name=name, relationship=Relationship.GUARDIAN
            )
            relative.save(force_insert=True)
        Delegation(
            id=new_id(),
            patient_id=patient_id,
            related_person=relative,
            user=user,
            claimed_at=now,
            basis=basis,
            mission=ProtectionMission.BOTH if is_measure else "",
            scope=sorted(more) if basis == DelegationBasis.CARER else [],
            valid_from=begins,
            valid_until=begins + _FOR if is_measure else None,
            proof=_PROOFS[basis],
            court=_COURT if is_measure else "",
            judged_on=begins if is_measure else None,
            restricted_at=now if is_cut else None,
            restriction=_RESTRICTION if is_cut else "",
            recorded_by_name="la démonstration",
            invited_email=user.email,
            token_hash=new_id().hex,
            code_hash=new_id().hex,
            invited_until=now,
        ).save(force_insert=True)
