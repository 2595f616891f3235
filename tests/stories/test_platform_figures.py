"""The platform's own figures beside ours: equal, a minor unit off, and more than that."""

from dataclasses import replace

import pytest

from retour.core.errors import Refused
from retour.core.money import Sides
from retour.core.order import Fetched
from retour.flows import refund
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio
MUGS = {"sku": "RT-MUG-SET", "price": "10.00", "quantity": 3, "discounts": [{"amount": "20.00"}]}


async def test_a_minor_unit_of_the_platform_is_taken_as_a_visible_row(house: House) -> None:
    await house.open()
    order = await house.an_order(MUGS)  # 10.00 for three: two are worth 6.67 here, 6.66 where cents are cut off

    rma_id = await house.returned(order, {0: 2})

    settlement = await house.settlement(rma_id)
    assert (settlement.comparison, settlement.total_minor, settlement.reasons) == (
        "rounded",
        666,
        ["platform_rounding"],
    )
    assert [(r.kind.value, r.payable.presentment) for r in (*settlement.plan.rows, *settlement.plan.adjustments)] == [
        ("units", 667), ("platform_rounding", -1),
    ]  # fmt: skip
    assert await house.refunded(order) == ("6.66", 1)
    await house.returned(order, {0: 1})
    assert await house.refunded(order) == ("10.00", 2)


def half_a_euro_less(fetched: Fetched) -> Fetched:
    """Return the order as a mirror would have it that lost 50 cents of its first line."""
    order = fetched.order
    line = replace(order.lines[0], gross=order.lines[0].gross - Sides(50, 50))
    return replace(fetched, order=replace(order, lines=(line, *order.lines[1:])))


async def test_a_difference_pays_nothing_until_a_person_accepts_it(house: House) -> None:
    await house.open()
    order = await house.an_order(bend=half_a_euro_less)

    rma_id = await house.returned(order, {0: 2})

    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.comparison) == ("quoted", "differs")
    assert await house.waits(rma_id) == ("finance", "platform_disagrees")
    shown = (await house.discrepancies())["platform_disagrees"]["differences"]
    assert [(d["component"], d["ours"], d["theirs"]) for d in shown if d["component"] == "gross"] == [
        ("gross", 3948, 3998)
    ]
    assert await house.refunded(order) == ("0.00", 0)
    assert await house.captures(order) == [(3998, 0, 0, 0)]
    await house.later()
    assert await house.refunded(order) == ("0.00", 0)

    await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()

    assert await house.refunded(order) == ("39.48", 1)
    assert (await house.settlement(rma_id)).comparison == "accepted_by_person"
    assert "platform_disagrees" not in await house.discrepancies()
    assert await house.status(rma_id) == "resolved"
    with pytest.raises(Refused) as twice:
        await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))
    assert twice.value.code == "move_not_allowed"


def two_euro_less(fetched: Fetched) -> Fetched:
    order = fetched.order
    line = replace(order.lines[0], gross=order.lines[0].gross - Sides(200, 200))
    return replace(fetched, order=replace(order, lines=(line, *order.lines[1:])))


async def test_what_a_person_accepted_holds_for_those_figures_alone(house: House) -> None:
    await house.open()
    order = await house.an_order(bend=half_a_euro_less)
    rma_id = await house.returned(order, {0: 2})
    settlement = await house.settlement(rma_id)
    await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))

    await house.mirror(order.order.ref, bend=two_euro_less)
    await house.settle_down()

    again = await house.settlement(rma_id)
    assert (again.state.value, again.comparison, again.total_minor) == ("quoted", "differs", 3_798)
    assert await house.waits(rma_id) == ("finance", "platform_disagrees")
    assert await house.refunded(order) == ("0.00", 0)
    await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()
    assert await house.refunded(order) == ("37.98", 1)


async def test_money_that_went_back_behind_our_back_is_never_paid_again(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.control("admin-refund", {"order": order.order.ref, "amount": "30.00"})

    await house.inspect(rma_id, Units(0, 2))

    assert await house.waits(rma_id) == ("finance", "platform_disagrees")
    assert await house.refunded(order) == ("30.00", 1)
    assert await house.captures(order) == [(3998, 0, 0, 0)]


async def test_an_order_partly_refunded_elsewhere_pays_what_is_left(house: House) -> None:
    await house.open()
    order = await house.an_order()
    await house.refund_elsewhere(order, lines=[{"index": 0, "quantity": 1}], note="goodwill")
    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 2})
    assert refused.value.code == "more_than_returnable"

    rma_id = await house.returned(order, {0: 1})

    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("39.98", 2)
    assert await house.captures(order) == [(3998, 0, 1999, 1999)]


async def test_units_refunded_elsewhere_close_the_line_and_its_taxes_with_ours(house: House) -> None:
    await house.open()
    line = {"sku": "RT-MUG-SET", "price": "33.35", "quantity": 3, "taxes": [["VAT", "0.19"], ["ECO", "0.013"]]}
    order = await house.an_order(line, currency="GBP", fx="0.8531")
    before = await house.refund_elsewhere(order, lines=[{"index": 0, "quantity": 1}])
    (outside,) = before.record.order.refunds

    plans = []
    for _ in range(2):
        rma_id = await house.returned(order, {0: 1})
        plans.append((await house.settlement(rma_id)).plan)

    whole = order.order.lines[0]
    assert plans[0].total + plans[1].total + outside.total == whole.gross
    paid = [t for plan in plans for t in plan.taxes]
    by_bucket = {b.bucket: sum(t.amount.presentment for t in paid if t.bucket == b.bucket) for b in whole.taxes}
    elsewhere = {b.bucket: b.amount.presentment - by_bucket[b.bucket] for b in whole.taxes}
    assert abs(sum(elsewhere.values()) - outside.lines[0].tax.presentment) <= 1  # the platform rounds the sum
    assert await house.refunded(order) == ("100.05", 3)


async def test_goodwill_on_the_platform_lowers_what_the_order_can_still_pay(house: House) -> None:
    await house.open()
    order = await house.an_order()
    await house.refund_elsewhere(order, amount="5.00", note="sorry")

    rma_id = await house.returned(order, {0: 2})

    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.total_minor) == ("settled", 3498)
    assert await house.refunded(order) == ("39.98", 2)


async def test_a_planned_refund_gives_way_to_one_made_elsewhere(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2), drain=False)
    await house.run_until(rma_id, "refund planned")
    assert await house.captures(order) == [(3998, 3998, 0, 0)]

    await house.refund_elsewhere(order, amount="10.00", note="sorry")
    await house.settle_down()

    assert await house.refunded(order) == ("39.98", 2)
    assert await house.captures(order) == [(3998, 0, 2998, 1000)]
    assert await house.status(rma_id) == "resolved"


def half_of_the_payment(fetched: Fetched) -> Fetched:
    """Return the order as a mirror would have it that knows of half the payment."""
    (capture,) = fetched.order.captures
    return replace(fetched, order=replace(fetched.order, captures=(replace(capture, captured=2_000),)))


async def test_a_settlement_without_enough_payment_to_go_back_to_counts_what_was_paid(house: House) -> None:
    await house.open()
    order = await house.an_order(bend=half_of_the_payment)
    rma_id = await house.returned(order, {0: 2})
    settlement = await house.settlement(rma_id)
    assert (settlement.comparison, settlement.total_minor, settlement.plan.unallocated) == ("differs", 3998, 1998)

    await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()

    paid = await house.settlement(rma_id)
    assert (paid.state.value, paid.total_minor, paid.plan.total.presentment) == ("settled", 2000, 3998)
    assert await house.refunded(order) == ("20.00", 1)
