"""A source with a store behind it, and the worker that reads what it sends."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from retour.core.policy import template
from retour.flows import order as order_flow
from retour.flows import policy
from retour.flows.intake import add_source, read_message
from retour.flows.intake.again import read_again
from retour.flows.intake.message import DOCUMENTS
from retour.flows.webhook import Documents, read_inbox
from retour.store import intake as intakes
from retour.store import rma as returns
from retour.store import webhook
from retour.store.db import Database
from retour.store.intake import Intake
from retour.store.intake.again import TOPIC
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord
from retour.store.vault import Vault
from retour.web.intake import ReturnHands
from tests.flows.order.shop import NOON, Shop, open_shop


@dataclass
class Sender:
    """A source that sends documents, read as the worker reads them."""

    database: Database
    vault: Vault
    shop: Shop
    source_id: UUID
    secret: str
    hands: ReturnHands = field(default_factory=lambda: ReturnHands(PolicyCache()))
    now: datetime = NOON
    sent: int = 0

    @property
    def tenant_id(self) -> UUID:
        return self.shop.tenant_id

    async def send(self, document: dict[str, Any], *, event_id: str | None = None) -> dict[str, Any]:
        """Keep a message and have the worker read it; return the row of the inbox."""
        self.sent += 1
        async with self.database.tx(self.tenant_id) as db:
            inbox_id = await webhook.receive(
                db, self.vault, tenant_id=self.tenant_id, connection_id=self.source_id, source=f"feed:{self.source_id}",
                event_id=event_id or f"m{self.sent}", topic=document["schema"], raw=json.dumps(document).encode(),
                at=self.now,
            )  # fmt: skip
        if inbox_id is not None:
            await self.read(inbox_id)
        return await self.row(inbox_id)

    async def read(self, inbox_id: UUID) -> bool:
        async def nothing(*_: object, **__: object) -> None:
            raise AssertionError("nothing of a source is asked for or tracked")

        async def work(db: Any, entry: Any, raw: bytes) -> Any:
            if entry.topic == TOPIC:
                return await read_again(db, self.vault, entry, tenant_id=self.tenant_id, hands=self.hands, now=self.now)
            return await read_message(
                db, self.vault, entry, raw, tenant_id=self.tenant_id, hands=self.hands, mirror=order_flow.mirror,
                now=self.now,
            )  # fmt: skip

        return await read_inbox(
            self.database, self.vault, tenant_id=self.tenant_id, inbox_id=inbox_id, read=nothing,
            mirror=order_flow.mirror, on_tracking=nothing, clock=lambda: self.now, documents=Documents(DOCUMENTS | {TOPIC}, work),
        )  # fmt: skip

    async def row(self, inbox_id: UUID | None) -> dict[str, Any]:
        async with self.database.tx(self.tenant_id) as db:
            found = await db.fetchrow("SELECT * FROM inbox WHERE id = $1", inbox_id)
        return dict(found) if found else {}

    async def intakes(self) -> list[Intake]:
        async with self.database.tx(self.tenant_id) as db:
            return await intakes.list_page(db, store_id=None, state=None, before=None, limit=50)

    async def returns(self) -> list[ReturnRecord]:
        async with self.database.tx(self.tenant_id) as db:
            ids = [row["id"] for row in await db.fetch("SELECT id FROM rma ORDER BY number")]
            return [record for id_ in ids if (record := await returns.load(db, id_)) is not None]

    async def events(self, kind: str) -> list[str]:
        async with self.database.tx(self.tenant_id) as db:
            rows = await db.fetch("SELECT type FROM event WHERE resource_kind = $1 ORDER BY at, seq", kind)
        return [row["type"] for row in rows]


async def a_sender(database: Database, folder: Path, *, decides: bool = True, channel: str = "event") -> Sender:
    """Open a store with a published policy and a source."""
    vault = Vault.open(folder / "keys", role="all")
    shop = await open_shop(database)
    async with database.tx(shop.tenant_id) as db:
        added, secret = await add_source(
            db, vault, tenant_id=shop.tenant_id, store_id=shop.store_id, name="Shop system", channel=channel,
            decides=decides, actor="test", now=NOON,
        )  # fmt: skip
        await policy.publish(db, store_id=shop.store_id, document=template(), actor="test", now=NOON)
    return Sender(database, vault, shop, added.id, secret)
