"""A parcel that came before its return was known here: joined to it by a person, received by the dock, once."""

from pathlib import Path
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.intake import Wanted
from retour.flows import intake as flow
from retour.flows.receiving import ArrivedUnits, receive
from retour.flows.receiving.observing import Seen, Sight, observe_unannounced
from retour.store import dock
from retour.store import intake as intakes
from retour.store import rma as returns
from retour.store.db import Database
from retour.store.ids import new_id
from tests.core.intake.papers import an_order
from tests.flows.intake.source import Sender, a_sender

pytestmark = pytest.mark.anyio


@pytest.fixture
async def sender(database: Database, tmp_path: Path) -> Sender:
    sender = await a_sender(database, tmp_path)
    await sender.send(an_order())
    return sender


async def a_parcel(sender: Sender, code: str = "1Z999AA10123456784") -> UUID:
    """Keep a parcel that nobody announced and return its intake."""
    async with sender.database.tx(sender.tenant_id) as db:
        seen = await observe_unannounced(
            db, store_id=sender.shop.store_id, sight=Sight(Seen.UNANNOUNCED, 1, code=code), actor="staff:jonas",
            now=sender.now,
        )  # fmt: skip
        taken = await flow.park_parcel(
            db, sender.vault, tenant_id=sender.tenant_id, store_id=sender.shop.store_id, observation_id=seen, code=code,
            note=None, hands=sender.hands, actor="staff:jonas", now=sender.now,
        )  # fmt: skip
    return taken.intake_id


async def a_return(sender: Sender, *, approved: bool = True, units: int = 1) -> UUID:
    rma_id = new_id()
    async with sender.database.tx(sender.tenant_id) as db:
        order_id = await db.fetchval("SELECT id FROM sales_order")
        await sender.hands.open(
            db, id=rma_id, store_id=sender.shop.store_id, order_id=order_id, lines=(Wanted("line-1", units, "too_small"),),
            kind="return", channel="api", method=None, actor="shopper", now=sender.now, beyond=None, asked_at=sender.now,
        )  # fmt: skip
        if approved:
            await sender.hands.approve(db, rma_id=rma_id, actor="staff:ana", now=sender.now)
    return rma_id


async def join(sender: Sender, intake_id: UUID, rma_id: UUID) -> int:
    async with sender.database.tx(sender.tenant_id) as db:
        return await flow.join(db, sender.vault, intake_id=intake_id, rma_id=rma_id, actor="staff:ana", now=sender.now)


async def standing(sender: Sender, intake_id: UUID) -> tuple[object, ...]:
    """Return what a refusal must not move."""
    async with sender.database.tx(sender.tenant_id) as db:
        row = await intakes.get(db, intake_id)
        assert row is not None
        return (
            row.state, row.rma_id, await db.fetchval("SELECT count(*) FROM goods_observation WHERE withdrawn_at IS NULL"),
            await db.fetchval("SELECT count(*) FROM rma WHERE delivered_at IS NOT NULL"),
            await db.fetchval("SELECT count(*) FROM receipt"), await db.fetchval("SELECT count(*) FROM event"),
        )  # fmt: skip


async def test_a_parcel_that_is_joined_counts_as_delivered_and_waits_to_be_received(sender: Sender) -> None:
    parcel, rma_id = await a_parcel(sender), await a_return(sender)

    number = await join(sender, parcel, rma_id)

    (record,) = await sender.returns()
    assert (record.rma.number, record.rma.delivered_at, record.rma.in_transit_at) == (number, sender.now, sender.now)
    assert record.rma.lines[0].received == ()
    async with sender.database.tx(sender.tenant_id) as db:
        row = await intakes.get(db, parcel)
        assert row is not None
        assert (row.state, row.rma_id, row.number) == ("opened", rma_id, number)
        assert await db.fetchval("SELECT state FROM discrepancy WHERE kind = 'goods_unannounced'") == "resolved"
        assert await db.fetchval("SELECT withdrawn_at FROM goods_observation") == sender.now
        assert await dock.parked(db, store_id=sender.shop.store_id) == []
        assert await db.fetchval("SELECT count(*) FROM event WHERE type = $1", EventType.RETURN_DELIVERED.value) == 1


