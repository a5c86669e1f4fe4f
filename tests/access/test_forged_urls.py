"""Every address of the platform with forged identifiers, as each person of the cast: what is out of reach is not
told from what does not exist, and nothing that is typed breaks a page.
"""

import re
from random import Random
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from terresante.kernel.ids import new_id
from tests.cast import login

pytestmark = pytest.mark.commits

# What an identifier of an address names; None: a person, or a structure, of the directory.
NAMED = {
    "record_id": "patients.CareRecord",
    "note_id": "notes.Note",
    "media_id": "notes.NoteMedia",
    "document_id": "documents.DocumentReference",
    "report_id": "results.DiagnosticReport",
    "observation_id": "results.LabObservation",
    "response_id": "questionnaires.QuestionnaireResponse",
    "follow_up_id": "telemonitoring.FollowUp",
    "contact_id": "telemonitoring.Contact",
    "expected_id": "telemonitoring.Expected",
    "line_id": "health_record.AllergyIntolerance",
    "offer_id": "health_record.OfferedLine",
    "participant_id": "care_team.CareTeamParticipant",
    "relative_id": "patients.RelatedPerson",
    "delegation_id": "patients.Delegation",
    "complaint_id": "care_team.AccessComplaint",
    "entry_id": "kernel.AuditEntry",
    "choice_id": "care_team.Consent",
    "named_id": "care_team.NamedReader",
    "hand_over_id": "care_team.HandOver",
    "join_id": "care_team.JoinRequest",
    "invitation_id": "care_team.CircleInvitation",
    "patient_id": "patients.Patient",
    "one_id": "patients.Patient",
    "other_id": "patients.Patient",
    "merge_id": "patients.IdentityMerge",
    "request_id": "patients.LinkRequest",
    "access_id": "care_team.EmergencyAccess",
    "item_id": "feed.FeedItem",
    "message_id": "interop.InboundMessage",
    "rule_id": "interop.RobotRule",
    "prepared_id": "interop.PreparedRecord",
    "partner_id": "interop.Partner",
    "key_id": "interop.PartnerKey",
    "api_id": "interop.ApiAccess",
    "list_id": "interop.DocumentList",
    "handle": "accounts.Session",
    "device_id": "accounts.KnownDevice",
    "user_id": "accounts.User",
    "desk_id": "directory.Delegation",
    "registration_id": "directory.Registration",
    "sender_id": "interop.SenderSystem",
    "subscription_id": "notifications.PushSubscription",
    # Of pathways, whose administrator reads them, and nobody's data.
    "pathway_id": "questionnaires.Pathway",
    "version_id": "questionnaires.PathwayVersion",
    "inclusion_id": "care_plans.Inclusion",
    "step_id": "care_plans.PlannedStep",
    "batch_id": "care_plans.InvoiceBatch",
    # What is in force is public among professionals, and which cell follows people where.
    "programme_id": None,
    "cell_id": None,
    # Of a programme, a step or a sequence in its own words; of a pathway, one of its files.
    "part": None,
    # Of the directory, which every professional reads.
    "role_id": None,
    # A setting, declared in the code.
    "code": None,
    # Of a line of health, closed list.
    "kind": None,
    "unit_id": None,
    "token": None,
    "form_name": None,
    "file_format": None,
    "practitioner_id": None,
    "group": None,
    "data_class": None,
    "organization_id": None,
}
# Professionals know an identity by its key to open it in an emergency, or to ask for its circle: the page says whose it
# is, and leaves its row.
SHOWS_AN_IDENTITY = {"care_team:break_glass", "care_team:open_for_call", "care_team:ask_to_join"}
# Names nobody: a link of recovery holds a secret, and is answered alike whatever it holds (accounts' own tests); a
# structure of the public directory.
NAMES_NOBODY = {
    *("accounts:link", "portal:invitation", "directory:registration_proof"),
    *("care_team:invitation", "care_team:answer_circle_invitation"),
    # Who has opened no link with its code is sent to the door, whatever he asks (telemonitoring's own tests forge).
    "answers:answer",
}
# Names a professional whom a patient puts in his own circle: he may, whoever it is.
OF_ONE_S_OWN = {"portal:add_practitioner"}
# Asked with a token, never with a session: interop's own tests forge their identifiers.
BY_TOKEN = {"interop:fhir_document", "interop:fhir_list", "interop:fhir_binary"}
# Asks one's own password again before it looks for anything.
ASKS_WHO_FIRST = {"accounts:end_passkey"}
LEFT = {"accounts:logout"}
HOSTILE = ("\x00", "9999-12-31", "2026-13-45T10:00:00+00:00", "9" * 400)
PARAMETERS = (
    "q", "name", "given_name", "born", "page", "apres", "avant", "filtre", "vue", "type", "periode", "du", "au",
    "personne", "object", "next", "accueil", "nom", "profession", "commune", "birth_place", "data_class", "level",
)  # fmt: skip
FIELDS = (
    "id", "text", "data_class", "level", "role", "basis", "consented_at", "proof", "replaces", "reason",
    "note", "seen_at", "situation", "next", "patient", "support", "given_on", "birth_name", "birth_given_names",
    "birth_date", "sex", "birth_place", "used_name", "phone", "email", "postal_code", "known", "code", "login",
    "password", "basis", "mission", "email", "court", "judged_on", "valid_from", "valid_until", "scope", "decision",
    "to", "given_code", "new", "again", "name", "relationship", "state", "answer", "relatives_see",
)  # fmt: skip
# A token, or an identifier: of the request, or the one asked for.
CHANGING = re.compile(r'csrf[a-z-]+" (?:value|content)="[^"]+"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}')


