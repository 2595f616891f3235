"""Changing a return after it was asked for: judged by the policy again, quoted again, promised again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.kind import is_granted
from retour.core.policy.encoding import frozen_line_decision
from retour.core.rma import Act, Decision, Moment, ReturnLine, SettlementState, allow, decide_line
from retour.core.rma.editing import Change, Edit, Wanted, check_edit, edit_of
from retour.core.rma.state import STAYS
from retour.flows.rma.asking import Asking, Judged, Wish
from retour.flows.rma.charge import charge_anew
from retour.flows.rma.early import void
from retour.flows.rma.locking import locked
from retour.flows.rma.request import approval_of, judge, ref_of
from retour.flows.rma.sent_along import answered
from retour.store import event, jobs, photo
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord, edit, questions

AGAIN = "edit"  # the channel of a change: what the policy wants to know is looked at, never demanded


@dataclass(frozen=True, slots=True)
class Content:
    """What a return shall hold instead: units of order lines, and the way back if it changes too."""

    wishes: tuple[Wish, ...]
    method: str | None = None
    plan_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """What was judged, and what was promised before, in minor units."""

    judged: Judged
    before_minor: int
    approves: bool
    record: ReturnRecord


async def preview_edit(
    db: Db, *, rma_id: UUID, content: Content, now: datetime, policies: PolicyCache, order_id: UUID | None = None
) -> Edited:
    """Return what a change would be answered and promised; writes nothing. Raises Refused as `edit_return` does."""
    edited, _ = await _judged(db, await locked(db, rma_id, order_id=order_id), content, now=now, policies=policies)
    return edited


async def edit_return(
    db: Db,
    *,
    rma_id: UUID,
    content: Content,
    actor: str,
    now: datetime,
    policies: PolicyCache,
    expect_version: int | None = None,
    order_id: UUID | None = None,
) -> ReturnRecord:
    """Change what comes back while nothing was handed over or paid; `order_id` is what a shopper has proven.

    What the policy does not approve by itself is decided again; what did not change keeps its decision. Raises Refused:
    `return_not_found`, `state_changed`, `already_decided`, `handed_over`, `already_paid`, `nothing_changed`,
    `opened_on_platform`, `card_hold_open`, `plan_changed`, and whatever asking for a return refuses.
    """
    record = await locked(db, rma_id, expect_version, order_id=order_id)
    edited, changes = await _judged(db, record, content, now=now, policies=policies)
    judged = edited.judged
    if content.plan_hash is not None and content.plan_hash != judged.promise.hash:
        raise Refused("plan_changed", "the figures have changed since they were shown", field="plan_hash")
    for settlement in record.rma.settlements:
        if settlement.state is SettlementState.QUOTED:  # what is due before the inspection is quoted anew
            await void(db, record=record, settlement_id=settlement.id, now=now)
            await edit.forget_units(db, settlement.id)
    before = await edit.asked(db, rma_id)
    approves, after = approval_of(judged, before.kind)
    approved = approves and not after
    lines = await _write(db, record, content, judged, changes, approved=approved, actor=actor, now=now)
    await edit.replace(
        db, rma_id, method=judged.ways.first.method, policy_version_id=judged.version_id,
        decision=[frozen_line_decision(line) for line in judged.lines], promised=judged.promise,
        approve_at=now + after if approves and not approved else None,
    )  # fmt: skip
    await charge_anew(db, record, judged.promise.plans, now=now)
    if approved:
        await questions.close(db, rma_id, outcome="overtaken", actor=actor, at=now)
    facts: dict[str, object] = {
        "number": record.rma.number, "lines": lines, "removed": [line.id for line in changes.removed],
        "before_minor": before.promised_minor, "after_minor": judged.promise.total_minor,
        "currency": judged.promise.currency, "before_hash": before.hash, "after_hash": judged.promise.hash,
        "before_policy": record.policy_version_id, "after_policy": judged.version_id,
    }  # fmt: skip
    told = [(EventType.RETURN_EDITED, actor)] + ([(EventType.RETURN_APPROVED, "policy")] if approved else [])
    await event.tell(
        db, told, resource_kind="return", resource_id=rma_id, store_id=record.store_id, at=now, data=facts,
        nudges=[jobs.Job(jobs.Task.ADVANCE, rma_id)],
    )  # fmt: skip
    return await returns.refresh(db, rma_id, at=now, due_at=now, by_somebody=True)


async def _judged(
    db: Db, record: ReturnRecord, content: Content, *, now: datetime, policies: PolicyCache
) -> tuple[Edited, Edit]:
    allow(Act.EDIT, record.rma, version=record.version)
    if record.rma.card is not None and record.rma.card.is_open:
        raise Refused("card_hold_open", "a card is held for what was asked for")
    asked = await edit.asked(db, record.rma.id)
    changes = edit_of(record.rma, [_wanted(wish) for wish in content.wishes])
    method = content.method or (asked.method if asked.method not in STAYS else None)
    asking = Asking(
        record.store_id, record.order_id, content.wishes, asked.channel, kind=asked.kind, method=method,
        instead_of=record.rma.id, gift=record.rma.gift,
    )  # fmt: skip
    # What was asked for in time stays in time; what is added is judged as of now.
    at = now if changes.grows else record.rma.requested_at
    judged = answered(await judge(db, asking, now=at, policies=policies, lock=True), replace(asking, channel=AGAIN))
    moved = judged.ways.first.method != asked.method
    check_edit(record.rma, changes if not moved else _all_changed(changes))
    seen = await photo.list_of_return(db, record.rma.id)
    if seen:  # what was sent with the request is looked at with its change
        judged = replace(judged, lacks_photos=False)
    approves, after = approval_of(judged, asked.kind)
    return Edited(judged, asked.promised_minor, approves and not after, record), _all_changed(
        changes
    ) if moved else changes


def _all_changed(changes: Edit) -> Edit:
    return replace(changes, changes=tuple(replace(change, is_same=False) for change in changes.changes))


async def _write(
    db: Db,
    record: ReturnRecord,
    content: Content,
    judged: Judged,
    changes: Edit,
    *,
    approved: bool,
    actor: str,
    now: datetime,
) -> Sequence[UUID]:
    """Write the lines as they are now and return those that were changed or added; all units are freed first."""
    order_id = record.order_id
    for line in (*(c.line for c in changes.changes if c.line is not None), *changes.removed):
        await returns.free_units(
            db, line_id=line.id, order_id=order_id, line_ref=line.line_ref, keep=(), freed=line.quantity
        )
    for line in changes.removed:
        decide_line(line.decision, Decision.CANCELLED)
        await returns.decide(db, [line.id], Decision.CANCELLED, actor=actor, at=now)
    changed = []
    for change in changes.changes:
        new = _line(content, judged, change)
        await edit.put_line(db, record.rma.id, order_id, new)
        await edit.claim(db, line_id=new.id, order_id=order_id, line_ref=new.line_ref, units=new.claimed)
        to = Decision.APPROVED if approved else Decision.REQUESTED
        is_kept = change.line is not None and ((change.is_same and not approved) or change.line.decision is to)
        if not is_kept:
            await _decide(db, change.line, new.id, to, actor="policy" if approved else actor, now=now)
        if not change.is_same:
            changed.append(new.id)
    return changed


async def _decide(db: Db, line: ReturnLine | None, line_id: UUID, to: Decision, *, actor: str, now: datetime) -> None:
    if line is not None:
        decide_line(line.decision, to)
    await returns.decide(db, [line_id], to, actor=actor, at=now)


def _line(content: Content, judged: Judged, change: Change) -> returns.NewLine:
    wish, said, way = content.wishes[change.index], judged.lines[change.index], judged.ways.lines[change.index]
    granted = is_granted(str(said.facts.values.get("return.kind")))
    stays = way.method in STAYS  # settled as soon as it is approved, as when it was asked for
    return returns.NewLine(
        change.line.id if change.line is not None else new_id(),
        wish.line_ref,
        wish.quantity,
        wish.reason,
        wish.note,
        wish.resolution,
        judged.spans[change.index],
        settle_on=Moment.APPROVED if stays else said.settle_on.outcome.moment,
        settle_after_hours=0 if stays or granted else said.settle_on.outcome.after_hours,
        resolution_ref=ref_of(said, wish),
        method=way.method,
        destination=way.destination,
        answers=wish.answers,
    )


def _wanted(wish: Wish) -> Wanted:
    return Wanted(wish.line_ref, wish.quantity, wish.reason, wish.note, wish.resolution, wish.ref, wish.answers)
