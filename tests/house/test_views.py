"""Every screen says what it reads or writes, and for whom it is open."""

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from terresante.interop.enums import ApiScope
from terresante.kernel.screens import Declaration

# Open without an account, and why; a view that is not here needs somebody behind it.
PUBLIC = {
    "alive": "a supervisor asks whether the process answers",
    "ready": "a proxy asks whether it may send requests",
    "manifest": "a browser asks it by itself; the same for everybody",
    "worker": "a browser asks it by itself; the same for everybody",
    "offline": "kept by every browser: nobody's page",
    "circle_invitation": "a professional invited by e-mail has no account yet; it says nothing of anybody",
    "login": "nobody has an account before this page",
    "code": "the second step, before the session is anybody's",
    "code_again": "another code for the same step",
    "code_otherwise": "the same step's code, received another way",
    "code_of_paper": "the same step, with a recovery code",
    "passkey_options": "a challenge for a browser that has a passkey",
    "passkey_login": "the first and only step of a login by passkey",
    "forgotten": "asks for a link by e-mail; the same answer for everybody",
    "lost_factor": "asks for a link by e-mail, after a right password",
    "recover_password": "the form behind that link",
    "recover_factor": "the form behind that link",
    "register": "whoever registers has no account; answers with what the national directory publishes",
    "registration_send": "the same answer, in the same time, whether or not an account exists",
    "registration_code": "the code received at the directory's own address",
    "registration_password": "the form behind a right code",
    "registration_place": "the public directory of structures",
    "registration_proof": "a request that an administrator examines",
    "ask_provider": "leaves for an identity provider; nobody is known yet",
    "provider_answer": "a login proved by an identity provider; refused before anything is read without its proof",
    "ask_card": "leaves for the address where the card is read",
    "read_card": "believes the proxy alone, and gives a sealed ticket",
    "card_answer": "a login by that ticket, once",
    "locked": "nobody is behind a locked session",
    "lock": "closes one's own screen",
    "unlock": "nobody is behind a locked session",
    "switch": "a login, from a locked workstation",
    "presence": "says whether the session is locked, nothing else",
    "logout": "ends one's own session, whatever stands behind it",
    "birth_places": "the official list of communes and countries, without any patient",
    "launch": "the signed token of a partner says who comes; refused before anything is read without it",
    "give": "tokens of the FHIR interface: the signed assertion or the certificate says who asks",
    "metadata": "what the FHIR interface does, the same for everybody",
    "unknown": "an address of the FHIR interface that answers nothing, in its own form",
    "smart_configuration": "where its tokens are asked for, the same for everybody",
    "invitation": "opens the link a relative received; says nothing, spends nothing",
    "claim": "the form behind that link; the code given by hand comes before anything is said",
    "link": "opens the link received; spends nothing",
    "open_link": "opens a link to answer; says nothing, spends nothing",
    "link_follow_up": "the code of that link, then the one follow-up they open",
    "link_answer": "a questionnaire of that follow-up, for half an hour",
    "link_tell_now": "what a person tells beside the schedule, behind the link and its code",
    "link_kit": "what a telephone keeps to answer without network, behind the link and its code",
    "leave_link": "closes what the link and its code had opened",
    "kept_answer": "an answer given without network; the sealed permit given online says whose, and it reads nothing",
    "text_message": "an answer by SMS, signed by its provider; refused before anything is read without it",
    "demonstration_mailbox": "mail of invented persons; 404 outside a demonstration",
}
# Django's own views, which touch no row of ours.
FOREIGN = {"django.views.i18n.set_language", "django.contrib.staticfiles.views.serve"}


def patterns(resolver: URLResolver | None = None) -> Iterator[URLPattern]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry)
        else:
            yield entry


def name_of(view) -> str:
    return f"{view.__module__}.{getattr(view, '__name__', type(view).__name__)}"


def declared() -> dict[str, Declaration]:
    views = {name_of(entry.callback): entry.callback for entry in patterns()}
    return {name: getattr(view, "declaration", None) for name, view in views.items() if name not in FOREIGN}


def test_every_view_is_declared():
    """Good: `@reads(NOTE_READ)` above the view. Bad: a bare function, or `login_required`."""
    bare = [name for name, declaration in declared().items() if declaration is None]

    assert not bare, f"declare with @reads, @writes or @public(reason=…): {bare}"


def test_the_declaration_names_its_action_or_its_reason():
    for name, declaration in declared().items():
        if declaration is None:
            continue
        if declaration.kind == "public":
            assert len(declaration.reason) > 10, name
        else:
            assert declaration.action is not None, name


def test_a_public_view_is_listed_here_with_its_reason():
    """Bad: `@public(reason="simpler")` on a page about a patient, unseen by anybody."""
    public = {
        name.rpartition(".")[2]
        for name, declaration in declared().items()
        if declaration is not None and declaration.kind == "public"
    }

    assert public == set(PUBLIC), "list the view in PUBLIC with a reason, or declare what it reads"


def test_each_transaction_of_the_interface_declares_its_scope():
    """Good: `door("lists", GET=find_lists)` of views behind `@api(SCOPE, ACTION)`. Bad: a plain view under /fhir/."""
    found = {name_of(entry.callback): entry.callback for entry in patterns() if "fhir" in str(entry.pattern)}
    doors = {name: view for name, view in found.items() if getattr(view, "declaration", None).kind == "api"}

    assert {name.rpartition(".")[2] for name in found.keys() - doors.keys()} == {
        "give",
        "metadata",
        "smart_configuration",
        "unknown",
    }
    for name, view in doors.items():
        assert view.transactions, name
        for transaction in view.transactions.values():
            assert transaction.scope in ApiScope, name
            assert transaction.action, name


@pytest.mark.parametrize("entry", list(patterns()), ids=lambda entry: str(entry.pattern))
def test_no_url_carries_a_login_or_a_name(entry):
    """An address travels (history, referrer, proxy logs): it holds keys only. Bad: `<str:ins>/`."""
    told = {"ins", "nir", "login", "email", "birth_name", "name", "token_in_clear"}

    assert not told & set(entry.pattern.converters), entry.pattern
