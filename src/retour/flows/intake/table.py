"""A file of returns: each is taken in by itself, looked at before it is done, and done twice it is done once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.errors import Objection, Refused
from retour.core.intake import FileReturn, read_table
from retour.flows.intake.hands import Hands
from retour.flows.intake.taking import Source, take_in
from retour.store import intake as intakes
from retour.store.db import Db
from retour.store.vault import Vault

MOST_RETURNS: Final = 500  # of one file


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one return of a file; `lines` are those of the file, `objections` name line and column."""

    id: str
    lines: tuple[int, ...]
    outcome: str
    number: int | None = None
    why: str | None = None
    objections: Sequence[Objection] = ()


def read_file(text: str) -> tuple[FileReturn, ...]:
    """Return the returns of a file; raise Refused(file_invalid, file_too_long)."""
    found = read_table(text)
    if len(found) > MOST_RETURNS:
        raise Refused("file_too_long", f"a file may have {MOST_RETURNS} returns", field="csv")
    return found


def source_of_files(*, tenant_id: UUID, store_id: UUID, actor: str) -> Source:
    """Return who speaks in the files of a store: the same return is the same in whatever file it stands."""
    return Source(tenant_id, store_id, f"csv:{store_id}", Channel.CSV, actor, decides=True)


async def import_one(db: Db, vault: Vault, source: Source, found: FileReturn, *, hands: Hands, now: datetime) -> Row:
    """Take one return of a file in, inside the open transaction."""
    if found.document is None:
        return Row(found.id, found.lines, "refused", objections=found.objections)
    try:
        taken = await take_in(db, vault, source, found.document, hands=hands, now=now)
    except Refused as no:
        return Row(
            found.id, found.lines, "refused", objections=[replace(o, field=_at(found, o)) for o in no.objections]
        )
    return Row(found.id, found.lines, taken.outcome.value, taken.number, taken.why)


def _at(found: FileReturn, objection: Objection) -> str:
    return f"line {found.lines[0]}" + (f".{objection.field}" if objection.field else "")


async def preview(
    db: Db, vault: Vault, source: Source, found: Sequence[FileReturn], *, hands: Hands, now: datetime
) -> list[Row]:
    """Return what would become of a file, and leave nothing behind: it is done, and undone."""
    async with intakes.undone(db):
        return [await import_one(db, vault, source, one, hands=hands, now=now) for one in found]
