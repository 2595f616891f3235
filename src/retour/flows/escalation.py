"""Waits that last too long: escalated once each, told by mail, and how long each may last."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.event import EventType
from retour.core.mail import MailKind
from retour.core.sla import HOURS_MOST, USUAL_HOURS, WITHDRAWALS, hours_of, overdue_at
from retour.store import account, alarm, event, mail, sla, withdrawal_waits
from retour.store import rma as returns
from retour.store.alarm import Alarm, AlarmKind
from retour.store.db import Db
from retour.store.sla import OwnLimit
from retour.store.vault import Vault

_STAFF: Final = "staff:"


async def escalate(db: Db, *, rma_id: UUID, now: datetime) -> None:
    """Escalate what a return waits for, if that is too long by its store's limits and was not escalated before.

    One mail an hour at most tells of a store's waits for the same reason.
    """
    head = await returns.lock_head(db, rma_id)
    wait = await sla.wait_of(db, rma_id) if head is not None else None
    if head is None or wait is None:
        return
    own = {code: limit.hours for code, limit in (await sla.limits(db, wait.store_id)).items()}
    due = overdue_at(wait.code, wait.since, own)
    if due is None or due > now or not await sla.escalate(db, rma_id, wait, at=now):
        return
    nudges = await alarm.raise_(
        db, AlarmKind.WAITS_TOO_LONG, store_id=wait.store_id, subject=f"{wait.code}@{now:%Y-%m-%dT%H}", at=now,
        facts={"code": wait.code},
    )  # fmt: skip
    await event.tell(
        db, [(EventType.RETURN_ESCALATED, "retour")], resource_kind="return", resource_id=rma_id, store_id=wait.store_id,
        at=now, nudges=nudges,
        data={
            "number": wait.number, "blocker": wait.code, "actor": wait.actor, "since": wait.since,
            "hours": hours_of(wait.code, own),
        },
    )  # fmt: skip


async def escalate_withdrawal(db: Db, *, withdrawal_id: UUID, now: datetime) -> None:
    """Escalate what a statement of withdrawal waits for, a person or its money, if that is too long; once for each."""
    for wait in await withdrawal_waits.waits_of(db, withdrawal_id):
        own = {code: limit.hours for code, limit in (await sla.limits(db, wait.store_id)).items()}
        due = overdue_at(wait.code, wait.since, own)
        if due is None or due > now:
            continue
        await withdrawal_waits.escalate(db, withdrawal_id, wait.code)
        nudges = await alarm.raise_(
            db, AlarmKind.WAITS_TOO_LONG, store_id=wait.store_id, subject=f"{wait.code}@{now:%Y-%m-%dT%H}", at=now,
            facts={"code": wait.code},
        )  # fmt: skip
        await event.tell(
            db, [(EventType.WITHDRAWAL_ESCALATED, "retour")], resource_kind="withdrawal", resource_id=withdrawal_id,
            store_id=wait.store_id, at=now, nudges=nudges,
            data={"waits_for": wait.code, "since": wait.since, "hours": hours_of(wait.code, own)},
        )  # fmt: skip


async def tell(db: Db, vault: Vault, *, tenant_id: UUID, alarm_id: UUID, public_url: str, now: datetime) -> None:
    """Mail an alarm to whom it concerns: the named member of the staff, or the owners; once."""
    raised = await alarm.take(db, alarm_id, at=now)
    store = None if raised is None else await account.get_store(db, raised.store_id)
    if raised is None or store is None:
        return
    staff_id, facts = await _facts(db, raised, now)
    page = f"/dashboard/queues?code={facts['code']}" if "code" in facts else "/dashboard/settings/payments"
    secret = {**facts, "what": raised.kind.value, "shop": store.shop_name, "link": public_url.rstrip("/") + page}
    for whom in await alarm.recipients(db, staff_id):
        await mail.plan(
            db, vault, tenant_id=tenant_id, kind=MailKind.STORE_ALARM, to=whom.email, resource_kind="store",
            resource_id=raised.store_id, store_id=raised.store_id, language=whom.language, secret=secret, at=now,
        )  # fmt: skip


async def change_limits(
    db: Db, *, store_id: UUID, own: Mapping[str, OwnLimit], actor: str, now: datetime
) -> Mapping[str, OwnLimit]:
    """Keep a store's own limits; a blocker that is not named goes back to the usual one.

    Refuses store_not_found, invalid_limit (a blocker that is not known, or hours beyond a year), staff_not_found.
    """
    if await account.get_store(db, store_id) is None:
        raise Refused("store_not_found", "there is no such store", field="store_id")
    members = {member.id for member in await account.staff(db) if member.disabled_at is None}
    for code, limit in own.items():
        if code not in USUAL_HOURS or (limit.hours is not None and not 1 <= limit.hours <= HOURS_MOST):
            raise Refused("invalid_limit", f"a limit is from 1 to {HOURS_MOST} hours", field=code)
        if limit.tell_staff_id is not None and limit.tell_staff_id not in members:
            raise Refused("staff_not_found", "there is no such member of the staff", field=code)
    before = await sla.limits(db, store_id)
    if before == own:
        return before
    await sla.save_limits(db, store_id, own, usual=sorted(set(USUAL_HOURS) - own.keys()))
    facts: dict[str, object] = {"waits": {code: limit.hours for code, limit in sorted(own.items())}}
    await event.put(
        db, EventType.STORE_CHANGED, resource_kind="store", resource_id=store_id, store_id=store_id, actor=actor, at=now,
        data=facts,
    )  # fmt: skip
    return own


async def _facts(db: Db, raised: Alarm, now: datetime) -> tuple[UUID | None, dict[str, str]]:
    """Return who is named for an alarm, if anybody, and its facts as text."""
    facts = {name: str(value) for name, value in raised.facts.items()}
    if raised.kind is AlarmKind.WAITS_TOO_LONG:
        limits = await sla.limits(db, raised.store_id)
        code = facts["code"]
        hours = hours_of(code, {known: limit.hours for known, limit in limits.items()}) or 1
        if code in WITHDRAWALS:
            stated = await withdrawal_waits.queues(db, store_id=raised.store_id, now=now)
            count = sum(queue.late for queue in stated if queue.code == code)
        else:
            count = await sla.late(db, raised.store_id, code, before=now - timedelta(hours=hours))
        named = limits[code].tell_staff_id if code in limits else None
        return named, {"code": code, "hours": str(hours), "count": str(max(count, 1))}
    by = facts.pop("by", "")
    if by.startswith(_STAFF):
        members = {f"{_STAFF}{member.id}": member.name for member in await account.staff(db)}
        facts["by"] = members.get(by, "")
    return None, facts
