"""What happened before a request comes with where the order stands, in one statement that no scan makes slow."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from retour.core.order import Figures
from retour.core.policy import CustomerPast, LinePast, template
from retour.flows import policy
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.db import Database
from retour.store.refund.position import POSITION
from retour.store.vault import Vault
from tests.flows.order.shop import NOON, PERSON, Shop, a_line, an_order, fetched, open_shop

pytestmark = pytest.mark.anyio
FIGURES = Figures(3, 81_240, NOON - timedelta(days=400))


@dataclass
class Past:
    """A customer with orders, and returns written down as they would be in the end."""

    database: Database
    vault: Vault
    shop: Shop
    version_id: UUID = field(default_factory=uuid4)

    async def begin(self) -> None:
        async with self.database.tx(self.shop.tenant_id) as db:
            await policy.publish(db, store_id=self.shop.store_id, document=template(), actor="test", now=NOON)
            self.version_id = await db.fetchval("SELECT id FROM policy_version")

    async def order(
        self, ref: str, *, far_person: str = "cust-1", days_ago: int = 5, **changes: Any
    ) -> orders.OrderRecord:
        made = an_order(ref=ref, name=ref, placed_at=NOON - timedelta(days=days_ago), **changes)
        person = replace(PERSON, ref=far_person, home_country="AT", figures=FIGURES, tags=("vip",))
        async with self.database.tx(self.shop.tenant_id) as db:
            saved = await orders.save_mirrored(
                db, self.vault, connection_id=self.shop.connection_id, fetched=fetched(made, person=person), at=NOON
            )
        return saved.record

    async def rma(
        self, order: orders.OrderRecord, *, status: str = "resolved", resolution: str = "refund_original", units: int = 1,
        line: str = "line-1",
    ) -> UUID:  # fmt: skip
        rma_id = uuid4()
        async with self.database.tx(self.shop.tenant_id) as db:
            await db.execute(
                "INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, channel, status, method, policy_version_id,"
                " decision, promised, requested_at)"
                " VALUES ($1, $2, $3, $4, $5, 'api', $6, 'own_label', $7, '[]', '{}', $8)",
                self.shop.tenant_id, rma_id, self.shop.store_id, order.id, order.person_id, status, self.version_id, NOON,
            )  # fmt: skip
            await db.execute(
                "INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity,"
                " reason, resolution, decision) VALUES ($1, $2, $2, $3, $4, 1, $5, $5, 'other', $6, $7)",
                self.shop.tenant_id, rma_id, order.id, line, units, resolution, status,
            )  # fmt: skip
        return rma_id

    async def settled(
        self, order: orders.OrderRecord, rma_id: UUID, *, resolution: str, state: str, bonus: int
    ) -> None:
        async with self.database.tx(self.shop.tenant_id) as db:
            await db.execute(
                "INSERT INTO settlement (tenant_id, id, rma_id, order_id, seq, batch_id, part, resolution, state, currency,"
                " total_minor, plan, plan_hash, created_at)"
                " VALUES ($1, $2, $3, $4, 1, $2, 1, $5, $6, 'EUR', 500, $7, 'h', $8)",
                self.shop.tenant_id, uuid4(), rma_id, order.id, resolution, state, {"bonus_shop": bonus}, NOON,
            )  # fmt: skip

    async def observed(self, rma_id: UUID, kind: str, *, withdrawn: bool = False) -> None:
        async with self.database.tx(self.shop.tenant_id) as db:
            await db.execute(
                "INSERT INTO goods_observation (tenant_id, id, store_id, rma_id, kind, units, actor, at, withdrawn_at,"
                " withdrawn_by) VALUES ($1, $2, $3, $4, $5, 1, 'staff', $6, $7, $8)",
                self.shop.tenant_id, uuid4(), self.shop.store_id, rma_id, kind, NOON, NOON if withdrawn else None,
                "staff" if withdrawn else None,
            )  # fmt: skip

    async def inspected(self, order: orders.OrderRecord, rma_id: UUID, *, accepted: bool) -> None:
        async with self.database.tx(self.shop.tenant_id) as db:
            await db.execute(
                "INSERT INTO inspection (tenant_id, id, rma_id, batch_id, return_line_id, order_id, line_ref, ordinals, grade,"
                " disposition, accepted, actor, at) VALUES ($1, $2, $3, $2, $3, $4, 'line-1', '[1,2)', 'opened', 'dispose',"
                " $5, 'staff', $6)",
                self.shop.tenant_id, uuid4(), rma_id, order.id, accepted, NOON,
            )  # fmt: skip

    async def position(self, order: orders.OrderRecord, *, past: bool = True) -> refunds.Position:
        async with self.database.tx(self.shop.tenant_id) as db:
            return await refunds.position(db, order.id, past=past)


@pytest.fixture
async def past(database: Database, vault: Vault) -> Past:
    made = Past(database, vault, await open_shop(database))
    await made.begin()
    return made


async def test_a_first_order_has_no_past(past: Past) -> None:
    order = await past.order("O1", failed_payments=0)

    history = (await past.position(order)).history

    assert history.lines == {}
    assert history.customer == CustomerPast(1, NOON - timedelta(days=5), units_bought=2, failed_payments=0)
    assert (history.returns_of_order, history.returns_of_customer) == (0, 0)


async def test_the_person_is_known_as_the_last_order_told(past: Past) -> None:
    person = (await past.position(await past.order("O1"))).person

    assert person == replace(
        PERSON,
        ref=None,
        name=None,
        phone=None,
        postcode="10115b",
        tags=("vip",),
        home_country="AT",
        figures=FIGURES,
        ship_to=None,
    )


async def test_what_the_customer_did_is_counted_over_all_their_orders_and_nobody_else_s(past: Past) -> None:
    first = await past.order("O1", days_ago=90, failed_payments=2)
    second = await past.order("O2", failed_payments=1, lines=(a_line(), a_line("line-2", quantity=4, cancelled=1)))
    other = await past.order("O3", far_person="cust-2", failed_payments=7)
    kept = await past.rma(first, resolution="keep_item")
    await past.rma(second, resolution="exchange", line="line-2", units=2)
    await past.rma(second, status="rejected", resolution="exchange")
    odd = await past.rma(second, status="approved")
    await past.rma(other, resolution="exchange")
    await past.settled(first, kept, resolution="keep_item", state="settled", bonus=150)
    await past.settled(second, odd, resolution="keep_item", state="failed", bonus=9_999)
    await past.observed(odd, "not_on_it")
    await past.observed(odd, "miscounted")
    await past.observed(kept, "not_on_it", withdrawn=True)
    await past.observed(kept, "surplus")
    await past.inspected(second, odd, accepted=False)
    await past.inspected(first, kept, accepted=True)

    history = (await past.position(second)).history

    assert history.customer == CustomerPast(
        orders_read=2,
        first_order_at=NOON - timedelta(days=90),
        units_bought=7,
        units_returned=4,
        exchanges=1,
        kept_items=1,
        partial_credits=1,
        bonus=150,
        rejected=1,
        not_accepted=1,
        wrong_items=1,
        failed_payments=3,
    )
    assert history.lines == {"line-1": LinePast(1, 0), "line-2": LinePast(1, 1)}
    assert (history.returns_of_order, history.returns_of_customer) == (3, 4)


async def test_failed_payments_are_not_known_while_one_order_does_not_tell(past: Past) -> None:
    order = await past.order("O1", failed_payments=2)
    await past.order("O2", failed_payments=None)

    customer = (await past.position(order)).history.customer

    assert customer is not None
    assert customer.failed_payments is None


async def test_without_the_past_only_the_limits_are_read(past: Past) -> None:
    order = await past.order("O1")
    await past.rma(order)

    at = await past.position(order, past=False)

    assert (at.customer, at.lines_past, at.history.customer, at.history.lines) == (None, None, None, None)
    assert (at.person.tags, at.person.figures, at.history.returns_of_order) == (("vip",), Figures(), 1)


async def test_twenty_thousand_returns_are_not_scanned(past: Past, owner: Any) -> None:
    other = await past.order("O9", far_person="cust-9")
    order = await past.order("O1")
    await past.rma(order)
    async with past.database.tx(past.shop.tenant_id) as db:
        await db.execute(
            "INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, channel, status, method, policy_version_id,"
            " decision, promised, requested_at) SELECT $1, gen_random_uuid(), $2, $3, $4, 'api', 'resolved', 'own_label', $5,"
            " '[]', '{}', $6 FROM generate_series(1, 20000)",
            past.shop.tenant_id, past.shop.store_id, other.id, other.person_id, past.version_id, NOON,
        )  # fmt: skip
    await owner.execute("ANALYZE rma")
    async with past.database.tx(past.shop.tenant_id) as db:
        await db.execute(
            "INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity,"
            " reason, resolution, decision) SELECT tenant_id, id, id, order_id, 'line-1', 2, 1, 1, 'other',"
            " 'refund_original', 'resolved' FROM rma WHERE order_id = $1",
            other.id,
        )  # fmt: skip
    await owner.execute("ANALYZE rma, return_line, sales_order, person, order_line_counter")

    async with past.database.tx(past.shop.tenant_id) as db:
        await db.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        plan = json.loads(json.dumps(await db.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {POSITION}", order.id, True)))

    scanned = {
        node["Relation Name"]: node["Actual Rows"]
        for node in _nodes(plan[0]["Plan"])
        if node["Node Type"] == "Seq Scan"
    }
    assert scanned.keys().isdisjoint({"rma", "return_line"}), scanned
    assert plan[0]["Execution Time"] < 250


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a plan's nodes, from the top down."""
    return [node, *(each for child in node.get("Plans", ()) for each in _nodes(child))]
