"""Everything that is held of a person as zip files: rows as JSON, documents as they came, photos and videos."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.attachment import Media
from retour.core.event import EventType
from retour.core.order import Person
from retour.core.privacy import Keep, RequestState, days_of
from retour.core.recognition import signs_of
from retour.flows.privacy.asking import tell
from retour.flows.privacy.finding import about
from retour.store.db import Database, Db, Record
from retour.store.intake import photos as intake_photos
from retour.store.photo import ENDINGS
from retour.store.privacy import bodies, gathering, rows
from retour.store.privacy.bodies import PAGE_BYTES, Ref, Where
from retour.store.privacy.gathering import Kept
from retour.store.privacy.rows import Request
from retour.store.vault import Vault

PART_BYTES: Final = 32 * 1024 * 1024  # a part is closed once it is as large


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


@dataclass(slots=True)
class _Parts:
    """The parts of an export: one is filled, those before it are kept under the person's key."""

    database: Database
    vault: Vault
    request: Request
    person: Record
    part_bytes: int
    archive: _Archive = field(default_factory=_Archive)
    n: int = 1
    files: int = 0

    async def add(self, kept: Kept | None) -> None:
        """Add a file, to a new part where it does not fit any more."""
        if kept is None:
            return
        if self.archive.files and self.archive.size + len(kept.content) > self.part_bytes:
            await self.close()
            self.archive, self.n = _Archive(), self.n + 1
        self.archive.add(kept)
        self.files += 1

    def drop(self) -> None:
        """Let go of the part that is filled; whoever broke off begins anew."""
        self.archive.close()

    async def close(self) -> None:
        """Keep the part that is filled."""
        plain = self.archive.close()
        sealed = self.vault.lock_for_person(
            plain, person_key=self.person["sealed_key"], tenant_id=self.person["tenant_id"], person_id=self.person["id"]
        )
        async with self.database.tx(self.person["tenant_id"]) as db:
            await rows.add_part(db, self.request.id, self.n, sealed, size=len(plain))


async def export(
    database: Database,
    vault: Vault,
    request: Request,
    person: Record,
    *,
    days: Mapping[Keep, int | None],
    clock: Callable[[], datetime],
    part_bytes: int = PART_BYTES,
    page_bytes: int = PAGE_BYTES,
) -> None:
    """Gather what is held of a person into parts under the person's key; breaking off half-way begins anew.

    Rows of one moment; then documents and files one at a time and received bodies a page at a time, so that a process
    never holds more of them than a part and a page.
    """
    tenant_id: UUID = person["tenant_id"]
    parts = _Parts(database, vault, request, person, part_bytes)
    async with database.tx(tenant_id) as db:
        await rows.drop_parts(db, request.id)
        sections = await gathering.sections(db, person["id"])
        documents = await gathering.documents(db, person["id"])
        pictures = await gathering.files(db, person["id"])
    try:
        for kept in sections:
            await parts.add(kept)
        for row in documents:
            async with database.tx(tenant_id) as db:
                opened = await gathering.document(db, vault, person, row)
            await parts.add(opened)
        await _unassigned(parts, Where(request.store_id, person["id"], page_bytes))
        for row in pictures:
            async with database.tx(tenant_id) as db:
                plain = await gathering.file(db, vault, row["id"])
            await parts.add(_picture(row, plain) if plain else None)
        await parts.close()
    except BaseException:
        parts.drop()
        raise
    counts = {"files": parts.files, "parts": parts.n}

    async def work(db: Db) -> None:
        now = clock()
        lasts = days_of(days)[Keep.EXPORTS]
        assert lasts is not None, "an export always has an end"
        if await rows.end(
            db, request.id, RequestState.DONE, at=now, facts=counts, expires_at=now + timedelta(days=lasts)
        ):
            await tell(db, EventType.PRIVACY_EXPORTED, request, actor=request.actor, now=now, counts=counts)

    await database.run(tenant_id, work)


def _picture(row: Record, plain: bytes) -> Kept:
    number = f"R-{row['number']}-" if row["number"] else ""
    return Kept(f"photos/{number}{row['id']}.{ENDINGS[Media(row['media'])]}", plain)


async def _unassigned(parts: _Parts, where: Where) -> None:
    """Add what was received that belongs to nobody yet: with the person's own address in it, or what a return of theirs
    was made of."""
    signs = signs_of(Person(email=parts.person["email"]))
    for pages in (bodies.inbox, bodies.others):
        after: UUID | None = None
        while True:
            async with parts.database.tx(parts.person["tenant_id"]) as db:
                page, after = await pages(db, parts.vault, where, after=after)
            if after is None:
                break
            theirs = set(await about(page, signs))
            for body in page:
                if body.ref in theirs:
                    await parts.add(Kept(f"unassigned/{body.ref.source}-{body.ref.id}.json", body.plain))
                    await _pictures(parts, where, body.ref)


async def _pictures(parts: _Parts, where: Where, ref: Ref) -> None:
    async with parts.database.tx(parts.person["tenant_id"]) as db:
        photos = await intake_photos.of_intake(db, ref.id)
    for photo in photos:
        async with parts.database.tx(parts.person["tenant_id"]) as db:
            plain = await intake_photos.read(db, parts.vault, photo.id, store_id=where.store_id)
        await parts.add(Kept(f"unassigned/{ref.source}-{ref.id}-{photo.name}", plain) if plain else None)
