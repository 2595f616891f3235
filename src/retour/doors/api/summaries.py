"""A return in short: what lists show and what every action on a return answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from retour.core.attention import Priority
from retour.core.errors import Refused
from retour.doors.api.operation import Call
from retour.doors.api.shapes import Told
from retour.flows.rma import Opened
from retour.store import views
from retour.store.db import Record
from retour.store.views import LineView

MISSING = "return_not_found"


class BlockedOut(Told):
    """Whom an open return waits for, why, since when, and what would help."""

    actor: str
    code: str
    since: datetime
    unblocks: str
    evidence: Mapping[str, Any]


class PromisedOut(Told):
    """What the return was opened for, if all units arrive sound."""

    total_minor: int
    currency: str
    plan_hash: str


class ReturnOut(Told):
    """A return in short; `version` rises with every change and is what `expect_version` compares."""

    id: UUID
    number: str
    store_id: UUID
    order_id: UUID
    order_name: str
    kind: str
    gift: bool
    channel: str
    method: str
    status: str
    held: bool
    version: int
    blocked_by: BlockedOut | None
    promised: PromisedOut
    requested_at: datetime
    decided_at: datetime | None
    in_transit_at: datetime | None
    delivered_at: datetime | None
    received_at: datetime | None
    inspected_at: datetime | None
    resolved_at: datetime | None
    assignee_id: UUID | None
    priority: Priority
    tags: list[str]
    merged_into: UUID | None
    lines: list[LineView]


async def summary(call: Call, rma_id: UUID) -> ReturnOut:
    """Return a return in short; raise Refused(return_not_found), also for one of another store than named."""
    row = await views.one_return(call.db, rma_id)
    if row is None or call.store not in (None, row["store_id"]):
        raise Refused(MISSING, "there is no such return")
    return ReturnOut(**facts(row))


def opened_out(opened: Opened) -> ReturnOut:
    """Return a return that was just opened, from what was written: a new one needs no second look."""
    new, order, promise = opened.new, opened.judged.order, opened.judged.promise
    b = new.blocked
    return ReturnOut(
        id=new.id, number=f"R-{new.number}", store_id=new.store_id, order_id=new.order_id,
        order_name=order.order.name, kind=new.kind, gift=new.gift, channel=new.channel, method=new.method, status=new.status.value,
        held=False, version=1,
        blocked_by=BlockedOut(actor=b.actor, code=b.code, since=b.since, unblocks=b.unblocks, evidence=b.evidence),
        promised=PromisedOut(total_minor=promise.total_minor, currency=promise.currency, plan_hash=promise.hash),
        requested_at=new.requested_at, decided_at=new.requested_at if new.decided_by else None, in_transit_at=None,
        delivered_at=None, received_at=None, inspected_at=None, resolved_at=None,
        assignee_id=None, priority=Priority.NORMAL, tags=[], merged_into=None,
        lines=[
            LineView(
                id=line.id, line_ref=line.line_ref, requested_quantity=line.quantity, quantity=line.quantity,
                reason=line.reason, note=line.note, resolution=line.resolution,
                resolution_ref=line.resolution_ref, decision=new.status.value, message=None,
            )
            for line in new.lines
        ],
    )  # fmt: skip


async def check_store(call: Call) -> None:
    """Raise Refused(return_not_found) if a store is named and the return in the path belongs to another."""
    if call.store is not None and await views.store_of_return(call.db, call.resource_id) != call.store:
        raise Refused(MISSING, "there is no such return")


def facts(row: Record) -> dict[str, Any]:
    """Return the fields of ReturnOut from a row of the view; lines and evidence go out as the database wrote them."""
    found = dict(row)
    actor, code, since = found.pop("blocked_actor"), found.pop("blocked_code"), found.pop("blocked_since")
    found.pop("person_id")  # whose it is stands with its order, and of a gift nowhere
    unblocks, evidence = found.pop("unblocks"), found.pop("evidence")
    if code is None:
        found["blocked_by"] = None
    else:
        found["blocked_by"] = BlockedOut(
            actor=actor, code=code, since=since, unblocks=unblocks or "", evidence=views.as_json(evidence, "{}")
        )
    found["promised"] = PromisedOut(
        total_minor=found.pop("promised_minor"), currency=found.pop("currency"), plan_hash=found.pop("plan_hash")
    )
    found["number"] = f"R-{found['number']}"
    found["lines"] = views.as_json(found["lines"], "[]")
    return found
