"""Guarding a store's money: its limits, the second person's word, the switch that stops payments and lets them go on."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.account import is_program
from retour.core.breaker import MINUTES_MOST, Limits, loosens
from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.second import SecondRule, check_second
from retour.store import account, alarm, breaker, discrepancy, event, guard, jobs
from retour.store import refund as refunds
from retour.store import rma as returns
from retour.store import second as seconds
from retour.store.db import Db
from retour.store.guard import Guard
from retour.store.refund import SettlementRow

REASON_MOST: Final = 1_000
AMOUNT_MOST: Final = 10**12
_STAFF: Final = "staff:"


async def change_guard(
    db: Db, *, store_id: UUID, second: SecondRule, limits: Limits, actor: str, now: datetime
) -> Guard:
    """Keep what guards a store's money from now on, tell the owners if it guards less, and return it.

    Payments that wait for a second person are judged anew, except those of returns in which the actor had a hand.
    Refuses store_not_found, invalid_limit (with its field), and person_needed to a program that loosens a limit.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    _check(second, limits)
    before = await guard.lock(db, store_id) or await guard.get(db, store_id)
    loosened = _is_looser(before, second, limits)
    if loosened and is_program(actor):
        raise Refused("person_needed", "a program may tighten the limits of payments, not loosen them")
    if before.changed_at is not None and (before.second, before.limits) == (second, limits):
        return before
    await guard.save(db, store_id, second=second, limits=limits, actor=actor, at=now)
    nudges = await _judge_anew(db, store_id, actor, now)
    if loosened:
        nudges += await alarm.raise_(
            db, alarm.AlarmKind.GUARD_LOOSENED, store_id=store_id, subject=now.isoformat(), at=now, facts={"by": actor}
        )
    facts: dict[str, object] = {
        "second_above_minor": second.above_minor, "second_overrides": second.overrides, "second_by": second.by.value,
        "window_minutes": limits.window_minutes, "window_refunds": limits.window_refunds,
        "window_minor": limits.window_minor, "day_minor": limits.day_minor, "norm_times": limits.norm_times,
        "loosened": loosened,
    }  # fmt: skip
    await event.tell(
        db, [(EventType.GUARD_CHANGED, actor)], resource_kind="store", resource_id=store_id, store_id=store_id, at=now,
        data=facts, nudges=nudges,
    )  # fmt: skip
    return await guard.get(db, store_id)


async def approve_second(
    db: Db, *, settlement_id: UUID, plan_hash: str, note: str | None, actor: str, now: datetime
) -> SettlementRow:
    """Let a payment go that waits for a second person, for exactly the figures that were seen.

    Refuses settlement_not_found, move_not_allowed (it does not wait), plan_changed, person_needed (a program),
    forbidden (the role), same_person (whoever had a hand in the return).
    """
    row = await _waiting(db, settlement_id, plan_hash)
    await _check_person(db, row, actor, may_have_had_a_hand=False)
    await seconds.say(db, row.id, verdict="approved", actor=actor, note=_note(note), at=now)
    await seconds.clear(db, row.id, due_at=now)
    return await _told(db, row, EventType.SECOND_APPROVED, actor, now)


async def refuse_second(
    db: Db, *, settlement_id: UUID, plan_hash: str, reason: str, actor: str, now: datetime
) -> SettlementRow:
    """Keep that a second person does not approve a payment, and why; it goes on waiting. Refuses as `approve_second`.

    Whoever had a hand in the return may refuse, too: that moves nothing.
    """
    row = await _waiting(db, settlement_id, plan_hash)
    await _check_person(db, row, actor, may_have_had_a_hand=True)
    if not (why := _note(reason)):
        raise Refused("reason_missing", "say why not", field="reason")
    await seconds.say(db, row.id, verdict="refused", actor=actor, note=why, at=now)
    return await _told(db, row, EventType.SECOND_REFUSED, actor, now)


