"""What an account is told: codes, and warnings. Never a word of a patient."""

from dataclasses import dataclass

from django.conf import settings

from terresante.accounts import codes
from terresante.accounts.enums import CodeChannel, LinkPurpose
from terresante.accounts.models import LoginChallenge, User
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_email, queue_sms

_CODE_BODY = (
    "Votre code de connexion : {code}\n\n"
    "Il est valable 10 minutes et ne sert qu’une fois. Ne le communiquez à personne : "
    "aucun service ne vous le demandera.\n\n"
    "Si vous n’essayez pas de vous connecter, changez votre mot de passe et prévenez votre structure.\n"
)
_REGISTRATION_BODY = (
    "Votre code d’inscription : {code}\n\n"
    "Il est valable 10 minutes et ne sert qu’une fois. Ne le communiquez à personne : "
    "aucun service ne vous le demandera.\n\n"
    "Vous n’avez pas demandé de compte ? Ne faites rien : sans ce code, aucun compte n’est ouvert.\n"
)
# 160 signs at most: one SMS.
_CODE_SMS = "Terr-eSanté : votre code est {code}. Valable 10 minutes, ne le donnez à personne."


@dataclass(frozen=True, slots=True)
class Warning:
    subject: str
    body: str


_IF_NOT_YOU = (
    "Si ce n’était pas vous, changez votre mot de passe dans « Sécurité de mon compte », "
    "et prévenez votre structure.\n"
)
_WARNINGS = {
    "password": Warning(
        "Votre mot de passe a été changé",
        "Le mot de passe de votre compte Terr-eSanté vient d’être changé. Les autres sessions sont fermées.\n\n"
        "Si ce n’était pas vous, demandez un nouveau mot de passe à la page de connexion et prévenez votre "
        "structure.\n",
    ),
    "factor-set": Warning(
        "Un moyen de connexion a été ajouté à votre compte",
        f"Il servira à vos prochaines connexions à Terr-eSanté.\n\n{_IF_NOT_YOU}",
    ),
    "factor-end": Warning(
        "Un moyen de connexion a été retiré de votre compte",
        f"Il ne sert plus à vos connexions à Terr-eSanté.\n\n{_IF_NOT_YOU}",
    ),
    "factors-lost": Warning(
        "Vos codes de connexion arrivent de nouveau par courriel",
        "L’application d’authentification, le téléphone, les clés d’accès et les codes de secours de votre compte "
        f"Terr-eSanté ont été retirés, vos sessions fermées.\n\n{_IF_NOT_YOU}",
    ),
    "recovery-codes": Warning(
        "Des codes de secours ont été créés pour votre compte",
        f"Les précédents ne servent plus.\n\n{_IF_NOT_YOU}",
    ),
    "recovery-used": Warning(
        "Un code de secours vient de servir",
        f"Quelqu’un s’est connecté à votre compte Terr-eSanté avec un code de secours.\n\n{_IF_NOT_YOU}",
    ),
    "wrong-codes": Warning(
        "Des codes faux ont été essayés sur votre compte",
        "Quelqu’un a donné votre mot de passe, puis cinq codes faux.\n\n"
        "Si ce n’était pas vous, votre mot de passe est connu d’un autre : changez-le dans "
        "« Sécurité de mon compte », et prévenez votre structure.\n",
    ),
    "closed": Warning(
        "Votre compte Terr-eSanté est fermé",
        "Votre compte vient d’être fermé par un administrateur, vos sessions aussi.\n\n"
        "Pour en savoir plus, adressez-vous à la personne qui gère les comptes de votre structure.\n",
    ),
    "reopened": Warning(
        "Votre compte Terr-eSanté est rouvert",
        "Votre compte vient d’être rouvert par un administrateur : vous pouvez vous connecter.\n",
    ),
    "sessions-ended": Warning(
        "Vos sessions ont été fermées",
        f"La cellule d’appui ou un administrateur a fermé toutes vos sessions Terr-eSanté.\n\n{_IF_NOT_YOU}",
    ),
    "unlocked": Warning(
        "Votre compte est débloqué",
        f"La cellule d’appui ou un administrateur a remis à zéro les essais de connexion.\n\n{_IF_NOT_YOU}",
    ),
    "registered-again": Warning(
        "Quelqu’un demande un compte à votre nom",
        "Une inscription vient d’être demandée avec vos nom et numéro, mais vous avez déjà un compte : rien n’a été "
        "créé. Pour vous connecter, utilisez l’identifiant {login}.\n\n"
        "Si ce n’était pas vous, prévenez votre structure.\n",
    ),
}


