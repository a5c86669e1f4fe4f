"""What a board counts and which lines it shows, asked of each row once (docs/bench.md): rule and policies each asked it
again. `board_groups` answers with numbers, `board_keys` with keys, whose rows are then read under the policies.
"""

from django.db import migrations

# Of the caller, as the context says him. What `shares` says and what the policies say of a professional's reading, once;
# both clocks: theirs stood still when the transaction began, that of the rule moves. His structure is asked first: it is
# why nearly every row is there.
READ = """
          AND row.state = 'active' AND row.data_class = ANY (classes)
          AND (row.private_to_id IS NULL OR row.private_to_id = here)
          AND (row.private_to_person_id IS NULL OR row.private_to_person_id = person)
          AND (row.sector = '' OR knows_restricted(row.patient_id, row.sector, row.restricted_to_id))
          AND ({first}{here} OR {person} OR {lent}
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
# To count, the first memberships of the structure are read at once, half as dear as one after the other; it may have
# 200,000, so the rows of the others are asked each by its key.
FIRST = """row.patient_id IN (
                SELECT own.patient_id FROM care_team_careteamparticipant AS own
                WHERE own.member_id = here{in_force} AND own.scope IS NULL
                LIMIT 2500)
            OR """
WATCHED = "(cell.organization_id = here OR cell.second_level_id = account OR cell.physician_id = account)"
MINE = """row.patient_id IN (
            SELECT own.patient_id FROM care_team_careteamparticipant AS own
            WHERE own.member_id = coalesce(lent, person) AND own.ended_at IS NULL AND own.suspended_at IS NULL
              AND (own.expires_at IS NULL OR own.expires_at > statement_timestamp()))"""
COUNTED = """
        RETURN QUERY
        SELECT row.colour, row.late, row.taken_by_id IS NOT NULL, coalesce(row.taken_by_id = account, false),
               row.cell_id, row.department, row.postal_code, row.city, count(*)
        FROM {rows}{read}
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;"""
# What the chips and the search keep; empty, anything.
KEPT = """
          AND (colours = '{{}}' OR row.colour = ANY (colours))
          AND (NOT untaken OR row.taken_by_id IS NULL) AND (NOT of_me OR row.taken_by_id = account)
          AND (NOT is_late OR row.late)
          AND (asked_cell IS NULL OR row.cell_id = asked_cell)
          AND (asked_department = '' OR row.department = asked_department)
          AND (asked_postal_code = '' OR row.postal_code = asked_postal_code)
          AND (words = '{{}}' OR EXISTS (
                SELECT 1 FROM patients_patient AS named WHERE named.id = row.patient_id AND NOT EXISTS (
                    SELECT 1 FROM unnest(words) AS word
                    WHERE NOT (starts_with(named.match_birth_name, word)
                               OR strpos(named.match_birth_name, ' ' || word) > 0
                               OR starts_with(named.match_given_name, word)
                               OR starts_with(named.match_used_name, word)))))"""
# The first of each cell come in the order of an index: the rest of its rows is not read.
CHOSEN = """
        RETURN QUERY
        SELECT first.id FROM telemonitoring_cell AS cell CROSS JOIN LATERAL (
            SELECT row.id, row.severity, row.colour_since FROM telemonitoring_followup AS row
            WHERE row.cell_id = cell.id{kept}{read}
            ORDER BY row.severity DESC, row.colour_since, row.id LIMIT skipped + most) AS first
        WHERE {watched}
        ORDER BY first.severity DESC, first.colour_since, first.id OFFSET skipped LIMIT most;"""
CHOSEN_OF_MINE = """
        RETURN QUERY
        SELECT row.id FROM telemonitoring_followup AS row
        WHERE {mine}{kept}{read}
        ORDER BY row.severity DESC, row.colour_since, row.id OFFSET skipped LIMIT most;"""
# Planned once for a connection: with the caller in hand PostgreSQL plans it again each time, which takes longer.
FUNCTION = """
CREATE FUNCTION {name}({takes}) RETURNS {returns}
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
    IF of_mine THEN{of_mine}
    ELSE{of_cells}
    END IF;
END $$;
ALTER FUNCTION {name} OWNER TO terresante_definer;
REVOKE ALL ON FUNCTION {name} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {name} TO terresante_app;
"""
GROUPS = """TABLE (colour varchar, late boolean, taken boolean, by_me boolean, cell_id uuid, department varchar,
               postal_code varchar, city varchar, number bigint)"""
ASKED = """classes text[], of_mine boolean, colours text[], untaken boolean, of_me boolean, is_late boolean,
    asked_cell uuid, asked_department text, asked_postal_code text, words text[], skipped bigint, most bigint"""


def _functions() -> list[str]:
    members = {each: MEMBER.format(member=each, in_force=IN_FORCE) for each in ("here", "person", "lent")}
    one_by_one = READ.format(first="", **members)
    counted = READ.format(first=FIRST.format(in_force=IN_FORCE), **members)
    of_cells = f"telemonitoring_cell AS cell JOIN telemonitoring_followup AS row ON row.cell_id = cell.id\n        WHERE {WATCHED}"
    of_mine = f"telemonitoring_followup AS row\n        WHERE {MINE}"
    kept = KEPT.format()
    groups = FUNCTION.format(
        name="board_groups",
        takes="classes text[], of_mine boolean",
        returns=GROUPS,
        of_mine=COUNTED.format(rows=of_mine, read=one_by_one),
        of_cells=COUNTED.format(rows=of_cells, read=counted),
    )
    keys = FUNCTION.format(
        name="board_keys",
        takes=ASKED,
        returns="SETOF uuid",
        of_mine=CHOSEN_OF_MINE.format(mine=MINE, kept=kept, read=one_by_one),
        of_cells=CHOSEN.format(watched=WATCHED, kept=kept, read=one_by_one),
    )
    return [groups, keys]


class Migration(migrations.Migration):
    dependencies = [
        ("telemonitoring", "0020_outside"),
        ("care_team", "0033_reading_of_who_came_back"),
        ("directory", "0006_principal"),
    ]

    operations = [migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in _functions()]
