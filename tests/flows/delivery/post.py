"""An account that listens, a clock that is wound by hand, and deliveries carried to a receiver on the loopback."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from retour.connectors.http import Http, Patience
from retour.connectors.webhook.client import WebhookClient
from retour.core.event import EventType
from retour.core.ports import WebhookSender
from retour.flows.delivery import Delivered, deliver
from retour.flows.webhook_endpoint import add_endpoint
from retour.store import delivery as deliveries
from retour.store import event
from retour.store.db import Database
from retour.store.delivery import Delivery
from retour.store.discrepancy import Discrepancy, list_open
from retour.store.vault import Vault
from retour.store.webhook_endpoint import WebhookEndpoint, get, secrets_purpose

NOWHERE = UUID(int=0)


@dataclass
class Clock:
    """Shows the time it was wound to."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def wind(self, *, to: datetime | None = None, by: timedelta = timedelta(0)) -> None:
        self.now = (to or self.now) + by


@dataclass
class Post:
    """One account's post: its rows, its keys, its clock and the way out."""

    database: Database
    vault: Vault
    http: Http
    tenant_id: UUID = field(default_factory=uuid4)
    clock: Clock = field(default_factory=Clock)

    @property
    def client(self) -> WebhookClient:
        return WebhookClient(self.http)

    async def open(self) -> None:
        async with self.database.tx(self.tenant_id) as db:
            await db.execute(
                "INSERT INTO account (tenant_id, name) VALUES ($1, $2)", self.tenant_id, str(self.tenant_id)
            )

    async def listen(self, url: str, *, topics: Sequence[str] = ("return.requested",)) -> tuple[UUID, str]:
        """Add a receiver and return its id and secret."""
        async with self.database.tx(self.tenant_id) as db:
            added, secret = await add_endpoint(
                db, self.vault, tenant_id=self.tenant_id, url=url, topics=topics, allow_private_urls=True, actor="test",
                now=self.clock.now,
            )  # fmt: skip
        return added.id, secret

    async def reseal(self, endpoint_id: UUID, secrets: Sequence[str], *, vault: Vault | None = None) -> None:
        """Replace the secrets of a receiver."""
        purpose = secrets_purpose(endpoint_id)
        sealed = (vault or self.vault).lock(json.dumps(secrets).encode(), tenant_id=self.tenant_id, purpose=purpose)
        async with self.database.tx(self.tenant_id) as db:
            await db.execute("UPDATE webhook_endpoint SET sealed_secrets = $2 WHERE id = $1", endpoint_id, sealed)

    async def happen(self, *, resource_id: UUID | None = None, **data: object) -> list[UUID]:
        """Let a return be requested and return the deliveries made for it."""
        async with self.database.tx(self.tenant_id) as db:
            await db.execute("SELECT FROM account FOR UPDATE")  # stands for the lock of the resource
            return await event.put(
                db, EventType.RETURN_REQUESTED, resource_kind="rma", resource_id=resource_id or uuid4(), actor="shopper",
                at=self.clock.now, data=data,
            )  # fmt: skip

    async def carry(self, delivery_id: UUID, *, sender: WebhookSender | None = None) -> Delivered | None:
        return await deliver(
            self.database, self.vault, sender or self.client, tenant_id=self.tenant_id, delivery_id=delivery_id,
            clock=self.clock, jitter=lambda: 0,
        )  # fmt: skip

    async def carry_to_the_end(self, delivery_id: UUID) -> int:
        """Try until nothing more is due, winding the clock to each try; return the number of tries."""
        tries = 0
        while (now := await self.carry(delivery_id)) is not None:
            tries += 1
            if now.due_at is None:
                break
            self.clock.wind(to=now.due_at)
        return tries

    async def look(self, delivery_id: UUID) -> Delivery:
        async with self.database.tx(self.tenant_id) as db:
            found = await deliveries.get(db, delivery_id)
        assert found is not None
        return found

    async def endpoint(self, endpoint_id: UUID) -> WebhookEndpoint:
        async with self.database.tx(self.tenant_id) as db:
            found = await get(db, endpoint_id)
        assert found is not None
        return found

    async def complaints(self) -> list[Discrepancy]:
        async with self.database.tx(self.tenant_id) as db:
            return await list_open(db, resource_kind="webhook_endpoint")

    async def events(self, endpoint_id: UUID) -> list[tuple[int, str, dict[str, Any]]]:
        async with self.database.tx(self.tenant_id) as db:
            found = await event.of_resource(db, resource_kind="webhook_endpoint", resource_id=endpoint_id)
        return [(each.seq, each.type, dict(each.data)) for each in found]


@dataclass
class Meddling:
    """Posts for real, then does something before the answer is used: what may happen while a worker waits."""

    real: WebhookSender
    then: Any

    async def post(self, **request: Any) -> Any:
        answer = await self.real.post(**request)
        return await self.then(answer)


def way_out(*, patience: Patience | None = None) -> Http:
    """Return a way out that may call the loopback."""
    return Http(internal=True, patience=patience)
