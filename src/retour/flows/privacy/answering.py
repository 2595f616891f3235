"""The job behind a request about personal data: take it, do what it asks for, or say what it waits for."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.order import Person
from retour.core.phone import Known
from retour.core.privacy import LOOK_AGAIN, RequestKind, RequestState, Standing, Waits, identifying, waits_for
from retour.core.recognition import Signs, signs_of
from retour.flows.privacy.asking import RESOURCE, ask_erasure, tell
from retour.flows.privacy.exporting import PART_BYTES, export
from retour.flows.privacy.finding import about
from retour.flows.privacy.platform import ACTOR
from retour.store import connection, discrepancy
from retour.store.db import Database, Db, Record
from retour.store.discrepancy import Owner
from retour.store.privacy import bodies, forgetting, retention, rows
from retour.store.privacy.bodies import PAGE_BYTES, Ref, Where
from retour.store.privacy.rows import Request
from retour.store.privacy.standing import lock as lock_orders
from retour.store.privacy.standing import standing
from retour.store.vault import Vault

LEASE: Final = timedelta(minutes=10)
PEOPLE_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Answerer:
    """What the job needs; `mark` writes down outside the database who is erased by which request, before it happens.

    A part of an export is closed once it has `part_bytes`; `page_bytes` of received bodies are opened at once.
    """

    database: Database
    vault: Vault
    clock: Callable[[], datetime]
    mark: Callable[[UUID, UUID, UUID], None]
    part_bytes: int = PART_BYTES
    page_bytes: int = PAGE_BYTES


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
        await export(
            by.database, by.vault, request, person, days=days, clock=by.clock, part_bytes=by.part_bytes,
            page_bytes=by.page_bytes,
        )  # fmt: skip
    else:
        await _erase(by, request, person)


async def _erase(by: Answerer, request: Request, person: Record) -> None:
    """Erase a person, if nothing is open with them: first what nobody's key seals, a few at a time, then all at once.

    From `_begin` on the request cannot be taken back: until then nothing is dropped, and nobody is written down.
    """
    tenant_id: UUID = person["tenant_id"]
    whole = Person(
        name=person["name"], email=person["email"], phone=person["phone"], home_country=person["home_country"]
    )
    async with by.database.tx(tenant_id) as db:
        addresses = await forgetting.addresses(db, by.vault, person)
    signs = signs_of(whole, addresses, postcode=person["postcode_folded"])
    where = Where(request.store_id, person["id"], by.page_bytes)
    mine = await _others(by, tenant_id, where, signs)
    stated = sum(ref.source == "withdrawal_open" for ref in mine)
    unread = sum(ref.source == "inbox_open" for ref in mine)

    async def begin(db: Db) -> bool:
        await lock_orders(db, person["id"])
        row = await forgetting.lock(db, person["id"])
        current = await rows.lock_open(db, request.id)
        if current is None or row is None:
            return False  # it was taken back meanwhile
        found = await standing(db, person["id"], stated=_stated(mine))
        found = replace(found, withdrawals=found.withdrawals + stated, messages=unread)
        if waits_for(found):
            await _postpone(db, current, found, by.clock())
            return False
        await rows.begin_erasing(db, request.id, due_at=by.clock() + LEASE)
        return True

    if not await by.database.run(tenant_id, begin):
        return
    await _search(by, request, tenant_id, where, signs)
    by.mark(tenant_id, person["id"], request.id)
    texts: list[str | Known] = [*identifying(whole, addresses)]
    texts += [signs.number] if signs.number else []
    await by.database.run(tenant_id, lambda db: _end_of(db, request, person["id"], texts, mine, by.clock()))


async def _end_of(
    db: Db, request: Request, person_id: UUID, texts: Sequence[str | Known], mine: Sequence[Ref], now: datetime
) -> None:
    """Do the last step of an erasure, or wait for what was begun with the person meanwhile: it is still paid."""
    await lock_orders(db, person_id)
    row = await forgetting.lock(db, person_id)
    current = await rows.lock_open(db, request.id)
    if current is None or row is None:
        return  # another worker ended it
    found = await standing(db, person_id, stated=_stated(mine))
    if waits_for(found):
        await _postpone(db, current, found, now)
        return
    await bodies.drop(db, mine, actor=request.actor, at=now)
    counts = await forgetting.erase(db, person_id, texts=texts, at=now)
    await rows.end(db, request.id, RequestState.DONE, at=now, facts=counts)
    await tell(db, EventType.PRIVACY_ERASED, request, actor=request.actor, now=now, counts=counts)
    await discrepancy.resolve(
        db, "erasure_overdue", resource_kind=RESOURCE, resource_id=request.id, by=request.actor, at=now
    )


async def _others(by: Answerer, tenant_id: UUID, where: Where, signs: Signs) -> list[Ref]:
    """Return what belongs to nobody yet and is about the person, beside received bodies that were worked on."""
    found, after = list[Ref](), None
    while True:
        async with by.database.tx(tenant_id) as db:
            page, after = await bodies.others(db, by.vault, where, after=after)
        found += await about(page, signs)
        if after is None:
            return found


def _stated(mine: Sequence[Ref]) -> list[UUID]:
    return [ref.id for ref in mine if ref.source.startswith("withdrawal")]


async def _search(by: Answerer, request: Request, tenant_id: UUID, where: Where, signs: Signs) -> None:
    """Open every received body that belongs to nobody yet and forget those about the person; goes on where it was."""
    after = request.after
    while True:
        async with by.database.tx(tenant_id) as db:
            page, after = await bodies.inbox(db, by.vault, where, after=after)
        if after is None:
            return
        mine = await about(page, signs)
        async with by.database.tx(tenant_id) as db:
            await bodies.drop(db, mine, actor=request.actor, at=by.clock())
            await rows.got_to(db, request.id, after, due_at=by.clock() + LEASE)


async def _postpone(db: Db, request: Request, found: Standing, now: datetime) -> None:
    why = waits_for(found)
    assert why is not None, "something is open"
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
    await rows.forget_connection(db, request.connection_id, at=now)
    await _end(db, request, now)


async def _end(
    db: Db, request: Request, now: datetime, *, why: str | None = None, state: RequestState = RequestState.DONE
) -> None:
    if await rows.end(db, request.id, state, at=now, facts=request.facts, why=why):
        what = EventType.PRIVACY_CANCELLED if state is RequestState.CANCELLED else EventType.PRIVACY_ERASED
        await tell(db, what, request, actor=request.actor, now=now, because=why)
