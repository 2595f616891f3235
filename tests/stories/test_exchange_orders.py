"""The new order of an exchange is made on the platform: once, to the cent, paid, unpaid, or taken back."""

from typing import Any
from uuid import UUID

import pytest

from retour.core.policy.outcome import (
    DownCharge,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    ResolutionKind,
    ResolutionOffer,
)
from retour.flows import exchange as flow
from retour.flows import rma
from retour.store import exchange_order as rows
from retour.store import ledger
from tests.stories.house import House, Units, now
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio

K = ResolutionKind
TEE = 1999  # EUR cents, one unit
VASE = {"sku": "RT-VASE", "name": "Vase", "price": "71.40", "quantity": 1, "taxes": [["VAT", "0.19"]]}


def terms(down: DownCharge = DownCharge.REFUND, **more: Any) -> ExchangeTerms:
    return ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID, down=down, **more)


async def opened(house: House, of: ExchangeTerms | None = None) -> None:
    offers = (
        ResolutionOffer(K.REFUND_ORIGINAL),
        ResolutionOffer(K.EXCHANGE, exchange=of or terms()),
        ResolutionOffer(K.STORE_CREDIT),
    )
    await house.open(document=offering(*offers))


async def shelved(house: House, sku: str, price: str, available: int = 50) -> None:
    """Let the shop have an article of that SKU and price, by an order of it that nobody looks at."""
    await house.an_order({"sku": sku, "name": sku.title(), "price": price, "taxes": [["VAT", "0.19"]]})
    await house.control("stock", {"sku": sku, "available": available})


async def exchanging(house: House, order: Any, sku: str, units: int = 1) -> UUID:
    """Return units of the order's first line for that article, from the request to a sound inspection."""
    wish = rma.Wish(order.order.lines[0].ref, units, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, sku)
    await house.approve(rma_id)
    await house.receive(rma_id, {0: units})
    await house.inspect(rma_id, Units(0, units))
    return rma_id


async def want(house: House, rma_id: UUID, sku: str) -> None:
    line = (await house.see(rma_id)).rma.lines[0]
    await house.do(lambda db: flow.want(db, rma_id=rma_id, line_id=line.id, article=sku, actor="staff:1", now=now()))
    await house.settle_down()


async def act(house: House, rma_id: UUID, do: flow.Do) -> None:
    settlement = (await house.settlements(rma_id))[-1]
    await house.do(lambda db: flow.act(db, settlement_id=settlement.id, do=do, actor="staff:1", now=now()))
    await house.settle_down()


async def new_order(house: House, rma_id: UUID) -> rows.ExchangeOrder:
    async with house.web.tx(house.tenant) as db:
        (found,) = await rows.list_of_rma(db, rma_id)
    return found


async def balances(house: House) -> dict[str, int]:
    async with house.web.tx(house.tenant) as db:
        return {path: minor for path, _, minor in await ledger.list_balances(db) if minor}


async def made(house: House) -> dict[str, int]:
    """Return how many drafts, orders of drafts, invoices and deletions the shop has counted."""
    effects = (await house.control("counts"))["effects"]
    wanted = ("draft", "order_from_draft", "invoice", "draft_deleted", "order_cancelled")
    return {name: effects[name] for name in wanted if effects.get(name)}


async def worth(house: House, order_id: UUID) -> int:
    """Return what a return of the order's only line would pay as store credit, once it has been sent."""
    (ref,) = await house.row("SELECT far_ref FROM sales_order WHERE id = $1", order_id)
    await house.control("fulfil", {"order": ref})
    found = (await house.mirror(ref)).record
    wish = rma.Wish(found.order.lines[0].ref, 1, "other", resolution=K.STORE_CREDIT.value)
    async with house.web.tx(house.tenant) as db:
        asking = rma.Asking(house.store, order_id, (wish,), "api")
        judged = await rma.judge(db, asking, now=now(), policies=house.policies, lock=False)
    return judged.promise.total_minor


async def test_the_same_price_makes_one_order_that_costs_nothing_and_carries_what_was_paid(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()

    rma_id = await exchanging(house, order, "RT-SAME")

    new = await new_order(house, rma_id)
    assert (new.state.value, new.problem) == ("made", None)
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await house.status(rma_id) == "resolved"
    assert (await house.settlement(rma_id)).state.value == "settled"
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    assert new.order_id is not None
    assert await worth(house, new.order_id) == TEE
