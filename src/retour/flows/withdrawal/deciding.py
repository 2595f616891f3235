"""What a person does with a statement that waits: find its order, end it with a reason, acknowledge it again."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mail import MailKind
from retour.core.withdrawal import REASON_MOST, WithdrawalState, move
from retour.flows.withdrawal.opening import OpenReturn, found, opened, told
from retour.flows.withdrawal.stating import KIND, acknowledge
from retour.store import mail
from retour.store import withdrawal as withdrawals
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal


async def assign(
    db: Db,
    vault: Vault,
    *,
    tenant_id: UUID,
    withdrawal_id: UUID,
    order_id: UUID,
    quantities: Mapping[str, int] | None,
    reason: str | None,
    actor: str,
    now: datetime,
    policies: PolicyCache,
    open_: OpenReturn,
) -> int:
    """Open the return of a statement on the order that a person found, and return its number.

    `quantities` are units by line ref, without them all that can come back. Raises Refused: `withdrawal_not_found`,
    `move_not_allowed`, `order_not_found`, `reason_required` where it came late or from another contact than the
    order's, `too_long`; and as the return does.
    """
    at = await _locked(db, vault, tenant_id, withdrawal_id)
    move(at.state, WithdrawalState.MATCHED)
    of = await found(db, at, order_id, policies)
    why = _reason(reason, required=of.late or not await _is_theirs(db, at, order_id))
    return await opened(
        db, vault, at, of, tenant_id=tenant_id, quantities=quantities, actor=actor, reason=why, now=now, open_=open_
    )


async def close(
    db: Db, vault: Vault, *, tenant_id: UUID, withdrawal_id: UUID, reason: str, actor: str, now: datetime
) -> None:
    """End a statement of which nothing follows and write the reason to whoever made it.

    Raises Refused: `withdrawal_not_found`, `move_not_allowed`, `reason_required`, `too_long`.
    """
    at = await _locked(db, vault, tenant_id, withdrawal_id)
    move(at.state, WithdrawalState.CLOSED)
    why = _reason(reason, required=True)
    assert why is not None
    await withdrawals.close(db, withdrawal_id, decided_by=actor, reason=why, at=now)
    await told(db, at, EventType.WITHDRAWAL_CLOSED, actor, now, {"late": at.late})
    if at.said is not None:
        await mail.plan(
            db, vault, tenant_id=tenant_id, kind=MailKind.WITHDRAWAL_ANSWERED, to=at.said.contact, resource_kind=KIND,
            resource_id=at.id, at=now, store_id=at.store_id, language=at.language,
            secret={"number": at.said.number, "at": at.received_at.isoformat(), "reason": why},
        )  # fmt: skip


async def acknowledge_again(
    db: Db, vault: Vault, *, tenant_id: UUID, withdrawal_id: UUID, actor: str, now: datetime
) -> None:
    """Mail the acknowledgement once more, word for word; raise Refused(withdrawal_not_found, address_forgotten)."""
    at = await _locked(db, vault, tenant_id, withdrawal_id)
    if at.said is None:
        raise Refused("address_forgotten", "the person was erased; there is no address any more")
    mail_id = await acknowledge(db, vault, at, at.said, tenant_id=tenant_id, now=now)
    await told(db, at, EventType.WITHDRAWAL_ACKNOWLEDGED, actor, now, {"mail_id": mail_id})


async def _locked(db: Db, vault: Vault, tenant_id: UUID, withdrawal_id: UUID) -> Withdrawal:
    at = await withdrawals.get(db, vault, withdrawal_id, tenant_id=tenant_id, lock=True)
    if at is None:
        raise Refused("withdrawal_not_found", "there is no such withdrawal")
    return at


async def _is_theirs(db: Db, at: Withdrawal, order_id: UUID) -> bool:
    if at.said is None:
        return False
    found_ = await withdrawals.candidates(db, store_id=at.store_id, said=at.said)
    return any(one.order_id == order_id and one.by_contact for one in found_)


def _reason(reason: str | None, *, required: bool) -> str | None:
    text = (reason or "").strip()
    if required and not text:
        raise Refused("reason_required", "say why, for whoever reads it later", field="reason")
    if len(text) > REASON_MOST:
        raise Refused("too_long", f"at most {REASON_MOST} characters", field="reason")
    return text or None
