"""A new article is worth what was paid for it: returned later, exchanged again, whatever it costs by then."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy.outcome import ExchangeItems, ExchangePrice, ExchangeTerms, ResolutionKind, ResolutionOffer
from retour.flows import exchange as flow
from retour.flows import hand_over, rma
from tests.stories.house import House, Units, now
from tests.stories.test_handed_over import offering

pytestmark = pytest.mark.anyio

K = ResolutionKind
ANY = ExchangeTerms(items=ExchangeItems.ANY_PRODUCT, price=ExchangePrice.PAID)
OFFERS = (
    ResolutionOffer(K.REFUND_ORIGINAL),
    ResolutionOffer(K.EXCHANGE, exchange=ANY),
    ResolutionOffer(K.STORE_CREDIT),
)
TEE, VASE = 1999, 7140  # EUR cents, one unit of each


def vase(price: str = "71.40", **more: Any) -> dict[str, Any]:
    return {
        "sku": "RT-VASE", "name": "Vase", "price": price, "quantity": 1, "fulfilled": 1, "taxes": [["VAT", "0.19"]],
    } | more  # fmt: skip


async def handed_in(house: House, order: Any, kind: K = K.EXCHANGE) -> tuple[UUID, Any]:
    """Take one unit of the order's first line through the warehouse for a resolution; return it and its settlement."""
    rma_id = await house.ask(order, [rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=kind.value)])
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    return rma_id, await house.settlement(rma_id)


async def exchanged(house: House, settlement_id: UUID, order: Any, collected: int | None = None) -> flow.Quoted:
    lines = [flow.NewLine(line.ref, line.quantity) for line in order.order.lines]
    return await name(house, settlement_id, order, lines, collected)


async def name(
    house: House, settlement_id: UUID, order: Any, lines: Sequence[flow.NewLine], collected: int | None = None
) -> flow.Quoted:
    done: flow.Quoted = await house.do(
        lambda db: flow.name_exchange(
            db, settlement_id=settlement_id, order_id=order.id, lines=lines, collected_minor=collected, actor="staff:1",
            now=now(), policies=house.policies,
        )
    )  # fmt: skip
    await house.settle_down()
    return done


async def worth(house: House, order: Any) -> int:
    """Return what a return of one unit of the order's first line would pay as store credit."""
    wish = rma.Wish(order.order.lines[0].ref, 1, "other", resolution=K.STORE_CREDIT.value)
    async with house.web.tx(house.tenant) as db:
        asking = rma.Asking(house.store, order.id, (wish,), "api")
        judged = await rma.judge(db, asking, now=now(), policies=house.policies, lock=False)
    return judged.promise.total_minor


@pytest.fixture
async def open_house(house: House) -> House:
    await house.open(document=offering(*OFFERS))
    return house


async def test_what_was_collected_and_what_was_handed_in_is_what_the_new_article_is_worth(open_house: House) -> None:
    house = open_house
    rma_id, settlement = await handed_in(house, await house.an_order())
    new = await house.an_order(vase())
    assert await worth(house, new) == VASE

    done = await exchanged(house, settlement.id, new, collected=3000)

    assert (done.done.price.presentment, done.done.collect.presentment, done.done.waived.presentment) == (
        7140,
        3000,
        2141,
    )
    assert [c.worth.gross.presentment for c in done.done.carried] == [TEE + 3000]
    assert await worth(house, new) == TEE + 3000
    told = [dict(e.data) for e in await house.events(rma_id) if e.type == EventType.SETTLEMENT_EXCHANGED.value]
    assert [(t["carried_minor"], t["collected_minor"], t["order_id"]) for t in told] == [(4999, 3000, str(new.id))]


async def test_a_replacement_that_was_sold_for_nothing_is_worth_what_was_handed_in(open_house: House) -> None:
    house = open_house
    _, settlement = await handed_in(house, await house.an_order())
    new = await house.an_order(vase("19.99", discounts=[{"title": "Swap", "amount": "19.99"}]))
    assert new.order.lines[0].gross.presentment == 0

    done = await exchanged(house, settlement.id, new)

    assert (done.done.even, done.done.collect.presentment, done.done.pay_back.presentment) == (True, 0, 0)
    assert await worth(house, new) == TEE


