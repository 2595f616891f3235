"""The job behind a request about personal data: take it, do what it asks for, or say what it waits for."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.order import Person
from retour.core.privacy import LOOK_AGAIN, RequestKind, RequestState, Standing, Waits, identifying, names, waits_for
from retour.flows.privacy.asking import RESOURCE, ask_erasure, tell
from retour.flows.privacy.exporting import PART_BYTES, export
from retour.flows.privacy.platform import ACTOR
from retour.store import connection, discrepancy
from retour.store.db import Database, Db, Record
from retour.store.discrepancy import Owner
from retour.store.privacy import bodies, forgetting, retention, rows
from retour.store.privacy.rows import Request
from retour.store.privacy.standing import lock as lock_orders
from retour.store.privacy.standing import standing
from retour.store.vault import Vault

LEASE: Final = timedelta(minutes=10)
STRETCH: Final = 500  # received bodies that are opened in one transaction
PEOPLE_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Answerer:
    """What the job needs; `mark` writes down outside the database who is erased, before it happens.

    A part of an export is closed once it has `part_bytes`.
    """

    database: Database
    vault: Vault
    clock: Callable[[], datetime]
    mark: Callable[[UUID, UUID], None]
    part_bytes: int = PART_BYTES


async def answer(by: Answerer, *, tenant_id: UUID, request_id: UUID) -> None:
    """Work on one request; nothing if it is over, not due, or another worker's. Doing it twice changes nothing."""
    now = by.clock()
    async with by.database.tx(tenant_id) as db:
        request = await rows.take(db, request_id, now=now, until=now + LEASE)
        person = await rows.person(db, request.person_id) if request and request.person_id else None
        days = await retention.chosen(db) if request else {}
    if request is None:
        return
    if request.kind is RequestKind.STORE_ERASURE:
        await by.database.run(tenant_id, lambda db: _store(db, request, by.clock()))
    elif person is None or person["erased_at"] is not None:
        await by.database.run(tenant_id, lambda db: _end(db, request, by.clock(), why="already_erased"))
    elif request.kind is RequestKind.EXPORT:
        await export(by.database, by.vault, request, person, days=days, clock=by.clock, part_bytes=by.part_bytes)
    else:
        await _erase(by, request, person)


async def _erase(by: Answerer, request: Request, person: Record) -> None:
    """Erase a person, if nothing is open with them: first what nobody's key seals, in stretches, then all at once."""
    tenant_id: UUID = person["tenant_id"]
    async with by.database.tx(tenant_id) as db:
        texts = identifying(
            Person(name=person["name"], email=person["email"], phone=person["phone"]),
            await forgetting.addresses(db, by.vault, person),
        )
        open_ = await standing(db, person["id"])
        others = await bodies.others(db, by.vault, store_id=request.store_id)
    mine = [body for body in others if names(body.plain, texts)]
    stated = sum(body.source == "withdrawal_open" for body in mine)
    if waits_for(open_) or stated:
        held = Standing(open_.returns, open_.settlements, open_.calls, open_.withdrawals + stated)
        await by.database.run(tenant_id, lambda db: _postpone(db, request, held, by.clock()))
        return
    await _search(by, request, tenant_id, texts)
    by.mark(tenant_id, person["id"])

    async def work(db: Db) -> None:
        now = by.clock()
        await lock_orders(db, person["id"])
        row = await forgetting.lock(db, person["id"])
        current = await rows.lock_open(db, request.id)
        if current is None or row is None:
            return  # it was taken back meanwhile
        found = await standing(db, person["id"])
        if waits_for(found):
            await _postpone(db, current, found, now)
            return
        await bodies.drop(db, mine, actor=request.actor, at=now)
        counts = await forgetting.erase(db, person["id"], texts=texts, at=now)
        await rows.end(db, request.id, RequestState.DONE, at=now, facts=counts)
        await tell(db, EventType.PRIVACY_ERASED, request, actor=request.actor, now=now, counts=counts)
        await discrepancy.resolve(
            db, "erasure_overdue", resource_kind=RESOURCE, resource_id=request.id, by=request.actor, at=now
        )

    await by.database.run(tenant_id, work)


async def _search(by: Answerer, request: Request, tenant_id: UUID, texts: tuple[str, ...]) -> None:
    """Open every received body that belongs to nobody yet and forget those that name the person; goes on where it was."""
    after = request.after
    while True:
        async with by.database.tx(tenant_id) as db:
            found, after = await bodies.inbox(db, by.vault, store_id=request.store_id, after=after, most=STRETCH)
            await bodies.drop(db, [b for b in found if names(b.plain, texts)], actor=request.actor, at=by.clock())
            if after is None:
                return
            await rows.got_to(db, request.id, after, due_at=by.clock() + LEASE)


async def _postpone(db: Db, request: Request, found: Standing, now: datetime) -> None:
    why = waits_for(found) or Waits.WITHDRAWAL_OPEN
    facts = {name: count for name, count in asdict(found).items() if count}
    await rows.put_off(db, request.id, why=why.value, until=now + LOOK_AGAIN, facts=facts)
    if request.why != why.value:
        await tell(
            db, EventType.PRIVACY_POSTPONED, request, actor="retour", now=now, because=why.value,
            answer_by=request.answer_by, **facts,
        )  # fmt: skip
    if now >= request.answer_by:
        await discrepancy.open_(
            db, "erasure_overdue", resource_kind=RESOURCE, resource_id=request.id, store_id=request.store_id,
            owner=Owner.OPERATOR, next_step="Bring to an end what the erasure waits for", at=now, details=dict(facts),
        )  # fmt: skip


async def _store(db: Db, request: Request, now: datetime) -> None:
    """Ask for the erasure of everybody who came through a connection, and end when nobody is left."""
    assert request.connection_id is not None, "a store's erasure names its connection"
    if await rows.lock_open(db, request.id) is None:
        return
    at = await connection.get(db, request.connection_id)
    if at is not None and at.state != "disconnected":
        await _end(db, request, now, why="reconnected", state=RequestState.CANCELLED)
        return
    people = await rows.of_connection(
        db, store_id=request.store_id, connection_id=request.connection_id, limit=PEOPLE_AT_ONCE
    )
    for person_id in people:
        await ask_erasure(db, person_id=person_id, actor=ACTOR, now=now, far_ref=None)
    left = await rows.left(db, store_id=request.store_id, connection_id=request.connection_id)
    if left:
        again = timedelta(minutes=1) if people else LOOK_AGAIN
        await rows.put_off(db, request.id, why=Waits.PEOPLE_LEFT.value, until=now + again, facts={"people": left})
        return
    await rows.forget_connection(db, request.connection_id)
    await _end(db, request, now)


async def _end(
    db: Db, request: Request, now: datetime, *, why: str | None = None, state: RequestState = RequestState.DONE
) -> None:
    if await rows.end(db, request.id, state, at=now, facts=request.facts, why=why):
        what = EventType.PRIVACY_CANCELLED if state is RequestState.CANCELLED else EventType.PRIVACY_ERASED
        await tell(db, what, request, actor=request.actor, now=now, because=why)
