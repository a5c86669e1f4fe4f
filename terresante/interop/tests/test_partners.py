"""The registry of partners: administrators only, keys changed in the screen."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from terresante.directory.enums import Profession
from terresante.directory.models import Organization, PractitionerRole
from terresante.interop.models import ApiAccess, Partner, PartnerKey
from terresante.kernel.models import AuditEntry
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def pem(private):
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def administrator(cast, client):
    with walls_down():
        roles = PractitionerRole.objects.filter(practitioner_id=cast.dpo.person_id)
        roles.update(duties=["administrator"], profession=Profession.OTHER)
        Organization.objects.filter(pk=cast.amar.organization_id).update(siret="12345678900011")
        login(client, cast.dpo)
    return client


def register(client, **changed):
    form = {"name": "Logiciel", "editor": "Éditeur", "version": "4.2", "organizations": "12345678900011"}
    return client.post("/partenaires/", form | changed)


@pytest.fixture
def partner(administrator):
    assert register(administrator).status_code == 302
    with walls_down():
        return Partner.objects.get()


def test_nobody_but_an_administrator_sees_or_changes_a_partner(cast, client, partner):
    with walls_down():
        key = PartnerKey.objects.create(partner=partner, public_key="-", algorithm="ES256", added_by_name="-")
    for name in ("amar", "identito", "samira", "madeleine"):
        with walls_down():
            login(client, getattr(cast, name))
        assert client.get("/partenaires/").status_code == 403
        assert register(client, name="Autre").status_code == 403
        assert client.get(f"/partenaires/{partner.pk}/").status_code == 403
        for address in ("activer/", f"cles/{key.pk}/revoquer/"):
            assert client.post(f"/partenaires/{partner.pk}/{address}").status_code == 404
    with walls_down():
        partner.refresh_from_db()
        assert Partner.objects.count() == 1
        assert (partner.active, PartnerKey.objects.get().revoked_at) == (True, None)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": ""}, "Indiquez le nom."),
        ({"organizations": ""}, "au moins une structure"),
        ({"organizations": "999999999"}, "Aucune structure en activité ne porte"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_registered(administrator, changed, sentence):
    answer = register(administrator, **changed)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with walls_down():
        assert not Partner.objects.exists()


def test_two_partners_do_not_share_a_name(administrator, partner):
    assert "porte déjà ce nom" in register(administrator).content.decode()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("n’importe quoi", "au format PEM"),
        (pem(rsa.generate_private_key(65537, 1024)), "2048 bits"),  # noqa: S505 - refused is what is asked
        (pem(ec.generate_private_key(ec.SECP521R1())), "P-256"),
    ],
)
def test_a_key_that_does_not_suit_is_refused(administrator, partner, content, sentence):
    answer = administrator.post(f"/partenaires/{partner.pk}/", {"public_key": content})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with walls_down():
        assert not PartnerKey.objects.exists()


def test_keys_overlap_then_the_old_one_is_revoked(administrator, partner):
    for private in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
        sent = {"public_key": pem(private)}
        assert administrator.post(f"/partenaires/{partner.pk}/", sent).status_code == 302
    with walls_down():
        old = PartnerKey.objects.get(algorithm="ES256")

    revoke = f"/partenaires/{partner.pk}/cles/{old.pk}/revoquer/"

    assert administrator.post(revoke).status_code == 302
    assert administrator.post(revoke).status_code == 409
    with walls_down():
        assert PartnerKey.objects.filter(revoked_at=None).get().algorithm == "EdDSA"
        done = AuditEntry.objects.filter(action="partner.manage", outcome="done").order_by("at")
        assert [row.detail.get("done") for row in done if row.detail] == [
            "registered",
            "key_added",
            "key_added",
            "key_revoked",
        ]


def test_a_partner_is_suspended_and_taken_back(administrator, partner):
    for sent, expected in (("0", False), ("1", True)):
        administrator.post(f"/partenaires/{partner.pk}/activer/", {"active": sent})
        with walls_down():
            partner.refresh_from_db()
        assert partner.active is expected
        shown = "Autorisé" if expected else "Suspendu"
        for address in ("/partenaires/", f"/partenaires/{partner.pk}/"):
            assert shown in administrator.get(address).content.decode()


def opened(administrator, partner, cast, **changed):
    form = {
        "organization": str(cast.amar.organization_id),
        "scopes": ["ITI-105", "ITI-67"],
        "fingerprint": "",
    }
    return administrator.post(f"/partenaires/{partner.pk}/acces/", form | changed)


def test_an_access_is_opened_for_a_structure_with_its_transactions_then_revoked(cast, administrator, partner):
    assert opened(administrator, partner, cast).status_code == 302
    with walls_down():
        access = ApiAccess.objects.get()
        assert access.organization.identity_domains.count() == 1
    assert (access.scopes, access.organization_id) == (["ITI-105", "ITI-67"], cast.amar.organization_id)
    page = administrator.get(f"/partenaires/{partner.pk}/").content.decode()
    assert str(access.pk) in page
    assert "Chercher des documents (ITI-67)" in page
    # One at a time for a structure.
    assert "déjà un accès" in opened(administrator, partner, cast).content.decode()

    revoke = f"/partenaires/{partner.pk}/acces/{access.pk}/revoquer/"
    assert [administrator.post(revoke).status_code for _ in range(2)] == [302, 409]
    assert opened(administrator, partner, cast, fingerprint=":".join(["AB"] * 32)).status_code == 302
    with walls_down():
        assert ApiAccess.objects.get(revoked_at=None).fingerprint == "ab" * 32
        done = AuditEntry.objects.filter(action="partner.manage", outcome="done").order_by("at")
        told = [row.detail["done"] for row in done if row.detail.get("done", "").startswith("access")]
    assert told == ["access_opened", "access_revoked", "access_opened"]


def test_an_access_has_a_structure_of_its_partner_and_a_transaction(cast, administrator, partner):
    for changed, sentence in (
        ({"organization": str(cast.brun.organization_id)}, "Structure"),
        ({"scopes": []}, "au moins une transaction"),
        ({"scopes": ["ITI-999"]}, "Transactions"),
        ({"fingerprint": "abc"}, "64 chiffres"),
    ):
        answer = opened(administrator, partner, cast, **changed)
        assert answer.status_code == 422, changed
        assert sentence in answer.content.decode()
    with walls_down():
        assert not ApiAccess.objects.exists()


def test_nobody_but_an_administrator_opens_or_revokes_an_access(cast, client, administrator, partner):
    opened(administrator, partner, cast)
    with walls_down():
        access = ApiAccess.objects.get()
    for name in ("amar", "identito", "madeleine"):
        with walls_down():
            login(client, getattr(cast, name))
        assert opened(client, partner, cast).status_code == 403
        assert client.post(f"/partenaires/{partner.pk}/acces/{access.pk}/revoquer/").status_code == 404
    with walls_down():
        assert ApiAccess.objects.filter(revoked_at=None).count() == 1
