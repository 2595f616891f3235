"""Looking for the order that a shopper asked for: in the mirror, else on the platform; then a code, or a person."""

import base64
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from retour.core import visit as rules
from retour.core.mail import MailKind
from retour.core.order import Fetched
from retour.core.platforms import SPEAKING
from retour.core.ports import ContactProof, Unreachable
from retour.core.visit import CODE_LIFE, LOOKING, PATIENCE, VisitState, code_of, proofs_of
from retour.flows.visit import typed as sealing
from retour.flows.visit.typed import Typed
from retour.store import connection as connections
from retour.store import discrepancy, mail
from retour.store import order as orders
from retour.store import visit as visits
from retour.store.db import Database, Db
from retour.store.discrepancy import Owner
from retour.store.order import Mirrored, OrderRecord
from retour.store.vault import Vault
from retour.store.visit import Visit

Clock = Callable[[], datetime]

LEASE: Final = timedelta(seconds=30)
PROMPT: Final = timedelta(seconds=30)  # a code that leaves within this time of the question lives from the question on
ACTOR: Final = "portal"
SHOPPER_ASKS: Final = "shopper_asks"


class ReadOrder(Protocol):
    """Reads an order from a connection's platform by its name; raises Unreachable. Called outside transactions."""

    def __call__(self, connection_id: UUID, *, ref: str | None, name: str | None) -> Awaitable[Fetched | None]: ...


class Mirror(Protocol):
    """Saves a fetched order inside the open transaction."""

    def __call__(
        self, db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime, cause: str | None = None
    ) -> Awaitable[Mirrored]: ...


async def look_up(
    database: Database,
    vault: Vault,
    *,
    tenant_id: UUID,
    visit_id: UUID,
    read: ReadOrder,
    mirror: Mirror,
    clock: Clock,
) -> None:
    """Work on one look-up: what is found leads to a code, a proof (by link) or staff; the rest is tried again later.

    Does nothing for a visit that is not waiting. What was typed is compared here and nowhere else.
    """
    now = clock()
    async with database.tx(tenant_id) as db:
        visit = await visits.take(db, visit_id, now=now, lease_until=now + LEASE)
    if visit is None or visit.asked_sealed is None:
        return
    typed = sealing.unseal(vault, visit.asked_sealed, tenant_id=tenant_id, purpose=sealing.of_visit(visit.id))
    async with database.tx(tenant_id) as db:
        found = await _in_mirror(db, vault, visit, typed)
    if found is None:
        try:
            due_at = await _ask_platforms(
                database, vault, tenant_id=tenant_id, visit=visit, typed=typed, read=read, mirror=mirror, clock=clock
            )
        except Unreachable as far:
            due_at = clock() + timedelta(seconds=max(2.0, far.retry_after_s))
        async with database.tx(tenant_id) as db:
            found = await _in_mirror(db, vault, visit, typed)
            if found is None:
                await _wait(db, visit, due_at, clock())
    if found is not None:
        order = found
        await database.run(tenant_id, lambda db: _found(db, vault, tenant_id, visit, typed, order, clock()))


def read_typed(vault: Vault, details: Mapping[str, object], *, tenant_id: UUID, order_id: UUID) -> Typed:
    """Return what the shopper typed whose question became a discrepancy of kind `shopper_asks`."""
    sealed = base64.b64decode(str(details["typed_sealed"]))
    return sealing.unseal(vault, sealed, tenant_id=tenant_id, purpose=f"asks:{order_id}")


async def _in_mirror(db: Db, vault: Vault, visit: Visit, typed: Typed) -> OrderRecord | None:
    if visit.state is VisitState.FETCHING:  # a signed link is the proof
        return await orders.find_only(db, visit.store_id, typed.number)
    # What the giver knows is not asked of a gift: its code goes to an address that the asker names.
    proofs = (ContactProof(postcode=typed.contact),) if visit.gift else proofs_of(typed.contact)
    for proof in proofs:
        found = await orders.search(db, store_id=visit.store_id, name=typed.number, proof=proof)
        if found is not None:
            return found
    return await _sent_to(db, vault, visit, typed) if visit.gift else None


async def _sent_to(db: Db, vault: Vault, visit: Visit, typed: Typed) -> OrderRecord | None:
    """Return the order of a gift that was sent to the postcode which its receiver typed: it need not be the giver's."""
    found = await orders.find_only(db, visit.store_id, typed.number)
    address = await orders.ship_to(db, vault, found.id) if found else None
    wanted = orders.fold_postcode(address.postcode) if address else None
    return found if wanted and orders.fold_postcode(typed.contact) == wanted else None


