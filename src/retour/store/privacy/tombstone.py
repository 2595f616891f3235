"""Who was erased, by ids alone, in a file beside the database: a backup from before does not bring anybody back."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

_ID: Final = r"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"
_LINE: Final = re.compile(rf"{_ID} {_ID} {_ID}")


@dataclass(frozen=True, slots=True)
class Tombstones:
    """A file with one line for each erased person: the ids of account, person and request; only ever added to."""

    path: Path

    def write(self, tenant_id: UUID, person_id: UUID, request_id: UUID) -> None:
        """Add a person and wait until the line is on disk; who stands there already for that request is not added again.

        Raises OSError if the line could not be written whole.
        """
        if (person_id, request_id) in self.of(tenant_id):
            return
        fresh = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"  # a line that was cut off takes no other with it
            line = (b"\n" if torn else b"") + f"{tenant_id} {person_id} {request_id}\n".encode()
            if os.write(handle, line) != len(line):
                raise OSError(f"{self.path}: the line was cut off")
            os.fsync(handle)
        finally:
            os.close(handle)
        if fresh:
            _keep_name(self.path.parent)

    def of(self, tenant_id: UUID) -> set[tuple[UUID, UUID]]:
        """Return the erased people of an account, each with the request; a line that was cut off says nothing."""
        try:
            lines = self.path.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return set()
        whole = [found.groups() for line in lines if (found := _LINE.fullmatch(line))]
        return {(UUID(person), UUID(request)) for tenant, person, request in whole if tenant == str(tenant_id)}


def _keep_name(folder: Path) -> None:
    """Wait until a new file's name is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
