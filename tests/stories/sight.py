"""What a story can see: the returns of a house with all that hangs on them, and the books of its sandbox shop."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from retour.core.effect import EffectKind
from retour.sandbox.app import Sandbox
from retour.store import effect as effects
from retour.store import event
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.effect import EffectRow
from retour.store.event import Event
from retour.store.order import OrderRecord
from retour.store.refund import SettlementRow
from retour.store.rma import ReturnRecord
from tests.sandbox.desk import request
from tests.stories import sums


class Sight:
    """Everything that looks and changes nothing."""

    web: Database
    sandbox: Sandbox
    tenant: UUID

    async def control(self, path: str, wish: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the answer of one of the sandbox's control calls: POST when there is a wish, else GET."""
        method, body = ("GET", b"") if wish is None else ("POST", json.dumps(wish).encode())
        status, _, answer = await request(self.sandbox, f"/_sandbox/{path}", method=method, body=body)
        assert status == 200, answer
        return json.loads(answer)  # type: ignore[no-any-return]

    async def books(self, order: OrderRecord) -> dict[str, Any]:
        """Return what the shop's own books say about an order."""
        found = await self.control(f"books?order={order.order.name.replace('#', '%23')}")
        return found["orders"][order.order.name]  # type: ignore[no-any-return]

    async def refunded(self, order: OrderRecord) -> tuple[str, int]:
        """Return what the shop paid back on an order, and in how many refunds."""
        books = await self.books(order)
        return books["refunded"], len(books["refunds"])

    async def restocks(self) -> list[tuple[str, int]]:
        """Return (SKU, units) of everything the shop put back on a shelf."""
        return [(r["sku"], r["quantity"]) for r in (await self.control("counts"))["restocks"]]

    async def calls(self) -> dict[str, int]:
        return dict((await self.control("counts"))["calls"])

    async def nothing_broken(self) -> None:
        broken = (await self.control("counts"))["broken"]
        assert {name: found for name, found in broken.items() if found} == {}

    async def see(self, rma_id: UUID) -> ReturnRecord:
        async with self.web.tx(self.tenant) as db:
            found = await returns.load(db, rma_id)
        assert found is not None
        return found

    async def status(self, rma_id: UUID) -> str:
        return (await self.see(rma_id)).rma.status.value

    async def waits(self, rma_id: UUID) -> tuple[str, str] | None:
        """Return whom the return waits for and why, or nothing."""
        actor, code = await self.row("SELECT blocked_actor, blocked_code FROM rma WHERE id = $1", rma_id)
        return None if actor is None else (actor, code)

    async def effects(self, rma_id: UUID) -> list[EffectRow]:
        async with self.web.tx(self.tenant) as db:
            return await effects.list_of_rma(db, rma_id)

    async def effect(self, rma_id: UUID, kind: EffectKind) -> EffectRow:
        """Return the newest effect of that kind."""
        return [e for e in await self.effects(rma_id) if e.kind is kind][-1]

    async def states(self, rma_id: UUID) -> dict[str, str]:
        """Return the state of the newest effect of each kind."""
        return {e.kind.value: e.state.value for e in await self.effects(rma_id)}

    async def settlements(self, rma_id: UUID) -> list[SettlementRow]:
        async with self.web.tx(self.tenant) as db:
            return await refunds.list_of_rma(db, rma_id)

    async def settlement(self, rma_id: UUID) -> SettlementRow:
        (only,) = await self.settlements(rma_id)
        return only

    async def events(self, rma_id: UUID) -> list[Event]:
        async with self.web.tx(self.tenant) as db:
            return await event.of_resource(db, resource_kind="return", resource_id=rma_id)

    async def told(self, rma_id: UUID) -> list[str]:
        """Return the types of the return's events, oldest first."""
        return [e.type for e in await self.events(rma_id)]

    async def discrepancies(self) -> dict[str, Any]:
        """Return the details of the open discrepancies by kind."""
        return dict(await self.rows("SELECT kind, details FROM discrepancy WHERE state = 'open' ORDER BY kind"))

    async def captures(self, order: OrderRecord) -> list[tuple[int, int, int, int]]:
        """Return (captured, reserved, refunded, refunded elsewhere) of each capture in ref order."""
        return await self.rows(
            "SELECT captured_minor, reserved_minor, refunded_minor, external_refunded_minor FROM payment_capture"
            " WHERE order_id = $1 ORDER BY ref",
            order.id,
        )

    async def counters(self, order: OrderRecord) -> list[tuple[int, int, int]]:
        """Return (in return, received, inspected) of each order line in ref order."""
        return await self.rows(
            "SELECT in_return, received, inspected FROM order_line_counter WHERE order_id = $1 ORDER BY line_ref",
            order.id,
        )

    async def traces(self, order: OrderRecord) -> tuple[int, ...]:
        """Return how many rows an order has left anywhere, so that a refusal can be seen to have left none."""
        (found,) = await self.rows(sums.TRACES, order.id)
        return found

    async def rows(self, query: str, *args: object) -> list[tuple[Any, ...]]:
        async with self.web.tx(self.tenant) as db:
            return [tuple(row.values()) for row in await db.fetch(query, *args)]

    async def row(self, query: str, *args: object) -> tuple[Any, ...]:
        (only,) = await self.rows(query, *args)
        return only

    async def change(self, statement: str, *args: object) -> None:
        """Change a setting of the account or its store."""
        async with self.web.tx(self.tenant) as db:
            await db.execute(statement, *args)
