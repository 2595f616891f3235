"""A withdrawal from an order that was sent in part, or not at all: what comes back is returned, the rest is never sent."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy import Rule
from retour.core.policy.outcome import Approval, Approving, Eligibility, Fee, Fees, Mode, Outcomes
from retour.flows import rma
from retour.store.ids import new_id
from tests.stories.house import House, Units, now, under

pytestmark = pytest.mark.anyio

MUGS = {"sku": "RT-MUG-SET", "price": "38.00", "quantity": 3, "taxes": [["VAT", "0.19"]]}
SHIPPING = {"price": "4.90", "taxes": [["VAT", "0.19"]]}
RETURNS = "SELECT id, kind, status FROM rma WHERE order_id = $1 ORDER BY id"


async def withdraw(house: House, order: Any, **more: Any) -> UUID:
    """Open what follows from a withdrawal and return the return that the statement is matched with."""
    rma_id = new_id()
    how = {"quantities": None, "channel": "api", "actor": "retour", **more}
    await house.do(
        lambda db: rma.open_withdrawal(
            db, id=rma_id, store_id=house.store, order_id=order.id, now=now(), policies=house.policies, **how
        )
    )
    await house.settle_down()
    return rma_id


async def kinds(house: House, order: Any) -> dict[str, str]:
    """Return the status of the order's returns by their kind."""
    return {kind: status for _, kind, status in await house.rows(RETURNS, order.id)}


async def open_strictly(house: House) -> None:
    """Open the store with a policy that takes nothing back, cancels for a fee and refunds no shipping."""
    never = Outcomes(Eligibility(Mode.NEVER), decision=Approving(Approval.REVIEW))
    fees = Fees(cancellation_fee=Fee(bp=1_000))
    await house.open(document=replace(under(fees=fees), rules=(Rule("never", "Never", never),)))


async def test_what_was_not_sent_is_cancelled_at_once_and_what_was_comes_back(house: House) -> None:
    await open_strictly(house)
    order = await house.an_order({**MUGS, "fulfilled": 1}, shipping=SHIPPING)

    rma_id = await withdraw(house, order)

    assert await kinds(house, order) == {"cancellation": "resolved", "withdrawal": "approved"}
    assert await house.refunded(order) == ("76.00", 1)
    seen = (await house.see(rma_id)).rma
    assert (seen.kind, seen.lines[0].claimed) == ("withdrawal", ((1, 1),))
    (cancelled,) = [id_ for id_, kind, _ in await house.rows(RETURNS, order.id) if kind == "cancellation"]
    (approved,) = [e for e in await house.events(cancelled) if e.type == "return.approved"]
    assert approved.actor == "statute"

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))

    # 3 x 38.00 and the standard delivery with the last of it, without the fee of a cancellation
    assert (await kinds(house, order))["withdrawal"] == "resolved"
    assert await house.refunded(order) == ("118.90", 2)


async def test_an_order_of_which_nothing_was_sent_is_paid_back_whole(house: House) -> None:
    await open_strictly(house)
    (place, *_) = (await house.control("books"))["locations"]
    await house.change("UPDATE store SET location_ref = $1", place)
    order = await house.an_order({**MUGS, "fulfilled": 0}, shipping=SHIPPING)

    rma_id = await withdraw(house, order)

    assert (await house.see(rma_id)).rma.kind == "cancellation"
    assert await kinds(house, order) == {"cancellation": "resolved"}
    assert await house.refunded(order) == ("118.90", 1)
    after = (await house.mirror(order.order.ref)).record.order.lines[0]
    assert (after.quantity, after.cancelled) == (3, 3)


async def test_units_that_a_person_names_leave_the_rest_of_the_order_alone(house: House) -> None:
    await house.open()
    order = await house.an_order({**MUGS, "fulfilled": 1})

    await withdraw(house, order, quantities={order.order.lines[0].ref: 1})

    assert await kinds(house, order) == {"withdrawal": "approved"}


async def test_what_is_cancelled_already_is_not_cancelled_by_a_withdrawal_again(house: House) -> None:
    await house.open()
    order = await house.an_order({**MUGS, "fulfilled": 1})
    wish = rma.Wish(order.order.lines[0].ref, 2, "changed_mind")
    first = await house.ask(order, [wish], kind="cancellation")

    await withdraw(house, order)
    assert await kinds(house, order) == {"cancellation": "requested", "withdrawal": "approved"}
    await house.approve(first)

    assert await house.refunded(order) == ("76.00", 1)
    with pytest.raises(Refused) as no:
        await withdraw(house, order)
    assert no.value.code == "nothing_given"
