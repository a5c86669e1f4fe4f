-- The four roles of Terr-eSanté. Run once per PostgreSQL server (>= 15), by a superuser; running it again is harmless:
--     psql -f deploy/roles.sql
-- Passwords are not written here. Give them afterwards, with psql's \password, to the three roles that log in.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'terresante_owner') THEN
        CREATE ROLE terresante_owner;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'terresante_app') THEN
        CREATE ROLE terresante_app;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'terresante_sealer') THEN
        CREATE ROLE terresante_sealer;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'terresante_definer') THEN
        CREATE ROLE terresante_definer;
    END IF;
END
$$;

-- Owns the schema and migrates it. FORCE ROW LEVEL SECURITY binds it too.
ALTER ROLE terresante_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Pages, streams, worker and MLLP listener. Owns nothing.
ALTER ROLE terresante_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Chains the audit rows. Gets nothing by default: migrations grant it the audit tables it needs.
ALTER ROLE terresante_sealer LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;

-- Owns the listed SECURITY DEFINER functions, which must see rows whatever the policies. Nobody logs in with it.
ALTER ROLE terresante_definer NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS;

-- A member, so that a migration may give it a function and later replace it. BYPASSRLS is not inherited by members.
GRANT terresante_definer TO terresante_owner;
