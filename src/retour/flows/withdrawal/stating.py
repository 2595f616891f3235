"""Receiving a statement of withdrawal: nothing is looked up and nothing is refused but what cannot be read."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mail import MailKind
from retour.core.policy.order_facts import local_day
from retour.core.visit import Limit, network_of, wait_s
from retour.core.withdrawal import Statement, digest, sound
from retour.store import event, jobs, mail
from retour.store import visit as visits
from retour.store import withdrawal as withdrawals
from retour.store.db import Db
from retour.store.vault import Vault
from retour.store.withdrawal import Withdrawal

KIND: Final = "withdrawal"
# The acknowledgement goes wherever it is asked to go: beyond this it could be used to pester somebody.
NETWORK: Final = Limit(timedelta(minutes=1), 20)
CONTACT: Final = Limit(timedelta(minutes=10), 6)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a statement is made: the store with its calendar, the channel, and how events name who brings it."""

    tenant_id: UUID
    store_id: UUID
    timezone: str
    channel: str
    actor: str


async def state(
    db: Db,
    vault: Vault,
    place: Place,
    *,
    id: UUID,  # noqa: A002 - the id of the withdrawal
    said: Statement,
    language: str,
    now: datetime,
    token_sha256: bytes | None = None,
    address: str | None = None,
) -> Withdrawal:
    """Keep a statement, plan its acknowledgement and let its order be looked for; return it. A repeat changes nothing.

    `token_sha256` is of the browser that may read it again, `address` the network address that is counted. Raises
    Refused: `name_required`, `number_required`, `invalid_email`, `too_long`, each at its field; `too_many_requests` with
    `wait_s`.
    """
    said = sound(said)
    known = await withdrawals.get(db, vault, id, tenant_id=place.tenant_id)
    if known is not None:
        return known
    if address is not None:
        await _count(db, vault, place.tenant_id, "network", network_of(address), NETWORK, now)
    await _count(db, vault, place.tenant_id, "contact", said.contact.casefold(), CONTACT, now)
    content = digest(said, now)
    added = await withdrawals.add(
        db, vault, tenant_id=place.tenant_id, id=id, store_id=place.store_id, channel=place.channel, actor=place.actor,
        token_sha256=token_sha256, language=language, said=said, content_sha256=content, at=now,
        stated_on=local_day(now, ZoneInfo(place.timezone)),
    )  # fmt: skip
    kept = await withdrawals.get(db, vault, id, tenant_id=place.tenant_id)
    assert kept is not None, "it was just written"
    if added:
        await _tell(db, kept, place.actor, now)
        await acknowledge(db, vault, kept, said, tenant_id=place.tenant_id, now=now)
        await jobs.defer(db, [jobs.Job(jobs.Task.MATCH_WITHDRAWAL, id)])
    return kept


async def acknowledge(
    db: Db, vault: Vault, found: Withdrawal, said: Statement, *, tenant_id: UUID, now: datetime
) -> UUID:
    """Plan the mail that acknowledges a statement with its content, day and time; return the mail."""
    return await mail.plan(
        db, vault, tenant_id=tenant_id, kind=MailKind.WITHDRAWAL_RECEIVED, to=said.contact, resource_kind=KIND,
        resource_id=found.id, at=now, store_id=found.store_id, language=found.language,
        secret={"name": said.name, "number": said.number, "contact": said.contact, "goods": said.goods,
                "at": found.received_at.isoformat(), "sha256": found.content_sha256},
    )  # fmt: skip


async def _tell(db: Db, kept: Withdrawal, actor: str, now: datetime) -> None:
    facts: dict[str, object] = {"content_sha256": kept.content_sha256, "channel": kept.channel}
    await event.tell(
        db, [(EventType.WITHDRAWAL_RECEIVED, actor)], resource_kind=KIND, resource_id=kept.id, store_id=kept.store_id,
        at=now, data=facts,
    )  # fmt: skip


async def _count(db: Db, vault: Vault, tenant_id: UUID, kind: str, what: str, limit: Limit, now: datetime) -> None:
    secret = vault.derive(tenant_id=tenant_id, purpose="withdrawal-limit")
    key = hmac.new(secret, f"{kind} {what}".encode("utf-8", "replace"), hashlib.sha256).digest()
    free_at = await visits.spend(db, "address", key, limit, now=now)  # a network's, or a mailbox's
    if free_at is not None:
        raise Refused(
            "too_many_requests",
            "too many withdrawals at once; nothing was lost",
            facts={"wait_s": wait_s(free_at, now)},
        )
