"""House rules on Python files (DESIGN.md 3 and 4, STYLE.md 4)."""

import ast
import re

from tests.house.tree import PLATFORM, app_of, files, functions, parsed, short, sources

LINES_OF_A_FUNCTION = 60
LINES_OF_A_FILE = 500
LINES_OF_AN_ISLAND = 200
LONG_FILE = 300
# Lists of invented things for the previews: data in the shape of a function.
DATA = {"terresante/kernel/ui/tests/cast.py"}

# DESIGN.md 3: absence of a file is information.
ANATOMY = {
    *("__init__", "apps", "enums", "models", "access", "actions", "queries", "events", "handlers"),
    *("jobs", "slots", "forms", "views", "urls", "migrations", "templates", "tests"),
}
# Other names, and why. The kernel is not an app like the others: its files are DESIGN.md 4's mechanisms.
MORE_NAMES = {
    "accounts": {
        "codes": "one-time codes, pure",
        "devices": "what a browser says of itself, pure",
        "federation": "logins proved elsewhere: the protocol, and whose account a proof is",
        "middleware": "who was last there, once for a request",
        "passkeys": "WebAuthn ceremonies, pure",
        "sessions": "Django's place for who is logged in",
        "tries": "how often a door was tried",
        "hashing": "passwords computed so many at once",
    },
    "care_team": {
        "matrix": "role × data, the one place that says it",
        "basis": "on what ground an actor reaches a row, as conditions, apart from the rules made of them",
        "regime": "the legal regime, and what a consent must say under it",
    },
    "notes": {
        "cards": "a note as a list shows it, drawn at once",
        "joining": "photographs and recordings of a note, apart from its words",
        "kept": "what seals the notes that a device keeps without network, pure",
        "kept_urls": "notes that a device keeps without network, apart from those of a record",
        "kept_views": "notes that a device keeps without network, apart from their pages",
        "media_views": "pages through which the bytes of a photograph pass, apart from those of a note",
    },
    "documents": {
        "lines": "a document as a list shows it, drawn at once",
        "own_actions": "what the person files herself, apart from what her circle does",
        "file_views": "pages through which the bytes of a file pass, apart from those about it",
        "received_actions": "what a wire files, apart from what persons do",
        "reading": "the port by which a structured document is read for its page",
    },
    "health_record": {
        "said": "what somebody says of a health, checked before it is a row, pure",
        "offers": "what a document offers to a record, and when two say the same, pure",
        "offered_actions": "what received documents offer, apart from what persons write",
        "offered_queries": "what received documents offer, apart from what the record says",
        "offered_views": "what received documents offer, apart from the pages of a health",
    },
    "questionnaires": {
        "pathway": "what a pathway says, from its files: pure, also imported by the apps above as it is",
        "shipped": "the pathways that come with the platform, as files",
        "filling": "a form as a page shows it, pure",
        "record_queries": "what the pages of a record show, apart from what other apps ask",
        "sheet_queries": "one answer, whole and beside another, apart from the list of them",
        "pathway_urls": "pages of the administration, apart from those of a record",
        "pathway_actions": "versions of pathways, apart from the answers to them",
        "pathway_queries": "versions of pathways as their administrator reads them, apart from answers",
        "pathway_views": "pages of the administration, apart from those of a record",
        "pathway_forms": "forms of the administration, apart from those of a record",
        "replay_queries": "a draft weighed on past answers, apart from the pages of a version",
        "replay_views": "the same, its page",
        "draft": "from the fields of a screen to the files of a draft, pure",
        "editors": "the fields of each part of a draft, apart from the forms that make versions",
        "places": "where a mistake of a draft is corrected in its screens, pure",
        "archive": "the files of a pathway sent or taken away as one, pure",
        "management": "Django's place for a command",
        "steps": "a form filled one question a screen, whoever answers: what is asked now, what follows",
        "step_views": "the screens of a form filled one question at a time, the same behind every door",
    },
    "telemonitoring": {
        "alerts": "what asks for somebody: opened, taken, raised, closed; who acts on it",
        "answering": "every door of who answers: account, link and code, telephone without network, SMS, operator",
        "board": "the people whom a cell watches, on one page",
        "cells": "cells, their hours and their numbers, apart from what they watch",
        "contacts": "contacts of an index case, apart from the follow-ups themselves",
        "course": "what happens to a follow-up once it has begun, apart from enrolment",
        "phones": "telephone numbers as people say them, pure",
        "schedule": "from what a pathway expects to rows, pure",
    },
    "results": {
        "units": "units of laboratories and their conversions, pure",
        "merging": "which result of a report a later message is about, pure",
        "discrete_actions": "what comes as results one by one, apart from what comes with a document",
    },
    "directory": {
        "identifiers": "RPPS and FINESS keys, pure",
        "names": "the form in which a name is searched, pure",
        "loading": "reading of the national files",
        "login_actions": "the account of a professional proved elsewhere",
        "psc": "what Pro Santé Connect says of a professional, pure",
        "management": "Django's place for a command",
    },
    "interop": {
        "digests": "identities told equal without being read, pure",
        "mapping": "from a message to what an action takes, pure",
        "matching": "who a message speaks of",
        "applying": "from a batch of messages to what becomes of each",
        "filing": "from a document received to what is filed",
        "following": "what was sent of a stay, kept and given back with it",
        "specialties": "what a document is the work of, in words",
        "coding": "which codes of a document its published lists have not",
        "result_filing": "from a report of biology to its results, apart from documents",
        "offering": "from the entries of a document to what it offers to a record",
        "insi": "the client of the INSi teleservice",
        "hl7v2": "messages, pure",
        "cda": "documents, pure",
        "fhir": "the FHIR interface: resources, pure; its accesses and its door",
        "launch": "the token of a contextual call, pure",
        "partner_actions": "partners and their calls, apart from messages",
        "partner_urls": "partners and their calls, apart from messages",
        "partner_views": "partners and their calls, apart from messages",
        "mllp": "the listener, pure",
        "robot": "a file of persons, read line by line, pure",
        "robot_actions": "records prepared by a rule, apart from messages",
        "robot_queries": "records prepared by a rule, apart from messages",
        "robot_urls": "records prepared by a rule, apart from messages",
        "robot_views": "records prepared by a rule, apart from messages",
        "trying": "what the door would make of a message, without keeping it",
        "acknowledging": "what became of a document, told to its sender",
        "carrier": "messages to the return address of a sender",
        "flow_actions": "hours counted and silences told, apart from messages",
        "flow_queries": "numbers of what senders send, apart from messages",
        "flows": "how numbers of messages are drawn and said, pure",
        "message_views": "a message segment by segment, apart from what is decided of it",
        "sender_views": "hospitals' software as administrators connect it, apart from messages",
        "management": "Django's place for a command",
    },
    "notifications": {
        "choices": "who is told of what, by which channel and when, pure",
        "telling": "from who may know of an event to the messages that leave",
        "carrier": "the client of the push services",
        "webpush": "messages to a browser, sealed and signed, pure",
    },
    "overview": {
        "export": "a whole record read in batches while it is sent",
        "export_views": "the copy of a record, apart from its pages",
        "fhir": "what a record holds as FHIR R4 resources, pure",
        "fhir_health": "the health of a person as FHIR R4 resources, pure",
        "fhir_results": "results of biology as FHIR R4 resources, pure",
        "paper": "what a record holds as the pages of a PDF",
        "merged": "what an open page says when identities are merged, pure",
        "rows": "a patient as a list shows him, drawn at once",
        "desk_urls": "pages outside a record, apart from those of a record",
        "desk_queries": "whose patients the pages outside a record list",
        "home_queries": "what is new of one's patients: the home page, the alerts",
        "search_queries": "who is found, and who looks alike",
        "fhir_plans": "programmes of the copy of a record as FHIR resources, pure",
        "fhir_forms": "answers to forms as FHIR R4 resources, pure",
        "sheet_queries": "the emergency sheet, apart from the pages of a record",
        "sheet_views": "the emergency sheet, on a screen and on paper",
        "founding_views": "who refuses any record, apart from those who have one",
        "discharge_queries": "a letter of discharge beside the record, apart from its other pages",
        "discharge_views": "a letter of discharge beside the record, apart from its other pages",
        "new_patient_views": "a record that is founded, apart from those that are there",
        "desk_views": "pages outside a record, apart from those of a record",
        "support_views": "a record founded for another, by who will not read it",
    },
    "terminology": {
        "reading": "published lists of codes from their files, pure",
        "management": "Django's place for a command",
    },
    "patients": {
        "identity_rules": "RNIV and the INS, pure",
        "traits": "the strict traits before they are an identity, pure",
        "likeness": "how much two identities look like one person, pure",
        "insi": "the port of the INSi teleservice",
        "insi_views": "the teleservice asked from the page of an identity",
        "death_actions": "a death noted by mistake, and announced again, apart from traits",
        "death_views": "the same, its gesture",
        "desk_actions": "raising and correcting an identity, apart from what gateways do",
        "desk_queries": "pages of an identity, across patients",
        "link_actions": "from a citizen vouched for by FranceConnect to his record",
        "link_views": "the queue of those whose traits are not one record's",
        "pivot": "the identity that FranceConnect gives, pure",
        "merge_actions": "two identities made one, and back",
        "merge_views": "two identities side by side, apart from the page of one",
        "moved_views": "what open pages of identities ask after a merge, for both of the above",
    },
    "portal": {
        "health_forms": "what she says of her health in the words of the kitchen, apart from her other forms",
        "health_views": "her own health record and emergency sheet, apart from her other pages",
        "document_views": "documents as the person reads them, apart from her other pages",
        "result_views": "results of biology as the person reads them, apart from her other pages",
        "follow_views": "her follow-up at home, apart from her other pages",
        "plan_views": "her programmes, apart from her other pages",
        "merged": "what an open page of the person says when her identity is merged",
        "relative_views": "the way in of a relative, apart from the pages behind it",
    },
    "care_plans": {
        "definition": "what a programme says, checked before it is a row, pure",
        "due_dates": "when each step is due, pure",
        "step_actions": "what is done of each step, apart from who is in a programme",
        "plan_actions": "what is taken from the plan of a received document, apart from programmes",
        "programme_actions": "what project leads define and bill, apart from what the circle does",
        "programme_queries": "what project leads read, across patients and without them",
        "programme_forms": "what project leads define and bill, apart from what the circle does",
        "programme_urls": "what project leads define and bill, apart from a record",
        "programme_views": "what project leads define and bill, apart from a record",
    },
    "stays": {
        "course": "from the movements of a stay to its state, pure",
        "wording": "stays as people say them, pure",
    },
}

