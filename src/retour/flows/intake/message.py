"""A signed message of a source: checked again, then a return or an order; the inbox keeps what became of it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.intake import MESSAGE_FORMAT, ORDER_FORMAT, RETURN_FORMAT, read_letter, read_order, read_return
from retour.core.intake.document import ahead_of_time
from retour.core.order import Fetched
from retour.flows.intake.hands import Hands
from retour.flows.intake.letters import take_letter
from retour.flows.intake.syncing import PULLED
from retour.flows.intake.taking import Source, take_in
from retour.flows.intake.told import Outcome, Taken
from retour.store import connection
from retour.store import intake as intakes
from retour.store import order as orders
from retour.store.db import Db
from retour.store.order import Mirrored
from retour.store.vault import Vault
from retour.store.webhook import Entry

Mirror = Callable[..., Awaitable[Mirrored]]
_READERS: Final = {RETURN_FORMAT: read_return, ORDER_FORMAT: read_order, MESSAGE_FORMAT: read_letter}
DOCUMENTS: Final = frozenset(_READERS)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a message: `problem` says why nothing did, the rest what it became."""

    outcome: str
    problem: str | None = None
    intake_id: UUID | None = None
    person_id: UUID | None = None


def refused_document(raw: bytes) -> Refused | None:
    """Return what is wrong with a message, every field of it, or nothing."""
    try:
        plain = json.loads(raw)
        reader = _READERS.get(str(plain.get("schema"))) if isinstance(plain, dict) else None
        if reader is None:
            formats = " or ".join(_READERS)
            return Refused("invalid_document", f"schema must be {formats}", field="schema")
        reader(plain)
    except Refused as no:
        return no
    except (ValueError, RecursionError, TypeError):
        return Refused("invalid_document", "the body is not JSON in UTF-8")
    return None


async def read_message(
    db: Db, vault: Vault, entry: Entry, raw: bytes, *, tenant_id: UUID, hands: Hands, mirror: Mirror, now: datetime
) -> Told:
    """Work on a message inside the open transaction and return what became of it; it never raises for its content."""
    try:
        plain = json.loads(raw)
        if entry.topic == ORDER_FORMAT:
            fetched = read_order(plain)
            no = ahead_of_time(fetched.order.updated_at, now)
            if no is not None:
                raise no
            return await _order(db, vault, entry, fetched, mirror, now)
        taken = await _taken(db, vault, entry, plain, tenant_id=tenant_id, hands=hands, now=now)
    except Refused as no:
        return Told("refused", problem=f"{no.code} {no.field or ''}".strip())
    told = taken.outcome.value if taken.why is None else f"{taken.outcome.value}: {taken.why}"
    return Told(told[:200], intake_id=taken.intake_id, person_id=await _person(db, taken.intake_id))


async def _taken(
    db: Db, vault: Vault, entry: Entry, plain: object, *, tenant_id: UUID, hands: Hands, now: datetime
) -> Taken:
    if entry.topic == MESSAGE_FORMAT:
        letter = read_letter(plain)
        letter = replace(letter, sent_at=min(letter.sent_at, now))  # a wrong clock makes no later message seem older
        source = await _source(db, entry, tenant_id, letter.channel)
        return await take_letter(db, vault, source, letter, inbox_id=entry.id, hands=hands, now=now)
    document = read_return(plain)
    source = await _source(db, entry, tenant_id, document.channel)
    return await take_in(db, vault, source, document, hands=hands, now=now)


async def _person(db: Db, intake_id: UUID) -> UUID | None:
    """Return whom an intake is about, once that is known for certain."""
    found = await intakes.get(db, intake_id)
    if found is None or found.rma_id is None or found.order_id is None:
        return None
    record = await orders.load(db, found.order_id)
    return record.person_id if record else None


async def _order(db: Db, vault: Vault, entry: Entry, fetched: Fetched, mirror: Mirror, now: datetime) -> Told:
    saved = await mirror(
        db, vault, connection_id=entry.connection_id, fetched=fetched, at=now, cause=f"inbox:{entry.id}"
    )
    outcome = Outcome.STALE if saved.stale else Outcome.MIRRORED
    return Told(outcome.value, person_id=saved.record.person_id)


async def _source(db: Db, entry: Entry, tenant_id: UUID, channel: str | None) -> Source:
    """Return who speaks; a source for several channels says in the document which one it was."""
    found = await connection.get(db, entry.connection_id)
    assert found is not None, "an entry has its connection"
    usual = Channel.SYNC.value if entry.facts == PULLED else str(found.settings.get("channel", Channel.EVENT.value))
    return Source(
        tenant_id=tenant_id, store_id=found.store_id, key=entry.source, channel=Channel(channel or usual),
        actor=f"source:{found.id}", connection_id=found.id, decides=bool(found.settings.get("decides", False)),
    )  # fmt: skip
