"""Proving an order with a code, leaving it again, and forgetting visits that are over."""

import hmac
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.visit import VISIT_LIFE, CodeAnswer, Tried, fold_code, judge
from retour.flows.visit import typed as sealing
from retour.store import discrepancy, photo
from retour.store import order as orders
from retour.store import visit as visits
from retour.store.db import Db
from retour.store.vault import Vault
from retour.store.visit import Visit

_NOBODYS: Final = bytes(32)


async def try_code(
    db: Db, vault: Vault, *, tenant_id: UUID, visit: Visit, typed: str, new_token_sha256: bytes, now: datetime
) -> Tried:
    """Count a try of the visit's newest code and return its answer; the one that fits proves the order.

    The proof binds the visit to the new token. A visit whose order does not exist costs and says the same. The receiver
    of a gift is a person of their own, as their code came to their own address: the same one each time.
    """
    row = await visits.count_try(db, visit.id)
    if row is None:
        return Tried(CodeAnswer.SPENT)
    mine = sealing.code_hmac(vault, tenant_id=tenant_id, visit_id=visit.id, code=fold_code(typed) or "")
    fits = hmac.compare_digest(mine, row.code_hmac or _NOBODYS)
    tried = judge(fits=fits, tries=row.tries, used=row.used, expires_at=row.expires_at, now=now)
    if tried.answer is not CodeAnswer.FITS:
        return tried
    assert row.order_id is not None, "a code that fits has its order"
    assert row.person_id is not None, "a code that fits has its person"
    if not await visits.use_code(db, visit.id, row.n, at=now):
        return Tried(CodeAnswer.EXPIRED)
    person_id = await _receiver(db, vault, tenant_id, visit, row.order_id) if visit.gift else row.person_id
    await visits.prove(
        db, visit.id, order_id=row.order_id, person_id=person_id, by="code", token_sha256=new_token_sha256, at=now,
        expires_at=now + VISIT_LIFE, gift=visit.gift,
    )  # fmt: skip
    return tried


async def _receiver(db: Db, vault: Vault, tenant_id: UUID, visit: Visit, order_id: UUID) -> UUID:
    """Return the receiver whose address the code has just proven: the one who returned something before, or a new one."""
    assert visit.asked_sealed is not None, "a visit that waits for its code keeps what was typed"
    typed = sealing.unseal(vault, visit.asked_sealed, tenant_id=tenant_id, purpose=sealing.of_visit(visit.id))
    known = await orders.receiver_of(db, order_id, typed.receiver)
    return known or await orders.add_receiver(
        db, vault, tenant_id=tenant_id, store_id=visit.store_id, name=typed.name or None, email=typed.receiver
    )


async def close(db: Db, *, visit_id: UUID, now: datetime) -> None:
    """End a visit: the next one in this browser starts over."""
    await visits.close(db, visit_id, at=now)


async def forget_expired(db: Db, *, now: datetime) -> None:
    """Delete the account's visits that are over, what was typed in them, and photos that no return came of."""
    await visits.forget(db, at=now)
    await photo.forget_old(db, before=now - VISIT_LIFE)


async def answered(db: Db, *, order_id: UUID, now: datetime) -> None:
    """Take a shopper's question off the staff's list once the shopper is in."""
    await discrepancy.resolve(db, "shopper_asks", resource_kind="order", resource_id=order_id, by="portal", at=now)
