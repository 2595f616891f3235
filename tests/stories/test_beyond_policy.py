"""A member of the staff opens a return that the policy refuses, with a reason; never beyond units or money."""

from datetime import timedelta

import pytest

from retour.core.errors import Refused
from retour.core.policy import template
from retour.flows import rma
from tests.stories.house import House, now

pytestmark = pytest.mark.anyio
WHY = "A regular customer; agreed on the phone."
LATER = timedelta(days=60)


async def test_a_closed_window_is_set_aside_and_the_return_waits_for_a_decision(house: House) -> None:
    await house.open(document=template(automatic=True))
    order = await house.an_order()

    rma_id = await house.ask(order, {0: 1}, now=now() + LATER, unlimited=f"  {WHY} ", actor="staff:ana")

    assert await house.status(rma_id) == "requested"
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    (told,) = [e for e in await house.events(rma_id) if e.type == "return.requested"]
    assert (told.actor, told.data["reason"]) == ("staff:ana", WHY)
    assert told.data["objections"] == [{"code": "window_closed", "field": f"lines[{order.order.lines[0].ref}]"}]
    assert told.data["review"] == ["beyond_policy"]


async def test_a_resolution_and_a_way_that_are_not_offered_are_set_aside(house: House) -> None:
    await house.open(document=template(automatic=True))
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 1, "too_small", resolution="store_credit")

    rma_id = await house.ask(order, [wish], unlimited=WHY, method="drop_off")

    ((resolution, method, total),) = await house.rows(
        "SELECT l.resolution, l.method, (r.promised ->> 'total_minor')::int FROM rma r JOIN return_line l ON l.rma_id = r.id"
    )
    assert (resolution, method, total > 0) == ("store_credit", "drop_off", True)
    (told,) = [e for e in await house.events(rma_id) if e.type == "return.requested"]
    assert [o["code"] for o in told.data["objections"]] == ["resolution_not_offered"]  # type: ignore[attr-defined]


async def test_what_the_policy_allows_is_approved_as_ever(house: House) -> None:
    await house.open(document=template(automatic=True))

    rma_id = await house.ask(await house.an_order(), {0: 1}, unlimited=WHY)

    assert await house.status(rma_id) == "approved"


@pytest.mark.parametrize(("quantity", "code"), [(0, "quantity_not_positive"), (9, "more_than_returnable")])
async def test_units_that_are_not_there_are_refused_whatever_the_reason(house: House, quantity: int, code: str) -> None:
    await house.open()
    order = await house.an_order()
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await house.ask(order, {0: quantity}, now=now() + LATER, unlimited=WHY)

    assert no.value.code == code
    assert [one.code for one in no.value.objections] == [code]
    assert await house.traces(order) == before


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"unlimited": "  "}, "reason_missing"),
        ({"unlimited": WHY, "method": "drone"}, "method_not_offered"),
    ],
)
async def test_no_reason_and_no_such_way_open_nothing(house: House, more: dict[str, str], code: str) -> None:
    await house.open()
    order = await house.an_order()
    before = await house.traces(order)

    with pytest.raises(Refused) as no:
        await house.ask(order, {0: 1}, **more)

    assert no.value.code == code
    assert await house.traces(order) == before


async def test_the_same_unit_is_not_promised_twice_beyond_the_policy(house: House) -> None:
    await house.open()
    order = await house.an_order()
    units = order.order.lines[0].quantity
    await house.ask(order, {0: units}, unlimited=WHY)

    with pytest.raises(Refused) as no:
        await house.ask(order, {0: 1}, unlimited=WHY)

    assert no.value.code == "nothing_left"
