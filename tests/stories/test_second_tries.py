"""A person tries again what the platform refused: once, as a new effect, and the return goes on."""

import pytest

from retour.core.effect import EffectKind
from retour.core.errors import Refused
from retour.flows import effect, refund
from tests.stories.house import House, Units, now

pytestmark = pytest.mark.anyio

REFUSE = (
    "UPDATE effect SET state = 'sending', lease_epoch = 1 WHERE id = $1",
    "UPDATE effect SET state = 'failed', settled_at = clock_timestamp() WHERE id = $1",
)


async def test_refused_goods_are_tried_again_once_and_restock_once(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2), drain=False)
    await house.advance(rma_id)
    failed = await house.effect(rma_id, EffectKind.PROCESS_RETURN)
    async with house.executing.tx(house.tenant) as db:
        for statement in REFUSE:
            await db.execute(statement, failed.id)
    await house.advance(rma_id)
    assert await house.waits(rma_id) == ("finance", "effect_failed")

    again = await house.do(lambda db: effect.retry(db, effect_id=failed.id, actor="boss", now=now()))
    with pytest.raises(Refused) as twice:
        await house.do(lambda db: effect.retry(db, effect_id=failed.id, actor="boss", now=now()))
    await house.settle_down()

    assert twice.value.code == "move_not_allowed"
    tried = [e for e in await house.effects(rma_id) if e.kind is EffectKind.PROCESS_RETURN]
    assert [(e.id, e.seq, e.state.value) for e in tried] == [(failed.id, 1, "failed"), (again, 2, "confirmed")]
    assert tried[0].idem_key != tried[1].idem_key
    assert await house.status(rma_id) == "resolved"
    assert await house.refunded(order) == ("39.98", 1)
    assert sum(units for _, units in await house.restocks()) == 2
    await house.nothing_broken()


async def test_a_refund_is_never_tried_again_behind_its_settlement(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 1})
    paid = await house.effect(rma_id, EffectKind.REFUND_TENDER)

    with pytest.raises(Refused) as refused:
        await house.do(lambda db: effect.retry(db, effect_id=paid.id, actor="boss", now=now()))

    assert refused.value.code == "move_not_allowed"
    assert await house.refunded(order) == ("19.99", 1)


async def test_what_fits_no_tender_is_paid_as_far_as_it_fits_once_a_person_says_so(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2), drain=False)
    await house.change("UPDATE payment_capture SET external_refunded_minor = 3000")
    await house.settle_down()
    settlement = await house.settlement(rma_id)
    assert (settlement.state.value, settlement.comparison) == ("quoted", "differs")

    await house.do(lambda db: refund.accept_difference(db, settlement_id=settlement.id, actor="boss", now=now()))
    await house.settle_down()

    assert (await house.settlement(rma_id)).state.value == "settled"
    assert await house.captures(order) == [(3998, 0, 998, 3000)]
    assert await house.refunded(order) == ("9.98", 1)