async def pause_payments(
    db: Db, *, tenant_id: UUID, store_id: UUID | None, actor: str, now: datetime, reason: str | None = None
) -> bool:
    """Stop all payments of a store, or of the whole account; return whether that changed anything.

    What a program has paused, a person may pause as well: then only a person lets it go on. Refuses store_not_found,
    reason_too_long.
    """
    because = _note(reason)
    await _check_store(db, store_id)
    if store_id is None:
        changed = await account.pause_account(db, paused=True)
    else:
        changed = await account.pause_store(db, store_id, paused=True, by=actor, because=because, at=now)
    if not changed and not is_program(actor) and not await _is_of_a_person(db, tenant_id, store_id):
        changed = store_id is None or await account.take_over_pause(db, store_id, by=actor, because=because, at=now)
    if changed:
        await _tell_switched(db, EventType.PAYMENTS_PAUSED, tenant_id, store_id, actor, now, because, [])
    return changed


async def resume_payments(
    db: Db, *, tenant_id: UUID, store_id: UUID | None, actor: str, now: datetime, reason: str | None = None
) -> bool:
    """Let payments go again and count anew; return whether that changed anything.

    What the breaker or a person has stopped, a person lets go on; after the breaker with a reason. Refuses
    person_needed to a program, reason_missing, store_not_found, reason_too_long.
    """
    because = _note(reason)
    await _check_store(db, store_id)
    known = None if store_id is None else await guard.lock(db, store_id)
    tripped = known is not None and known.tripped_at is not None
    if tripped and is_program(actor):
        raise Refused("person_needed", "the breaker has stopped payments: a person has to let them go on")
    if is_program(actor) and await _is_of_a_person(db, tenant_id, store_id):
        raise Refused("person_needed", "a person has paused payments: a person has to let them go on")
    if tripped and because is None:
        raise Refused("reason_missing", "say why payments may go on", field="reason")
    told: list[jobs.Job] = []
    if store_id is None:
        changed = await account.pause_account(db, paused=False)
    else:
        changed = await account.pause_store(db, store_id, paused=False)
        told = await _reset(db, store_id, actor, now) if tripped else []
    if changed:
        await _tell_switched(db, EventType.PAYMENTS_RESUMED, tenant_id, store_id, actor, now, because, told)
    return changed


async def _is_of_a_person(db: Db, tenant_id: UUID, store_id: UUID | None) -> bool:
    """Return whether payments are paused by somebody who is no program."""
    if store_id is None:
        whole = await account.get_account(db)
        paused_by = await guard.paused_by(db, tenant_id) if whole and whole.payments_paused else None
    else:
        known = await account.get_store(db, store_id)
        paused_by = known.paused_by if known and known.payments_paused else None
    return paused_by is not None and not is_program(paused_by)


async def _reset(db: Db, store_id: UUID, actor: str, now: datetime) -> list[jobs.Job]:
    """Set the breaker of a store again and return the jobs that tell it."""
    await guard.set_resumed(db, store_id)
    await discrepancy.resolve(db, breaker.TRIPPED, resource_kind="store", resource_id=store_id, by=actor, at=now)
    return await alarm.raise_(
        db, alarm.AlarmKind.PAYMENTS_RESUMED, store_id=store_id, subject=now.isoformat(), at=now, facts={"by": actor}
    )


async def _tell_switched(
    db: Db,
    what: EventType,
    tenant_id: UUID,
    store_id: UUID | None,
    actor: str,
    now: datetime,
    because: str | None,
    told: list[jobs.Job],
) -> None:
    """Append the event of a switch and let every return whose money has not left say what it waits for."""
    waiting = [jobs.Job(jobs.Task.ADVANCE, rma_id) for rma_id in await guard.concerned(db, store_id)]
    await event.tell(
        db, [(what, actor)], resource_kind="account" if store_id is None else "store",
        resource_id=store_id or tenant_id, store_id=store_id, at=now,
        data={"reason": because} if because else {}, nudges=[*told, *waiting],
    )  # fmt: skip


