"""What a board counts, in one reading of its rows (docs/bench.md): rule and policies each asked it of every row again."""

from django.db import migrations

# Of the caller, as the context says him. What `shares` says and what the policies say of a professional's reading, once;
# both clocks: theirs stood still when the transaction began, that of the rule moves. His structure is asked first: it is
# why nearly every row is there. Of its memberships the first ones are read at once, half as dear as one after the other;
# a structure may have 200,000, so the rows of the others are asked each by its key.
READ = """
          AND row.state = 'active' AND row.data_class = ANY (classes)
          AND (row.private_to_id IS NULL OR row.private_to_id = here)
          AND (row.private_to_person_id IS NULL OR row.private_to_person_id = person)
          AND (row.sector = '' OR knows_restricted(row.patient_id, row.sector, row.restricted_to_id))
          AND (row.patient_id IN (
                SELECT own.patient_id FROM care_team_careteamparticipant AS own
                WHERE own.member_id = here{in_force} AND own.scope IS NULL
                LIMIT 2500)
            OR {here} OR {person} OR {lent}
            OR EXISTS (
                SELECT 1 FROM care_team_emergencyaccess AS own
                WHERE own.patient_id = row.patient_id AND own.practitioner_id = person AND own.organization_id = here
                  AND own.expires_at > statement_timestamp() OFFSET 0)
            OR EXISTS (
                SELECT 1 FROM care_team_careteamparticipant AS own
                WHERE own.patient_id = row.patient_id AND own.practitioner_id = person
                  AND own.reads_until > statement_timestamp() AND own.suspended_at IS NULL OFFSET 0))"""
IN_FORCE = """
                  AND own.ended_at IS NULL AND own.suspended_at IS NULL AND own.started_at <= now()
                  AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp())"""
MEMBER = """EXISTS (
                SELECT 1 FROM care_team_careteamparticipant AS own
                WHERE own.patient_id = row.patient_id AND own.member_id = {member}{in_force}
                  AND (own.scope IS NULL OR row.data_class = ANY (own.scope)) OFFSET 0)"""
COUNTED = """
        RETURN QUERY
        SELECT row.colour, row.late, row.taken_by_id IS NOT NULL, coalesce(row.taken_by_id = account, false),
               row.cell_id, row.department, row.postal_code, row.city, count(*)
        FROM {rows}{read}
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;"""
WATCHED = """telemonitoring_cell AS cell JOIN telemonitoring_followup AS row ON row.cell_id = cell.id
        WHERE (cell.organization_id = here OR cell.second_level_id = account OR cell.physician_id = account)"""
MINE = """telemonitoring_followup AS row
        WHERE row.patient_id IN (
            SELECT own.patient_id FROM care_team_careteamparticipant AS own
            WHERE own.member_id = coalesce(lent, person) AND own.ended_at IS NULL AND own.suspended_at IS NULL
              AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp()))"""
# Planned once for a connection: with the caller in hand PostgreSQL plans it again each time, which takes longer.
FUNCTION = """
CREATE FUNCTION board_groups(classes text[], of_mine boolean)
RETURNS TABLE (colour varchar, late boolean, taken boolean, by_me boolean, cell_id uuid, department varchar,
               postal_code varchar, city varchar, number bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    account uuid := app_user();
    person uuid := app_person();
    here uuid := app_organization();
    lent uuid := app_principal();
BEGIN
    -- The support desk is in no circle.
    IF app_kind() IS DISTINCT FROM 'professional' OR app_has_duty('support_agent') THEN RETURN; END IF;
    IF of_mine THEN{mine}
    ELSE{watched}
    END IF;
END $$;
ALTER FUNCTION board_groups(text[], boolean) OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION board_groups(text[], boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION board_groups(text[], boolean) TO terresante_app;
"""


def _function() -> str:
    members = {each: MEMBER.format(member=each, in_force=IN_FORCE) for each in ("here", "person", "lent")}
    read = READ.format(in_force=IN_FORCE, **members)
    return FUNCTION.format(
        mine=COUNTED.format(rows=MINE, read=read), watched=COUNTED.format(rows=WATCHED, read=read)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("telemonitoring", "0017_due_limits"),
        ("care_team", "0033_reading_of_who_came_back"),
        ("directory", "0006_principal"),
    ]

    operations = [migrations.RunSQL(_function(), migrations.RunSQL.noop)]
