import io
import os
from datetime import timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.files.storage import storages
from django.db import InternalError, ProgrammingError
from django.utils import timezone

from terresante.kernel import rls, sealing
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound
from terresante.kernel.files import vault
from terresante.kernel.models import StoredFile
from terresante.kernel.sealing import Unsealable
from tests.walls import walls_down

pytestmark = pytest.mark.commits
JOB = Actor.job("essai")


@pytest.fixture(autouse=True)
def folder(files_of_the_test, tmp_path):
    return tmp_path


def put_away(content: bytes) -> tuple[StoredFile, vault.Stored]:
    with rls.acting(JOB):
        file = vault.register()
    return file, vault.put(file, io.BytesIO(content))


@pytest.mark.parametrize("size", [1, vault.CHUNK - 1, vault.CHUNK, vault.CHUNK + 1, 3 * vault.CHUNK])
def test_what_is_read_is_what_was_put_away(folder, size):
    content = os.urandom(size)

    file, stored = put_away(content)

    assert b"".join(vault.read(file, size=size)) == content
    assert stored.size == size and stored.sha256 == sha256(content).hexdigest()
    assert (folder / file.name).stat().st_size == size + 16 * -(-size // vault.CHUNK)


def test_nothing_readable_lies_in_the_folder_and_no_two_files_look_alike(folder):
    content = b"Compte rendu de Mme Leroux" * 100

    (one, _), (other, _) = put_away(content), put_away(content)

    first, second = (folder / one.name).read_bytes(), (folder / other.name).read_bytes()
    assert b"Leroux" not in first and first != second


@pytest.mark.parametrize("harm", ["changed", "cut at a chunk", "cut inside", "swapped", "lengthened"])
def test_a_file_that_was_touched_is_never_given_whole(folder, harm):
    content = os.urandom(3 * vault.CHUNK)
    file, _ = put_away(content)
    there, whole = folder / file.name, vault.CHUNK + 16
    sealed = there.read_bytes()
    there.write_bytes(
        {
            "changed": sealed[:-1] + bytes([sealed[-1] ^ 1]),
            "cut at a chunk": sealed[: 2 * whole],
            "cut inside": sealed[:-5],
            "swapped": sealed[whole : 2 * whole] + sealed[:whole] + sealed[2 * whole :],
            "lengthened": sealed[: 2 * whole] + sealed[:whole],
        }[harm]
    )

    with pytest.raises((Unsealable, NotFound)):
        b"".join(vault.read(file, size=len(content)))


def test_the_size_of_the_row_cannot_shorten_a_file(folder):
    file, _ = put_away(os.urandom(2 * vault.CHUNK))

    with pytest.raises(NotFound):
        b"".join(vault.read(file, size=vault.CHUNK))


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (5, 9),
        (vault.CHUNK - 1, vault.CHUNK + 1),
        (vault.CHUNK, 2 * vault.CHUNK),
        (2 * vault.CHUNK + 3, None),
    ],
)
def test_a_stretch_is_read_without_what_stands_before_it(folder, start, stop):
    content = os.urandom(2 * vault.CHUNK + 99)
    file, stored = put_away(content)
    assert b"".join(vault.read(file, size=stored.size, start=start, stop=stop)) == content[start:stop]


def test_a_lost_file_is_said_before_anything_is_answered(folder):
    file, _ = put_away(b"x")
    (folder / file.name).unlink()

    with pytest.raises(NotFound, match="administrateur"):
        vault.read(file, size=1)


def test_a_file_is_kept_once(folder):
    file, _ = put_away(b"x")
    with rls.acting(JOB):
        vault.keep(file.pk)

    with rls.acting(JOB), pytest.raises(Conflict):
        vault.keep(file.pk)


def test_what_no_action_kept_is_erased_after_a_day_with_its_key(folder):
    (left, _), (kept, _), (fresh, _) = put_away(b"left"), put_away(b"kept"), put_away(b"fresh")
    with walls_down():
        StoredFile.objects.exclude(pk=fresh.pk).update(created_at=timezone.now() - timedelta(hours=25))
    with rls.acting(JOB):
        vault.keep(kept.pk)

    with rls.acting(JOB):
        assert vault.sweep(now=timezone.now()) == 1

    assert not storages["files"].exists(left.name) and storages["files"].exists(kept.name)
    with walls_down():
        assert set(StoredFile.objects.values_list("pk", flat=True)) == {kept.pk, fresh.pk}


def test_a_page_neither_erases_a_file_nor_changes_its_key(folder, cast):
    file, _ = put_away(b"x")
    for harm in (
        lambda: StoredFile.objects.filter(pk=file.pk).delete(),
        lambda: StoredFile.objects.filter(pk=file.pk).update(sealed_key=b"0"),
        lambda: StoredFile.objects.filter(pk=file.pk).update(name="elsewhere"),
    ):
        with pytest.raises((ProgrammingError, InternalError)), rls.acting(cast.amar):
            harm()


def test_keys_turn_and_contents_are_not_touched(folder, monkeypatch):
    file, _ = put_away(b"content")
    before = (folder / file.name).read_bytes()
    old = sealing._keys()
    monkeypatch.setattr(sealing, "_keys", lambda: {2: AESGCM(bytes(32)), **old})

    with rls.acting(JOB):
        assert (vault.wrap_again(), vault.wrap_again()) == (1, 0)
    monkeypatch.setattr(sealing, "_keys", lambda: {2: AESGCM(bytes(32))})

    file.refresh_from_db()
    assert b"".join(vault.read(file, size=7)) == b"content"
    assert (folder / file.name).read_bytes() == before
