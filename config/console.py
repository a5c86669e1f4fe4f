"""The `terresante` command: the local platform, and Django's management with our commands."""

import os
import sys
from collections.abc import Sequence

from config.local import conformance, demo
from config.local.failure import Failure, of_the_machine

EXPECTED_FAILURE = 2
LOCAL_COMMANDS = {"demo": demo.run, "demo-reset": demo.reset, "conformance": conformance.run}
# These change or compare the schema, which the application role neither owns nor may alter.
OWNER_COMMANDS = frozenset(
    {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "optimizemigration"}
)


def main(argv: Sequence[str] | None = None) -> None:
    arguments = list(sys.argv if argv is None else argv)
    command = arguments[1] if len(arguments) > 1 else "help"
    try:
        if local := LOCAL_COMMANDS.get(command):
            local()
        else:
            _manage(arguments, command)
    except Failure as failure:
        sys.stderr.write(f"{failure}\n")
        sys.exit(EXPECTED_FAILURE)
    except OSError as error:
        sentence = of_the_machine(error)
        if command not in LOCAL_COMMANDS or sentence is None:
            raise
        sys.stderr.write(f"{sentence}\n")
        sys.exit(EXPECTED_FAILURE)
    except KeyboardInterrupt:
        sys.exit(130)  # as a shell reports SIGINT


def _manage(arguments: list[str], command: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command in OWNER_COMMANDS:
        os.environ.setdefault("TERRESANTE_DB_ROLE", "owner")
    # Imported here: Django reads the environment when it loads, and `demo` must work before it is configured.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.core.management import execute_from_command_line  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415

    try:
        execute_from_command_line(arguments)
    except OperationalError as error:
        raise Failure(
            f"La base de données ne répond pas ou refuse la connexion : {_first_line(error)}"
        ) from error
    except ImproperlyConfigured as error:
        raise Failure(f"Configuration incomplète : {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


if __name__ == "__main__":
    main()
