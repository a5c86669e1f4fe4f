"""Structures, professionals and accounts of the region, as the directory and the logins hold them."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import timedelta
from zlib import crc32

from django.conf import settings

from simulators.region.model import Account, Professional, Region, Structure
from terresante.accounts.actions.opening import create_account, set_totp_seed
from terresante.accounts.models import User
from terresante.directory.enums import Civility, ExerciseMode, OrganizationKind, Source
from terresante.directory.models import Organization, Practitioner, PractitionerRole, Unit
from terresante.directory.names import search_form
from terresante.kernel.actor import Actor, ActorKind, Assurance
from terresante.kernel.ids import new_id

MAIL_DOMAIN = "demonstration.example"
_SINCE_DAYS = 900
_SALARIED_AT = frozenset(
    {
        OrganizationKind.PUBLIC_HOSPITAL,
        OrganizationKind.PRIVATE_HOSPITAL,
        OrganizationKind.DAC,
        OrganizationKind.SAD,
        OrganizationKind.SSIAD,
        OrganizationKind.HAD,
        OrganizationKind.CCAS,
        OrganizationKind.HEALTH_CENTRE,
    }
)
_WORDS = (
    "ardoise balcon cerise dauphin ecluse fougere genet hameau iris jardin lavande moulin noisette olivier "
    "peniche quartz rivage sentier tilleul verger"
).split()


@dataclass(frozen=True, slots=True)
class Directory:
    """Keys are those of the region's content."""

    organizations: dict[str, Organization]
    practitioners: dict[str, Practitioner]
    actors: dict[str, Actor]
    # Where each professional works.
    workplaces: dict[str, Organization]


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """As var/demo-accounts.json lists it."""

    login: str
    password: str
    totp_secret: str
    role: str
    shows: str


def fill_directory(region: Region, users: dict[str, User]) -> Directory:
    organizations = {key: _organization(structure) for key, structure in region.structures.items()}
    Organization.objects.bulk_create(organizations.values())
    Unit.objects.bulk_create(
        Unit(organization=organizations[key], code=unit.code, name=unit.name, sensitivity=unit.sensitivity)
        for key, structure in region.structures.items()
        for unit in structure.units
    )
    practitioners = {key: _practitioner(who, users.get(key)) for key, who in region.professionals.items()}
    Practitioner.objects.bulk_create(practitioners.values())
    roles = {
        key: _role(region, who, practitioners[key], organizations[who.structure])
        for key, who in region.professionals.items()
    }
    elsewhere = [
        _role(region, replace(who, duties=()), practitioners[key], organizations[structure])
        for key, who in region.professionals.items()
        for structure in who.also
    ]
    PractitionerRole.objects.bulk_create([*roles.values(), *elsewhere])
    actors = {key: _actor(role) for key, role in roles.items()}
    workplaces = {key: organizations[who.structure] for key, who in region.professionals.items()}
    return Directory(organizations, practitioners, actors, workplaces)


def open_account(job: Actor, account: Account, name: str) -> tuple[User, OpenedAccount]:
    """Both secrets come from the key of this demonstration, so that they open no other."""
    password = _password(account.login)
    user = create_account(
        job,
        login=account.login,
        name=name,
        email=f"{account.login}@{MAIL_DOMAIN}",
        password=password,
        phone=account.phone,
    )
    seed = base64.b32encode(_derived("totp", account.login)[:20]).decode() if account.has_totp else ""
    if seed:
        set_totp_seed(job, user.pk, seed=seed)
    return user, OpenedAccount(account.login, password, seed, account.role, account.shows)


def _organization(structure: Structure) -> Organization:
    return Organization(
        id=new_id(),
        source=Source.LOCAL,
        name=structure.name,
        short_name=structure.short_name,
        kind=OrganizationKind(structure.kind),
        finess=structure.finess or None,
        # The Annuaire numbers everybody; practices have nothing else.
        annuaire_id=f"R1{crc32(structure.key.encode()):014d}",
        address=structure.address,
        postal_code=structure.commune.postal_code,
        commune_code=structure.commune.code,
        commune_name=structure.commune.name,
        phone=structure.phone,
        is_psychiatric=structure.is_psychiatric,
        search_name=search_form(structure.name, structure.short_name)[:300],
    )


def _practitioner(who: Professional, user: User | None) -> Practitioner:
    return Practitioner(
        id=new_id(),
        source=Source.LOCAL,
        rpps=who.rpps or None,
        idnps=f"8{who.rpps}" if who.rpps else None,
        family_name=who.family,
        given_name=who.given,
        title=who.title,
        civility=Civility.MADAM if who.is_woman else Civility.SIR,
        profession=who.profession,
        specialty=who.specialty,
        specialty_label=who.specialty_label,
        email=f"{search_form(who.given, who.family).replace(' ', '.')}@{MAIL_DOMAIN}",
        phone=who.phone,
        user=user,
        search_name=search_form(who.family, who.given),
    )


def _role(
    region: Region, who: Professional, practitioner: Practitioner, organization: Organization
) -> PractitionerRole:
    is_salaried = organization.kind in _SALARIED_AT
    return PractitionerRole(
        id=new_id(),
        source=Source.LOCAL,
        practitioner=practitioner,
        organization=organization,
        profession=who.profession,
        mode=ExerciseMode.SALARIED if is_salaried else ExerciseMode.LIBERAL,
        phone=who.phone,
        duties=list(who.duties),
        period_start=region.today - timedelta(days=_SINCE_DAYS),
    )


def _actor(role: PractitionerRole) -> Actor:
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        name=str(role.practitioner),
        user_id=role.practitioner.user_id,
        person_id=role.practitioner_id,
        organization_id=role.organization_id,
        organization_name=role.organization.name,
        role=role.profession,
        role_label=role.get_profession_display(),
        duties=frozenset(role.duties),
        assurance=Assurance.PASSWORD_AND_CODE,
    )


def _password(login: str) -> str:
    """Three words and three digits: easy to copy by hand."""
    drawn = _derived("password", login)
    words = [_WORDS[byte % len(_WORDS)] for byte in drawn[:3]]
    return "-".join([*words, f"{int.from_bytes(drawn[3:5], 'big') % 1000:03d}"])


def _derived(use: str, login: str) -> bytes:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"demonstration {use} {login}".encode(), hashlib.sha256).digest()
