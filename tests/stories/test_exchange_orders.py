"""The new order of an exchange is made on the platform: once, to the cent, paid, unpaid, or taken back."""

from asyncio import gather
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import (
    DownCharge,
    ExchangeItems,
    ExchangePrice,
    ExchangeTerms,
    ResolutionKind,
    ResolutionOffer,
)
from retour.flows import exchange as flow
from retour.flows import hand_over, rma
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


async def test_a_dearer_article_is_sent_once_the_shopper_has_paid_the_difference(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-VASE", "71.40")
    order = await house.an_order()

    rma_id = await exchanging(house, order, "RT-VASE")

    new = await new_order(house, rma_id)
    assert (new.state.value, new.pay_url is not None) == ("unpaid", True)
    assert await house.waits(rma_id) == ("shopper", "exchange_unpaid")
    assert await made(house) == {"draft": 1, "invoice": 1}
    (draft,) = (await house.control("drafts"))["drafts"]
    assert (draft["total"], draft["discount"], draft["email"]) == ("51.41", "19.99", "ann@example.com")
    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: hand_over.report_paid(
                db, settlement_id=new.settlement_id, reference="#9", actor="staff:1", now=now()
            )
        )
    assert no.value.code == "exchange_under_way"

    await house.control("pay-invoice", {})
    await house.later()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.status(rma_id) == "resolved"
    assert await made(house) == {"draft": 1, "invoice": 1, "order_from_draft": 1}
    assert await house.refunded(order) == ("0.00", 0)
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}
    made_as = (await new_order(house, rma_id)).order_id
    assert made_as is not None
    assert await worth(house, made_as) == TEE + 5141


async def test_a_cheaper_article_is_sent_at_once_and_the_rest_goes_back_to_the_card(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-CUP", "12.00")
    order = await house.an_order()

    rma_id = await exchanging(house, order, "RT-CUP")

    new = await new_order(house, rma_id)
    assert new.state.value == "made"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await house.refunded(order) == ("7.99", 1)
    assert await house.captures(order) == [(3998, 0, 799, 0)]
    assert await balances(house) == {
        "merchant:refunds": -TEE, "outside:exchange": 1200, "gateway:shopify_payments": 799,
    }  # fmt: skip
    assert await house.status(rma_id) == "resolved"
    assert new.order_id is not None
    assert await worth(house, new.order_id) == 1200


async def test_the_rest_as_credit_is_left_to_whoever_issues_credit(house: House) -> None:
    await opened(house, terms(DownCharge.CREDIT))
    await shelved(house, "RT-CUP", "12.00")

    rma_id = await exchanging(house, await house.an_order(), "RT-CUP")

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    settlement = await house.settlement(rma_id)
    await house.do(
        lambda db: hand_over.report_paid(db, settlement_id=settlement.id, reference="C-1", actor="s", now=now())
    )
    await house.settle_down()
    assert await house.status(rma_id) == "resolved"
    assert await balances(house) == {"merchant:refunds": -TEE, "outside:exchange": TEE}


@pytest.mark.parametrize("where", ["draftOrderCreate", "draftOrderComplete"])
@pytest.mark.parametrize("how", ["timeout_after", "500_after", "truncated", "timeout_before", "500"])
async def test_a_lost_answer_never_makes_a_second_order(house: House, where: str, how: str) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    await house.control("misbehave", {"where": where, "how": how, "times": 1})

    rma_id = await exchanging(house, order, "RT-SAME")
    for _ in range(4):
        await house.later()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
    assert await house.status(rma_id) == "resolved"
    assert await house.row("SELECT count(*) FROM effect WHERE guard_before ? 'person'") == (0,)


async def test_two_looks_at_the_same_moment_release_one_order(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=K.EXCHANGE.value)
    rma_id = await house.ask(order, [wish])
    await want(house, rma_id, "RT-SAME")
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1), drain=False)
    await house.run_until_exchange(rma_id)
    (settlement,) = await house.settlements(rma_id)

    for _ in range(6):
        await gather(*(house.carry_on_exchange(settlement.id) for _ in range(3)))
        due = [e.id for e in await house.effects(rma_id) if e.state.value == "intent"]
        await gather(*(house.carry_out(id_) for id_ in due for _ in range(2)))
    await house.settle_down()

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await made(house) == {"draft": 1, "order_from_draft": 1}


