"""A statement finds its order by number and contact; what is not certain waits for a person, never silently."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from retour.core.money import Sides
from retour.core.order import Charge, ChargeKind, FulfilledUnits, Fulfilment
from retour.core.policy import Rule
from retour.core.policy.outcome import Approval, Approving, Eligibility, Methods, Mode, Outcomes, Requirements
from retour.core.withdrawal import Statement, Why, WithdrawalState
from tests.flows.order.shop import fetched
from tests.flows.withdrawal.conftest import NOW, SAID, Counter, delivered

pytestmark = pytest.mark.anyio

RMA = """
SELECT r.kind, r.status, r.channel, r.number, r.promised ->> 'total_minor' AS promised, l.quantity, l.reason, l.decided_by,
       l.settle_after_hours, r.method
  FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id WHERE r.id = $1
"""
RETURNS = "SELECT count(*) AS n FROM rma"
ROW = "SELECT sealed, person_id, due_at FROM withdrawal WHERE id = $1"
ERASE = "UPDATE person SET erased_at = now(), name = NULL, email = NULL, email_folded = NULL WHERE id = $1"


async def test_number_and_contact_that_name_one_order_open_a_return_approved_by_law(counter: Counter) -> None:
    order_id = await counter.order()
    id_ = await counter.state(Statement("Cara", " 2001 ", " CANARY.shopper@EXAMPLE.com"))

    found = await counter.match(id_)

    assert (found.state, found.order_id, found.late, found.decided_by) == (
        WithdrawalState.MATCHED, order_id, False, "retour",
    )  # fmt: skip
    assert found.last_day == date(2026, 5, 18)  # 14 days after Sunday 3 May is a Sunday; the Monday counts
    row = await counter.one(RMA, found.rma_id)
    assert (row["kind"], row["status"], row["channel"], row["quantity"], row["reason"]) == (
        "withdrawal", "approved", "portal", 2, "withdrawal",
    )  # fmt: skip
    assert (row["promised"], row["decided_by"], row["settle_after_hours"]) == ("2000", "statute", 0)
    assert await counter.events(id_) == [
        ("withdrawal.received", "shopper"), ("withdrawal.matched", "retour"),
    ]  # fmt: skip
    assert counter.asked == []


async def test_no_rule_approval_question_or_missing_way_back_stands_in_its_way(counter: Counter) -> None:
    outcomes = Outcomes(
        Eligibility(Mode.NEVER), methods=Methods(()), decision=Approving(Approval.REVIEW),
        requirements=Requirements(photos=3, note=True),
    )  # fmt: skip
    await counter.publish(rules=(Rule("never", "Never", outcomes),))
    await counter.order()

    found = await counter.match(await counter.state())

    row = await counter.one(RMA, found.rma_id)
    assert (row["kind"], row["status"]) == ("withdrawal", "approved")


async def test_the_standard_shipping_goes_back_with_the_whole_order(counter: Counter) -> None:
    order = delivered(NOW - timedelta(days=1))
    shipping = Charge("ship-1", ChargeKind.SHIPPING, "Standard", Sides(490, 490))
    captured = replace(order.captures[0], captured=2_490)
    await counter.order(replace(order, charges=(shipping,), captures=(captured,), total=Sides(2_490, 2_490)))

    found = await counter.match(await counter.state())

    assert (await counter.one(RMA, found.rma_id))["promised"] == "2490"


async def test_the_statement_is_sealed_under_the_key_of_its_person_and_unreadable_once_they_are_erased(
    counter: Counter,
) -> None:
    await counter.order()
    found = await counter.match(await counter.state())
    row = await counter.one(ROW, found.id)
    assert row["person_id"] is not None
    assert (found.said, row["due_at"]) == (SAID, None)

    await counter.one(ERASE, row["person_id"])

    after = await counter.get(found.id)
    assert (after.said, after.content_sha256, after.state) == (None, found.content_sha256, WithdrawalState.MATCHED)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (replace(SAID, number="#9999"), Why.NO_ORDER),
        (replace(SAID, contact="else@example.com"), Why.ANOTHER_CONTACT),
        (replace(SAID, goods="only the socks"), Why.PART_NAMED),
    ],
)
async def test_what_is_not_certain_waits_for_a_person(counter: Counter, said: Statement, why: Why) -> None:
    await counter.order()

    found = await counter.match(await counter.state(said))

    assert (found.state, found.why, found.rma_id) == (WithdrawalState.WAITING, why, None)
    assert (await counter.one(RETURNS))["n"] == 0
    assert (await counter.events(found.id))[-1] == ("withdrawal.waiting", "retour")


async def test_one_day_late_is_shown_as_late_and_the_last_day_itself_is_in_time(counter: Counter) -> None:
    await counter.order()  # delivered on Sunday 3 May
    counter.now = NOW + timedelta(days=14)  # Monday 18 May, the last day
    in_time = await counter.match(await counter.state(replace(SAID, goods="the socks")))
    counter.now = NOW + timedelta(days=15)
    late = await counter.match(await counter.state())

    assert (in_time.why, in_time.late) == (Why.PART_NAMED, False)
    assert (late.state, late.why, late.late, late.last_day) == (
        WithdrawalState.WAITING, Why.LATE, True, date(2026, 5, 18),
    )  # fmt: skip


async def test_an_order_with_a_parcel_under_way_can_always_be_withdrawn_from(counter: Counter) -> None:
    order = delivered(NOW - timedelta(days=90))
    order = replace(order, fulfilments=(
        replace(order.fulfilments[0], units=(FulfilledUnits("fl-1", "line-1", 1),)),
        Fulfilment("ful-2", NOW - timedelta(days=80), units=(FulfilledUnits("fl-2", "line-1", 1),)),
    ))  # fmt: skip
    await counter.order(order)

    found = await counter.match(await counter.state())

    assert (found.state, found.last_day, found.late) == (WithdrawalState.MATCHED, None, False)


async def test_a_second_withdrawal_from_the_same_order_finds_nothing_left(counter: Counter) -> None:
    await counter.order()
    first = await counter.match(await counter.state())
    second = await counter.match(await counter.state())

    assert first.state is WithdrawalState.MATCHED
    assert (second.state, second.why, second.refusal) == (WithdrawalState.WAITING, Why.NOTHING_LEFT, "nothing_given")
    assert (await counter.one(RETURNS))["n"] == 1


async def test_a_store_that_cannot_open_returns_keeps_the_statement_for_a_person(counter: Counter) -> None:
    await counter.order()
    await counter.one("UPDATE store SET return_master = 'platform' WHERE id = $1", counter.store_id)

    found = await counter.match(await counter.state())

    assert (found.state, found.why, found.refusal) == (WithdrawalState.WAITING, Why.NOT_OPENED, "another_master")


async def test_two_orders_of_one_number_and_one_contact_are_for_a_person(counter: Counter) -> None:
    await counter.order()
    await counter.order(replace(delivered(NOW - timedelta(days=400)), ref="gid://order/1999"))

    assert (await counter.match(await counter.state())).why is Why.SEVERAL_ORDERS


async def test_an_order_that_only_the_platform_knows_is_fetched(counter: Counter) -> None:
    counter.far["#2001"] = fetched(delivered(NOW - timedelta(days=1)))

    found = await counter.match(await counter.state())

    assert (found.state, counter.asked) == (WithdrawalState.MATCHED, ["#2001"])


async def test_a_platform_that_is_gone_is_asked_again_and_after_half_an_hour_a_person_is(counter: Counter) -> None:
    counter.gone_s = 90.0
    found = await counter.match(await counter.state())
    assert (found.state, found.due_at) == (WithdrawalState.RECEIVED, NOW + timedelta(seconds=90))

    counter.now = NOW + timedelta(minutes=29)
    waiting = await counter.match(found.id)

    assert (waiting.state, waiting.why, counter.asked) == (WithdrawalState.WAITING, Why.NO_ORDER, ["#2001", "#2001"])


async def test_an_order_of_the_platform_that_cannot_be_kept_is_for_a_person(counter: Counter) -> None:
    counter.far["#2001"] = fetched(replace(delivered(NOW - timedelta(days=1)), name="#2001\ud800"))

    found = await counter.match(await counter.state())

    assert (found.state, found.why, counter.asked) == (WithdrawalState.WAITING, Why.NO_ORDER, ["#2001"])


async def test_a_statement_is_matched_once_however_often_its_job_runs(counter: Counter) -> None:
    await counter.order()
    id_ = await counter.state()

    first, again = await counter.match(id_), await counter.match(id_)

    assert first == again
    assert (await counter.one(RETURNS))["n"] == 1
