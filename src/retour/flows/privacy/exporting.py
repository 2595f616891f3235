"""Everything that is held of a person as zip files: rows as JSON, documents as they came, photos and videos."""

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.attachment import Media
from retour.core.event import EventType
from retour.core.privacy import Keep, RequestState, days_of, names
from retour.flows.privacy.asking import tell
from retour.store.db import Database, Db, Record
from retour.store.intake import photos as intake_photos
from retour.store.photo import ENDINGS
from retour.store.privacy import bodies, gathering, rows
from retour.store.privacy.gathering import Kept
from retour.store.privacy.rows import Request
from retour.store.vault import Vault

PART_BYTES: Final = 32 * 1024 * 1024  # a part is closed once it is as large
STRETCH: Final = 500


class _Archive:
    """A zip file in memory that is being filled."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._zip = zipfile.ZipFile(self._buffer, "w", zipfile.ZIP_DEFLATED)
        self.files = 0

    @property
    def size(self) -> int:
        return self._buffer.tell()

    def add(self, kept: Kept) -> None:
        """Add a file; two of one name are told apart."""
        path, n = kept.path, 1
        while path in self._zip.NameToInfo:
            n += 1
            stem, dot, ending = kept.path.rpartition(".")
            path = f"{stem}-{n}{dot}{ending}"
        how = zipfile.ZIP_STORED if path.startswith("photos/") else zipfile.ZIP_DEFLATED
        self._zip.writestr(path, kept.content, compress_type=how)
        self.files += 1

    def close(self) -> bytes:
        self._zip.close()
        return self._buffer.getvalue()


async def export(
    database: Database,
    vault: Vault,
    request: Request,
    person: Record,
    *,
    days: Mapping[Keep, int | None],
    clock: Callable[[], datetime],
    part_bytes: int = PART_BYTES,
) -> None:
    """Gather what is held of a person into parts under the person's key; breaking off half-way begins anew.

    Rows of one moment; files one at a time, so that a process never holds more than a part and a file.
    """
    tenant_id: UUID = person["tenant_id"]
    async with database.tx(tenant_id) as db:
        await rows.drop_parts(db, request.id)
        kept = await gathering.sections(db, person["id"])
        kept += [document async for document in gathering.documents(db, vault, person)]
        pictures = await gathering.files(db, person["id"])
    archive, part, files = _Archive(), 1, 0
    for one in kept + await _unassigned(database, vault, request, person):
        archive.add(one)
    for row in pictures:
        async with database.tx(tenant_id) as db:
            plain = await gathering.file(db, vault, row["id"])
        if plain is None:
            continue
        if archive.files and archive.size + len(plain) > part_bytes:
            await _keep(database, vault, request, person, part, archive)
            archive, part, files = _Archive(), part + 1, files + archive.files
        number = f"R-{row['number']}-" if row["number"] else ""
        archive.add(Kept(f"photos/{number}{row['id']}.{ENDINGS[Media(row['media'])]}", plain))
    await _keep(database, vault, request, person, part, archive)
    counts = {"files": files + archive.files, "parts": part}

    async def work(db: Db) -> None:
        now = clock()
        lasts = days_of(days)[Keep.EXPORTS]
        assert lasts is not None, "an export always has an end"
        if await rows.end(
            db, request.id, RequestState.DONE, at=now, facts=counts, expires_at=now + timedelta(days=lasts)
        ):
            await tell(db, EventType.PRIVACY_EXPORTED, request, actor=request.actor, now=now, counts=counts)

    await database.run(tenant_id, work)


async def _unassigned(database: Database, vault: Vault, request: Request, person: Record) -> list[Kept]:
    """Return what was received that belongs to nobody yet and has the person's own address in it."""
    texts, after, found = [text for text in (person["email"],) if text], None, []
    if not texts:
        return []
    while True:
        async with database.tx(person["tenant_id"]) as db:
            some, after = await bodies.inbox(db, vault, store_id=request.store_id, after=after, most=STRETCH)
            if after is None:
                some += await bodies.others(db, vault, store_id=request.store_id)
            theirs = [body for body in some if names(body.plain, texts)]
            pictures = [(b, photo) for b in theirs for photo in await intake_photos.of_intake(db, b.id)]
            for body, photo in pictures:
                plain = await intake_photos.read(db, vault, photo.id, store_id=request.store_id)
                found += [Kept(f"unassigned/{body.source}-{body.id}-{photo.name}", plain)] if plain else []
        found += [Kept(f"unassigned/{b.source}-{b.id}.json", b.plain) for b in theirs]
        if after is None:
            return found


async def _keep(
    database: Database, vault: Vault, request: Request, person: Record, part: int, archive: _Archive
) -> None:
    plain = archive.close()
    sealed = vault.lock_for_person(
        plain, person_key=person["sealed_key"], tenant_id=person["tenant_id"], person_id=person["id"]
    )
    async with database.tx(person["tenant_id"]) as db:
        await rows.add_part(db, request.id, part, sealed, size=len(plain))
