"""What a warehouse system reports by signed messages: the same receipts, verdicts and restocks that people enter."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.rma import Return, ReturnLine
from retour.core.warehouse import INSPECTION, RECEIPT, Report, lines_of, read_report, to_restock
from retour.flows.receiving.goods import ArrivedUnits, Verdict, inspect, receive, restocked
from retour.store import order as orders
from retour.store import rma as returns
from retour.store import webhook
from retour.store.db import Db
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord
from retour.store.webhook import Entry

# Said again under another id: nothing is new, and nobody has to look.
_KNOWN: Final = frozenset({"already_received", "already_inspected", "already_restocked"})
# What no later message can make right.
_FOR_GOOD: Final = frozenset(
    {"invalid_document", "line_unknown", "line_ambiguous", "another_master", "restock_not_whole"}
)


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of a report: `problem` says why nothing did."""

    outcome: str
    problem: str | None = None
    intake_id: UUID | None = None
    person_id: UUID | None = None


async def take_report(db: Db, entry: Entry, raw: bytes, *, policies: PolicyCache, now: datetime) -> Reported:
    """Record what a warehouse reports and return what became of it.

    Raises Refused for what another message may still make right (`return_not_found`, `more_than_received`,
    `not_inspected`, `not_approved`, `location_missing`): the entry comes back.
    """
    try:
        plain = json.loads(raw)
        report = read_report(plain)
        record = await _named(db, report, entry)
        if report.occurred_at is not None and await webhook.said_before(db, entry.id, _content(plain)):
            return Reported("nothing_new")
        found = await orders.load(db, record.order_id)
        assert found is not None, "a return has its order"
        await _record(
            db, report, record.rma, found.order, actor=f"warehouse:{entry.far_name}", policies=policies, now=now
        )
    except Refused as no:
        if no.code in _KNOWN:
            return Reported("nothing_new")
        if no.code in _FOR_GOOD:
            return Reported("refused", problem=f"{no.code} {no.field or ''}".strip())
        raise
    return Reported("recorded")


def _content(plain: object) -> bytes:
    """Return what a report says, as a hash that neither blanks nor the order of its fields change."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).digest()


async def _named(db: Db, report: Report, entry: Entry) -> ReturnRecord:
    rma_id = await returns.find_going_on(db, report.number)
    record = await returns.lock(db, rma_id) if rma_id is not None else None
    if record is None or record.store_id != entry.store_id:
        raise Refused("return_not_found", "the store has no return of that number", field="return")
    return record


async def _record(
    db: Db, report: Report, ret: Return, order: Order, *, actor: str, policies: PolicyCache, now: datetime
) -> None:
    lines = lines_of(report, ret, order)
    if report.format == RECEIPT:
        items = [ArrivedUnits(line.id, said.quantity) for line, said in zip(lines, report.lines, strict=True)]
        await receive(
            db, rma_id=ret.id, items=items, location_ref=report.location, actor=actor, now=now, is_all=report.complete
        )
    elif report.format == INSPECTION:
        await inspect(db, rma_id=ret.id, verdicts=_verdicts(report, lines), actor=actor, now=now, policies=policies)
    else:
        assert report.location is not None, "its shape says so"
        wanted = [i.id for line, said in zip(lines, report.lines, strict=True) for i in to_restock(line, said.quantity)]
        await restocked(
            db, rma_id=ret.id, inspection_ids=wanted, location_ref=report.location, actor=actor, now=now
        )  # fmt: skip


def _verdicts(report: Report, lines: tuple[ReturnLine, ...]) -> list[Verdict]:
    found = []
    for line, said in zip(lines, report.lines, strict=True):
        assert said.grade is not None, "its shape says so"
        found.append(
            Verdict(
                line.id, said.quantity, said.grade, said.disposition, said.accepted, said.deduction_basis_points,
                said.location, said.note,
            )
        )  # fmt: skip
    return found