def named_views(resolver: URLResolver | None = None, prefix: str = "") -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{prefix}{entry.namespace}:" if entry.namespace else prefix
            outer = tuple(entry.pattern.converters)
            found += [(name, (*outer, *keys)) for name, keys in named_views(entry, inner)]
        elif isinstance(entry, URLPattern) and entry.name:
            found.append((f"{prefix}{entry.name}", tuple(entry.pattern.converters)))
    return found


def of_interface(view: str, keys: tuple[str, ...]) -> bool:
    """Asked by software with a token, whatever the browser's session."""
    function = resolve(reverse(view, args=[new_id() for _ in keys])).func
    return function.declaration.kind == "api"


def logged_in(actor) -> Client:
    client = Client(raise_request_exception=False)
    login(client, actor)
    return client


def key_of(world, patient: str, name: str) -> UUID:
    cast, rows = world
    label = NAMED[name]
    if label is None:
        return cast.brun.person_id if name == "practitioner_id" else cast.brun.organization_id
    return rows.get((patient, apps.get_model(label)), new_id())


def addresses(world, patient: str, *, absent: bool) -> dict[str, str]:
    """Each address with the identifiers of one patient; `absent` forges those that name something of his."""
    return {
        name: reverse(
            name, args=[new_id() if absent and NAMED[key] else key_of(world, patient, key) for key in keys]
        )
        for name, keys in named_views()
        if keys
    }


def told(response) -> tuple[int, str]:
    return response.status_code, CHANGING.sub("", response.content.decode())


OUT_OF_REACH = pytest.mark.parametrize("name", ["brun", "ancien", "identito", "leon"])


def drawn(every, *, of, request):
    """Half of them, by the seed of the order of the tests; check-long asks them all."""
    chance = Random(f"{of} {request.config.getoption('randomly_seed', 0)}")
    return [one for one in every if chance.random() < 0.5]


@OUT_OF_REACH
def test_what_is_out_of_reach_is_not_told_from_what_does_not_exist(world, name, request):
    views = drawn(sorted(addresses(world, "madeleine", absent=False)), of=name, request=request)
    assert_not_told(world, name, views)


@pytest.mark.long
@OUT_OF_REACH
def test_nothing_at_all_that_is_out_of_reach_is_told(world, name):
    assert_not_told(world, name, addresses(world, "madeleine", absent=False))


def assert_not_told(world, name, views):
    cast, _ = world
    client = logged_in(cast.actors[name])
    there, nowhere = addresses(world, "madeleine", absent=False), addresses(world, "madeleine", absent=True)

    # Identities are what the identity desk is for; test_matrix says that it reads nothing else.
    own = {view for view in there if name == "identito" and view.startswith("patients:")}
    for view in set(views) - SHOWS_AN_IDENTITY - NAMES_NOBODY - OF_ONE_S_OWN - BY_TOKEN - own:
        for method in (client.get, client.post):
            found, forged = told(method(there[view])), told(method(nowhere[view]))
            # Some addresses only lead, when they are not posted to, to the page of the record.
            leads = method == client.get or view in ASKS_WHO_FIRST
            assert found[0] in (403, 404, 405) or (found[0] == 302 and leads), view
            assert found == forged, view
            assert "MADELEINE" not in found[1].upper(), view


def test_an_object_of_one_patient_is_not_reached_through_the_record_of_another(world):
    """Dr Brun reads Léon; the keys of Madeleine's rows stand in Léon's addresses."""
    cast, _ = world
    client = logged_in(cast.brun)

    for view, keys in named_views():
        if "record_id" in keys and len(keys) > 1 and not {"practitioner_id", "organization_id"} & set(keys):
            args = [key_of(world, "leon" if key == "record_id" else "madeleine", key) for key in keys]
            for method in (client.get, client.post):
                answer = method(reverse(view, args=args))
                assert answer.status_code in (302, 403, 404, 405), view
                assert answer.status_code != 302 or method == client.get, view


@pytest.mark.parametrize("name", ["amar", "madeleine"])
def test_nothing_that_is_typed_breaks_a_page(world, name, request):
    """Each page is given one of these, drawn by the seed of the order of the tests; all of them in check-long."""
    chance = Random(request.config.getoption("randomly_seed", 0))
    assert broken_by(world, name, lambda: (chance.choice(HOSTILE),)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", ["amar", "madeleine"])
def test_nothing_at_all_that_is_typed_breaks_a_page(world, name):
    assert broken_by(world, name, lambda: HOSTILE) == []


def broken_by(world, name, typed):
    cast, _ = world
    client = logged_in(cast.actors[name])
    broken = []
    for view, keys in named_views():
        url = reverse(view, args=[key_of(world, "madeleine", key) for key in keys])
        for value in () if view in LEFT else typed():
            answers = (
                client.get(url, dict.fromkeys(PARAMETERS, value)),
                client.post(url, dict.fromkeys(FIELDS, value)),
            )
            broken += [
                (view, value[:12], answer.status_code) for answer in answers if answer.status_code >= 500
            ]
    return broken
