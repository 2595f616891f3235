"""Every act on a return in every stage, through the real database: what the core's table says is what happens."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.postal import PostalAddress
from retour.core.rma import Act, Grade, Patience, Stage, count, minus, stage_of
from retour.core.rma.acts import BY_ITSELF, NOTHING_DUE, TABLE
from retour.flows import receiving, rma, shipping
from retour.store import patience
from retour.store import rma as returns
from retour.store.db import Database, Db
from retour.store.order import OrderRecord
from tests.stories.house import House, Units, a_house, now

pytestmark = pytest.mark.anyio

IN_REVIEW = "UPDATE return_line SET decision = 'in_review' WHERE rma_id = $1"
LATER = timedelta(days=400)
Do = Callable[[Db, House, UUID, OrderRecord], Awaitable[Any]]


class Undone(Exception):  # noqa: N818 - takes the transaction back
    """Leaves nothing of an act that was only tried."""


async def _approve(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.approve(db, rma_id=rma_id, actor="agent", now=now())


async def _reject(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.reject(db, rma_id=rma_id, message="Worn.", actor="agent", now=now())


async def _cancel(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.cancel(db, rma_id=rma_id, actor="agent", now=now())


async def _cancel_as_shopper(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.cancel_as_shopper(db, rma_id=rma_id, order_id=order.id, actor="shopper", now=now())


async def _ask(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.ask(db, rma_id=rma_id, question="Which size fits?", actor="agent", now=now())


async def _answer(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.answer(db, rma_id=rma_id, text="A larger one.", actor="shopper", now=now())


async def _edit(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    wishes = (rma.Wish(order.order.lines[0].ref, 1, "too_small"),)
    content = rma.Content(wishes)
    await rma.edit_return(db, rma_id=rma_id, content=content, actor="agent", now=now(), policies=house.policies)


async def _move(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    to = PostalAddress("Ann Example", ("Neue Straße 1",), "Leipzig", "DE", "04109")
    await rma.change_address(db, house.vault, rma_id=rma_id, address=to, actor="agent", now=now())


async def _reopen(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.reopen(db, rma_id=rma_id, reason="a look", actor="agent", now=now())


async def _hold(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.hold(db, rma_id=rma_id, reason="a look", actor="agent", now=now())


async def _release(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.release(db, rma_id=rma_id, actor="agent", now=now())


async def _note(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.add_note(db, rma_id=rma_id, body="seen", shown_to_shopper=False, actor="agent", now=now())


async def _waive(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.waive_fees(db, rma_id=rma_id, kind=None, reason="ours", actor="agent", now=now())


async def _announce(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await shipping.add_shipment(
        db, rma_id=rma_id, carrier="dhl", tracking_number=f"N-{rma_id}", actor="shopper", now=now()
    )


async def _receive(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    record = await returns.load(db, rma_id)
    assert record is not None
    items = [receiving.ArrivedUnits(record.rma.lines[0].id, 2)]
    await receiving.receive(db, rma_id=rma_id, items=items, location_ref=None, actor="dock", now=now())


async def _inspect(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    record = await returns.load(db, rma_id)
    assert record is not None
    waiting = sum(hi - lo + 1 for lo, hi in record.rma.lines[0].received) or 1
    verdicts = [receiving.Verdict(record.rma.lines[0].id, waiting, Grade.SEALED)]
    await receiving.inspect(db, rma_id=rma_id, verdicts=verdicts, actor="dock", now=now(), policies=house.policies)


async def _take_in(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    record = await returns.load(db, rma_id)
    assert record is not None
    line = record.rma.lines[0]
    left = count(minus(line.claimed, line.inspected)) or 1
    await receiving.take_in(
        db, rma_id=rma_id, verdicts=[receiving.Verdict(line.id, left, Grade.SEALED)], location_ref=None, actor="counter",
        now=now(), policies=house.policies,
    )  # fmt: skip


async def _lose(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await rma.treat_as_lost(db, rma_id=rma_id, reason="no news", actor="agent", now=now())


async def _time_passes(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await _advance(db, house, rma_id, now() + LATER)


async def _go_on(db: Db, house: House, rma_id: UUID, order: OrderRecord) -> None:
    await _advance(db, house, rma_id, now())


async def _advance(db: Db, house: House, rma_id: UUID, at: datetime) -> None:
    await rma.advance(
        db, tenant_id=house.tenant, rma_id=rma_id, platforms=house.platforms, policies=house.policies, now=at
    )


DOES: dict[Act, Do] = {
    Act.APPROVE: _approve, Act.REJECT: _reject, Act.CANCEL: _cancel, Act.CANCEL_AS_SHOPPER: _cancel_as_shopper,
    Act.ASK: _ask, Act.ANSWER: _answer, Act.EDIT: _edit, Act.CHANGE_ADDRESS: _move,
    Act.REOPEN: _reopen, Act.HOLD: _hold, Act.RELEASE: _release, Act.NOTE: _note,
    Act.WAIVE_FEES: _waive, Act.ANNOUNCE_PARCEL: _announce, Act.RECEIVE: _receive, Act.INSPECT: _inspect,
    Act.TAKE_IN: _take_in, Act.LOSE: _lose,
    Act.EXPIRE: _time_passes, Act.RESOLVE: _go_on,
}  # fmt: skip


async def in_stage(house: House, stage: Stage) -> tuple[UUID, OrderRecord]:
    """Return a return of two units that was brought to a stage, and its order."""
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2})
    if stage is Stage.IN_REVIEW:
        await house.change(IN_REVIEW, rma_id)
        await house.change("UPDATE rma SET status = $2 WHERE id = $1", rma_id, stage.value)
    if stage in (Stage.ASKED, Stage.EXPIRED):
        await house.do(lambda db: _ask(db, house, rma_id, order))
    if stage is Stage.EXPIRED:
        await house.do(lambda db: _time_passes(db, house, rma_id, order))
    if stage in (Stage.REJECTED, Stage.REOPENED):
        await house.do(lambda db: _reject(db, house, rma_id, order))
    if stage is Stage.REOPENED:
        await house.do(lambda db: _reopen(db, house, rma_id, order))
    if stage in (Stage.REQUESTED, Stage.ASKED, Stage.IN_REVIEW, Stage.REOPENED, Stage.EXPIRED, Stage.REJECTED):
        return rma_id, order
    await house.approve(rma_id)
    if stage is Stage.CANCELLED:
        await house.do(lambda db: _cancel(db, house, rma_id, order))
    if stage is Stage.IN_TRANSIT:
        await house.scan(rma_id)
    if stage is Stage.PARTLY_RECEIVED:
        await house.receive(rma_id, {0: 1})
    if stage in (Stage.RECEIVED, Stage.INSPECTED, Stage.RESOLVED):
        await house.receive(rma_id, {0: 2})
    if stage in (Stage.INSPECTED, Stage.RESOLVED):
        await house.inspect(rma_id, Units(0, 2), drain=stage is Stage.RESOLVED)
    return rma_id, order


async def tried(house: House, act: Act, rma_id: UUID, order: OrderRecord) -> tuple[str, tuple[int, ...]]:
    """Try an act and take it back; return the stage it led to or the code it was refused with, and what it left."""
    found = ""
    try:
        async with house.web.tx(house.tenant) as db:
            await DOES[act](db, house, rma_id, order)
            record = await returns.load(db, rma_id)
            assert record is not None
            found = stage_of(record.rma).value
            await _check_and_undo(db)
    except Undone:
        pass
    except Refused as refused:
        found = refused.code
    return found, await house.traces(order)


async def _check_and_undo(db: Db) -> None:
    """Assert that every open return says whom it waits for; raise Undone."""
    silent = await db.fetchval(
        "SELECT count(*) FROM rma WHERE status IN ('requested', 'in_review', 'approved', 'reopened')"
        " AND (blocked_code IS NULL OR blocked_since IS NULL)"
    )
    assert silent == 0
    raise Undone


@pytest.fixture
async def waiting(database: Database, executor_database: Database, owner: Any, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose store waits ten days for a parcel and three for an answer."""
    async with a_house(database, executor_database, owner, tmp_path / "keys") as house:
        await house.open()
        async with house.web.tx(house.tenant) as db:
            await patience.save(db, house.store, Patience(unsent_days=10, unanswered_days=3))
        yield house


@pytest.mark.parametrize("stage", Stage)
async def test_every_act_leads_where_the_table_says_or_is_refused_with_its_code(waiting: House, stage: Stage) -> None:
    rma_id, order = await in_stage(waiting, stage)
    assert stage_of((await waiting.see(rma_id)).rma) is stage
    before = await waiting.traces(order)

    for act in Act:
        expected = TABLE[act][stage]
        if act is Act.RESOLVE and expected is Stage.RESOLVED:
            continue  # money moves between: the stage "resolved" itself was reached that way
        if act in BY_ITSELF and expected == NOTHING_DUE:
            expected = stage  # nothing is refused, nothing is done
        found, after = await tried(waiting, act, rma_id, order)
        assert (act, found) == (act, str(expected))
        assert after == before


def test_the_table_knows_every_pair() -> None:
    assert {act: set(row) for act, row in TABLE.items()} == {act: set(Stage) for act in Act}
    assert set(DOES) == set(Act)
