"""Pictures that came with what waits for a person: sealed for the house, until a return takes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault

MOST: Final = 20  # of one intake

ADD: Final = """
INSERT INTO intake_photo (tenant_id, id, intake_id, sealed, sha256, width, height, bytes, at)
SELECT current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8
 WHERE (SELECT count(*) FROM intake_photo WHERE tenant_id = current_tenant() AND intake_id = $2) < $9
ON CONFLICT (tenant_id, intake_id, sha256) DO NOTHING
"""
LIST: Final = """
SELECT id, width, height, bytes, at FROM intake_photo WHERE tenant_id = current_tenant() AND intake_id = $1 ORDER BY at, id
"""
READ: Final = """
SELECT f.tenant_id, f.sealed FROM intake_photo f
  JOIN intake i ON i.tenant_id = f.tenant_id AND i.id = f.intake_id
 WHERE f.tenant_id = current_tenant() AND f.id = $1 AND ($2::uuid IS NULL OR i.store_id = $2)
"""
TAKE: Final = """
DELETE FROM intake_photo WHERE tenant_id = current_tenant() AND intake_id = $1
RETURNING tenant_id, id, sealed, width, height
"""

DROP: Final = "DELETE FROM intake_photo WHERE tenant_id = current_tenant() AND intake_id = $1"


@dataclass(frozen=True, slots=True)
class IntakePhoto:
    """A picture as a list shows it; sizes in pixels and bytes."""

    id: UUID
    width: int
    height: int
    bytes: int
    at: datetime
    is_video: bool = False

    @property
    def name(self) -> str:
        """Return its last part in addresses."""
        return f"{self.id}.webp"


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture in the clear, on its way to a return."""

    tenant_id: UUID
    content: bytes
    width: int
    height: int


async def add(
    db: Db, vault: Vault, *, tenant_id: UUID, intake_id: UUID, content: bytes, sha256: bytes, width: int, height: int,
    at: datetime,
) -> None:  # fmt: skip
    """Keep a picture with an intake, once, as long as it has fewer than 20."""
    photo_id = new_id()
    sealed = vault.lock(content, tenant_id=tenant_id, purpose=_purpose(photo_id))
    await db.execute(ADD, photo_id, intake_id, sealed, sha256, width, height, len(content), at, MOST)


async def of_intake(db: Db, intake_id: UUID) -> list[IntakePhoto]:
    """Return the pictures of an intake, oldest first."""
    return [IntakePhoto(**row) for row in await db.fetch(LIST, intake_id)]


async def read(db: Db, vault: Vault, photo_id: UUID, *, store_id: UUID | None) -> bytes | None:
    """Return a picture (of that store, if named) as WebP, or nothing."""
    row = await db.fetchrow(READ, photo_id, store_id)
    return vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose=_purpose(photo_id)) if row else None


async def take(db: Db, vault: Vault, intake_id: UUID) -> list[Taken]:
    """Take the pictures of an intake away from it and return them."""
    rows = sorted(await db.fetch(TAKE, intake_id), key=lambda row: row["id"])
    found = list[Taken]()
    for row in rows:
        content = vault.unlock(row["sealed"], tenant_id=row["tenant_id"], purpose=_purpose(row["id"]))
        found.append(Taken(row["tenant_id"], content, row["width"], row["height"]))
    return found


async def drop(db: Db, intake_id: UUID) -> None:
    """Delete the pictures of an intake of which nothing comes."""
    await db.execute(DROP, intake_id)


def _purpose(photo_id: UUID) -> str:
    return f"intake_photo:{photo_id}"
