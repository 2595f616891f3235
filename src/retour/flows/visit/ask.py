"""Asking for an order: the same work whether it exists or not; whoever looks for it does so later."""

from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.visit import ADDRESS, BETWEEN_ASKS, CODE_LIFE, GIFT, VISIT_LIFE, VisitState, move, network_of, wait_s
from retour.flows.visit import typed as sealing
from retour.flows.visit.typed import Typed
from retour.store import jobs
from retour.store import visit as visits
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.vault import Vault
from retour.store.visit import Visit


async def ask(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    store_id: UUID,
    token_sha256: bytes,
    typed: Typed,
    language: str,
    address: str,
    now: datetime,
) -> UUID:
    """Begin a look-up in the browser's visit and return the visit's id; a repeat within the minute changes nothing.

    What is typed with an address of one's own is asked as the receiver of a gift. Raises Refused(too_many_requests) with
    `wait_s` where an address asks too often, or gifts of one number are asked for too often.
    """
    await _count(db, vault, tenant_id, address, now)
    known = await visits.find(db, token_sha256, store_id=store_id, at=now)
    if known and now < known.asked_at + BETWEEN_ASKS and _before(vault, tenant_id, known) == typed:
        return known.id
    if typed.receiver:
        await _count_gift(db, vault, tenant_id, store_id, typed.number, now)
    if known is None:
        visit_id = new_id()
        sealed = sealing.seal(vault, typed, tenant_id=tenant_id, purpose=sealing.of_visit(visit_id))
        await visits.open_visit(
            db, visit_id, store_id=store_id, token_sha256=token_sha256, state=VisitState.ASKED, language=language,
            asked_sealed=sealed, at=now, expires_at=now + VISIT_LIFE, gift=bool(typed.receiver),
        )  # fmt: skip
        return await _begin(db, visit_id, now)
    sealed = sealing.seal(vault, typed, tenant_id=tenant_id, purpose=sealing.of_visit(known.id))
    await _anew(db, known, sealed, language, now, gift=bool(typed.receiver))
    return known.id


async def ask_again(
    db: Db, vault: Vault, *, tenant_id: UUID, visit: Visit, language: str, address: str, now: datetime
) -> None:
    """Ask for another code with what was typed before.

    Raises Refused(too_soon) within a minute and Refused(too_many_requests), both with `wait_s`; Refused(nothing_asked)
    where nothing was typed or it was proven meanwhile.
    """
    if visit.asked_sealed is None:
        raise Refused("nothing_asked", "there is nothing to send a code for")
    if now < visit.asked_at + BETWEEN_ASKS:
        left = wait_s(visit.asked_at + BETWEEN_ASKS, now)
        raise Refused("too_soon", "a code was sent a moment ago", facts={"wait_s": left})
    await _count(db, vault, tenant_id, address, now)
    if visit.gift:
        typed = sealing.unseal(vault, visit.asked_sealed, tenant_id=tenant_id, purpose=sealing.of_visit(visit.id))
        await _count_gift(db, vault, tenant_id, visit.store_id, typed.number, now)
    await _anew(db, visit, None, language, now, gift=visit.gift)


async def _anew(db: Db, visit: Visit, sealed: bytes | None, language: str, now: datetime, *, gift: bool) -> None:
    await visits.ask_again(
        db, visit.id, state=move(visit.state, VisitState.ASKED), language=language, asked_sealed=sealed, at=now,
        expires_at=now + VISIT_LIFE, gift=gift,
    )  # fmt: skip
    await _begin(db, visit.id, now)


async def _begin(db: Db, visit_id: UUID, now: datetime) -> UUID:
    await visits.new_code(db, visit_id, at=now, expires_at=now + CODE_LIFE)
    await jobs.defer(db, [jobs.Job(jobs.Task.LOOK_UP, visit_id, priority=5)])  # somebody waits in front of the page
    return visit_id


async def _count(db: Db, vault: Vault, tenant_id: UUID, address: str, now: datetime) -> None:
    key = sealing.bucket_key(vault, tenant_id=tenant_id, what=network_of(address))
    free_at = await visits.spend(db, "address", key, ADDRESS, now=now)
    if free_at is not None:
        raise Refused("too_many_requests", "too many look-ups from one network", facts={"wait_s": wait_s(free_at, now)})


async def _count_gift(db: Db, vault: Vault, tenant_id: UUID, store_id: UUID, number: str, now: datetime) -> None:
    key = sealing.number_key(vault, tenant_id=tenant_id, store_id=store_id, number=number)
    free_at = await visits.spend(db, "gift", key, GIFT, now=now)
    if free_at is not None:
        facts = {"wait_s": wait_s(free_at, now)}
        raise Refused("too_many_requests", "gifts of one number are asked for too often", facts=facts)


def _before(vault: Vault, tenant_id: UUID, visit: Visit) -> Typed | None:
    if visit.asked_sealed is None:
        return None
    return sealing.unseal(vault, visit.asked_sealed, tenant_id=tenant_id, purpose=sealing.of_visit(visit.id))
