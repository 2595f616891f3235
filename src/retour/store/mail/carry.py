"""Carrying a mail out: claimed under a lease, marked before it leaves, settled by whoever holds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.mail import Judgement, MailKind, MailState, Move, moved
from retour.store import discrepancy
from retour.store.db import Db, Record

REFUSED: Final = "mail_refused"
UNKNOWN: Final = "mail_unknown"
STOPPED: Final = "the worker stopped while it handed the mail over"

# A first try is never early: its `due_at` is another machine's clock at the moment of the event. A restored or copied
# database tells nobody anything. What was marked as leaving is not claimed again.
CLAIM: Final = """
WITH claimed AS (
  UPDATE mail SET state = 'sending', tries = tries + 1, lease_until = $2::timestamptz + $3
   WHERE tenant_id = current_tenant() AND id = $1 AND state IN ('due', 'sending') AND handed_at IS NULL
     AND (due_at <= $2 OR tries = 0) AND (lease_until IS NULL OR lease_until < $2)
     AND NOT EXISTS (SELECT FROM instance WHERE quarantined)
     AND (kind <> 'return_approved' OR NOT awaits_label(resource_id))
  RETURNING id, store_id, kind, resource_kind, resource_id, subject_id, person_id, sealed_address, sealed_data, language,
            tries, lease_until, expires_at, message_id)
SELECT c.id, c.store_id, c.kind, c.resource_kind, c.resource_id, c.subject_id, c.person_id, c.sealed_address, c.sealed_data,
       c.tries, c.lease_until, c.expires_at, c.message_id, p.email, p.name AS person_name,
       coalesce(c.language, r.language, k.default_language, 'en') AS language,
       coalesce(k.sender_name, k.name, t.shop_name, a.name) AS sender_name, s.address AS sender_address,
       coalesce(s.reply_to, k.contact_email) AS reply_to, coalesce(t.timezone, 'UTC') AS timezone
  FROM claimed c
  JOIN account a ON a.tenant_id = current_tenant()
  LEFT JOIN person p ON p.tenant_id = current_tenant() AND p.id = c.person_id
  LEFT JOIN store t ON t.tenant_id = current_tenant() AND t.id = c.store_id
  LEFT JOIN look k ON k.tenant_id = current_tenant() AND k.store_id = c.store_id
  LEFT JOIN mail_sender s ON s.tenant_id = current_tenant() AND s.store_id = c.store_id
  LEFT JOIN rma r ON r.tenant_id = current_tenant() AND r.id = c.resource_id
"""
# A mail that tells of an approval says how to send the goods: it waits for the label, and is nudged by it.
WAIT: Final = """
UPDATE mail SET due_at = $2::timestamptz + interval '15 minutes'
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'due' AND kind = 'return_approved' AND due_at <= $2
   AND awaits_label(resource_id)
"""
# It left, its worker died: nobody knows. The end of the lease stays, so that a late answer can still prove that it arrived.
DOUBT: Final = """
UPDATE mail SET state = 'unknown', last_problem = $3, sealed_data = NULL, sealed_address = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'sending' AND handed_at IS NOT NULL AND lease_until < $2
   AND NOT EXISTS (SELECT FROM instance WHERE quarantined)
RETURNING id, store_id, kind, resource_kind, resource_id, tries, last_problem
"""
# The lease's end and the number of the try together name one claim.
HAND: Final = """
UPDATE mail SET handed_at = $4, message_id = $5
 WHERE tenant_id = current_tenant() AND id = $1 AND state = 'sending' AND tries = $2 AND lease_until = $3
   AND lease_until > $4 AND NOT EXISTS (SELECT FROM instance WHERE quarantined)
RETURNING id
"""
SETTLE: Final = """
UPDATE mail SET state = $4, due_at = coalesce($5, due_at), lease_until = NULL, handed_at = NULL, last_code = $6,
       last_problem = $7, delivered_at = $8,
       sealed_data = CASE WHEN $4 = 'due' THEN sealed_data END,
       sealed_address = CASE WHEN $4 = 'due' THEN sealed_address END
 WHERE tenant_id = current_tenant() AND id = $1 AND tries = $2 AND lease_until = $3
   AND (state = 'sending' OR state = 'unknown' AND $4 = 'delivered')
