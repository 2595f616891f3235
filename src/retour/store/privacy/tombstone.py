"""Who was erased, by ids alone, in a file beside the database: a backup from before does not bring anybody back."""

import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Tombstones:
    """A file with one line for each erased person: the account's id and the person's; only ever added to."""

    path: Path

    def write(self, tenant_id: UUID, person_id: UUID) -> None:
        """Add a person and wait until the line is on disk; a person who stands there already is not added again."""
        if person_id in self.of(tenant_id):
            return
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{tenant_id} {person_id}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def of(self, tenant_id: UUID) -> set[UUID]:
        """Return the erased people of an account; a line that was cut off says nothing."""
        try:
            lines = self.path.read_text().splitlines()
        except FileNotFoundError:
            return set()
        known = f"{tenant_id} "
        return {UUID(line.removeprefix(known)) for line in lines if line.startswith(known) and len(line) == 73}
