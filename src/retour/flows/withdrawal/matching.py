"""Looking for the order of a statement: in the mirror, else on the platform; one that fits opens its return."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import structlog

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.order import Fetched
from retour.core.platforms import SPEAKING
from retour.core.ports import Unreachable
from retour.core.withdrawal import Candidate, Why, WithdrawalState, matched
from retour.flows.withdrawal.opening import Found, OpenReturn, found, opened, told
from retour.store import connection as connections
from retour.store import withdrawal as withdrawals
from retour.store.db import Database, Db
from retour.store.order import Mirrored
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal

Clock = Callable[[], datetime]
LEASE: Final = timedelta(seconds=60)
PATIENCE: Final = timedelta(minutes=30)  # how long an unreachable platform is asked before a person is
ACTOR: Final = "retour"
_log = structlog.get_logger(__name__)


class ReadOrder(Protocol):
    """Reads an order from a connection's platform by its name; raises Unreachable. Called outside transactions."""

    def __call__(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Awaitable[Fetched | None]: ...


class Mirror(Protocol):
    """Saves a fetched order inside the open transaction."""

    def __call__(
        self, db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime, cause: str | None = None
    ) -> Awaitable[Mirrored]: ...


@dataclass(frozen=True, slots=True)
class Matcher:
    """What looking for orders needs."""

    database: Database
    vault: Vault
    policies: PolicyCache
    read: ReadOrder
    mirror: Mirror
    open_: OpenReturn
    clock: Clock


async def match(by: Matcher, *, tenant_id: UUID, withdrawal_id: UUID) -> WithdrawalState | None:
    """Look for the order of one statement and open its return, or let a person look; nothing if it is not due."""
    now = by.clock()
    async with by.database.tx(tenant_id) as db:
        if not await withdrawals.take(db, withdrawal_id, now=now, lease_until=now + LEASE):
            return None
        at = await withdrawals.get(db, by.vault, withdrawal_id, tenant_id=tenant_id)
        assert at is not None, "it was just taken"
        is_known = at.said is None or await _knows(db, at)
    if not is_known:
        due_at = await _ask_platforms(by, tenant_id, at)
        if due_at is not None and due_at < at.received_at + PATIENCE:
            async with by.database.tx(tenant_id) as db:
                await withdrawals.put_off(db, withdrawal_id, due_at=due_at)
            return WithdrawalState.RECEIVED

    async def decide(db: Db) -> WithdrawalState:
        return await _decide(db, by, tenant_id, withdrawal_id, by.clock())

    return await by.database.run(tenant_id, decide)


async def _knows(db: Db, at: Withdrawal) -> bool:
    assert at.said is not None
    return any(one.by_number for one in await withdrawals.candidates(db, store_id=at.store_id, said=at.said))


async def _ask_platforms(by: Matcher, tenant_id: UUID, at: Withdrawal) -> datetime | None:
    """Have the store's platforms asked for the number; return when to come back if one cannot be reached now."""
    assert at.said is not None
    async with by.database.tx(tenant_id) as db:
        every = await connections.connections(db)
    due_at = None
    for connection in every:
        if connection.store_id != at.store_id or connection.platform in SPEAKING or connection.state != "connected":
            continue
        try:
            fetched = await by.read(connection.id, ref=None, name=at.said.number)
        except Unreachable as far:
            due_at = by.clock() + timedelta(seconds=max(5.0, far.retry_after_s))
            continue
        if fetched is not None and await _save(by, tenant_id, connection.id, fetched):
            return None
    return due_at


async def _save(by: Matcher, tenant_id: UUID, connection_id: UUID, fetched: Fetched) -> bool:
    """Save an order and return whether it could be; one that cannot is as good as none, so that a person looks."""

    async def save(db: Db) -> None:
        await by.mirror(
            db, by.vault, connection_id=connection_id, fetched=fetched, at=by.clock(), cause="withdrawn from"
        )

    try:
        await by.database.run(tenant_id, save)
    except (Refused, ValueError) as no:  # such as a figure or text that no column can hold
        _log.warning("an order cannot be kept", connection=str(connection_id), reason=type(no).__name__)
        return False
    return True


async def _decide(db: Db, by: Matcher, tenant_id: UUID, withdrawal_id: UUID, now: datetime) -> WithdrawalState:
    at = await withdrawals.get(db, by.vault, withdrawal_id, tenant_id=tenant_id, lock=True)
    assert at is not None, "a statement is never deleted"
    if at.state is not WithdrawalState.RECEIVED:
        return at.state  # a person was faster
    if at.said is None:
        return await _wait(db, at, Why.NO_ORDER, None, now)
    one = matched(await withdrawals.candidates(db, store_id=at.store_id, said=at.said))
    if not isinstance(one, Candidate):
        return await _wait(db, at, one, None, now)
    of = await found(db, at, one.order_id, by.policies)
    if at.said.goods or of.late:
        await withdrawals.give_to_person(db, by.vault, at.id, at.said, tenant_id=tenant_id, order_id=of.order_id)
        return await _wait(db, at, Why.LATE if of.late else Why.PART_NAMED, of, now)
    try:
        await opened(
            db, by.vault, at, of, tenant_id=tenant_id, quantities=None, actor=ACTOR, reason=None, now=now,
            open_=by.open_,
        )  # fmt: skip
    except Refused as no:
        why = Why.NOTHING_LEFT if no.code == "nothing_given" else Why.NOT_OPENED
        return await _wait(db, at, why, of, now, refusal=no.code)
    return WithdrawalState.MATCHED


async def _wait(
    db: Db, at: Withdrawal, why: Why, of: Found | None, now: datetime, *, refusal: str | None = None
) -> WithdrawalState:
    await withdrawals.wait(
        db, at.id, why, order_id=of.order_id if of else None, period=of.period if of else None,
        late=of is not None and of.late, at=now, refusal=refusal,
    )  # fmt: skip
    facts: dict[str, object] = {"why": why.value, "refusal": refusal, "order_id": of.order_id if of else None}
    await told(db, at, EventType.WITHDRAWAL_WAITING, ACTOR, now, facts)
    return WithdrawalState.WAITING