# What runs a statement, beside the cursor itself (kernel/sql.py).
STATEMENTS = {"sql.rows", "sql.row", "sql.value"}

# Statements made of a name that their own module chooses, never of what somebody typed.
BUILT_SQL: dict[str, str] = {}


def test_the_context_of_the_policies_is_set_in_one_file():
    """Bad: `cursor.execute("SET LOCAL app.person = …")` in a query, or a session-level set_config anywhere."""
    found = [
        short(path)
        for path in sources()
        if re.search(r"set_config|SET\s+(LOCAL|SESSION)?\s*app\.|SET\s+ROLE", path.read_text(), re.IGNORECASE)
    ]

    assert found == ["terresante/kernel/rls.py"]


def test_the_context_is_local_to_its_transaction():
    """`set_config(…, false)` would leak to the next user of a pooled connection (STACK.md 4)."""
    everywhere = "".join(path.read_text() for path in sources(migrations=True))

    assert not re.findall(r"set_config\([^;]*?,\s*false\s*\)", everywhere)


def test_domain_code_never_sees_a_request():
    """Good: `def publish_note(actor, …)`. Bad: `def publish_note(request, …)`."""
    domain = {"access", "actions", "queries", "events", "handlers", "jobs", "slots"}
    told = []
    for path in sources():
        if not path.is_relative_to(PLATFORM) or app_of(path) == "kernel":
            continue
        if not domain & {path.stem, *path.parts}:
            continue
        for function in functions(path):
            names = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}
            if "request" in names:
                told.append(f"{short(path)}:{function.lineno} {function.name}")

    assert not told


