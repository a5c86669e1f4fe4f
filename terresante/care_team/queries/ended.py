"""What ended by itself, and to whom pages that stay open must say so."""

from datetime import datetime

from terresante.care_team.events import RecordClosed
from terresante.kernel import sql


def ended_accesses(*, since: datetime, upto: datetime) -> list[RecordClosed]:
    """Periods, readings after a hand-over, emergencies and delegations that reached their end; for jobs only."""
    found = sql.rows("SELECT * FROM ended_accesses(%s, %s)", since, upto)
    return [
        RecordClosed(
            patient_id=patient,
            object_id=ended,
            member_id=member,
            private_to_person_id=person,
            private_to_id=place,
            account_id=account,
        )
        for patient, ended, member, person, place, account in found
    ]
