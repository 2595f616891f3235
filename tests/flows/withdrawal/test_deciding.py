"""A person finds the order of a statement, or ends it with a reason that is written to whoever made it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retour.core.errors import Refused
from retour.core.withdrawal import Why, WithdrawalState
from retour.store import withdrawal as withdrawals
from retour.store.ids import new_id
from tests.flows.order.shop import PERSON
from tests.flows.withdrawal.conftest import ANSWERED, NOW, RECEIVED, SAID, Counter, delivered

pytestmark = pytest.mark.anyio

RMA = """
SELECT r.number, r.kind, r.status, l.quantity FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
 WHERE r.id = $1
"""
RETURNS = "SELECT count(*) AS n FROM rma"


async def test_a_person_names_the_units_of_a_statement_that_names_a_part(counter: Counter) -> None:
    order_id = await counter.order()
    waiting = await counter.match(await counter.state(replace(SAID, goods="one of the two")))

    number = await counter.assign(waiting.id, order_id, quantities={"line-1": 1})

    found = await counter.get(waiting.id)
    assert (found.state, found.decided_by, found.reason, found.number) == (
        WithdrawalState.MATCHED, "staff:1", None, number,
    )  # fmt: skip
    row = await counter.one(RMA, found.rma_id)
    assert (row["kind"], row["status"], row["quantity"]) == ("withdrawal", "approved", 1)


async def test_a_late_one_is_accepted_with_a_reason_only(counter: Counter) -> None:
    order_id = await counter.order(delivered(NOW - timedelta(days=60)))
    waiting = await counter.match(await counter.state())
    assert waiting.why is Why.LATE

    with pytest.raises(Refused) as refused:
        await counter.assign(waiting.id, order_id, reason=" ")
    assert (refused.value.code, (await counter.one(RETURNS))["n"]) == ("reason_required", 0)

    await counter.assign(waiting.id, order_id, reason=" Never told of the right ")
    found = await counter.get(waiting.id)
    assert (found.state, found.late, found.reason) == (WithdrawalState.MATCHED, True, "Never told of the right")


async def test_the_order_of_another_contact_needs_a_reason_and_is_offered_as_a_candidate(counter: Counter) -> None:
    order_id = await counter.order(person=replace(PERSON, ref="cust-2", email="else@example.com"))
    waiting = await counter.match(await counter.state())
    async with counter.database.tx(counter.tenant_id) as db:
        (candidate,) = await withdrawals.candidates(db, store_id=counter.store_id, said=SAID)
    assert (candidate.order_id, candidate.by_number, candidate.by_contact, candidate.by_name) == (
        order_id, True, False, True,
    )  # fmt: skip

    with pytest.raises(Refused) as refused:
        await counter.assign(waiting.id, order_id)
    assert refused.value.code == "reason_required"

    await counter.assign(waiting.id, order_id, reason="Called; the address at checkout was the partner's")
    assert (await counter.get(waiting.id)).state is WithdrawalState.MATCHED


async def test_closing_writes_the_reason_to_whoever_stated_it(counter: Counter) -> None:
    waiting = await counter.match(await counter.state())
    with pytest.raises(Refused) as refused:
        await counter.close(waiting.id, "")
    assert refused.value.code == "reason_required"

    await counter.close(waiting.id, "We have no order under this number.")

    found = await counter.get(waiting.id)
    assert (found.state, found.decided_by, found.reason) == (
        WithdrawalState.CLOSED, "staff:1", "We have no order under this number.",
    )  # fmt: skip
    (received, answered) = await counter.letters(waiting.id)
    assert received[0] == RECEIVED
    assert answered == (ANSWERED, SAID.contact, {
        "number": "#2001", "at": "2026-05-04T10:00:00+00:00", "reason": "We have no order under this number.",
    })  # fmt: skip
    assert (await counter.events(waiting.id))[-1] == ("withdrawal.closed", "staff:1")


async def test_a_closed_one_may_still_find_its_order_and_a_matched_one_is_not_closed(counter: Counter) -> None:
    waiting = await counter.match(await counter.state())
    await counter.close(waiting.id, "No such order")
    order_id = await counter.order()

    await counter.assign(waiting.id, order_id)

    with pytest.raises(Refused) as refused:
        await counter.close(waiting.id, "Changed my mind")
    assert refused.value.code == "move_not_allowed"
    with pytest.raises(Refused) as twice:
        await counter.assign(waiting.id, order_id)
    assert twice.value.code == "move_not_allowed"
    assert (await counter.one(RETURNS))["n"] == 1


async def test_what_does_not_exist_is_not_found(counter: Counter) -> None:
    waiting = await counter.match(await counter.state())

    for withdrawal_id, code in ((new_id(), "withdrawal_not_found"), (waiting.id, "order_not_found")):
        with pytest.raises(Refused) as refused:
            await counter.assign(withdrawal_id, new_id())
        assert refused.value.code == code
    assert (await counter.get(waiting.id)).state is WithdrawalState.WAITING


async def test_waiting_ones_are_told_with_since_when_and_why(counter: Counter) -> None:
    waiting = await counter.match(await counter.state())

    async with counter.database.tx(counter.tenant_id) as db:
        rows = await withdrawals.waiting(db)
        count = await withdrawals.count_waiting(db, counter.store_id)

    assert ([(row.id, row.since, row.why) for row in rows], count) == ([(waiting.id, NOW, Why.NO_ORDER)], 1)