async def test_what_is_out_of_stock_waits_for_a_person_who_may_try_again(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99", available=0)
    order = await house.an_order()

    rma_id = await exchanging(house, order, "RT-SAME")

    assert await house.waits(rma_id) == ("agent", "exchange_stuck")
    assert (await new_order(house, rma_id)).problem == "out_of_stock"
    assert await made(house) == {}

    await house.control("stock", {"sku": "RT-SAME", "available": 1})
    await act(house, rma_id, flow.Do.AGAIN)

    assert (await new_order(house, rma_id)).state.value == "made"
    assert await house.status(rma_id) == "resolved"


async def test_an_unknown_article_is_replaced_by_another_one(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    rma_id = await exchanging(house, await house.an_order(), "RT-NOTHING")
    assert (await new_order(house, rma_id)).problem == "article_unknown"

    await want(house, rma_id, "RT-SAME")

    new = await new_order(house, rma_id)
    assert (new.state.value, new.tries, [one.title for one in new.articles]) == ("made", 2, ["Rt-Same"])


async def test_tax_on_top_and_another_currency_are_discounted_without_their_tax(house: House) -> None:
    await opened(house)
    await house.control("settings", {"taxes_included": False})
    tee = {"sku": "RT-TEE-US", "price": "20.00", "quantity": 1, "taxes": [["State", "0.0725"]]}
    lamp = {"sku": "RT-LAMP-US", "name": "Lamp", "price": "25.80", "quantity": 1, "taxes": [["State", "0.0725"]]}
    more = {"currency": "USD", "taxes_included": False, "address": {"country": "US", "province": "CA"}}
    await house.an_order(lamp)
    order = await house.an_order(tee, **more)

    rma_id = await exchanging(house, order, "RT-LAMP-US")

    (draft,) = (await house.control("drafts"))["drafts"]
    # 25.80 EUR are 30.00 USD there; 21.45 were handed in, 20.00 of it without tax.
    assert (draft["discount"], draft["total"]) == ("20.00", "10.73")
    new = await new_order(house, rma_id)
    assert new.figures is not None
    assert (new.figures.collect.presentment, new.state.value) == (1073, "unpaid")
    assert sum(one.worth.gross.presentment for one in new.figures.carried) == 2145 + 1073


async def test_the_platforms_own_total_is_shown_to_a_person_where_it_is_another(house: House) -> None:
    await opened(house)
    await house.control("settings", {"taxes_included": False})  # its drafts come out dearer than what it shows
    await shelved(house, "RT-VASE", "71.40")

    rma_id = await exchanging(house, await house.an_order(), "RT-VASE")

    assert await house.waits(rma_id) == ("agent", "exchange_stuck")
    assert (await new_order(house, rma_id)).problem == "total_differs"
    assert await made(house) == {"draft": 1}

    await act(house, rma_id, flow.Do.AGAIN)

    new = await new_order(house, rma_id)
    assert (new.state.value, new.figures and new.figures.collect.presentment) == ("unpaid", 6118)


async def test_what_cannot_be_wanted_is_refused_and_nothing_is_begun(house: House) -> None:
    await opened(house)
    await shelved(house, "RT-SAME", "19.99")
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 1})
    line = (await house.see(rma_id)).rma.lines[0]

    async def refusal(article: str, line_id: UUID) -> str:
        with pytest.raises(Refused) as no:
            await house.do(
                lambda db: flow.want(db, rma_id=rma_id, line_id=line_id, article=article, actor="s", now=now())
            )
        return no.value.code

    assert await refusal("RT-SAME", line.id) == "not_an_exchange"
    assert await refusal("RT-SAME", rma_id) == "return_line_not_found"
    exchanged = await exchanging(house, await house.an_order(), "RT-SAME")
    closed = (await house.see(exchanged)).rma.lines[0]
    rma_id = exchanged
    assert await refusal("RT-SAME", closed.id) == "move_not_allowed"
    with pytest.raises(Refused) as no:
        await act(house, exchanged, flow.Do.AGAIN)
    assert (no.value.code, no.value.facts) == ("move_not_allowed", {"state": "made"})
    assert await made(house) == {"draft": 1, "order_from_draft": 1}
