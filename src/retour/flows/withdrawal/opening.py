"""From a statement to its return: the order's period, whether it came late, and the return that is opened for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.policy import time_zone
from retour.core.policy.window import EVERY_WEEK
from retour.core.withdrawal import Period, is_late, period, repay_by
from retour.flows.withdrawal.stating import KIND
from retour.store import event
from retour.store import rma as returns
from retour.store import withdrawal as withdrawals
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal


class OpenReturn(Protocol):
    """Opens the return of a withdrawal in the open transaction and returns its number.

    `quantities` are units by line ref; without them everything that was shipped and is not in a return. Raises Refused,
    `nothing_given` where nothing is left.
    """

    async def __call__(
        self, db: Db, *, id: UUID, store_id: UUID, order_id: UUID, quantities: Mapping[str, int] | None,  # noqa: A002
        channel: str, actor: str, now: datetime,
    ) -> int: ...  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """The order of a statement, its period, and whether the statement came after it."""

    order_id: UUID
    period: Period | None
    late: bool


async def found(db: Db, at: Withdrawal, order_id: UUID, policies: PolicyCache) -> Found:
    """Return an order as the statement's; raise Refused(order_not_found) for one of another store."""
    ground = await returns.ground(db, order_id)
    if ground is None or ground.order.store_id != at.store_id:
        raise Refused("order_not_found", "there is no such order", field="order_id")
    version = ground.store.policy_version_id
    working = EVERY_WEEK if version is None else (await policies.get(db, version)).working
    days = period(ground.order.order, time_zone(ground.store.timezone), working)
    return Found(order_id, days, is_late(days, at.stated_on))


async def opened(
    db: Db,
    vault: Vault,
    at: Withdrawal,
    of: Found,
    *,
    tenant_id: UUID,
    quantities: Mapping[str, int] | None,
    actor: str,
    reason: str | None,
    now: datetime,
    open_: OpenReturn,
) -> int:
    """Open the return of a statement and match them; return its number. Raises Refused as `open_` does."""
    rma_id = new_id()
    number = await open_(
        db, id=rma_id, store_id=at.store_id, order_id=of.order_id, quantities=quantities, channel=at.channel,
        actor=actor, now=now,
    )  # fmt: skip
    if at.said is not None:
        await withdrawals.give_to_person(db, vault, at.id, at.said, tenant_id=tenant_id, order_id=of.order_id)
    await withdrawals.match(
        db, at.id, order_id=of.order_id, period=of.period, late=of.late, rma_id=rma_id, decided_by=actor, reason=reason,
        at=now,
    )  # fmt: skip
    facts: dict[str, object] = {
        "return_id": rma_id, "number": number, "order_id": of.order_id, "late": of.late,
        "last_day": of.period.last_day.isoformat() if of.period else None,
        "repay_by": repay_by(at.stated_on).isoformat(),
    }  # fmt: skip
    await told(db, at, EventType.WITHDRAWAL_MATCHED, actor, now, facts)
    return number


async def told(db: Db, at: Withdrawal, what: EventType, actor: str, now: datetime, facts: Mapping[str, object]) -> None:
    """Append an event of a statement, whose row the caller has locked."""
    await event.tell(
        db, [(what, actor)], resource_kind=KIND, resource_id=at.id, store_id=at.store_id, at=now, data=facts
    )
