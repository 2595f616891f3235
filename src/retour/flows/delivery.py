"""Tell a receiver what happened: claim in one transaction, send outside any, settle in another.

Whatever interrupts this between claim and settle, the lease runs out and the event is sent again under the same id.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from standardwebhooks import Webhook

from retour.core.delivery import DeliveryState, Judgement, Move, body_of, judge, moved, stumbled
from retour.core.errors import Refused
from retour.core.ports import WebhookSender
from retour.store import delivery as deliveries
from retour.store import jobs
from retour.store.db import Database, Db
from retour.store.delivery import Claim
from retour.store.vault import NotMyKey, Vault
from retour.store.webhook_endpoint import secrets_purpose

LEASE: Final = timedelta(seconds=60)
MOST_AT_ONCE: Final = 500

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a delivery; `due_at` is when to nudge it again, if it is due again."""

    state: DeliveryState
    due_at: datetime | None = None


async def deliver(
    database: Database,
    vault: Vault,
    sender: WebhookSender,
    *,
    tenant_id: UUID,
    delivery_id: UUID,
    clock: Callable[[], datetime],
    jitter: Callable[[], int],
    lease: timedelta = LEASE,
) -> Delivered | None:
    """Send one delivery once and write what came of it; nothing if it is not due, held elsewhere or done.

    `lease` must be longer than the sender's patience; `jitter` gives a number from 0 to 1,000.
    """
    async with database.tx(tenant_id) as db:
        held = await deliveries.claim(db, delivery_id, now=clock(), lease=lease)
    if held is None:
        return None
    judgement = await _send(vault, sender, held, tenant_id=tenant_id, clock=clock, jitter=jitter)

    async def write(db: Db) -> bool:
        return await deliveries.settle(db, held, judgement, at=clock())

    if not await database.run(tenant_id, write):
        _log.info("late answer of a webhook", delivery=str(delivery_id), problem=judgement.problem)
        return None
    return Delivered(moved(DeliveryState.SENDING, judgement.move), judgement.due_at)


async def redeliver(db: Db, *, delivery_id: UUID, now: datetime) -> None:
    """Send an event that was delivered or given up once more, under the same webhook-id.

    Refuses delivery_not_found, endpoint_inactive, move_not_allowed (it is on its way already).
    """
    found = await deliveries.lock_for_replay(db, delivery_id)
    if found is None:
        raise Refused("delivery_not_found", "there is no such delivery")
    state, active = found
    moved(state, Move.REPLAY)
    if not active:
        raise Refused("endpoint_inactive", "the receiver is switched off")
    await deliveries.replay(db, delivery_id, at=now)
    await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, delivery_id)])


async def redeliver_failed(db: Db, *, endpoint_id: UUID, now: datetime, most: int = MOST_AT_ONCE) -> int:
    """Send what a receiver missed again, oldest first; return how many, fewer than `most` when that was all."""
    again = await deliveries.replay_failed(db, endpoint_id, at=now, most=most)
    await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, each) for each in again])
    return len(again)


def signed_headers(secrets: Sequence[str], *, webhook_id: UUID, sent_at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of Standard Webhooks 1.0.0, with one signature for each secret (`whsec_…`)."""
    text = body.decode()
    signatures = [Webhook(secret).sign(msg_id=str(webhook_id), timestamp=sent_at, data=text) for secret in secrets]
    return {
        "content-type": "application/json",
        "webhook-id": str(webhook_id),
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


async def _send(
    vault: Vault,
    sender: WebhookSender,
    held: Claim,
    *,
    tenant_id: UUID,
    clock: Callable[[], datetime],
    jitter: Callable[[], int],
) -> Judgement:
    if not held.active:
        return Judgement(Move.GIVE_UP, problem="the receiver is switched off")
    try:
        purpose = secrets_purpose(held.endpoint_id)
        secrets = json.loads(vault.unlock(held.sealed_secrets, tenant_id=tenant_id, purpose=purpose))
    except NotMyKey:
        return stumbled("the signing secret cannot be opened", tries=held.tries, now=clock(), jitter_permille=jitter())
    body = body_of(held.message)
    headers = signed_headers(secrets, webhook_id=held.message.id, sent_at=clock(), body=body)
    answer = await sender.post(url=held.url, headers=headers, body=body)
    return judge(answer, tries=held.tries, now=clock(), jitter_permille=jitter())