async def _ask_platforms(
    database: Database, vault: Vault, *, tenant_id: UUID, visit: Visit, typed: Typed, read: ReadOrder, mirror: Mirror,
    clock: Clock,
) -> datetime | None:  # fmt: skip
    """Have the store's platforms asked for the number; return when to come back if now is too soon."""
    async with database.tx(tenant_id) as db:
        every = await connections.connections(db)
        asked = [
            c for c in every if c.store_id == visit.store_id and c.platform not in SPEAKING and c.state == "connected"
        ]
        due_at = await _spend(db, vault, tenant_id, visit.store_id, typed, clock()) if asked else None
    if due_at is not None:
        return due_at
    for connection in asked:
        fetched = await read(connection.id, ref=None, name=typed.number)
        if fetched is not None:
            await _save(database, vault, tenant_id, connection.id, fetched, mirror, clock())
    return None


async def _save(
    database: Database,
    vault: Vault,
    tenant_id: UUID,
    connection_id: UUID,
    fetched: Fetched,
    mirror: Mirror,
    at: datetime,
) -> None:
    async def save(db: Db) -> None:
        await mirror(db, vault, connection_id=connection_id, fetched=fetched, at=at, cause="asked for")

    await database.run(tenant_id, save)


async def _spend(db: Db, vault: Vault, tenant_id: UUID, store_id: UUID, typed: Typed, now: datetime) -> datetime | None:
    number = sealing.number_key(vault, tenant_id=tenant_id, store_id=store_id, number=typed.number)
    due_at = await visits.spend(db, "number", number, rules.NUMBER, now=now)
    if due_at is not None:
        return due_at
    return await visits.spend(
        db, "store", sealing.bucket_key(vault, tenant_id=tenant_id, what=str(store_id)), rules.STORE, now=now
    )


async def _wait(db: Db, visit: Visit, due_at: datetime | None, now: datetime) -> None:
    """Come back later if somebody is still to be asked; otherwise nothing matches, which nobody is told."""
    if due_at is not None and due_at < visit.asked_at + PATIENCE and now < visit.asked_at + PATIENCE:
        await visits.put_off(db, visit, due_at=due_at)
        return
    linked = visit.state is VisitState.FETCHING
    await visits.settle(db, visit, VisitState.MISSING if linked else VisitState.UNMATCHED)


async def _found(
    db: Db,
    vault: Vault,
    tenant_id: UUID,
    visit: Visit,
    typed: Typed,
    order: OrderRecord,
    now: datetime,
) -> None:
    current = await visits.lock(db, visit.id)
    if current is None or current.state not in LOOKING or current.asked_at != visit.asked_at:
        return  # the shopper asked again; that question has its own turn
    if current.state is VisitState.FETCHING:
        person_id = await _receiver(db, vault, tenant_id, visit, typed) if current.gift else order.person_id
        await visits.fetched(db, visit.id, order_id=order.id, person_id=person_id, at=now)
        return
    person = await orders.load_person(db, order.person_id)
    if not current.gift and (person is None or not person.email):
        await _ask_staff(db, vault, tenant_id, visit, typed, order, now)
        return
    key = sealing.bucket_key(vault, tenant_id=tenant_id, what=f"order {order.id}")
    due_at = await visits.spend(db, "order", key, rules.ORDER, now=now)
    if due_at is not None:
        await visits.put_off(db, visit, due_at=due_at)
        return
    code = code_of(secrets.randbelow(10**rules.CODE_DIGITS))
    until = (visit.asked_at if now <= visit.asked_at + PROMPT else now) + CODE_LIFE
    await visits.prepare_code(
        db, visit.id, channel="email", order_id=order.id, person_id=order.person_id, at=now, expires_at=until,
        code_hmac=sealing.code_hmac(vault, tenant_id=tenant_id, visit_id=visit.id, code=code),
    )  # fmt: skip
    to = typed.receiver if current.gift else order.person_id  # that of a gift proves its receiver's own mailbox
    await mail.plan(
        db, vault, tenant_id=tenant_id, kind=MailKind.ONE_TIME_CODE, to=to, resource_kind="visit",
        resource_id=visit.id, at=now, store_id=visit.store_id, language=visit.language, secret={"code": code},
    )  # fmt: skip
    await visits.settle(db, visit, VisitState.SENT)


async def _receiver(db: Db, vault: Vault, tenant_id: UUID, visit: Visit, typed: Typed) -> UUID:
    return await orders.add_receiver(
        db, vault, tenant_id=tenant_id, store_id=visit.store_id, name=typed.name or None, email=typed.receiver
    )


async def _ask_staff(
    db: Db, vault: Vault, tenant_id: UUID, visit: Visit, typed: Typed, order: OrderRecord, now: datetime
) -> None:
    """Let a person of the store answer where no code can be sent; the shopper reads what everybody reads."""
    sealed = sealing.seal(vault, typed, tenant_id=tenant_id, purpose=f"asks:{order.id}")
    await discrepancy.open_(
        db, SHOPPER_ASKS, resource_kind="order", resource_id=order.id, store_id=order.store_id, owner=Owner.AGENT,
        next_step="Call the shopper and send a signed link: the order has no e-mail address for a code", at=now,
        actor=ACTOR, details={"visit": str(visit.id), "typed_sealed": base64.b64encode(sealed).decode()},
    )  # fmt: skip
    await visits.settle(db, visit, VisitState.STAFF)
