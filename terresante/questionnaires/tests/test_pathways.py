"""Pathways as their administrator handles them: no code, no restart."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict, DomainError, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.questionnaires import archive, draft, pathway_actions, queries
from terresante.questionnaires.models import Pathway, PathwaySignature, PathwayVersion
from terresante.questionnaires.replay_queries import replayed
from terresante.questionnaires.tests.factories import answered, draft_of, files, published_version
from tests.cast import join, login, professional
from tests.costs import queries_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits

URL = "/administration/parcours/"


@pytest.fixture
def local_admin(cast):
    with walls_down():
        at = Organization.objects.get(pk=cast.amar.organization_id)
        return professional("locale", Profession.OTHER, at, duties=["local_administrator"])


def packed(sent):
    return SimpleUploadedFile("parcours.zip", archive.zipped(sent, "dossier"), content_type="application/zip")


def test_only_the_platform_s_administrator_changes_a_pathway(cast, admin, local_admin):
    version = published_version()
    with walls_down():
        own = PathwayVersion.objects.create(
            pathway=version.pathway, number=2, files=version.files, made_by_name="x", based_on=version
        )
    acts = {
        "load": lambda actor: pathway_actions.load(actor, files("autre")),
        "bring": lambda actor: pathway_actions.bring(actor, files("autre")),
        "clone": lambda actor: pathway_actions.clone(actor, version.pk),
        "copy": lambda actor: pathway_actions.copy_as(actor, version.pk, code="autre", title="Autre"),
        "save": lambda actor: pathway_actions.save_draft(actor, own.pk, files=files(), seen=own.changed_at),
        "abandon": lambda actor: pathway_actions.abandon_draft(actor, own.pk),
        "publish": lambda actor: pathway_actions.publish(actor, own.pk, note="x"),
        "retire": lambda actor: pathway_actions.retire(actor, version.pathway_id),
        "replay": lambda actor: replayed_by(actor, own.pk),
    }

    for name in ("amar", "ines", "dpo", "identito", "madeleine"):
        for act in acts.values():
            with pytest.raises((Refused, NotFound)):
                act(cast.actors[name])
    for act in acts.values():
        with pytest.raises((Refused, NotFound)):
            act(local_admin)
    for name, act in acts.items():
        try:
            act(admin)
        except (Conflict, Invalid, NotFound):
            continue  # an act before it has published or abandoned the draft: it is not refused
        except DomainError as error:
            pytest.fail(f"{name}: {error.sentence}")


def replayed_by(actor, key):
    with rls.acting(actor, read_only=True):
        return replayed(actor, key)


def test_a_brand_new_pathway_is_imported_published_and_offered(client, admin):
    login(client, admin)

    page = client.post(f"{URL}importer/", {"file": packed(files("chikungunya"))}, follow=True)
    assert "Aucune erreur" in page.content.decode()
    version = draft_of(PathwayVersion.objects.get(pathway__code="chikungunya"))
    assert not queries.published().exists()

    published = client.post(f"{URL}versions/{version.pk}/publier/", {"note": "Première version"}, follow=True)

    assert "Les suivis en cours gardent la leur" in published.content.decode()
    assert [one.pathway.code for one in queries.published()] == ["chikungunya"]
    with walls_down():
        assert OutboxEvent.objects.get(kind="PathwayPublished").payload["object_id"] == str(version.pk)
        assert AuditEntry.objects.get(action="pathway.publish").detail == {"code": "chikungunya", "number": 1}


def test_mistakes_are_said_with_their_file_and_line_and_keep_it_from_being_published(client, admin):
    wrong = files(**{"rules.csv": files()["rules.csv"].replace("36.0..37.9", "37.9..36.0")})
    login(client, admin)

    page = client.post(f"{URL}importer/", {"file": packed(wrong)}, follow=True).content.decode()
    assert "rules.csv, ligne 2</a>" in page
    with walls_down():
        version = PathwayVersion.objects.get()

    answer = client.post(f"{URL}versions/{version.pk}/publier/", {"note": "Essai"})

    assert answer.status_code == 422 and "ne peut pas être publié" in answer.content.decode()
    assert not queries.published().exists()


def test_an_example_that_does_not_give_what_it_says_keeps_it_from_being_published(admin):
    with pytest.raises(Invalid, match=r"examples/fievre\.toml"):
        pathway_actions.load(
            admin,
            files(**{"examples/fievre.toml": files()["examples/fievre.toml"].replace('"red"', '"green"')}),
        )


@pytest.mark.parametrize(
    "content", [b"", b"pas un fichier", b"{}", b"[1]", b"PK\x03\x04" + b"x" * 50, b"\xff" * 90]
)
def test_what_is_no_pathway_is_refused_with_a_sentence(client, admin, content):
    login(client, admin)

    answer = client.post(f"{URL}importer/", {"file": SimpleUploadedFile("x.zip", content)})

    assert answer.status_code == 422 and "error-summary" in answer.content.decode()
    with walls_down():
        assert not Pathway.objects.exists()


def test_a_bundle_that_was_exported_is_imported_again(client, admin):
    version = published_version()
    login(client, admin)
    sent = client.get(f"{URL}versions/{version.pk}/exporter/fhir/")
    assert sent["Content-Type"].startswith("application/fhir+json")
    bundle = json.loads(sent.content)
    kinds = {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert {"PlanDefinition", "Questionnaire"} <= kinds
    folder = client.get(f"{URL}versions/{version.pk}/exporter/zip/")
    assert archive.unzipped(folder.content) == version.files

    client.post(f"{URL}importer/", {"file": SimpleUploadedFile("essai.json", sent.content)})

    again = draft_of(version)
    assert again.read().rules == version.read().rules


def test_thresholds_edited_in_the_screen_hold_for_who_comes_next_and_not_for_who_runs(client, cast, admin):
    first = published_version()
    login(client, admin)
    client.post(f"{URL}versions/{first.pk}/brouillon/")
    second = draft_of(first)
    page = client.get(f"{URL}versions/{second.pk}/modifier/seuils/").content.decode()
    assert 'name="row-0-green-0-high" value="37,9"' in page and 'name="row-0-red"' in page

    rules = {
        f"row-{number}-{column}": value
        for number, row in enumerate(draft.rows(second.files, draft.RULES))
        for column, value in row.items()
    }
    rules |= {"row-0-orange": "38.0..40.9 | 35.0..35.9", "row-0-red": ">= 41.0 | < 35.0"}
    example = files()["examples/fievre.toml"].replace('"red"', '"orange"')
    posted = client.post(
        f"{URL}versions/{second.pk}/modifier/seuils/",
        {**rules, "seen": second.changed_at.isoformat()},
        follow=True,
    )
    assert "Le brouillon est enregistré" in posted.content.decode()
    second = draft_of(first)
    client.post(
        f"{URL}versions/{second.pk}/modifier/fichiers/?fichier=examples/fievre.toml",
        {"content": example, "seen": second.changed_at.isoformat()},
    )
    client.post(f"{URL}versions/{second.pk}/publier/", {"note": "Fièvre à 41"})

    fever = {"answers": {"temperature": Decimal("39.5"), "sommeil": "bon"}}
    assert answered(cast.ines, cast.madeleine_record, first, **fever).colour == "red"
    assert answered(cast.brun, cast.leon_record, second, **fever).colour == "orange"
    with walls_down():
        assert PathwayVersion.objects.get(pk=first.pk).status == "retired"
    assert [one.pk for one in queries.published()] == [second.pk]


def test_two_who_edit_one_draft_do_not_overwrite_each_other(admin):
    own = pathway_actions.clone(admin, published_version().pk)
    pathway_actions.save_draft(admin, own.pk, files=own.files, seen=own.changed_at)

    with pytest.raises(Conflict):
        pathway_actions.save_draft(admin, own.pk, files=own.files, seen=own.changed_at)
    with pytest.raises(Conflict, match="déjà un brouillon"):
        pathway_actions.clone(admin, published_version().pk)


def test_questions_and_texts_are_edited_in_the_screen(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    login(client, admin)

    client.post(
        f"{URL}versions/{own.pk}/modifier/questions/",
        {
            "seen": own.changed_at.isoformat(),
            "quotidien:temperature:text": "Température ce matin ?",
            "quotidien:temperature:required": "1",
            "quotidien:temperature:lowest": "34",
            "quotidien:temperature:highest": "43",
        },
    )
    own = draft_of(own)
    client.post(
        f"{URL}versions/{own.pk}/modifier/textes/",
        {"seen": own.changed_at.isoformat(), "text-red": "Faites le 15 tout de suite."},
    )

    said = draft_of(own).read()
    assert said.forms["quotidien"].questions[0].text == "Température ce matin ?"
    assert said.forms["quotidien"].questions[0].lowest == 34
    assert said.texts["red"] == "Faites le 15 tout de suite."


def test_a_question_is_added_relabelled_and_taken_away_without_a_line_of_code(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    login(client, admin)
    here = f"{URL}versions/{own.pk}/modifier/questions/"
    sent = {
        "seen": own.changed_at.isoformat(),
        "quotidien:sommeil:text": "Comment avez-vous dormi ?",
        "quotidien:sommeil:required": "1",
        "quotidien:sommeil:option:mauvais": "Très mal",
        "quotidien:nuit:text": "Qu’est-ce qui vous a réveillée ?",
        "quotidien:nuit:removed": "1",
        "quotidien:+:text": "Toussez-vous ?",
        "quotidien:+:type": "choice",
    }
    refused = client.post(here, {**sent, "quotidien:+:choices": "Non"})
    assert refused.status_code == 422 and "deux au moins" in refused.content.decode()
    assert client.post(here, {**sent, "quotidien:+:choices": "Non\r\nÀ sec\r\nÀ sec\r\n"}).status_code == 302

    form = draft_of(own).read().forms["quotidien"]
    assert [question.link_id for question in form.questions] == ["temperature", "sommeil", "toussez-vous"]
    assert [option.label for option in form.questions[1].options] == ["Bien", "Très mal"]
    assert [option.code for option in form.questions[2].options] == ["non", "a-sec", "a-sec-2"]
    assert not [one for one in pathway_actions.mistakes(draft_of(own).files) if not one.is_warning]


def test_the_editor_of_thresholds_says_in_words_what_its_codes_mean(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    login(client, admin)

    page = client.get(f"{URL}versions/{own.pk}/modifier/seuils/").content.decode()

    assert 'name="row-1-green-code:bon" value="1" checked> <span>Bien</span>' in page
    assert '<option value="quotidien sommeil" selected>Comment avez-vous dormi' in page
    assert "row-0-green-mots" not in page
    assert '<option value="yes" selected>Oui</option>' in page


def test_a_draft_is_replayed_without_anybody_s_name(client, cast, admin):
    version = published_version()
    loader = Actor.job("tests", channel=Channel.COMMAND)
    for record, temperature in ((cast.madeleine_record, "39.5"), (cast.leon_record, "38.5")):
        answered(
            loader,
            record,
            version,
            patient_id=record.patient_id,
            authored_at=timezone.now() - timedelta(days=2),
            source="link",
            answers={
                "temperature": Decimal(temperature),
                "sommeil": "mauvais",
                "nuit": "Odile Leroux m’appelle",
            },
        )
    own = pathway_actions.clone(admin, version.pk)
    rules = (
        own.files["rules.csv"].replace(">= 39.0 | < 35.0", ">= 38.0 | < 35.0").replace("38.0..38.9 | ", "")
    )
    pathway_actions.save_draft(admin, own.pk, files={**own.files, "rules.csv": rules}, seen=own.changed_at)
    login(client, admin)

    page = client.get(f"{URL}versions/{own.pk}/rejouer/").content.decode()

    assert "1\u00a0réponse change de couleur sur 2" in page
    assert "Odile" not in page and "LEROUX" not in page
    with walls_down():
        assert AuditEntry.objects.filter(action="pathway.replay", user_id=admin.user_id).exists()
    found = replayed_by(admin, own.pk)
    assert [(day.old_red, day.old_orange, day.new_red, day.new_orange) for day in found.days] == [
        (1, 1, 2, 0)
    ]
    assert found.named == ()


def test_a_replay_is_given_no_own_words_of_the_enrolment_either(cast, admin):
    version = published_version()
    known = {"nuit": "Odile Leroux m’appelle", "temperature": Decimal("37.5"), "sommeil": "bon"}
    answered(cast.ines, cast.madeleine_record, version, answers=known, baseline=known)
    own = pathway_actions.clone(admin, version.pk)

    with rls.acting(admin, read_only=True), connection.cursor() as cursor:
        cursor.execute("SELECT answers, baseline FROM pathway_answers(%s, '2000-01-01', 9)", [own.pk])
        ((answers, baseline),) = cursor.fetchall()

    assert json.loads(answers) == json.loads(baseline) == {"temperature": 37.5, "sommeil": "bon"}


def test_whom_a_replay_names_are_the_patients_of_who_asks(cast, admin):
    """The same administrator, in Leon's circle now: he reads of him what he could read anyway, and of nobody else."""
    version = published_version()
    for actor, record in ((cast.ines, cast.madeleine_record), (cast.brun, cast.leon_record)):
        answered(actor, record, version, answers={"temperature": Decimal("38.5"), "sommeil": "bon"})
    own = pathway_actions.clone(admin, version.pk)
    rules = (
        own.files["rules.csv"].replace(">= 39.0 | < 35.0", ">= 38.0 | < 35.0").replace("38.0..38.9 | ", "")
    )
    pathway_actions.save_draft(admin, own.pk, files={**own.files, "rules.csv": rules}, seen=own.changed_at)
    with walls_down():
        physician = professional(
            "double",
            Profession.DOCTOR,
            Organization.objects.get(pk=cast.dpo.organization_id),
            duties=["administrator"],
        )
    assert replayed_by(physician, own.pk).named == ()
    with walls_down():
        join(cast.leon_record, practitioner_id=physician.person_id)

    named = replayed_by(physician, own.pk).named

    assert [row.patient_id for row, _ in named] == [cast.leon_record.patient_id]


