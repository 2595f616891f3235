"""Considering an order before anything is asked: what the policy says about each of its lines by itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.draft import FEE_TAG
from retour.core.errors import Refused
from retour.core.kind import Kind, unsent
from retour.core.order import OrderLine
from retour.core.policy import Asked, LineDecision, Request, decide, gather, time_zone
from retour.core.rma import count
from retour.store import policy
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.order import OrderRecord
from retour.store.policy import PolicyCache
from retour.store.refund import Position


@dataclass(frozen=True, slots=True)
class ConsideredLine:
    """One order line, how many of its units can come back now, and the decision on returning one of them."""

    line: OrderLine
    left: int
    decision: LineDecision
    kind: str = Kind.RETURN.value

    @property
    def can_return(self) -> bool:
        """Return whether at least one unit may come back as far as is known before a reason is given."""
        return not self.decision.objections and (self.kind != Kind.CANCELLATION or self.left > 0)


@dataclass(frozen=True, slots=True)
class Considered:
    """An order as its shopper may return it; nothing was written."""

    order: OrderRecord
    store: policy.StoreContext
    lines: tuple[ConsideredLine, ...]


async def consider(
    db: Db, *, store_id: UUID, order_id: UUID, kind: str, channel: str, now: datetime, policies: PolicyCache
) -> Considered:
    """Return what could come back of an order, line by line, each judged by what is known before one is chosen.

    Raises Refused: `order_not_found`, `another_master`, `policy_not_published`.
    """
    ground = await returns.ground(db, order_id, lock=False)
    if ground is None or ground.order.store_id != store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    found, store = ground.order, ground.store
    if store.return_master != "retour":
        raise Refused("another_master", "returns of this store are opened on its platform")
    if store.policy_version_id is None:
        raise Refused("policy_not_published", "the store has no published policy")
    compiled = await policies.get(db, store.policy_version_id)
    at = await refunds.position(db, order_id)
    request = Request(tuple(Asked(line.ref) for line in found.order.lines), kind, channel)
    zone = time_zone(store.timezone)
    facts = gather(found.order, person=at.person, request=request, history=at.history, now=now, zone=zone)
    lines: list[ConsideredLine] = []
    if FEE_TAG in found.order.tags:  # it pays the fee of a return: nothing of it comes back
        return Considered(found, store, ())
    for line, decision in zip(found.order.lines, decide(compiled, facts).lines, strict=True):
        left = _unsent(at, line) if kind == Kind.CANCELLATION else decision.facts.values.get("line.units_left")
        lines.append(ConsideredLine(line, left if isinstance(left, int) else 0, decision, kind))
    return Considered(found, store, tuple(lines))


def _unsent(at: Position, line: OrderLine) -> int:
    """Return how many units of a line can still be cancelled."""
    counter = at.counter(line.ref)
    if counter is None:
        return 0
    return count(unsent(counter.ordered, counter.fulfilled, counter.cancelled, at.claimed(line.ref)))
