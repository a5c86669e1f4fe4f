"""Why a login proved elsewhere did not open: a code for the trail, a sentence for the person."""

from terresante.accounts.enums import LoginWay

WAITING_TITLE = "Votre identité doit être vérifiée"


class NotOpened(Exception):
    """Nobody enters. `step` goes to the trail; `sentence` says what is wrong and what to do.

    `is_settled`: the person is known, and asking again changes nothing.
    """

    def __init__(
        self, step: str, sentence: str, *, title: str = "", status: int = 403, is_settled: bool = True
    ) -> None:
        super().__init__(step)
        self.step, self.sentence, self.status = step, sentence, status
        self.is_settled = is_settled
        self.title = title or "Connexion impossible"


_SENTENCES = {
    "denied": "La connexion par {0} a été abandonnée ou refusée. Recommencez quand vous le souhaitez.",
    "unknown_state": (
        "Cette réponse de {0} a déjà servi, ou n’a pas été demandée depuis ce navigateur. "
        "Recommencez depuis la page de connexion."
    ),
    "expired": "Trop de temps a passé depuis que vous avez choisi {0}. Recommencez.",
    "other_provider": (
        "La réponse reçue ne vient pas de {0} : elle n’a pas été utilisée. Recommencez depuis la page de connexion."
    ),
    "nonce": "La réponse de {0} n’est pas celle de cette connexion : elle n’a pas été utilisée. Recommencez.",
    "signature": "La réponse de {0} n’est pas signée comme il faut : elle n’a pas été utilisée. Prévenez le support.",
    "audience": "La réponse de {0} est destinée à un autre service : elle n’a pas été utilisée. Prévenez le support.",
    "late": (
        "La réponse de {0} n’est plus valable. Recommencez ; si cela se répète, prévenez le support : "
        "l’horloge du serveur est peut-être en avance."
    ),
    "clock": "La réponse de {0} porte une heure à venir : l’horloge du serveur retarde. Prévenez le support.",
    "level": "{0} ne garantit pas assez votre identité pour ce service. Prévenez le support.",
    "code": "{0} n’a pas confirmé cette connexion, peut-être parce qu’elle a déjà servi. Recommencez.",
    "malformed": "La réponse de {0} est incomplète. Recommencez ; si cela se répète, prévenez le support.",
    "unavailable": (
        "{0} ne répond pas. Recommencez dans quelques minutes, ou connectez-vous avec votre identifiant."
    ),
}


def not_opened(step: str, way: LoginWay) -> NotOpened:
    status = 503 if step == "unavailable" else 403
    return NotOpened(step, _SENTENCES[step].format(way.label), status=status, is_settled=False)