def test_a_structure_signs_once_and_in_its_own_name(client, cast, admin, local_admin):
    version = published_version()
    with pytest.raises((Refused, NotFound)):
        pathway_actions.sign(cast.amar, version.pk)
    login(client, local_admin)
    assert "Votre structure, Cabinet des Lilas" in client.get(f"{URL}versions/{version.pk}/").content.decode()

    client.post(f"{URL}versions/{version.pk}/valider/")

    with walls_down():
        assert PathwaySignature.objects.get().organization_name == "Cabinet des Lilas"
    with pytest.raises(Conflict):
        pathway_actions.sign(local_admin, version.pk)
    own = pathway_actions.clone(admin, version.pk)
    with pytest.raises((Refused, NotFound)):
        pathway_actions.sign(admin, own.pk)


def test_a_retired_pathway_is_offered_no_more_and_answered_to_the_end(cast, admin):
    version = published_version()

    pathway_actions.retire(admin, version.pathway_id)

    assert not queries.published().exists()
    assert answered(cast.ines, cast.madeleine_record, version).version_id == version.pk
    own = pathway_actions.clone(admin, version.pk)
    pathway_actions.publish(admin, own.pk, note="De retour")
    assert [one.pk for one in queries.published()] == [own.pk]


def test_a_folder_is_loaded_by_a_command_and_a_version_more_only_when_it_differs(tmp_path, capsys):
    for name, text in files("essai").items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    call_command("pathway", "load", str(tmp_path))
    call_command("pathway", "load", str(tmp_path))
    (tmp_path / "texts.toml").write_text(files()["texts.toml"].replace("À demain", "À bientôt"))
    call_command("pathway", "load", str(tmp_path))

    said = capsys.readouterr().out
    assert said.count("publiée") == 2 and said.count("inchangée") == 1
    with walls_down():
        numbers = PathwayVersion.objects.order_by("number").values_list("number", "status")
        assert list(numbers) == [(1, "retired"), (2, "published")]
    (tmp_path / "rules.csv").write_text("rule;questionnaire\n")
    with pytest.raises((CommandError, SystemExit)):
        call_command("pathway", "load", str(tmp_path))


