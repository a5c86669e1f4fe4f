"""Every screen is photographed (`make screenshots`), the main ones empty, full and in error."""

import inspect
from collections.abc import Iterator
from typing import Any

from django.urls import URLResolver, get_resolver

from tests.journeys.pages import SCREENS
from tests.journeys.screen import State

# What answers a GET with no page of its own.
NO_PAGE = {
    "for a machine": {
        "healthz",
        "readyz",
        "manifest",
        "worker",
        "accounts:passkey_options",
        "answers:kit",
        "kept_notes:key",
        "portal:offline_kit",
        "notifications:renewal",
        "overview:birth_places",
    },
    "a part of a page that is photographed": {
        "board:row",
        "documents:audience",
        "health_record:audience",
        "notes:audience",
        "overview:alert_count",
        "overview:alerts",
        "overview:badges",
        "overview:changes",
        "overview:moved",
        "overview:toast",
        "patients:moved",
        "portal:moved",
    },
    "a file": {
        "directory:proof",
        "documents:content",
        "documents:download",
        "notes:media_content",
        "notes:photo_download",
        "notes:photo_small",
        "overview:print_emergency_sheet",
        "pathways:export",
        "portal:note_photo",
        "portal:print_emergency_sheet",
        "programmes:batch_file",
        "programmes:inclusions_file",
        "programmes:sequences_file",
    },
    "leads to a page that is photographed": {
        "accounts:cps",
        "accounts:cps_answer",
        "accounts:cps_card",
        "accounts:franceconnect",
        "accounts:link",
        "accounts:psc",
        "accounts:psc_answer",
        "answers:link",
        "care_team:invitation",
        "portal:invitation",
        "portal:switch",
    },
    "an act whose answer is the page it was asked from": {
        "health_record:integrate",
        "health_record:no_allergy",
        "overview:acknowledge",
        "overview:mark_all_read",
        "portal:contest",
    },
}
_QUESTION = "one question, its yes and its no, in the page of cercle-retirer"
_OF_THE_REGION = "none stands in the region as it is loaded"
# Pages that no photograph shows, and why.
UNSEEN = {
    **dict.fromkeys(
        (
            "care_team:give_back_emergency",
            "care_team:inform_later",
            "care_team:restrict_parent",
            "care_team:withdraw_hand_over",
            "care_team:withdraw_name",
            "care_team:withdraw_request",
            "directory:reopen_account",
            "notes:media_withdraw",
            "overview:allow_creation",
            "portal:answer_request",
            "portal:lift_opposition",
            "portal:show_document",
            "portal:take_back",
            "portal:withdraw_carer",
            "portal:withdraw_document",
        ),
        _QUESTION,
    ),
    **dict.fromkeys(
        (
            "accounts:locked",
            "accounts:passkey_offer",
            "accounts:phone_code",
            "accounts:recover_factor",
            "answers:answer",
            "care_team:answer_circle_invitation",
            "care_team:answer_complaint",
            "care_team:explain_emergency",
            "directory:registration_code",
            "directory:registration_password",
            "patients:unmerge",
            "telemonitoring:contact",
        ),
        _OF_THE_REGION,
    ),
    "care_team:add_organization": "the page of cercle-rejoindre, for a structure",
    "care_team:ask_to_join": "the form of cercle-rejoindre, asked from outside the circle",
    "directory:add_member": "the form of administration-membre-nouveau, already filled",
    "directory:registration_proof": "the form behind inscription-structure, one file",
    "directory:switch": "one field of administration-reglages",
    "interop:open_access": "the form of partenaire, sent",
    "overview:discharge_of": "the page of retour-a-domicile, of an earlier letter",
    "overview:support_record": "the form of patient-nouveau, for somebody else",
    "patients:compare": "the table of identites-doublons, for two persons",
    "portal:carer": "the form of cercle-acces-proche, in the patient's words",
    "portal:examination": "the page of resultat-courbe, in the patient's words",
}
_EVERY = frozenset(State)
_FULL_EMPTY, _FULL_ERROR = _EVERY - {State.ERROR}, _EVERY - {State.EMPTY}
# The main screens, with the states they have: a page without a form is not sent wrong, a form is never empty.
MAIN = {
    **dict.fromkeys(
        (
            "overview:home",
            "overview:patients",
            "overview:record",
            "overview:timeline",
            "overview:emergency_sheet",
            "overview:discharge",
            "notes:list",
            "documents:list",
            "results:list",
            "health_record:summary",
            "care_team:circle",
            "care_team:choices",
            "care_team:access_log",
            "stays:list",
            "questionnaires:list",
            "telemonitoring:list",
            "care_plans:list",
            "board:alert",
            "board:cells",
            "directory:search",
            "directory:accounts",
            "directory:structures",
        ),
        _FULL_EMPTY,
    ),
    **dict.fromkeys(
        (
            "accounts:login",
            "accounts:code",
            "notes:write",
            "documents:add",
            "health_record:add",
            "care_team:invite",
            "questionnaires:fill",
            "telemonitoring:enrol",
            "telemonitoring:end",
            "telemonitoring:add_contact",
            "board:cell",
            "care_plans:include",
            "programmes:new",
            "overview:new_patient",
            "overview:export",
            "notifications:preferences",
            "answers:follow_up",
            "portal:answer",
            "portal:add_document",
            "patients:search",
            "patients:new",
            "directory:register",
        ),
        _FULL_ERROR,
    ),
    "board:board": _EVERY,
    "overview:search": _FULL_EMPTY,
}


def addresses(resolver: Any = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield f"{prefix}{entry.name}", entry.callback


def only_posts(view: Any) -> bool:
    """Declared by `@require_POST`, wherever it stands among the decorators."""
    while view is not None:
        methods = inspect.getclosurevars(view).nonlocals.get("request_method_list")
        if methods is not None:
            return list(methods) == ["POST"]
        view = getattr(view, "__wrapped__", None)
    return False


def pages() -> set[str]:
    """The addresses that answer a GET, but those of the FHIR interface."""
    return {
        name
        for name, view in addresses()
        if not only_posts(view) and "interop.fhir" not in view.__module__ and name != "interop:fhir"
    }


def test_every_screen_is_photographed():
    """Good: a `Screen` that ends there, in tests/journeys. Bad: a page that nobody looks at before a release."""
    without = set.union(*NO_PAGE.values())
    shown = {screen.address for screen in SCREENS}

    assert sorted(pages() - shown - without - set(UNSEEN)) == []
    assert sorted((without | set(UNSEEN)) & shown) == [], "photographed: take it from the list"
    assert sorted((without | set(UNSEEN)) - pages()) == [], "no such page: take it from the list"


def test_each_main_screen_is_photographed_in_each_of_its_states():
    lacking = {
        name: sorted(states - {screen.state for screen in SCREENS if screen.address == name})
        for name, states in MAIN.items()
    }

    assert {name: states for name, states in lacking.items() if states} == {}


def test_no_two_screens_are_photographed_under_one_name():
    names = [screen.name for screen in SCREENS]

    assert sorted(names) == sorted(set(names))