def test_actions_and_queries_have_no_default_actor():
    """The first argument of an action is its actor, given by the caller."""
    wrong = []
    for path in sources():
        for function in functions(path):
            marks = {ast.unparse(mark) for mark in function.decorator_list}
            first = (function.args.posonlyargs + function.args.args)[:1]
            if "action" in marks and (not first or first[0].arg != "actor" or function.args.defaults):
                wrong.append(f"{short(path)}:{function.lineno} {function.name}")

    assert not wrong


def test_functions_stay_short():
    long = [
        f"{short(path)}:{function.lineno} {function.name}"
        for path in sources(tests=True)
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno + 1 > LINES_OF_A_FUNCTION and short(path) not in DATA
    ]

    assert not long


def test_files_stay_short():
    """A file aims at 300 lines and fails at 500 (an island, at 200); those between are named when another fails."""
    kinds = {".py", ".ts", ".scss", ".html"}
    lengths = {
        short(path): len(path.read_text().splitlines())
        for path in files()
        if path.suffix in kinds and "migrations" not in path.parts
    }
    too_long = {
        name
        for name, lines in lengths.items()
        if lines > (LINES_OF_AN_ISLAND if name.startswith("frontend/islands/") else LINES_OF_A_FILE)
    }
    long = sorted(name for name, lines in lengths.items() if lines > LONG_FILE)

    assert not too_long, f"fail: {sorted(too_long)}; over {LONG_FILE}: {long}"


