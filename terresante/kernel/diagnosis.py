"""What `terresante doctor` looks at: one SQL question each, whose every answer row is something wrong."""

from dataclasses import dataclass

from terresante.kernel import rls, sql
from terresante.kernel.actor import Actor, Channel


@dataclass(frozen=True, slots=True)
class Question:
    asks: str
    sql: str
    # Formatted with the row's columns.
    wrong: str
    remedy: str


QUESTIONS = (
    Question(
        "le rôle de l’application est sans pouvoir",
        """SELECT rolname FROM pg_roles WHERE rolname = current_user AND (rolsuper OR rolbypassrls OR rolcreaterole)
           UNION SELECT relname FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner
           WHERE rolname = current_user AND relkind IN ('r', 'p', 'v', 'S') LIMIT 1""",
        "le rôle connecté a des privilèges ou possède {0}",
        "connectez l’application avec terresante_app (deploy/roles.sql)",
    ),
    Question(
        "chaque table de patients est protégée par des politiques",
        """SELECT relname FROM pg_class
           JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'patient_id'
           WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
             AND NOT (relrowsecurity AND relforcerowsecurity)""",
        "la table {0} n’a pas de politique forcée",
        "relancez « terresante migrate »",
    ),
    Question(
        "les fonctions privilégiées ont leur propriétaire et leur chemin",
        """SELECT proname FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner
           WHERE prosecdef AND pronamespace = 'public'::regnamespace
             AND (rolsuper OR NOT coalesce(proconfig::text, '') LIKE '%search_path%')""",
        "la fonction {0} s’exécute sans garde",
        "relancez « terresante migrate » sous terresante_owner",
    ),
    Question(
        "la traçabilité a des partitions d’avance",
        """SELECT count(*) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
           WHERE inhparent = 'kernel_auditentry'::regclass
             AND relname > 'kernel_auditentry_' || to_char(now(), 'YYYY_MM')
             AND relname <> 'kernel_auditentry_default'
           HAVING count(*) < 3""",
        "il ne reste que {0} mois de partitions",
        "le service worker doit tourner : il en crée chaque nuit",
    ),
    Question(
        "les numéros de transaction n’ont pas reculé",
        """SELECT max(xid)::text FROM kernel_outboxevent HAVING max(xid) > pg_current_xact_id()""",
        "la base a été restaurée dans un serveur plus jeune (transaction {0})",
        "avancez-le avec pg_resetwal (docs/operations.md, Restaurer)",
    ),
    Question(
        "les événements sont distribués",
        """SELECT count(*) FROM kernel_outboxevent WHERE position IS NULL AND created_at < now() - interval '1 minute'
           HAVING count(*) > 0""",
        "{0} événements attendent depuis plus d’une minute",
        "vérifiez le service worker et les transactions longues",
    ),
    Question(
        "aucun événement n’est mis de côté",
        "SELECT count(*) FROM kernel_parkedevent HAVING count(*) > 0",
        "{0} événements n’ont pas pu être traités",
        "lisez kernel_parkedevent, corrigez, puis effacez-les",
    ),
    Question(
        "aucun message n’est abandonné",
        "SELECT count(*) FROM kernel_outboundmessage WHERE state = 'abandoned' HAVING count(*) > 0",
        "{0} courriels, SMS, notifications ou accusés n’ont pas pu partir",
        "vérifiez TERRESANTE_SMTP_HOST, le fournisseur de SMS, TERRESANTE_PUSH_KEY, l’adresse de retour des émetteurs",
    ),
)


@dataclass(frozen=True, slots=True)
class Answer:
    question: Question
    findings: tuple[str, ...]


def examine() -> list[Answer]:
    with rls.acting(Actor.job("doctor", channel=Channel.COMMAND), read_only=True):
        return [Answer(question, tuple(_ask(question))) for question in QUESTIONS]


def _ask(question: Question) -> list[str]:
    return [question.wrong.format(*row) for row in sql.rows(question.sql)]
