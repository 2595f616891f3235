"""At a counter: what the shopper brings is received and judged in one step, and settles as from the warehouse."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.rma import Act, Decision, ReturnLine, count, minus
from retour.core.rma.acts import allow
from retour.flows.receiving.goods import ArrivedUnits, Verdict, inspect, receive
from retour.flows.receiving.scanning import Came, Did, SentAgain, Step, came_of, waiting
from retour.store import dock
from retour.store import return_address as addresses
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.dock import NewScan
from retour.store.policy import PolicyCache
from retour.store.rma import ReturnRecord


async def take_in(
    db: Db,
    *,
    rma_id: UUID,
    verdicts: Sequence[Verdict],
    location_ref: str | None,
    actor: str,
    now: datetime,
    policies: PolicyCache,
    expect_version: int | None = None,
) -> ReturnRecord:
    """Receive units and record the verdicts on them in one transaction; return the return as it then stands.

    Units that are here already are judged first. What is restocked goes to `location_ref`, else to the location of the
    counter (the return address that the goods go to), else to the store's. Raises Refused: `return_not_found`,
    `state_changed`, `not_approved`, `already_inspected`, `more_than_returnable`, and as `inspect` does.
    """
    record = await _locked(db, rma_id)
    if expect_version is not None and expect_version != record.version:
        facts = {"status": record.rma.status.value, "version": record.version}
        raise Refused("state_changed", "somebody changed the return since you read it", facts=facts)
    allow(Act.TAKE_IN, record.rma, version=record.version)
    at = location_ref or await place_of(db, record)
    arriving = [one for one in (_arriving(line, verdicts) for line in record.rma.lines) if one is not None]
    if arriving:
        await receive(
            db, rma_id=rma_id, items=arriving, location_ref=at, actor=actor, now=now, is_all=False
        )  # fmt: skip
    placed = [_placed(verdict, at) for verdict in verdicts]
    return await inspect(db, rma_id=rma_id, verdicts=placed, actor=actor, now=now, policies=policies)


async def take_in_once(
    db: Db,
    *,
    step: Step,
    rma_id: UUID,
    verdicts: Sequence[Verdict],
    location_ref: str | None,
    version: int,
    policies: PolicyCache,
) -> Came:
    """Take in what a person at the counter confirmed, once however often the form is sent.

    Raises Refused as `take_in`; SentAgain.
    """
    record = await _locked(db, rma_id)
    earlier = await came_of(db, staff_id=step.staff_id, nonce=step.nonce)
    if earlier is not None:
        return earlier
    await take_in(
        db, rma_id=rma_id, verdicts=verdicts, location_ref=location_ref, actor=step.actor, now=step.now,
        policies=policies, expect_version=version,
    )  # fmt: skip
    code, units = f"R-{record.rma.number}", sum(verdict.quantity for verdict in verdicts)
    new = NewScan(
        staff_id=step.staff_id, nonce=step.nonce, code=code, did=Did.TAKEN_IN.value, at=step.at, rma_id=rma_id, units=units
    )  # fmt: skip
    scan_id = await dock.add_scan(db, new)
    if scan_id is None:
        raise SentAgain
    return Came(Did.TAKEN_IN, code, rma_id, None, scan_id)


async def place_of(db: Db, record: ReturnRecord) -> str | None:
    """Return the location of the counter that the goods of a return go to, if its address names one."""
    to = next((line.destination for line in record.rma.lines if line.decision is Decision.APPROVED), None)
    found = await addresses.find(db, record.store_id, to)
    return found.location_ref if found else None


def _arriving(line: ReturnLine, verdicts: Sequence[Verdict]) -> ArrivedUnits | None:
    """Return the judged units of a line that were not received before; raise Refused(more_than_returnable)."""
    judged = sum(verdict.quantity for verdict in verdicts if verdict.line_id == line.id)
    left = count(minus(line.claimed, line.received)) if line.decision is Decision.APPROVED else 0
    new = judged - count(waiting(line))
    if new > left and line.decision is Decision.APPROVED:
        raise Refused("more_than_returnable", "fewer units of the line are expected", field="items")
    return ArrivedUnits(line.id, new) if new > 0 and left else None


def _placed(verdict: Verdict, location_ref: str | None) -> Verdict:
    return Verdict(
        verdict.line_id, verdict.quantity, verdict.grade, verdict.disposition, verdict.accepted,
        verdict.deduction_basis_points, verdict.location_ref or location_ref, verdict.note,
    )  # fmt: skip


async def _locked(db: Db, rma_id: UUID) -> ReturnRecord:
    record = await returns.lock(db, rma_id)
    if record is None:
        raise Refused("return_not_found", "there is no such return")
    return record
