"""A random day of a shop: shoppers, staff, the warehouse, carriers, the platform and the clock act on its returns.

Every act may be refused; after each of them nothing in the database may contradict anything else.
"""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from retour.core.effect import EffectKind, EffectState
from retour.core.errors import Refused
from retour.core.policy import template
from retour.core.policy.outcome import Moment, SettleOn
from retour.core.rma import Act, Decision, Disposition, Grade, Patience, Stage, derive_status, stage_of
from retour.core.rma.acts import CLOSED, TABLE
from retour.core.shipping import TrackingEvent
from retour.flows import effect, receiving, rma, shipping
from retour.flows import patience as patience_flow
from retour.store.order import OrderRecord
from retour.store.rma import ReturnRecord
from tests.stories.house import House, now, under

MOMENTS: Final = (Moment.INSPECTED, Moment.INSPECTED, Moment.APPROVED, Moment.FIRST_SCAN, Moment.RECEIVED)
# No capture pays back more than it took; no unit is paid for twice; nothing is reserved below zero.
OVERPAID: Final = """
SELECT 'overpaid', ref FROM payment_capture
 WHERE refunded_minor + reserved_minor + external_refunded_minor > captured_minor OR reserved_minor < 0
"""
PAID_TWICE: Final = """
SELECT 'paid twice', a.line_ref, a.ordinals::text FROM (
  SELECT l.order_id, l.ref AS line_ref, l.ordinals, l.settlement_id, l.n FROM settlement_line l
   WHERE l.kind = 'units' AND l.ordinals IS NOT NULL) a
  JOIN settlement_line b ON b.order_id = a.order_id AND b.ref = a.line_ref AND b.kind = 'units' AND b.ordinals && a.ordinals
   AND (b.settlement_id, b.n) > (a.settlement_id, a.n)
"""
# What was taken out again for a rejection may be put back once it is approved after all.
RESTOCKED_UNJUDGED: Final = """
SELECT (SELECT coalesce(sum(upper(ordinals) - lower(ordinals)), 0) FROM inspection WHERE disposition = 'restock')::int
     + (SELECT coalesce(sum(-(target ->> 'quantity')::int), 0) FROM effect
         WHERE business_ref LIKE 'unrestock:%' AND state = 'confirmed')::int
"""
STILL_CLAIMED: Final = """
SELECT 'still claimed', c.return_line_id::text FROM unit_claim c JOIN return_line l ON l.id = c.return_line_id
 WHERE l.decision IN ('rejected', 'cancelled', 'expired')
   AND NOT EXISTS (SELECT FROM receipt t WHERE t.return_line_id = l.id AND t.ordinals @> c.ordinals)
"""
STATUS: Final = "SELECT status FROM rma WHERE id = $1"

Step = Callable[["Model"], Awaitable[None]]


