"""A returns system beside a house: returns are told to it, and what it says of them is read as the worker reads it."""

import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx2
import msgspec

from retour.connectors.feed.client import FeedClient
from retour.connectors.feed.push import RECORD, FeedPush
from retour.core.ports import Credential, EffectConnector
from retour.flows import order as order_flow
from retour.flows.intake import add_source, read_message
from retour.flows.intake.message import DOCUMENTS
from retour.flows.intake.pushing import Pushing, set_pushing
from retour.flows.intake.sources import Asked
from retour.flows.intake.syncing import Asking, sync_source
from retour.flows.webhook import Documents, read_inbox
from retour.store import effect as effects
from retour.store import intake as intakes
from retour.store import webhook
from retour.store.connection import Connection
from retour.store.effect import EffectRow
from retour.store.event import Event
from retour.store.event import of_resource as events_of
from retour.store.intake import Intake
from retour.web.intake import ReturnHands
from tests.stories.house import House, now

TOKEN = "asked-by-token"


@dataclass
class AnotherSystem:
    """The sandbox's returns system, known to the house as a source."""

    house: House
    source_id: UUID
    sent: int = 0

    async def settings(self, **wish: Any) -> dict[str, Any]:
        return await self._ask("POST", "/settings", wish)

    async def returns(self) -> dict[str, Any]:
        """Return what it has: `returns`, and how many `pushes` came in."""
        return await self._ask("GET", "/returns")

    async def advance(self, rma_id: UUID, status: str, **more: Any) -> dict[str, Any]:
        """Let a return stand otherwise there and return the document that tells it."""
        return await self._ask("POST", f"/returns/{rma_id}/advance", {"status": status, "silent": True, **more})

    async def say(self, document: dict[str, Any], *, known_as: str | None = None) -> str | None:
        """Bring a message to the inbox, read it, and return what became of it; nothing if it was known."""
        self.sent += 1
        house = self.house
        async with house.web.tx(house.tenant) as db:
            inbox_id = await webhook.receive(
                db, house.vault, tenant_id=house.tenant, connection_id=self.source_id, source=f"feed:{self.source_id}",
                event_id=known_as or f"m{self.sent}", topic=document["schema"], raw=json.dumps(document).encode(),
                at=now(),
            )  # fmt: skip
        return None if inbox_id is None else await self.read(inbox_id)

    async def asked(self) -> list[str | None]:
        """Ask it for what has changed and return what became of everything it told."""
        house = self.house
        async with house.web.tx(house.tenant) as db:
            await db.execute("UPDATE sync_cursor SET due_at = $1", now())
        asking = Asking(house.tenant, self.source_id, f"{house.address}/returns-system/changes", TOKEN)
        assert await sync_source(house.web, house.vault, asking, reader=FeedClient(house.http), clock=now) == "done"
        async with house.web.tx(house.tenant) as db:
            rows = await db.fetch("SELECT id FROM inbox WHERE done_at IS NULL ORDER BY received_at, id")
        return [await self.read(row["id"]) for row in rows]

    async def read(self, inbox_id: UUID) -> str | None:
        house, hands = self.house, ReturnHands(self.house.policies)

        async def nothing(*_: object, **__: object) -> None:
            raise AssertionError("nothing of a source is asked for or tracked")

        async def work(db: Any, entry: Any, raw: bytes) -> Any:
            return await read_message(
                db, house.vault, entry, raw, tenant_id=house.tenant, hands=hands, mirror=order_flow.mirror, now=now()
            )

        await read_inbox(
            house.web, house.vault, tenant_id=house.tenant, inbox_id=inbox_id, read=nothing, mirror=order_flow.mirror,
            on_tracking=nothing, clock=now, documents=Documents(DOCUMENTS, work),
        )  # fmt: skip
        await house.settle_down()
        async with house.web.tx(house.tenant) as db:
            outcome: str | None = await db.fetchval("SELECT outcome FROM inbox WHERE id = $1", inbox_id)
        return outcome

    async def pushes(self, rma_id: UUID) -> list[EffectRow]:
        async with self.house.web.tx(self.house.tenant) as db:
            return [e for e in await effects.list_of_rma(db, rma_id) if e.kind.value == "push_return"]

    async def known_as(self, rma_id: UUID) -> list[Intake]:
        async with self.house.web.tx(self.house.tenant) as db:
            return await intakes.of_return(db, rma_id)

    async def events(self, rma_id: UUID) -> list[Event]:
        async with self.house.web.tx(self.house.tenant) as db:
            return await events_of(db, resource_kind="return", resource_id=rma_id)

    async def differences(self) -> list[tuple[str, str]]:
        """Return (kind, state) of every discrepancy about a return standing otherwise there."""
        async with self.house.web.tx(self.house.tenant) as db:
            rows = await db.fetch("SELECT kind, state FROM discrepancy WHERE kind = 'ended_elsewhere'")
        return [(row["kind"], row["state"]) for row in rows]

    async def prefer(self, *kinds: str, moment: str = "requested") -> str | None:
        """Tell returns of these kinds to it from now on."""
        house = self.house
        wish = Pushing(f"{house.address}/returns-system/returns", kinds, moment)
        async with house.web.tx(house.tenant) as db:
            return await set_pushing(
                db, house.vault, source_id=self.source_id, wish=wish, actor="owner", now=now(), allow_private_urls=True
            )

    async def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        async with httpx2.AsyncClient(base_url=f"{self.house.address}/returns-system", timeout=30) as client:
            answer = await client.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


async def another_system(house: House, *kinds: str, moment: str = "requested", decides: bool = True) -> AnotherSystem:
    """Let a house know the sandbox's returns system and tell it returns of these kinds."""
    async with house.web.tx(house.tenant) as db:
        added, _ = await add_source(
            db, house.vault, tenant_id=house.tenant, store_id=house.store, name="Preferred", channel="event",
            decides=decides, actor="owner", now=now(), allow_private_urls=True,
            asked=Asked(f"{house.address}/returns-system/changes", TOKEN, days=1),
        )  # fmt: skip
    system = AnotherSystem(house, added.id)
    pusher = FeedPush(house.http, clock=now)

    def connector(platform: str) -> EffectConnector:
        return pusher if platform == "feed" else house.connector

    def credential(connection: Connection) -> Credential:
        if connection.platform != "feed":
            return Credential(house.address, house.secret)
        assert connection.sealed_write is not None
        opened = msgspec.json.decode(house.vault.open_as_executor(connection.sealed_write), type=dict[str, str])
        settings = {name: str(value) for name, value in connection.settings.items()}
        return Credential(connection.base_url, opened["token"], settings)

    house.platforms = replace(house.platforms, push=RECORD)
    house.carrier = replace(house.carrier, connectors=connector, open_credential=credential)
    secret = await system.prefer(*kinds, moment=moment) if kinds else None
    await system.settings(push_secret=secret or "", token=TOKEN)
    return system
