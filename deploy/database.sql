-- What a Terr-eSanté database holds before its first migration. Run in that database, by a superuser; idempotent:
--     createdb --owner terresante_owner --encoding UTF8 --template template0 terresante
--     psql -d terresante -f deploy/database.sql

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Only who is named may connect or create anything.
DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO terresante_owner, terresante_app, terresante_sealer', current_database()
    );
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO terresante_app, terresante_sealer;
-- CREATE is what PostgreSQL asks of the new owner of a function; the role cannot log in.
GRANT USAGE, CREATE ON SCHEMA public TO terresante_definer;

-- What migrations will create.
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO terresante_app;
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO terresante_app;
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner IN SCHEMA public
    GRANT ALL ON TABLES TO terresante_definer;
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner IN SCHEMA public
    GRANT ALL ON SEQUENCES TO terresante_definer;
-- PostgreSQL lets everybody call a new function; here only who runs the platform may. This one cannot be limited to a schema.
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner
    REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE terresante_owner
    GRANT EXECUTE ON FUNCTIONS TO terresante_app, terresante_definer;
