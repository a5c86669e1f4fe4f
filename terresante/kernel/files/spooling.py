"""How Django receives the files of a body: on disk, one after the other, none beyond its limit."""

from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler

from terresante.kernel.files.kinds import LARGEST

# Of a body: a file of the largest size, and what stands around it. As in deploy/Caddyfile.
MOST = LARGEST + 10_000_000


class BoundedSpool(TemporaryFileUploadHandler):
    """A file beyond the limit is cut one byte after it, which `kind_of` then refuses: the disk holds no more of it."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *rest: Any) -> None:
        if content_length > MOST:
            raise RequestDataTooBig("a body is larger than what deploy/Caddyfile lets through")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = LARGEST + 1 - start
        if room > 0:
            super().receive_data_chunk(raw_data[:room], start)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        return super().file_complete(min(file_size, LARGEST + 1))