async def test_an_exchange_of_an_exchange_still_carries_the_first_money(open_house: House) -> None:
    house = open_house
    first_return, first = await handed_in(house, await house.an_order())
    second_order = await house.an_order(vase())
    await exchanged(house, first.id, second_order, collected=1000)
    _, second = await handed_in(house, second_order)
    assert second.total_minor == TEE + 1000
    third_order = await house.an_order(vase("12.00"))

    done = await exchanged(house, second.id, third_order)

    assert done.done.pay_back.presentment == TEE + 1000 - 1200
    assert await worth(house, third_order) == 1200
    await house.do(
        lambda db: hand_over.report_paid(db, settlement_id=first.id, reference="#2", actor="staff:1", now=now())
    )
    await house.settle_down()
    assert await house.status(first_return) == "resolved"


async def test_named_twice_it_is_named_once_and_another_answer_is_refused(open_house: House) -> None:
    house = open_house
    rma_id, settlement = await handed_in(house, await house.an_order())
    new, other = await house.an_order(vase()), await house.an_order(vase())

    first = await exchanged(house, settlement.id, new)
    again = await exchanged(house, settlement.id, new)
    with pytest.raises(Refused) as no:
        await exchanged(house, settlement.id, other)

    assert (first, no.value.code) == (again, "already_reported")
    assert len([e for e in await house.events(rma_id) if e.type == EventType.SETTLEMENT_EXCHANGED.value]) == 1
    assert await worth(house, other) == VASE


async def test_the_mirror_keeps_what_a_line_carries(open_house: House) -> None:
    house = open_house
    _, settlement = await handed_in(house, await house.an_order())
    new = await house.an_order(vase())
    await exchanged(house, settlement.id, new, collected=0)

    seen = await house.mirror(new.order.ref)

    assert (seen.changed, await worth(house, new)) == (False, TEE)


async def test_what_stands_on_other_value_is_refused_and_carries_nothing(open_house: House) -> None:
    house = open_house
    _, settlement = await handed_in(house, await house.an_order())
    new = await house.an_order(vase(quantity=2, fulfilled=2))
    ref = new.order.lines[0].ref
    _, credit = await handed_in(house, await house.an_order(), K.STORE_CREDIT)

    async def refusal(of: UUID, *lines: flow.NewLine, collected: int | None = None) -> str:
        with pytest.raises(Refused) as no:
            await name(house, of, new, lines, collected)
        return no.value.code

    assert await refusal(settlement.id, flow.NewLine(ref, 1)) == "out_of_range"
    assert await refusal(settlement.id, flow.NewLine("nothing", 1)) == "return_line_not_found"
    assert await refusal(settlement.id, flow.NewLine(ref, 2), collected=-1) == "wrong_sign"
    assert await refusal(credit.id, flow.NewLine(ref, 2)) == "move_not_allowed"
    await house.ask(new, {0: 1})
    assert await refusal(settlement.id, flow.NewLine(ref, 2)) == "more_than_returnable"
    assert await house.row("SELECT count(*) FROM exchange") == (0,)
    assert await house.row("SELECT count(*) FROM sales_order WHERE carried IS NOT NULL") == (0,)


async def test_money_for_a_replacement_that_no_payment_stands_behind_waits_for_a_person(open_house: House) -> None:
    house = open_house
    _, settlement = await handed_in(house, await house.an_order())
    new = await house.an_order(vase("19.99", discounts=[{"title": "Swap", "amount": "19.99"}]))
    await exchanged(house, settlement.id, new)

    rma_id, row = await handed_in(house, new, K.REFUND_ORIGINAL)

    assert (row.total_minor, row.plan.unallocated, row.state.value, row.comparison) == (TEE, TEE, "quoted", "differs")
    assert await house.waits(rma_id) == ("finance", "platform_disagrees")

    done = await house.do(
        lambda db: hand_over.pay_outside(
            db, settlement_id=row.id, reason="paid into the bank account", actor="staff:1", now=now(),
            policies=house.policies,
        )
    )  # fmt: skip
    await house.settle_down()

    assert (done.state.value, done.handed_to, done.total_minor) == ("handed_over", "merchant", TEE)
    assert await house.waits(rma_id) == ("finance", "awaiting_payout")
    assert await house.refunded(new) == ("0.00", 0)
    with pytest.raises(Refused) as no:
        await house.do(
            lambda db: hand_over.pay_outside(
                db, settlement_id=row.id, reason="again", actor="staff:1", now=now(), policies=house.policies
            )
        )
    assert no.value.code == "move_not_allowed"
    await house.do(lambda db: hand_over.report_paid(db, settlement_id=row.id, reference="B-1", actor="s", now=now()))
    await house.settle_down()
    assert (await house.status(rma_id), await house.waits(rma_id)) == ("resolved", None)