async def test_a_second_clerk_is_refused_and_moves_nothing(sender: Sender) -> None:
    parcel, rma_id = await a_parcel(sender), await a_return(sender)
    await join(sender, parcel, rma_id)
    before = await standing(sender, parcel)

    with pytest.raises(Refused, match="opened already") as second:
        await join(sender, parcel, rma_id)

    assert second.value.code == "already_decided"
    assert await standing(sender, parcel) == before


async def test_a_return_that_awaits_no_goods_is_refused(sender: Sender) -> None:
    parcel, undecided = await a_parcel(sender), await a_return(sender, approved=False)
    before = await standing(sender, parcel)

    with pytest.raises(Refused) as too_early:
        await join(sender, parcel, undecided)
    assert await standing(sender, parcel) == before

    async with sender.database.tx(sender.tenant_id) as db:
        await sender.hands.approve(db, rma_id=undecided, actor="staff:ana", now=sender.now)
        await sender.hands.receive(db, rma_id=undecided, location_ref=None, actor="staff:jonas", now=sender.now)
    before = await standing(sender, parcel)
    with pytest.raises(Refused) as too_late:
        await join(sender, parcel, undecided)

    assert (too_early.value.code, too_late.value.code) == ("not_approved", "already_received")
    assert await standing(sender, parcel) == before


async def test_neither_a_strange_return_nor_a_letter_is_joined(sender: Sender) -> None:
    parcel, rma_id = await a_parcel(sender), await a_return(sender)
    letter = {
        "schema": "retour.message/1", "id": "T-1", "sent_at": "2026-03-01T10:00:00Z", "from": "somebody@example.com",
        "text": "Where is my parcel?", "channel": "mail",
    }  # fmt: skip
    await sender.send(letter)
    (written,) = [row for row in await sender.intakes() if row.channel == "mail"]
    before = await standing(sender, parcel)

    with pytest.raises(Refused) as strange:
        await join(sender, parcel, new_id())
    with pytest.raises(Refused) as no_parcel:
        await join(sender, written.id, rma_id)

    assert (strange.value.code, strange.value.field) == ("return_not_found", "return_id")
    assert no_parcel.value.code == "not_a_parcel"
    assert await standing(sender, parcel) == before


async def test_the_rest_of_a_return_that_is_here_in_part_is_received_by_the_dock_and_not_forgotten(
    sender: Sender,
) -> None:
    parcel, rma_id = await a_parcel(sender), await a_return(sender, units=2)
    async with sender.database.tx(sender.tenant_id) as db:
        record = await returns.load(db, rma_id)
        assert record is not None
        items = [ArrivedUnits(record.rma.lines[0].id, 1)]
        await receive(db, rma_id=rma_id, items=items, location_ref=None, actor="staff:jonas", now=sender.now)
    before = await standing(sender, parcel)

    with pytest.raises(Refused) as in_part:
        await join(sender, parcel, rma_id)

    assert (in_part.value.code, in_part.value.status) == ("partly_received", 409)
    assert await standing(sender, parcel) == before


@pytest.mark.parametrize("why", ["resolution = 'keep_item'", "method = 'keep_item'", "lost_at = now()"])
async def test_a_return_whose_goods_are_kept_or_lost_awaits_no_parcel(sender: Sender, why: str) -> None:
    parcel, rma_id = await a_parcel(sender), await a_return(sender)
    async with sender.database.tx(sender.tenant_id) as db:
        await db.execute(f"UPDATE return_line SET {why} WHERE rma_id = $1", rma_id)
    before = await standing(sender, parcel)

    with pytest.raises(Refused) as kept:
        await join(sender, parcel, rma_id)

    assert (kept.value.code, kept.value.field) == ("nothing_comes_back", "return_id")
    assert await standing(sender, parcel) == before