def test_files_that_come_with_a_release_do_not_replace_what_was_published_here(admin):
    loaded, _ = pathway_actions.load(admin, files())
    own = pathway_actions.clone(admin, loaded.pk)
    texts = files()["texts.toml"].replace("À demain", "À bientôt")
    pathway_actions.save_draft(admin, own.pk, files={**own.files, "texts.toml": texts}, seen=own.changed_at)
    pathway_actions.publish(admin, own.pk, note="À nous")

    again, is_new = pathway_actions.load(admin, files())
    assert (again.pk, is_new) == (loaded.pk, False)
    newer, is_new = pathway_actions.load(
        admin, files(**{"texts.toml": texts.replace("demain", "plus tard") + "\n"})
    )

    assert (is_new, newer.status) == (True, "draft")
    assert [one.pk for one in queries.published()] == [own.pk]


def test_a_professional_who_administers_nothing_finds_no_page_of_pathways(client, cast):
    version = published_version()
    login(client, cast.amar)

    for page in (
        "",
        f"{version.pathway_id}/",
        f"versions/{version.pk}/",
        f"versions/{version.pk}/exporter/zip/",
    ):
        assert client.get(URL + page).status_code == 403, page


def test_the_list_of_pathways_costs_the_same_with_many(client, admin):
    published_version("un")
    login(client, admin)
    client.get(URL)
    one = queries_of(client, URL)
    for number in range(12):
        published_version(f"p{number}")

    assert queries_of(client, URL) == one
