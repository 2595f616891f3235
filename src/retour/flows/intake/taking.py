"""The one entrance of every door: a thing that was sent in becomes a return, moves one on, or waits for a person."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from retour.core.channel import Channel
from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.intake import Association, Candidate, ReturnDocument, Scored, Verdict, Wanted, associate, match_items
from retour.core.intake.document import ahead_of_time
from retour.core.intake.draft import Kept, Read
from retour.core.intake.following import OVER
from retour.core.order import Order
from retour.core.push import REFERENCE
from retour.flows.intake.following import follow
from retour.flows.intake.hands import Hands
from retour.flows.intake.missing import ask_platforms, named
from retour.flows.intake.told import Outcome, Taken
from retour.store import connection, event, jobs
from retour.store import intake as intakes
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.intake import Intake
from retour.store.vault import Vault

__all__ = ["Outcome", "Source", "Taken", "open_as", "park", "take_in"]
_DECIDE: Final = ("csv:", "api:")  # whose decisions hold always
_LONGEST: Final = 200
PARCEL: Final = "parcel"


@dataclass(frozen=True, slots=True)
class Source:
    """Who sends something in: `key` is the same for everything of one source, `actor` is how events name it.

    What the source `decides` holds here: a return that it approved is approved. What is `loose` was read in a text and
    always waits for a person.
    """

    tenant_id: UUID
    store_id: UUID
    key: str
    channel: Channel
    actor: str
    connection_id: UUID | None = None
    decides: bool = False


async def take_in(
    db: Db,
    vault: Vault,
    source: Source,
    document: ReturnDocument,
    *,
    hands: Hands,
    now: datetime,
    text: str | None = None,
    read: Sequence[Read] = (),
) -> Taken:
    """Take a document in, once: open its return, move the one it is known as, or park it for a person.

    With `text` it is a draft of loose text: it waits for a person however clear it seems. The same thing sent again
    changes nothing. Nothing of a refusal is lost: what the policy or the order does not allow is parked with its code.
    Raises Refused(invalid_document), with nothing written, for a change that lies more than a day ahead.
    """
    no = ahead_of_time(document.updated_at, now)
    if no is not None:
        raise no
    kept = Kept(document, text, tuple(read))
    external_id = fitting(document.id)
    known = await intakes.find(db, source=source.key, external_id=external_id)
    if known is None and await _is_ours(db, source, document, external_id, now):
        known = await intakes.find(db, source=source.key, external_id=external_id)
    if known is not None:
        return await _again(db, vault, source, known, kept, hands=hands, now=now)
    intake_id = new_id()
    await intakes.add(
        db, vault, tenant_id=source.tenant_id, id=intake_id, store_id=source.store_id, source=source.key,
        connection_id=source.connection_id, channel=source.channel.value, external_id=external_id,
        far_status=document.status, far_updated_at=document.updated_at, kept=kept, at=now,
    )  # fmt: skip
    return await first_reading(db, vault, source, intake_id, kept, hands=hands, now=now)


async def _is_ours(db: Db, source: Source, document: ReturnDocument, external_id: str, now: datetime) -> bool:
    """Return whether a document says our reference of a return that was told to its source, and link the two.

    That it is heard of before the answer to the push opens no second return.
    """
    reference = document.metadata.get(REFERENCE)
    if source.connection_id is None or reference is None:
        return False
    rma_id = await intakes.told_as(db, connection_id=source.connection_id, reference=reference)
    if rma_id is None:
        return False
    await intakes.link(
        db, rma_id, connection_id=source.connection_id, external_id=external_id, far_status=None, at=now
    )  # fmt: skip
    return True


async def _again(
    db: Db, vault: Vault, source: Source, known: Intake, kept: Kept, *, hands: Hands, now: datetime
) -> Taken:
    """Do what a known thing asks for by now; what is as old as what was seen, or older, changes nothing."""
    updated_at = kept.document.updated_at
    if known.far_updated_at is not None and updated_at <= known.far_updated_at:
        what = Outcome.UNCHANGED if updated_at == known.far_updated_at else Outcome.STALE
        return Taken(known.id, what, known.rma_id)
    if known.state == "dismissed":
        return Taken(known.id, Outcome.DISMISSED)
    moved: tuple[str, ...] = ()
    if known.rma_id is not None:
        before = await intakes.document(db, vault, known.id)
        moved = await follow(
            db, rma_id=known.rma_id, document=kept.document, decides=source.decides, actor=source.actor, hands=hands,
            now=now, pushed=known.decided_by == intakes.PUSH, before=before.document if before else None,
        )  # fmt: skip
    await intakes.seen(
        db, vault, known.id, far_status=kept.document.status, far_updated_at=updated_at,
        facts={**known.facts, "not_moved": list(moved)}, kept=kept, at=now,
    )  # fmt: skip
    if known.rma_id is None:  # it still waits: what it says now may make it clear
        return await first_reading(db, vault, source, known.id, kept, hands=hands, now=now)
    return Taken(known.id, Outcome.NOT_MOVED if moved else Outcome.FOLLOWED, known.rma_id, why=", ".join(moved) or None)


async def first_reading(
    db: Db, vault: Vault, source: Source, intake_id: UUID, kept: Kept, *, hands: Hands, now: datetime
) -> Taken:
    """Open the return of what waits, or let it wait on with what it lacks by now; the caller holds its lock."""
    awaited = [str(name) for name in named(kept.document).values()]
    await intakes.in_turn(db, store_id=source.store_id, names=awaited)
    found = await intakes.candidates(db, store_id=source.store_id, clues=kept.document.clues)
    said = associate(kept.document.clues, found)
    why, facts, lines = await _judged(db, said, found, kept)
    if source.channel is Channel.WAREHOUSE:
        why = PARCEL
    order_id = said.chosen
    if why is None and order_id is not None:
        number = await intakes.told_by_another(
            db, order_id=order_id, external_id=fitting(kept.document.id), source=source.key
        )
        if number is not None:
            why, facts = "known_from_another", {"return": f"R-{number}"}
    if why is None and order_id is not None:
        try:
            rma_id, number = await open_as(
                db, vault, intake_id=intake_id, order_id=order_id, store_id=source.store_id, lines=lines,
                document=kept.document, channel=source.channel.value, hands=hands, actor=source.actor, now=now,
            )  # fmt: skip
        except Refused as no:
            why, facts = "refused", {"code": no.code, "said": [one.code for one in no.objections][:20]}
        except asyncpg.IntegrityConstraintViolationError:
            why, facts = "refused", {"code": "more_than_returnable"}
        else:
            not_moved = await follow(
                db, rma_id=rma_id, document=kept.document, decides=source.decides, actor=source.actor, hands=hands,
                now=now,
            )  # fmt: skip
            return Taken(intake_id, Outcome.OPENED, rma_id, number, ", ".join(not_moved) or None)
    assert why is not None, "without an order there is a reason"
    if why in intakes.WAITS_FOR_ORDER and kept.text is None:  # whoever writes loose text is nobody we know
        await ask_platforms(
            db, vault, tenant_id=source.tenant_id, store_id=source.store_id, intake_id=intake_id, facts=facts, now=now
        )
    await park(
        db, source.store_id, intake_id, why=why, facts=facts, said=said, found=found, actor=source.actor, now=now
    )
    return Taken(intake_id, Outcome.PARKED, why=why)


async def _judged(
    db: Db, said: Association, found: Sequence[Candidate], kept: Kept
) -> tuple[str | None, dict[str, object], tuple[Wanted, ...]]:
    """Return why it has to wait, with its facts, or else the lines that come back."""
    if said.verdict is Verdict.NONE:
        return "order_not_found", named(kept.document), ()
    if said.verdict is Verdict.AMBIGUOUS:
        return "order_not_clear", named(kept.document), ()
    order = next(one.order for one in found if one.id == said.chosen)
    assert said.chosen is not None
    lines, unmatched = match_items(kept.document.items, order, await units_left(db, said.chosen, order))
    if unmatched:
        return "items_not_clear", {"items": [{"index": u.index, "code": u.code} for u in unmatched]}, lines
    if kept.text is not None or not lines:
        return "draft", {}, lines
    if kept.document.status in OVER:
        return "over_elsewhere", {"status": kept.document.status}, lines
    return None, {}, lines


async def units_left(db: Db, order_id: UUID, order: Order) -> Mapping[str, int]:
    """Return how many units of each line can still come back."""
    at = await refunds.position(db, order_id)
    left = returnable(
        order, claimed={c.line_ref: c.in_return for c in at.counters},
        refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
    )  # fmt: skip
    return {ref: line.left for ref, line in left.items()}


async def open_as(
    db: Db, vault: Vault, *, intake_id: UUID, order_id: UUID, store_id: UUID, lines: Sequence[Wanted],
    document: ReturnDocument, channel: str, hands: Hands, actor: str, now: datetime, beyond: str | None = None,
) -> tuple[UUID, int]:  # fmt: skip
    """Open the return of an intake and return its id and number; raise Refused, with nothing of it left behind."""
    rma_id, asked = new_id(), await _asked_at(db, intake_id, document)
    async with intakes.apart(db):
        number = await hands.open(
            db, id=rma_id, store_id=store_id, order_id=order_id, lines=lines, kind=document.kind, channel=channel,
            method=None, actor=actor, now=now, beyond=beyond, asked_at=asked,
        )  # fmt: skip
        if not await intakes.opened(db, vault, intake_id, order_id=order_id, rma_id=rma_id, by=actor, at=now):
            raise Refused("already_decided", "somebody has decided that already")
    data: dict[str, object] = {"return_id": rma_id, "number": number, "channel": channel}
    await tell(db, EventType.INTAKE_OPENED, intake_id, store_id, actor, now, data)
    return rma_id, number


async def _asked_at(db: Db, intake_id: UUID, document: ReturnDocument) -> datetime:
    """Return when a return was asked for: as its source says if that decides, else when it was received.

    So neither the wait for a person nor a file of last week's returns costs a shopper the window.
    """
    known = await intakes.get(db, intake_id)
    assert known is not None, "it was written before"
    decides = await source_decides(db, known)
    return min(document.created_at, known.received_at) if decides else known.received_at


async def source_decides(db: Db, known: Intake) -> bool:
    """Return whether what the source of an intake approves or rejects holds here."""
    if known.connection_id is None:
        return known.source.startswith(_DECIDE)
    found = await connection.get(db, known.connection_id)
    return found is not None and bool(found.settings.get("decides", False))


async def park(
    db: Db, store_id: UUID, intake_id: UUID, *, why: str, facts: Mapping[str, object], said: Association,
    found: Sequence[Candidate], actor: str, now: datetime,
) -> None:  # fmt: skip
    """Let an intake wait for a person, with the orders it may belong to and the points of each."""
    names = {one.id: one.order.name for one in found}
    ranked = [_candidate(scored, names[scored.order_id]) for scored in said.ranked]
    await intakes.park(db, intake_id, why=why, facts=facts, candidates=ranked, order_id=said.chosen, at=now)
    data: dict[str, object] = {"why": why, "candidates": len(ranked)}
    await tell(db, EventType.INTAKE_PARKED, intake_id, store_id, actor, now, data)


def _candidate(scored: Scored, name: str) -> dict[str, object]:
    points = [{"by": point.by, "points": point.points} for point in scored.points]
    return {"order_id": str(scored.order_id), "name": name, "score": scored.score, "points": points}


async def tell(
    db: Db, what: EventType, intake_id: UUID, store_id: UUID, actor: str, now: datetime, data: Mapping[str, object]
) -> None:
    """Append an event of an intake with its deliveries; the caller holds the row."""
    deliveries = await event.put(
        db, what, resource_kind="intake", resource_id=intake_id, store_id=store_id, actor=actor, at=now, data=data
    )
    await jobs.defer(db, [jobs.Job(jobs.Task.DELIVER, delivery) for delivery in deliveries])


def fitting(external_id: str) -> str:
    """Return an id that fits an index; two long ones never become one."""
    clean = external_id.strip() or "-"
    return clean if len(clean) <= _LONGEST else hashlib.sha256(external_id.encode()).hexdigest()
