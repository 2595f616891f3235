"""Wires the fetching of pictures: the worker alone does it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from retour.core.ports import PictureSource
from retour.flows import picture as picture_flow
from retour.store.db import Database


def picture_work(
    database: Database, source: PictureSource, clock: Callable[[], datetime]
) -> Callable[[UUID, UUID], Awaitable[None]]:
    """Return the work of fetching one picture of goods."""

    async def fetch(tenant_id: UUID, picture_id: UUID) -> None:
        await picture_flow.fetch(database, source, tenant_id=tenant_id, picture_id=picture_id, clock=clock)

    return fetch
