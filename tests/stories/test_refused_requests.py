"""What cannot be asked for is refused with a stable code, and leaves nothing behind."""

from datetime import timedelta
from typing import Any

import pytest

from retour.core.errors import Refused
from retour.core.policy.outcome import ChargeMode, RefundTerms
from retour.flows import rma
from retour.store.db import Database
from retour.store.ids import new_id
from tests.stories.house import TEE, House, a_house, now, under

pytestmark = pytest.mark.anyio


async def refusal(house: House, order: Any, wishes: Any, **more: Any) -> str:
    """Return the code of the refusal of a request that left nothing behind."""
    before = await house.traces(order)
    with pytest.raises(Refused) as refused:
        await house.ask(order, wishes, **more)
    assert await house.traces(order) == before
    return refused.value.code


@pytest.mark.parametrize("quantity", [0, -1])
async def test_no_units_are_no_return(house: House, quantity: int) -> None:
    await house.open()

    assert await refusal(house, await house.an_order(), {0: quantity}) == "quantity_not_positive"


async def test_no_more_units_than_were_sent(house: House) -> None:
    await house.open()
    sent_in_part = {**TEE, "quantity": 3, "fulfilled": 2}

    assert await refusal(house, await house.an_order(sent_in_part), {0: 3}) == "more_than_returnable"


async def test_a_line_of_another_order_and_a_line_named_twice(house: House) -> None:
    await house.open()
    order, other = await house.an_order(), await house.an_order()
    foreign = [rma.Wish(other.order.lines[0].ref, 1, "too_small")]
    own = rma.Wish(order.order.lines[0].ref, 1, "too_small")

    assert await refusal(house, order, foreign) == "line_not_found"
    assert await refusal(house, order, [own, own]) == "duplicate_line"


async def test_a_request_for_nothing(house: House) -> None:
    await house.open()

    assert await refusal(house, await house.an_order(), []) == "nothing_given"


@pytest.mark.parametrize("resolution", ["store_credit", "keep_item", "nonsense"])
async def test_a_resolution_that_is_not_offered(house: House, resolution: str) -> None:
    await house.open()
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution=resolution)

    assert await refusal(house, order, [wish]) == "resolution_not_offered"


async def test_a_way_back_that_is_not_offered(house: House) -> None:
    await house.open()

    assert await refusal(house, await house.an_order(), {0: 1}, method="drone") == "method_not_offered"


async def test_an_order_nobody_knows(house: House) -> None:
    await house.open()

    assert await refusal(house, await house.an_order(), {0: 1}, order_id=new_id()) == "order_not_found"


async def test_an_order_that_is_too_old(house: House) -> None:
    await house.open()
    order = await house.an_order()

    assert await refusal(house, order, {0: 1}, now=now() + timedelta(days=60)) == "window_closed"


async def test_an_order_of_another_account(
    house: House, database: Database, executor_database: Database, owner: Any, tmp_path: Any
) -> None:
    await house.open()
    order = await house.an_order()
    async with a_house(database, executor_database, owner, tmp_path / "other keys") as stranger:
        await stranger.open()

        assert await refusal(stranger, order, {0: 1}) == "order_not_found"
        own = await stranger.an_order()
        assert await refusal(stranger, own, {0: 1}, store_id=house.store) == "order_not_found"
    assert await house.row("SELECT count(*) FROM rma") == (0,)


async def test_figures_that_changed_since_they_were_shown(house: House) -> None:
    await house.open()
    order = await house.an_order()
    wishes = [rma.Wish(order.order.lines[0].ref, 1, "too_small")]

    async def shown() -> str:
        async with house.web.tx(house.tenant) as db:
            seen = await rma.judge(
                db, rma.Asking(house.store, order.id, tuple(wishes), "api"), now=now(), policies=house.policies,
                lock=False,
            )  # fmt: skip
        return seen.promise.hash

    plan_hash = await shown()
    await house.refund_elsewhere(order, amount="5.00")

    assert await refusal(house, order, wishes, plan_hash=plan_hash) == "plan_changed"
    rma_id = await house.ask(order, wishes, plan_hash=await shown())
    assert await house.status(rma_id) == "requested"


async def test_a_policy_published_since_changes_the_figures_too(house: House) -> None:
    await house.open()
    order = await house.an_order(shipping={"price": "4.90"})
    wishes = [rma.Wish(order.order.lines[0].ref, 2, "too_small")]
    async with house.web.tx(house.tenant) as db:
        seen = await rma.judge(
            db, rma.Asking(house.store, order.id, tuple(wishes), "api"), now=now(), policies=house.policies, lock=False
        )
        await house.publish(under(refund_terms=RefundTerms(shipping=ChargeMode.ON_FULL_RETURN)), db=db)

    assert await refusal(house, order, wishes, plan_hash=seen.promise.hash) == "plan_changed"


async def test_a_store_without_a_policy(house: House) -> None:
    await house.open()
    order = await house.an_order()
    await house.change("UPDATE policy_version SET state = 'retired'")

    assert await refusal(house, order, {0: 1}) == "policy_not_published"