RETURNING id
"""
RECOVERED: Final = """
SELECT d.kind FROM discrepancy d
 WHERE d.tenant_id = current_tenant() AND d.resource_kind = $1 AND d.resource_id = $2 AND d.state = 'open'
   AND d.kind IN ('mail_refused', 'mail_unknown')
   AND NOT EXISTS (SELECT FROM mail m
                    WHERE m.tenant_id = current_tenant() AND m.resource_kind = $1 AND m.resource_id = $2
                      AND m.state = CASE d.kind WHEN 'mail_refused' THEN 'failed' ELSE 'unknown' END)
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A leased mail with all that is known of whom it goes to and comes from; `tries` counts this try."""

    id: UUID
    store_id: UUID | None
    kind: MailKind
    resource_kind: str
    resource_id: UUID
    subject_id: UUID
    person_id: UUID | None
    tries: int
    lease_until: datetime
    expires_at: datetime
    language: str
    sender_name: str
    sender_address: str | None
    reply_to: str | None
    timezone: str
    message_id: str | None
    email: str | None = field(repr=False)
    person_name: str | None = field(repr=False)
    sealed_address: bytes | None = field(repr=False)
    sealed_data: bytes | None = field(repr=False)


async def claim(db: Db, mail_id: UUID, *, now: datetime, lease: timedelta) -> Claim | None:
    """Lease a mail that is due; nothing if it is not, or if somebody else is sending it.

    One that had left when its worker died is marked as unknown instead, and shown.
    """
    row = await db.fetchrow(CLAIM, mail_id, now, lease)
    if row is not None:
        return Claim(**{**row, "kind": MailKind(row["kind"])})
    await db.execute(WAIT, mail_id, now)
    lost = await db.fetchrow(DOUBT, mail_id, now, STOPPED)
    if lost is not None:
        await _show(db, lost, MailState.UNKNOWN, Judgement(Move.LOSE, None, STOPPED), at=now)
    return None


async def hand(db: Db, held: Claim, *, message_id: str, at: datetime) -> bool:
    """Write down that the mail is about to leave; False if the lease is over or another's: then it must not leave."""
    return await db.fetchval(HAND, held.id, held.tries, held.lease_until, at, message_id) is not None


async def settle(db: Db, held: Claim, judgement: Judgement, *, at: datetime) -> bool:
    """Write what a try came to, with all that follows; return False and change nothing if the lease is another's.

    The proof that a mail arrived counts even when it comes too late.
    """
    to = moved(MailState.SENDING, judgement.move)
    delivered_at = at if to is MailState.DELIVERED else None
    j = judgement
    ours = await db.fetchval(
        SETTLE, held.id, held.tries, held.lease_until, to.value, j.due_at, j.code, j.problem, delivered_at
    )
    if ours is None:
        return False
    if to in (MailState.FAILED, MailState.UNKNOWN):
        await _show(
            db,
            {"id": held.id, "store_id": held.store_id, "kind": held.kind, "resource_kind": held.resource_kind,
             "resource_id": held.resource_id, "tries": held.tries},
            to, judgement, at=at,
        )  # fmt: skip
    elif to is MailState.DELIVERED:
        await _be_content(db, held, at=at)
    return True


_SHOWN: Final = {
    MailState.FAILED: (REFUSED, "correct the e-mail address or ask the shopper another way, then send the mail again"),
    MailState.UNKNOWN: (UNKNOWN, "ask whether the mail arrived; send it again only if it did not"),
}


async def _show(db: Db, mail: Record, state: MailState, judgement: Judgement, *, at: datetime) -> None:
    """Show that somebody was not told, or may not have been; a code is asked for again by the one who misses it."""
    if mail["kind"] == MailKind.ONE_TIME_CODE:
        return
    kind, next_step = _SHOWN[state]
    details: Mapping[str, object] = {
        "mail_id": mail["id"], "mail": str(mail["kind"]), "code": judgement.code, "problem": judgement.problem,
        "tries": mail["tries"],
    }  # fmt: skip
    await discrepancy.open_(
        db, kind, resource_kind=mail["resource_kind"], resource_id=mail["resource_id"], next_step=next_step, at=at,
        owner=discrepancy.Owner.AGENT, details=details, store_id=mail["store_id"],
    )  # fmt: skip


async def _be_content(db: Db, held: Claim, *, at: datetime) -> None:
    """Close what was shown about a resource's mail once none of it is left."""
    for row in await db.fetch(RECOVERED, held.resource_kind, held.resource_id):
        await discrepancy.resolve(
            db, row["kind"], resource_kind=held.resource_kind, resource_id=held.resource_id, by="system", at=at
        )
