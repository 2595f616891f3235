"""A repair under the warranty, to each of its ends: sent back, replaced, or refunded because it cannot be done."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy.outcome import ResolutionKind, ResolutionOffer, Resolutions
from retour.core.rma import Decision, Disposition, SettlementState
from retour.flows import repair, rma
from tests.stories.house import House, Units, now, under

pytestmark = pytest.mark.anyio

OFFERS = Resolutions(
    tuple(ResolutionOffer(getattr(ResolutionKind, kind)) for kind in ("REPAIR", "REPLACEMENT", "REFUND_ORIGINAL"))
)


async def claimed(house: House, units: int = 1, resolution: str = "repair") -> UUID:
    """Return a claim for a repair whose goods are here and judged."""
    await house.open(document=under(resolutions=OFFERS))
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, units, "defective", resolution=resolution)
    rma_id = await house.ask(order, [wish], kind="claim")
    await house.approve(rma_id)
    await house.receive(rma_id, {0: units})
    await house.inspect(rma_id, Units(0, units))
    return rma_id


async def the_repair(house: House, rma_id: UUID) -> Any:
    return await house.settlement(rma_id)


async def sent(house: House, settlement_id: UUID, **how: Any) -> None:
    said: Mapping[str, Any] = {"replaced": False, "carrier": "DHL", "number": "003404341610", **how}
    await house.do(lambda db: repair.send_on(db, settlement_id=settlement_id, actor="staff:1", now=now(), **said))
    await house.later()


async def begun(house: House, settlement_id: UUID) -> None:
    await house.do(lambda db: repair.begin(db, settlement_id=settlement_id, actor="staff:1", now=now()))


async def instead(house: House, settlement_id: UUID, reason: str = "No spare part is made any more.") -> None:
    await house.do(
        lambda db: repair.refund_instead(
            db, settlement_id=settlement_id, reason=reason, actor="staff:1", now=now(), policies=house.policies
        )
    )


async def test_a_repair_is_begun_and_sent_back_and_no_money_moves(house: House) -> None:
    rma_id = await claimed(house)
    row = await the_repair(house, rma_id)
    assert await house.waits(rma_id) == ("warehouse", "awaiting_repair")
    (inspection,) = (await house.see(rma_id)).rma.inspections()
    assert inspection.disposition is Disposition.RETURN_TO_CUSTOMER

    await begun(house, row.id)
    assert await house.waits(rma_id) == ("warehouse", "in_repair")
    await sent(house, row.id)

    ret = (await house.see(rma_id)).rma
    assert ret.status is Decision.RESOLVED
    assert await house.waits(rma_id) is None
    row = await the_repair(house, rma_id)
    assert (row.state, row.outcome, row.sent_carrier, row.sent_number, row.total_minor) == (
        SettlementState.SETTLED, "sent_back", "dhl", "003404341610", 0,
    )  # fmt: skip
    assert await house.restocks() == []
    assert [e for e in ret.effects if e.settlement] == []
    told = [e.type for e in await house.events(rma_id)]
    assert told.index(EventType.RETURN_REPAIR_BEGUN.value) < told.index(EventType.RETURN_SENT_BACK.value)


async def test_another_one_is_sent_in_its_place_without_a_parcel_number(house: House) -> None:
    rma_id = await claimed(house)
    row = await the_repair(house, rma_id)

    await sent(house, row.id, replaced=True, carrier=None, number=None)

    assert (await house.see(rma_id)).rma.status is Decision.RESOLVED
    assert ((await the_repair(house, rma_id)).outcome, (await the_repair(house, rma_id)).sent_number) == (
        "replaced", None,
    )  # fmt: skip


async def test_what_cannot_be_repaired_is_refunded_once_a_person_decides(house: House) -> None:
    rma_id = await claimed(house, units=2)
    row = await the_repair(house, rma_id)
    await begun(house, row.id)

    await instead(house, row.id)
    await house.later()

    ret = (await house.see(rma_id)).rma
    assert ret.status is Decision.RESOLVED
    assert [(s.resolution, s.state, s.total_minor > 0) for s in ret.settlements] == [
        ("repair", SettlementState.REVERSED, False),
        ("refund_original", SettlementState.SETTLED, True),
    ]
    assert {line.resolution for line in ret.lines} == {"refund_original"}
    (paid,) = [e for e in ret.effects if e.settlement]
    assert paid.far_id is not None
    assert await house.restocks() == []
    await house.check()


async def test_a_unit_that_arrives_after_another_was_refunded_is_still_repaired_and_never_paid(house: House) -> None:
    await house.open(document=under(resolutions=OFFERS))
    order = await house.an_order()
    wish = rma.Wish(order.order.lines[0].ref, 2, "defective", resolution="repair")
    rma_id = await house.ask(order, [wish], kind="claim")
    await house.approve(rma_id)
    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    await instead(house, (await the_repair(house, rma_id)).id)
    await house.later()
    assert await house.refunded(order) == ("19.99", 1)

    await house.receive(rma_id, {0: 1})
    await house.inspect(rma_id, Units(0, 1))
    await house.later()

    ret = (await house.see(rma_id)).rma
    assert {line.resolution for line in ret.lines} == {"repair"}
    assert [(s.resolution, s.state.value) for s in ret.settlements] == [
        ("repair", "reversed"), ("refund_original", "settled"), ("repair", "handed_over"),
    ]  # fmt: skip
    assert await house.refunded(order) == ("19.99", 1)
    assert await house.waits(rma_id) == ("warehouse", "awaiting_repair")


async def test_every_second_word_on_a_repair_is_refused_and_changes_nothing(house: House) -> None:
    rma_id = await claimed(house)
    row = await the_repair(house, rma_id)
    await begun(house, row.id)

    async def refusal(do: Any) -> str:
        before = (await house.see(rma_id)).version
        with pytest.raises(Refused) as refused:
            await do
        assert (await house.see(rma_id)).version == before
        return refused.value.code

    assert await refusal(begun(house, row.id)) == "already_begun"
    assert await refusal(sent(house, row.id, carrier="DHL", number="")) == "invalid_tracking_number"
    assert await refusal(sent(house, row.id, carrier=None, number="123")) == "invalid_carrier"
    assert await refusal(instead(house, row.id, reason=" ")) == "reason_missing"
    assert await refusal(begun(house, rma_id)) == "settlement_not_found"
    await sent(house, row.id)
    for again in (begun(house, row.id), sent(house, row.id), instead(house, row.id)):
        assert await refusal(again) == "already_reported"


async def test_a_refund_is_no_repair(house: House) -> None:
    await house.open()
    order = await house.an_order()
    rma_id = await house.returned(order, {0: 1})
    row = await the_repair(house, rma_id)

    with pytest.raises(Refused) as refused:
        await begun(house, row.id)

    assert refused.value.code == "not_a_repair"


async def test_nothing_is_said_of_a_repair_that_waits_for_its_goods(house: House) -> None:
    rma_id = await claimed(house)
    row = await the_repair(house, rma_id)
    await house.change("UPDATE settlement SET state = 'quoted', handed_to = NULL WHERE id = $1", row.id)

    with pytest.raises(Refused) as refused:
        await begun(house, row.id)

    assert refused.value.code == "move_not_allowed"


async def test_a_replacement_waits_until_another_one_is_sent_and_moves_no_money(house: House) -> None:
    rma_id = await claimed(house, resolution="replacement")
    row = await the_repair(house, rma_id)
    assert await house.waits(rma_id) == ("warehouse", "awaiting_replacement")
    for wrong in (begun(house, row.id), sent(house, row.id)):
        with pytest.raises(Refused) as refused:
            await wrong
        assert refused.value.code == "not_a_repair"

    await sent(house, row.id, replaced=True)

    ret = (await house.see(rma_id)).rma
    assert (ret.status, [(s.state, s.total_minor) for s in ret.settlements]) == (
        Decision.RESOLVED, [(SettlementState.SETTLED, 0)],
    )  # fmt: skip
    assert [e for e in ret.effects if e.settlement] == []


async def test_a_replacement_that_cannot_be_sent_is_refunded(house: House) -> None:
    rma_id = await claimed(house, resolution="replacement")
    await instead(house, (await the_repair(house, rma_id)).id, "Sold out.")
    await house.later()

    ret = (await house.see(rma_id)).rma
    assert [(s.resolution, s.state.value) for s in ret.settlements] == [
        ("replacement", "reversed"), ("refund_original", "settled"),
    ]  # fmt: skip
    assert ret.status is Decision.RESOLVED
