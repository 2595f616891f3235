"""A return is changed after it was asked for: judged again, promised again, every unit claimed or freed exactly."""

from dataclasses import replace
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.mail import MailKind
from retour.core.policy import template
from retour.core.policy.outcome import Approval, Approving, Moment, SettleOn
from retour.flows import rma
from retour.store import rma as returns
from retour.store.order import OrderRecord
from tests.stories.house import TEE, House, Units, now, under
from tests.stories.test_mails import JACKET, SOCKS, mailing

pytestmark = pytest.mark.anyio

MUG = {"sku": "RT-MUG", "price": "7.01", "quantity": 3, "taxes": [["VAT", "0.19"]]}


def wish(order: OrderRecord, index: int, quantity: int, reason: str = "too_small", **more: str) -> rma.Wish:
    return rma.Wish(order.order.lines[index].ref, quantity, reason, **more)


async def edit(house: House, rma_id: UUID, *wishes: rma.Wish, **more: object) -> returns.ReturnRecord:
    content = rma.Content(wishes, **{k: more.pop(k) for k in ("method", "plan_hash") if k in more})  # type: ignore[arg-type]
    return await house.do(
        lambda db: rma.edit_return(
            db,
            rma_id=rma_id,
            content=content,
            actor="agent",
            now=now(),
            policies=house.policies,
            **more,  # type: ignore[arg-type]
        )
    )


async def content(house: House, rma_id: UUID) -> list[tuple[int, int, str, str]]:
    """Return (position, units, reason, decision) of each line."""
    lines = (await house.see(rma_id)).rma.lines
    return [(line.position, line.quantity, line.reason, line.decision.value) for line in lines]


async def test_a_forgotten_item_is_added_and_the_promise_replaced_with_both_kept(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, MUG)
    rma_id = await house.ask(order, {0: 1})

    await edit(house, rma_id, wish(order, 0, 1), wish(order, 1, 2, "damaged"))
    await house.settle_down()

    assert await content(house, rma_id) == [(1, 1, "too_small", "requested"), (2, 2, "damaged", "requested")]
    assert [claimed for claimed, _, _ in await house.counters(order)] == [1, 2]
    (event,) = [e for e in await house.events(rma_id) if e.type == "return.edited"]
    assert (event.data["before_minor"], event.data["after_minor"], event.data["currency"]) == (1999, 3401, "EUR")
    (promised,) = await house.row("SELECT promised ->> 'total_minor' FROM rma WHERE id = $1", rma_id)
    assert promised == "3401"
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1, 1: 2})
    await house.inspect(rma_id, Units(0, 1), Units(1, 2))
    assert (await house.status(rma_id), await house.refunded(order)) == ("resolved", ("34.01", 1))


async def test_fewer_units_free_the_others_exactly(house: House) -> None:
    await house.open()
    order = await house.an_order(MUG)
    rma_id = await house.ask(order, {0: 3})
    with pytest.raises(Refused):
        await house.ask(order, {0: 1})

    await edit(house, rma_id, wish(order, 0, 1))

    assert [claimed for claimed, _, _ in await house.counters(order)] == [1]
    other = await house.ask(order, {0: 2})
    assert await content(house, other) == [(1, 2, "too_small", "requested")]
    with pytest.raises(Refused) as more:
        await edit(house, rma_id, wish(order, 0, 2))
    assert more.value.code in ("nothing_left", "more_than_returnable", "quantity_too_large")
    assert [claimed for claimed, _, _ in await house.counters(order)] == [3]


async def test_what_was_approved_and_did_not_change_keeps_its_decision(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, MUG)
    rma_id = await house.ask(order, {0: 1, 1: 2})
    await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))

    await edit(house, rma_id, wish(order, 0, 1), wish(order, 1, 1))

    assert await content(house, rma_id) == [(1, 1, "too_small", "approved"), (2, 1, "too_small", "requested")]
    assert await house.waits(rma_id) == ("agent", "decision_needed")
    await house.approve(rma_id)
    assert await house.status(rma_id) == "approved"


async def test_an_item_left_out_leaves_the_return(house: House) -> None:
    await house.open()
    order = await house.an_order(TEE, MUG)
    rma_id = await house.ask(order, {0: 1, 1: 2})

    await edit(house, rma_id, wish(order, 1, 2))

    assert await content(house, rma_id) == [(1, 0, "too_small", "cancelled"), (2, 2, "too_small", "requested")]
    assert [claimed for claimed, _, _ in await house.counters(order)] == [0, 2]


async def test_what_the_policy_approves_by_itself_is_approved_at_once(house: House) -> None:
    await house.open(document=template(automatic=True))
    order = await house.an_order(TEE, MUG)
    rma_id = await house.ask(order, {0: 1})

    await edit(house, rma_id, wish(order, 0, 1, "damaged"))

    assert await content(house, rma_id) == [(1, 1, "damaged", "approved")]
    assert (await house.told(rma_id))[-2:] == ["return.edited", "return.approved"]