_LINKS = {
    LinkPurpose.PASSWORD: Warning(
        "Choisir un nouveau mot de passe",
        "Pour choisir un nouveau mot de passe Terr-eSanté, ouvrez ce lien :\n\n{address}\n\n"
        "Il sert une fois, pendant 30 minutes. Si vous n’avez rien demandé, ne faites rien : "
        "votre mot de passe n’a pas changé.\n",
    ),
    LinkPurpose.FIRST_PASSWORD: Warning(
        "Votre compte Terr-eSanté est ouvert",
        "Un compte Terr-eSanté vient d’être ouvert pour vous. Pour choisir votre mot de passe, ouvrez ce lien :\n\n"
        "{address}\n\nIl sert une fois, pendant trois jours ; ensuite, demandez « Mot de passe oublié » à la page de "
        "connexion.\n\nVotre identifiant : {login}\n\n"
        "Vous n’avez rien demandé ? Prévenez votre structure : ne choisissez pas de mot de passe.\n",
    ),
    LinkPurpose.SECOND_FACTOR: Warning(
        "Retrouver l’accès à votre compte",
        "Votre mot de passe vient d’être donné, et un autre moyen de recevoir vos codes demandé. "
        "Pour les recevoir de nouveau par courriel, ouvrez ce lien :\n\n{address}\n\n"
        "Il sert une fois, pendant 30 minutes. Si vous n’avez rien demandé, votre mot de passe est connu d’un "
        "autre : changez-le et prévenez votre structure.\n",
    ),
}


def send_code(challenge: LoginChallenge) -> None:
    """Draws a code, keeps its hash, sends it; an application needs none. Saves the challenge, in a transaction."""
    if challenge.channel == CodeChannel.APPLICATION:
        challenge.code_hash = ""
        challenge.save()
        return
    code = codes.new_code()
    challenge.code_hash = codes.code_hash(challenge.pk, code)
    challenge.save()
    key = f"login-code {new_id()}"
    if challenge.channel == CodeChannel.SMS:
        number = challenge.new_phone or challenge.user.phone
        queue_sms(number=number, text=_CODE_SMS.format(code=code), dedupe_key=key)
        return
    queue_email(
        recipient=challenge.user.email,
        subject="Votre code de connexion à Terr-eSanté",
        body=_CODE_BODY.format(code=code),
        dedupe_key=key,
    )


def send_registration_code(address: str, code: str) -> None:
    """To an address of the directory; in the caller's transaction."""
    queue_email(
        recipient=address,
        subject="Votre code d’inscription à Terr-eSanté",
        body=_REGISTRATION_BODY.format(code=code),
        dedupe_key=f"registration-code {new_id()}",
    )


def send_link(user: User, purpose: LinkPurpose, path: str) -> None:
    link = _LINKS[purpose]
    body = link.body.format(address=f"{settings.BASE_URL}{path}", login=user.login)
    queue_email(recipient=user.email, subject=link.subject, body=body, dedupe_key=f"link {new_id()}")


def warn(user: User, what: str, *, once_for: str = "") -> None:
    """Tells the owner of an act on his account; once for each `once_for`, when it is given."""
    warning = _WARNINGS[what]
    queue_email(
        recipient=user.email,
        subject=warning.subject,
        body=warning.body.format(login=user.login),
        dedupe_key=f"{what} {user.pk} {once_for or new_id()}",
    )