@dataclass
class Model:
    """One shop with one order, the returns made of it, and the chance that moves everybody."""

    house: House
    chance: random.Random
    order: OrderRecord
    sku: str
    returns: list[UUID] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def act(self) -> None:
        """Let somebody do something, then look whether everything agrees."""
        step = self.chance.choice(STEPS)
        try:
            await step(self)
        except Refused as refused:
            self.log.append(f"  refused: {refused.code}")
        if self.chance.random() < 0.6:
            await self.house.settle_down()
        await self.check()

    async def a_return(self) -> ReturnRecord | None:
        """Return one of the returns, if there is any."""
        return await self.house.see(self.chance.choice(self.returns)) if self.returns else None

    async def agrees(self, act: Act, record: ReturnRecord, do: Callable[[Any], Awaitable[Any]]) -> None:
        """Do an act on a whole return; the core's table must have foretold whether it is refused."""
        told = TABLE[act][stage_of(record.rma)]
        self.log.append(f"{act} R-{record.rma.number} ({stage_of(record.rma)})")
        try:
            await self.house.do(do)
        except Refused as refused:
            if not isinstance(told, Stage) and told != refused.code:
                raise AssertionError(f"{act} was to be refused with {told}, not {refused.code}") from refused
            raise
        assert isinstance(told, Stage), f"{act} was to be refused with {told}"

    async def check(self) -> None:
        """Assert what must hold at any moment, for every return of the shop."""
        house = self.house
        await house.check()
        assert await house.rows(OVERPAID) == []
        assert await house.rows(PAID_TWICE) == []
        assert await house.rows(STILL_CLAIMED) == []
        for rma_id in self.returns:
            record = await house.see(rma_id)
            (status,) = await house.row(STATUS, rma_id)
            assert status == derive_status(line.decision for line in record.rma.lines)
        (judged,) = await house.row(RESTOCKED_UNJUDGED)
        assert sum(n for sku, n in await house.restocks() if sku == self.sku) <= judged

    async def end(self) -> None:
        """Bring every return to its end by what people can always do, and see that it gets there."""
        for rma_id in self.returns:
            await self._finish(rma_id)
            stage = stage_of((await self.house.see(rma_id)).rma)
            assert stage in CLOSED, (stage, await self.house.waits(rma_id))
        await self.check()

    async def _finish(self, rma_id: UUID) -> None:
        house = self.house
        await house.do(lambda db: rma.release(db, rma_id=rma_id, actor="agent", now=now()))
        ret = (await house.see(rma_id)).rma
        if any(line.decision in (Decision.REQUESTED, Decision.REOPENED) for line in ret.lines):
            await house.do(lambda db: rma.approve(db, rma_id=rma_id, actor="agent", now=now()))
        await house.later()
        await self._try_again(rma_id)
        waiting = [(i, units) for i, units in await self.uninspected(rma_id) if units]
        if waiting:
            await self.inspect(rma_id, waiting)
        if stage_of((await house.see(rma_id)).rma) in (Stage.APPROVED, Stage.IN_TRANSIT, Stage.PARTLY_RECEIVED):
            await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
        await house.later()

    async def _try_again(self, rma_id: UUID) -> None:
        """Open a return on the platform once more whose units another one held until it was let go on."""
        blocked = await self.house.waits(rma_id)
        if blocked is None or blocked[1] != "effect_failed":
            return
        for one in (await self.house.see(rma_id)).rma.standing():
            if one.kind is EffectKind.OPEN_RETURN and one.state is EffectState.FAILED:
                effect_id = one.id
                await self.house.do(lambda db, e=effect_id: effect.retry(db, effect_id=e, actor="agent", now=now()))
        await self.house.later()

    async def uninspected(self, rma_id: UUID) -> list[tuple[UUID, int]]:
        """Return (line, units here without a verdict) of the approved lines."""
        lines = (await self.house.see(rma_id)).rma.lines
        return [
            (line.id, _count(line.received) - _count(line.inspected))
            for line in lines
            if line.decision is Decision.APPROVED
        ]

    async def inspect(self, rma_id: UUID, units: list[tuple[UUID, int]]) -> None:
        """Judge units of some lines as chance has it."""
        verdicts = [
            receiving.Verdict(
                line_id, n, self.chance.choice(list(Grade)), accepted=self.chance.random() < 0.8,
                disposition=self.chance.choice([Disposition.RESTOCK, Disposition.DISPOSE]),
            )
            for line_id, n in units
        ]  # fmt: skip
        await self.house.do(
            lambda db: receiving.inspect(
                db, rma_id=rma_id, verdicts=verdicts, actor="dock", now=now(), policies=self.house.policies
            )
        )


async def a_shop(house: House, seed: int) -> Model:
    """Open a shop with an order as the seed says: who approves, when money is due, how long it waits."""
    chance = random.Random(seed)
    document = under(template(automatic=chance.random() < 0.4), settle_on=SettleOn(chance.choice(MOMENTS), 0))
    await house.open(document=document)
    waits = Patience(unsent_days=10, unanswered_days=5, remind_days=(2,))
    await house.do(lambda db: patience_flow.change(db, store_id=house.store, patience=waits, actor="owner", now=now()))
    sku = f"MODEL-{house.tenant.hex[:12]}"
    line = {"sku": sku, "price": "10.01", "quantity": 3, "fulfilled": 3, "taxes": [["VAT", "0.19"]]}
    return Model(house, chance, await house.an_order(line, {**line, "sku": f"{sku}-B"}), sku)


def _count(spans: Any) -> int:
    return sum(hi - lo + 1 for lo, hi in spans)


# --- who does what ------------------------------------------------------------------------------------------------------


async def _request(model: Model) -> None:
    wishes = {i: model.chance.randint(1, 3) for i in model.chance.sample([0, 1], model.chance.randint(1, 2))}
    model.log.append(f"request {wishes}")
    model.returns.append(await model.house.ask(model.order, wishes))


def _whole(act: Act, do: Callable[[Any, Model, ReturnRecord], Awaitable[Any]]) -> Step:
    """Return the step that does an act to a whole return."""

    async def step(model: Model) -> None:
        record = await model.a_return()
        if record is not None:
            await model.agrees(act, record, lambda db: do(db, model, record))

    return step


