"""Returns that were merged: what is said of one is said of the return that goes on."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.rma.load import find_by_number

GOES_ON: Final = """
WITH RECURSIVE named (id, number, merged_into) AS (
  SELECT id, number, merged_into FROM rma WHERE tenant_id = current_tenant() AND id = $1
  UNION
  SELECT r.id, r.number, r.merged_into FROM named n JOIN rma r ON r.tenant_id = current_tenant() AND r.id = n.merged_into)
SELECT id, number FROM named WHERE merged_into IS NULL
"""


@dataclass(frozen=True, slots=True)
class GoingOn:
    """The return that a merged one is a part of now, or the one that was asked about."""

    id: UUID
    number: int


async def goes_on(db: Db, rma_id: UUID) -> GoingOn:
    """Return the return that one was merged into, or itself."""
    row = await db.fetchrow(GOES_ON, rma_id)
    assert row is not None, "a return is never deleted, and none is merged into itself"
    return GoingOn(**row)


async def find_going_on(db: Db, number: int) -> UUID | None:
    """Return the id of the return that a number on a parcel leads to: its own, or the one that it was merged into."""
    named = await find_by_number(db, number)
    return None if named is None else (await goes_on(db, named)).id