async def test_what_the_policy_approves_later_is_approved_later_again(house: House) -> None:
    await house.open(document=under(decision=Approving(Approval.AUTO_APPROVE, after_hours=1)))
    order = await house.an_order(TEE)
    rma_id = await house.ask(order, {0: 1})
    await house.later()
    assert await house.status(rma_id) == "approved"

    await edit(house, rma_id, wish(order, 0, 1, "damaged"))

    assert await house.waits(rma_id) == ("retour", "approves_later")
    await house.later()
    assert await house.status(rma_id) == "approved"


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("same", "nothing_changed"), ("scanned", "handed_over"), ("received", "handed_over"),
        ("more than opened there", "opened_on_platform"), ("rejected", "already_decided"), ("stale", "plan_changed"),
        ("old", "state_changed"), ("stranger", "return_not_found"), ("nothing", "nothing_given"),
    ],
)  # fmt: skip
async def test_what_cannot_be_changed_is_refused_and_nothing_moves(house: House, how: str, code: str) -> None:
    await house.open()
    order = await house.an_order(TEE, MUG)
    rma_id = await house.ask(order, {0: 1})
    wishes, more = [wish(order, 0, 1, "damaged")], dict[str, object]()
    if how == "rejected":
        await house.do(lambda db: rma.reject(db, rma_id=rma_id, message="no", actor="agent", now=now()))
    elif how in ("scanned", "received", "more than opened there"):
        await house.approve(rma_id)
    if how == "scanned":
        await house.scan(rma_id)
    elif how == "received":
        await house.receive(rma_id, {0: 1})
    elif how == "more than opened there":
        wishes = [wish(order, 0, 2)]
    elif how == "same":
        wishes = [wish(order, 0, 1)]
    elif how == "nothing":
        wishes = []
    elif how == "stale":
        more["plan_hash"] = "another"
    elif how == "old":
        more["expect_version"] = 99
    elif how == "stranger":
        more["order_id"] = rma_id
    before, lines = await house.traces(order), await content(house, rma_id)

    with pytest.raises(Refused) as no:
        await edit(house, rma_id, *wishes, **more)

    assert (no.value.code, await house.traces(order), await content(house, rma_id)) == (code, before, lines)


async def test_what_is_paid_is_not_changed_any_more(house: House) -> None:
    await house.open(document=under(template(automatic=True), settle_on=SettleOn(Moment.APPROVED, 0)))
    order = await house.an_order(MUG)
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()
    assert await house.refunded(order) == ("14.02", 1)

    with pytest.raises(Refused) as no:
        await edit(house, rma_id, wish(order, 0, 1))

    assert no.value.code == "already_paid"


async def test_what_is_due_before_the_inspection_is_quoted_anew(house: House) -> None:
    await house.open(document=under(template(automatic=True), settle_on=SettleOn(Moment.APPROVED, 24)))
    order = await house.an_order(MUG)
    rma_id = await house.ask(order, {0: 2})
    await house.settle_down()

    await edit(house, rma_id, wish(order, 0, 1))
    await house.settle_down()

    assert [(s.state.value, s.total_minor) for s in await house.settlements(rma_id)] == [
        ("reversed", 0),
        ("quoted", 701),
    ]
    await house.later()
    assert await house.refunded(order) == ("7.01", 1)


async def test_a_change_is_quoted_before_it_is_made_and_nothing_is_written(house: House) -> None:
    await house.open()
    order = await house.an_order(MUG)
    rma_id = await house.ask(order, {0: 3})
    before = await house.traces(order)
    wanted = rma.Content((wish(order, 0, 2),))

    seen = await house.do(
        lambda db: rma.preview_edit(db, rma_id=rma_id, content=wanted, now=now(), policies=house.policies)
    )

    assert (seen.before_minor, seen.judged.promise.total_minor, seen.approves) == (2103, 1402, False)
    assert await house.traces(order) == before
    hashed = replace(wanted, plan_hash=seen.judged.promise.hash)
    await edit(house, rma_id, *hashed.wishes, plan_hash=hashed.plan_hash)
    assert await content(house, rma_id) == [(1, 2, "too_small", "requested")]


async def test_a_change_is_mailed_and_so_is_the_second_approval(house: House) -> None:
    async with mailing(house) as store:
        await store.change(silent=frozenset({MailKind.RETURN_REQUESTED}))
        order = await house.an_order(JACKET, SOCKS)
        rma_id = await house.ask(order, {0: 1})
        await house.approve(rma_id)
        await edit(house, rma_id, wish(order, 0, 1, "damaged"))
        await house.approve(rma_id)

        subjects = [kept.header("Subject") for kept in await store.send()]

        number = await store.number(rma_id)
        assert subjects == [
            f"Your return {number} is approved", f"Your return {number} was changed", f"Your return {number} is approved",
        ]  # fmt: skip