async def _judge_anew(db: Db, store_id: UUID, actor: str, now: datetime) -> list[jobs.Job]:
    nudges = []
    for settlement_id, rma_id in await seconds.waiting_of_store(db, store_id, but_hands_of=actor):
        await seconds.clear(db, settlement_id, due_at=now)
        nudges.append(jobs.Job(jobs.Task.ADVANCE, rma_id))
    return nudges


async def _waiting(db: Db, settlement_id: UUID, plan_hash: str) -> SettlementRow:
    """Return a payment that waits for a second person, under the locks of its order and return."""
    row = await refunds.get(db, settlement_id)
    if row is None or await returns.lock(db, row.rma_id) is None:
        raise Refused("settlement_not_found", "there is no such settlement")
    row = await refunds.get(db, settlement_id)
    assert row is not None, "a settlement is never deleted"
    if row.state.value != "quoted" or await seconds.waiting(db, settlement_id) is None:
        raise Refused("move_not_allowed", "it does not wait for a second person", facts={"state": row.state.value})
    if row.plan_hash != plan_hash:
        raise Refused("plan_changed", "the figures have changed since they were shown")
    return row


async def _check_person(db: Db, row: SettlementRow, actor: str, *, may_have_had_a_hand: bool) -> None:
    record = await returns.load(db, row.rma_id)
    assert record is not None, "a settlement has its return"
    member = None
    if actor.startswith(_STAFF):
        member = await account.lock_staff(db, UUID(actor.removeprefix(_STAFF)))
    role = member.role if member is not None and member.disabled_at is None else None
    hands = frozenset[str]() if may_have_had_a_hand else await seconds.hands(db, row.rma_id)
    check_second((await guard.get(db, record.store_id)).second, actor=actor, role=role, hands=hands)


async def _told(db: Db, row: SettlementRow, what: EventType, actor: str, now: datetime) -> SettlementRow:
    record = await returns.load(db, row.rma_id)
    assert record is not None, "a settlement has its return"
    facts: dict[str, object] = {
        "settlement_id": row.id, "amount_minor": row.total_minor, "currency": row.currency,
    }  # fmt: skip
    await returns.changed(db, record, what, actor=actor, at=now, data=facts)
    after = await refunds.get(db, row.id)
    assert after is not None, "a settlement is never deleted"
    return after


def _is_looser(before: Guard, second: SecondRule, limits: Limits) -> bool:
    was, now = before.second, second
    wider = was.above_minor is not None and (now.above_minor is None or now.above_minor > was.above_minor)
    fewer = was.overrides and not now.overrides
    more = was.by != now.by and was.by.value == "owner" and was.above_minor is not None
    return wider or fewer or more or loosens(before.limits, limits)


def _check(second: SecondRule, limits: Limits) -> None:
    amounts = {
        "second_above_minor": second.above_minor, "window_minor": limits.window_minor, "day_minor": limits.day_minor,
        "window_refunds": limits.window_refunds,
    }  # fmt: skip
    for name, value in amounts.items():
        least = 0 if name == "second_above_minor" else 1
        if value is not None and not least <= value <= AMOUNT_MOST:
            raise Refused("invalid_limit", f"{name} is from {least} to {AMOUNT_MOST}", field=name)
    if not 1 <= limits.window_minutes <= MINUTES_MOST:
        raise Refused("invalid_limit", f"a window has 1 to {MINUTES_MOST} minutes", field="window_minutes")
    if limits.norm_times is not None and not 2 <= limits.norm_times <= 100:
        raise Refused("invalid_limit", "the usual number may be exceeded 2 to 100 times", field="norm_times")


async def _check_store(db: Db, store_id: UUID | None) -> None:
    if store_id is not None and await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")


def _note(text: str | None) -> str | None:
    """Return a note trimmed, nothing for an empty one; raise Refused(reason_too_long)."""
    clean = (text or "").strip()
    if len(clean) > REASON_MOST:
        raise Refused("reason_too_long", f"a reason has at most {REASON_MOST} characters", field="reason")
    return clean or None
