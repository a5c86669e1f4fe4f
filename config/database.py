"""The database as one URL per role: pages and gateways use the application role, migrations the owner's."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg import _queries

URL_OF_ROLE = {"app": "DATABASE_URL", "owner": "DATABASE_OWNER_URL", "sealer": "DATABASE_SEALER_URL"}
# Times a statement is sent as text on a connection before it is prepared there.
PREPARED_AFTER = 2
# psycopg reads its `%s` again at each call of a statement longer than 4 kB, or of more than 50 values: with the access
# rules in them half of ours are, which took a fifteenth of a page.
_queries.MAX_CACHED_STATEMENT_LENGTH = 32_768
_queries.MAX_CACHED_STATEMENT_PARAMS = 200


def connection_settings(environ: Mapping[str, str], *, testing: bool = False) -> dict[str, Any]:
    role = environ.get("TERRESANTE_DB_ROLE", "app")
    url = environ.get(URL_OF_ROLE[role], "postgresql://terresante_app@127.0.0.1:5432/terresante")
    parts = urlsplit(url)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    # No page may hold a transaction while it waits for the outside (DESIGN.md 4, "Screens").
    idle = "0" if testing or role == "owner" else "5s"
    # Row policies cost a plan so much on paper that PostgreSQL would compile it, longer than it takes to run.
    options["options"] = f"-c idle_in_transaction_session_timeout={idle} -c timezone=UTC -c jit=off"
    if role == "app":
        # Prepared: with row policies PostgreSQL takes longer to plan a page's statements than to run them.
        options |= {"server_side_binding": True, "prepare_threshold": PREPARED_AFTER}
    if testing:
        # Tests log in as a superuser who steps down: factories may step up again (tests/walls.py).
        options["assume_role"] = "terresante_app"
    elif role == "app":
        options["pool"] = {
            "min_size": 1,
            "max_size": int(environ.get("TERRESANTE_POOL", "4")),
            "timeout": 10,
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
    }
