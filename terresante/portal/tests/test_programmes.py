"""Her programmes, as she and who acts for her read them."""

import pytest
from django.urls import reverse

from terresante.care_plans.models import Inclusion
from terresante.care_plans.tests.factories import included, lead_of, published
from terresante.patients.enums import DelegationBasis
from tests.cast import login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def page(client, actor):
    login(client, actor)
    return client.get(reverse("portal:programmes"))


def test_she_reads_what_is_planned_with_whom_and_when(client, cast):
    inclusion = included(cast.amar, cast.madeleine_record, published(lead_of(cast.colin)), days_ago=10)

    shown = page(client, cast.madeleine).content.decode()
    for words in (
        "Insuffisance cardiaque",
        "Consultation d’annonce",
        "demandez où cela en est",
        "Qui s’en occupe",
    ):
        assert words in shown
    assert "l’infirmier ou l’infirmière" in shown and "Infirmiers et sages-femmes" not in shown
    assert "Insuffisance cardiaque" not in page(client, cast.leon).content.decode()
    assert page(client, cast.amar).status_code == 403
    with walls_down():
        Inclusion.objects.filter(pk=inclusion.pk).update(hidden_from_patient=True)
    assert "Aucun programme" in page(client, cast.madeleine).content.decode()


@pytest.mark.parametrize(("scope", "status"), [("care", 200), ("stay", 403)])
def test_a_carer_reads_them_when_their_class_was_named_to_him(client, cast, scope, status):
    """Paul has an access of his own to her record in both cases."""
    included(cast.amar, cast.madeleine_record, published(lead_of(cast.colin)))
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER, scope=(scope,))

    answered = page(client, carer)
    assert answered.status_code == status
    assert ("Consultation d’annonce" in answered.content.decode()) == (status == 200)
