"""What a platform hands on: a shopper asks for their data, a shopper or a whole store is to be erased."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.event import EventType
from retour.core.privacy import ANSWER_WITHIN, Keep, PlatformAsk, RequestKind, Waits, days_of
from retour.flows.privacy.asking import ask_erasure, ask_export, tell
from retour.store import connection, webhook
from retour.store.db import Db
from retour.store.order.people import fold_email
from retour.store.privacy import retention, rows
from retour.store.webhook import Entry

ACTOR: Final = "platform"
# The names under which platforms send them (shopify.dev/docs/apps/build/compliance/privacy-law-compliance).
TOPICS: Final = frozenset({"customers/data_request", "customers/redact", "shop/redact"})


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a platform's request; the body is kept under the key of the person it is about."""

    outcome: str
    person_id: UUID | None = None
    problem: str | None = None
    intake_id: UUID | None = None


async def asked_by_platform(db: Db, entry: Entry, ask: PlatformAsk, *, now: datetime) -> Became:
    """Keep a platform's request as requests of ours, one for each person it means; the same again adds nothing."""
    if ask.kind is RequestKind.STORE_ERASURE:
        return await _store(db, entry, now)
    people = await rows.meant(
        db, store_id=entry.store_id, connection_id=entry.connection_id, customer_ref=ask.customer_ref,
        email_folded=fold_email(ask.email), order_refs=ask.order_refs,
    )  # fmt: skip
    if not people:
        await webhook.forget_body(db, entry.id)
        return Became("nothing_held")
    flow = ask_export if ask.kind is RequestKind.EXPORT else ask_erasure
    for person_id in people:
        await flow(db, person_id=person_id, actor=ACTOR, now=now, far_ref=ask.request_ref)
    return Became(f"{ask.kind.value}_asked", person_id=people[0])


async def _store(db: Db, entry: Entry, now: datetime) -> Became:
    """Call the store no more, and erase its people after the grace that the merchant chose."""
    await connection.disconnect(db, entry.connection_id, actor=ACTOR, at=now)
    days = days_of(await retention.chosen(db))[Keep.STORE_GRACE]
    assert days is not None, "the grace always has an end"
    made, new = await rows.add(
        db, RequestKind.STORE_ERASURE, store_id=entry.store_id, person_id=None, connection_id=entry.connection_id,
        actor=ACTOR, now=now, answer_within=ANSWER_WITHIN, due_at=now + timedelta(days=days),
    )  # fmt: skip
    if new:
        await rows.put_off(db, made, why=Waits.GRACE.value, until=now + timedelta(days=days), facts={})
        request = await rows.get(db, made)
        assert request is not None, "it was just added"
        await tell(db, EventType.PRIVACY_ASKED, request, actor=ACTOR, now=now, days=days)
    return Became("store_erasure_asked")
