"""Who asks for what: logged-in professionals, their patients, and the requests they send."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import psycopg
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils.crypto import salted_hmac

from bench.cluster import SECRET_KEY
from bench.load import CSRF, NEW_ID, Get, Post
from config.local.database import Urls

DOCTORS = 600
_PAIRS = """
SELECT practitioner.user_id, record.id, patient.birth_date, patient.match_birth_name, patient.match_given_name
FROM (SELECT id, user_id FROM directory_practitioner AS one
      WHERE profession = '10' AND EXISTS (SELECT 1 FROM care_team_careteamparticipant
                                          WHERE practitioner_id = one.id AND role = 'attending')
      ORDER BY md5(id::text) LIMIT %s) AS practitioner
JOIN care_team_careteamparticipant AS member ON member.practitioner_id = practitioner.id AND member.role = 'attending'
JOIN patients_patient AS patient ON patient.id = member.patient_id
JOIN patients_carerecord AS record ON record.patient_id = patient.id
ORDER BY md5(patient.id::text) LIMIT 6000
"""
_WITH_300 = UUID("00000001-0000-7000-8000-000000000001")  # region.sql's professional 1, then 2
WITH_A_STRUCTURE = UUID("00000001-0000-7000-8000-000000000002")


@dataclass(frozen=True)
class Pair:
    """A doctor and one of his patients."""

    user_id: UUID
    record_id: UUID
    born: date
    family_name: str
    given_name: str


@dataclass(frozen=True)
class Workload:
    pairs: list[Pair]

    def records(self) -> list[Get]:
        return [Get(f"/dossiers/{pair.record_id}/", cookie(pair.user_id)) for pair in self.pairs]

    def searches(self) -> list[Get]:
        return [Get(f"/recherche/?{_criteria(pair)}", cookie(pair.user_id)) for pair in self.pairs]

    def lists(self, *, large_structure: bool = False) -> list[Get]:
        user = WITH_A_STRUCTURE if large_structure else _WITH_300
        return [Get("/patients/", cookie(user))]

    def notes_of_several(self, authors: int) -> list[Post]:
        """One record for each author."""
        firsts = {pair.user_id: pair for pair in self.pairs}
        return Workload(list(firsts.values())[:authors]).notes()

    def notes(self) -> list[Post]:
        body = urlencode(
            {
                "csrfmiddlewaretoken": CSRF,
                "id": NEW_ID,
                "data_class": "medical",
                "level": "shared",
                "text": "Note du banc de mesure, sans personne réelle. " * 6,
            }
        )
        return [
            Post(
                f"/dossiers/{pair.record_id}/notes/nouvelle/",
                f"{cookie(pair.user_id)}; csrftoken={CSRF}",
                body,
            )
            for pair in self.pairs
        ]


def log_in(urls: Urls) -> Workload:
    """Opens the sessions in the database, as a login would have."""
    if not settings.configured:
        settings.configure(
            SECRET_KEY=SECRET_KEY, SESSION_SERIALIZER="django.contrib.sessions.serializers.JSONSerializer"
        )
    with psycopg.connect(urls.superuser) as connection:
        pairs = [Pair(*row) for row in connection.execute(_PAIRS, [DOCTORS])]
        users = {pair.user_id for pair in pairs} | {_WITH_300, WITH_A_STRUCTURE}
        expires = datetime.now(UTC) + timedelta(days=1)
        connection.cursor().executemany(
            "INSERT INTO accounts_session (session_key, session_data, expire_date, handle, user_id, words, opened_by,"
            " created_at, seen_at, is_shared)"
            " VALUES (%s, %s, %s, gen_random_uuid(), %s, '', '', now(), now(), false)"
            " ON CONFLICT (session_key) DO UPDATE"
            " SET session_data = excluded.session_data, expire_date = excluded.expire_date",
            [(user.hex, _session(user), expires, user) for user in users],
        )
        # The hourly limit of region-wide searches counts these rows; a run starts afresh.
        connection.execute("TRUNCATE kernel_auditentry")
    return Workload(pairs)


def _session(user_id: UUID) -> str:
    """For the unusable password of region.sql's accounts."""
    salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
    return SessionStore().encode(
        {
            "_auth_user_id": str(user_id),
            "_auth_user_backend": "terresante.accounts.sessions.AccountBackend",
            "_auth_user_hash": salted_hmac(salt, "!", algorithm="sha256").hexdigest(),
        }
    )


def cookie(user_id: UUID) -> str:
    return f"sessionid={user_id.hex}"


def _criteria(pair: Pair) -> str:
    return urlencode(
        {"name": pair.family_name[:2], "given_name": pair.given_name[:2], "born": f"{pair.born:%d/%m/%Y}"}
    )