async def _receive(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    line = model.chance.choice(record.rma.lines)
    items = [receiving.ArrivedUnits(line.id, model.chance.randint(1, 3))]
    model.log.append(f"receive R-{record.rma.number} {items[0].quantity}")
    await model.house.do(
        lambda db: receiving.receive(db, rma_id=record.rma.id, items=items, location_ref=None, actor="dock", now=now())
    )


async def _inspect(model: Model) -> None:
    record = await model.a_return()
    if record is not None:
        found = await model.uninspected(record.rma.id)
        waiting = [(i, model.chance.randint(1, n)) for i, n in found if n]
        model.log.append(f"inspect R-{record.rma.number} {[n for _, n in waiting]}")
        await model.inspect(record.rma.id, waiting)


async def _take_in(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    lines = [line for line in record.rma.lines if line.decision is Decision.APPROVED] or record.rma.lines[:1]
    left = [(line.id, _count(line.claimed) - _count(line.inspected)) for line in lines]
    verdicts = [
        receiving.Verdict(line_id, n, model.chance.choice(list(Grade))) for line_id, n in left if n
    ] or [receiving.Verdict(lines[0].id, 1, Grade.SEALED)]  # fmt: skip
    await model.agrees(
        Act.TAKE_IN,
        record,
        lambda db: receiving.take_in(
            db, rma_id=record.rma.id, verdicts=verdicts, location_ref=None, actor="counter", now=now(),
            policies=model.house.policies,
        ),
    )  # fmt: skip


async def _one_line(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    line = model.chance.choice(record.rma.lines).id
    model.log.append(f"decide a line of R-{record.rma.number}")
    if model.chance.random() < 0.5:
        await model.house.do(
            lambda db: rma.approve(db, rma_id=record.rma.id, actor="agent", now=now(), line_ids=[line])
        )
    else:
        await model.house.do(
            lambda db: rma.reject(db, rma_id=record.rma.id, message="no", actor="agent", now=now(), line_ids=[line])
        )


async def _scan(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    said = TrackingEvent(
        "dhl", f"T-{record.rma.id}", model.chance.choice(["in_transit", "delivered", "exception"]), now(),
        reference=f"R-{record.rma.number}",
    )  # fmt: skip
    model.log.append(f"scan R-{record.rma.number} {said.status}")
    await model.house.do(lambda db: shipping.track(db, said=said, now=now()))


async def _edit(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    refs = [line.ref for line in model.order.order.lines]
    chosen = model.chance.sample(refs, model.chance.randint(1, 2))
    wishes = tuple(
        rma.Wish(ref, model.chance.randint(1, 3), model.chance.choice(["too_small", "damaged"])) for ref in chosen
    )
    held = {line.line_ref: line.quantity for line in record.rma.lines}
    told = [(refs.index(w.line_ref), held.get(w.line_ref, 0), w.quantity) for w in wishes]
    model.log.append(f"edit {told}")
    await model.agrees(
        Act.EDIT,
        record,
        lambda db: rma.edit_return(
            db, rma_id=record.rma.id, content=rma.Content(wishes), actor="agent", now=now(),
            policies=model.house.policies,
        ),
    )  # fmt: skip


async def _time_passes(model: Model) -> None:
    record = await model.a_return()
    if record is None:
        return
    at = now() + timedelta(days=model.chance.choice([1, 4, 9, 12]))
    model.log.append(f"time passes for R-{record.rma.number}")
    house = model.house
    await house.do(
        lambda db: rma.advance(
            db, tenant_id=house.tenant, rma_id=record.rma.id, platforms=house.platforms, policies=house.policies,
            now=at,
        )
    )  # fmt: skip
    await house.later()


STEPS: list[Step] = [
    _request, _request, _edit, _edit, _receive, _receive, _inspect, _inspect, _take_in, _one_line, _scan, _time_passes,
    _whole(Act.APPROVE, lambda db, m, r: rma.approve(db, rma_id=r.rma.id, actor="agent", now=now())),
    _whole(Act.APPROVE, lambda db, m, r: rma.approve(db, rma_id=r.rma.id, actor="agent", now=now())),
    _whole(Act.REJECT, lambda db, m, r: rma.reject(db, rma_id=r.rma.id, message="no", actor="agent", now=now())),
    _whole(Act.CANCEL, lambda db, m, r: rma.cancel(db, rma_id=r.rma.id, actor="agent", now=now())),
    _whole(
        Act.CANCEL_AS_SHOPPER,
        lambda db, m, r: rma.cancel_as_shopper(
            db, rma_id=r.rma.id, order_id=m.order.id, actor="shopper", now=now()
        ),
    ),
    _whole(Act.ASK, lambda db, m, r: rma.ask(db, rma_id=r.rma.id, question="Why?", actor="agent", now=now())),
    _whole(Act.ANSWER, lambda db, m, r: rma.answer(db, rma_id=r.rma.id, text="So.", actor="shopper", now=now())),
    _whole(Act.REOPEN, lambda db, m, r: rma.reopen(db, rma_id=r.rma.id, reason="so", actor="agent", now=now())),
    _whole(Act.LOSE, lambda db, m, r: rma.treat_as_lost(db, rma_id=r.rma.id, reason="gone", actor="agent", now=now())),
    _whole(Act.HOLD, lambda db, m, r: rma.hold(db, rma_id=r.rma.id, reason="wait", actor="agent", now=now())),
    _whole(Act.RELEASE, lambda db, m, r: rma.release(db, rma_id=r.rma.id, actor="agent", now=now())),
]  # fmt: skip