def test_an_app_holds_the_files_that_its_anatomy_names():
    """Good: `notes/queries.py`. Bad: `notes/utils.py`, `notes/services.py`."""
    strange = set()
    for path in sources():
        if not path.is_relative_to(PLATFORM) or path.parent == PLATFORM:
            continue
        app, entry = path.relative_to(PLATFORM).parts[:2]
        name = entry.removesuffix(".py")
        if app != "kernel" and name not in ANATOMY | set(MORE_NAMES.get(app, {})):
            strange.add(f"{app}/{entry}")

    assert not strange, "use a name of DESIGN.md 3, or list the new one with its reason"


def test_no_drawer_is_called_utils():
    drawers = {
        "utils",
        "helpers",
        "helper",
        "common",
        "misc",
        "manager",
        "managers",
        "services",
        "info",
        "base",
    }
    found = [short(path) for path in sources(tests=True) if drawers & {path.stem, path.parent.name}]

    assert not found


def test_apps_do_not_signal_each_other():
    """Up: an event. Bad: `@receiver(post_save, sender=Note)`."""
    found = [
        short(path)
        for path in sources()
        if re.search(r"django\.(db\.models|core|dispatch)[\w.]*signals|django\.dispatch", path.read_text())
    ]

    assert not found


def test_no_raw_manager_reads_round_the_rules():
    """`_base_manager`, `.raw(` and `.extra(` go round what a reader of the code expects."""
    found = [
        short(path)
        for path in sources()
        if re.search(r"\._base_manager|\.objects\.raw\(|\.extra\(", path.read_text())
    ]

    assert not found


def test_sql_is_never_made_of_what_somebody_typed():
    """Good: `sql.rows("… %s", value)`. Bad: an f-string, `%` or `.format` as the statement."""
    built = []
    for path in sources():
        for node in ast.walk(parsed(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            statement, called = node.args[0], ast.unparse(node.func)
            if node.func.attr not in ("execute", "executemany") and called not in STATEMENTS:
                continue
            if isinstance(statement, ast.JoinedStr) and statement.values and not _constant(statement):
                built.append(f"{short(path)}:{node.lineno}")
            if isinstance(statement, ast.BinOp) and isinstance(statement.op, ast.Mod):
                built.append(f"{short(path)}:{node.lineno}")

    assert {place.partition(":")[0] for place in built} == set(BUILT_SQL), built


def _constant(text: ast.JoinedStr) -> bool:
    """Made of upper-case names only: constants of the module, such as a channel's name."""
    inside = [part.value for part in text.values if isinstance(part, ast.FormattedValue)]
    return all(isinstance(part, ast.Name) and part.id.isupper() for part in inside)


def test_templates_are_never_told_that_a_text_is_safe():
    """Bad: `mark_safe(note.text)`, `|safe`, `{% autoescape off %}`."""
    python = [short(path) for path in sources() if "mark_safe" in path.read_text()]
    html = [
        short(path)
        for path in files()
        if path.suffix == ".html" and re.search(r"\|\s*safe\b|autoescape off", path.read_text())
    ]

    assert set(python) <= {"terresante/kernel/ui/templatetags/ui.py"}
    assert not html


def test_a_form_says_what_is_wrong_in_our_words():
    """Good: `<form method="post" novalidate>` around `{{ form }}`. Bad: without, the browser speaks instead."""
    found = []
    for path in files():
        if path.suffix == ".html":
            for head, inside in re.findall(r"(<form[^>]*>)(.*?)</form>", path.read_text(), re.DOTALL):
                if 'method="post"' in head and "{{ form" in inside and "novalidate" not in head:
                    found.append(short(path))

    assert not found


def test_no_machine_is_named_in_a_tracked_file():
    """Good: a path relative to the project. Bad: a home directory, a build machine's folder."""
    machine = re.compile(r"(?<![\w./:$~-])/(work|root|home)/(?!$)[\w.-]+")
    found = []
    for path in files():
        if path.suffix in (".png", ".woff2", ".ico", ".gz", ".zip") or path.is_relative_to(PLATFORM / "x"):
            continue
        text = path.read_text(errors="replace")
        found += [f"{short(path)}: {hit.group()}" for hit in machine.finditer(text)]

    assert not found


def test_lock_files_name_no_private_registry():
    """What is installed here is installed elsewhere: only the public hosts, or none."""
    public = {"registry.npmjs.org", "pypi.org", "files.pythonhosted.org", "opencollective.com", "github.com"}
    found = set()
    for path in files():
        if "lock" in path.name or path.name in (".npmrc", "pyproject.toml", "requirements-node.in"):
            text = re.sub(r'"funding":\s*(\{[^}]*\}|\[[^\]]*\]|"[^"]*")', "", path.read_text())
            hosts = re.findall(r"\"?(?:resolved|registry|index-url)\"?\s*[:= ]\s*\"?https?://([\w.-]+)", text)
            found |= {f"{short(path)}: {host}" for host in hosts if host not in public}

    assert not found
