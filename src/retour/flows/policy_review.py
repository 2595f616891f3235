"""Looking at a policy before anybody is bound by it: what is wrong with it, and what it says of an order and why.

Nothing is written. A policy is given as a document, or by the number of a version; by default it is the one in force.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from retour.core.errors import Refused
from retour.core.order import OrderLine
from retour.core.policy import (
    Asked,
    CompiledPolicy,
    LineDecision,
    LineFacts,
    PolicyDocument,
    Request,
    Trace,
    compile_policy,
    decide,
    decode,
    gather,
    local_day,
    time_zone,
    trace,
)
from retour.core.policy.conflicts import Finding, Known, find_conflicts
from retour.core.policy.lifecycle import Change, diff
from retour.store import order as orders
from retour.store import policy as policies
from retour.store import refund as refunds
from retour.store import resolution as resolutions
from retour.store import rma as returns
from retour.store.db import Db
from retour.store.expression import Cel
from retour.store.order import OrderRecord
from retour.store.policy import StoreContext


@dataclass(frozen=True, slots=True)
class ExplainedLine:
    """What a policy says about one line and, rule by rule and condition by condition, why."""

    line: OrderLine
    decision: LineDecision
    trace: Trace


@dataclass(frozen=True, slots=True)
class Explained:
    """An order under a policy: that of `version`, or a document that is none yet."""

    order: OrderRecord
    version: int | None
    document: PolicyDocument
    lines: tuple[ExplainedLine, ...]


async def check_policy(db: Db, *, store_id: UUID, document: PolicyDocument, now: datetime) -> tuple[Finding, ...]:
    """Return what is wrong with a policy, the worst first, with example orders of today.

    It works beside the loop, so that a large policy keeps nobody else waiting.
    """
    store = await _store(db, store_id)
    today = local_day(now, time_zone(store.timezone))
    records = await resolutions.of_store(db, store_id)
    known = Known(resolutions=frozenset(str(record.id) for record in records if record.active))
    return await asyncio.to_thread(find_conflicts, document, today=today, known=known, expressions=Cel())


async def compare_versions(db: Db, *, store_id: UUID, before: int, after: int) -> tuple[Change, ...]:
    """Return the differences between two versions; raise Refused(policy_not_found)."""
    (_, old), (_, new) = [await _version(db, store_id, number) for number in (before, after)]
    return diff(old, new)


async def policy_of(
    db: Db, *, store_id: UUID, version: int | None = None, document: PolicyDocument | None = None
) -> tuple[int | None, PolicyDocument]:
    """Return the policy that is meant and its number, if it has one.

    Raise Refused(policy_not_found, policy_not_published).
    """
    if document is not None:
        return None, document
    if version is not None:
        return await _version(db, store_id, version)
    in_force = await policies.published(db, store_id)
    if in_force is None:
        raise Refused("policy_not_published", "the store has no published policy")
    return await _version(db, store_id, in_force[1])


async def explain_order(
    db: Db,
    *,
    store_id: UUID,
    order_ref: str,
    now: datetime,
    wishes: Sequence[Asked] = (),
    kind: str = "return",
    channel: str = "portal",
    version: int | None = None,
    document: PolicyDocument | None = None,
) -> Explained:
    """Return what a policy would say now about the lines of an order, named by its id or its number, and why.

    Without wishes every line is judged by what is known before anything is chosen. Raise Refused(order_not_found,
    line_not_found, duplicate_line, policy_not_found, policy_not_published).
    """
    number, policy = await policy_of(db, store_id=store_id, version=version, document=document)
    found, store = await _order(db, store_id, order_ref), await _store(db, store_id)
    at = await refunds.position(db, found.id)
    asked = tuple(wishes) or tuple(Asked(line.ref) for line in found.order.lines)
    facts = gather(
        found.order, person=at.person, request=Request(asked, kind, channel), history=at.history, now=now,
        zone=time_zone(store.timezone),
    )  # fmt: skip
    return _explained(found, number, policy, facts)


async def explain_return(db: Db, *, store_id: UUID, number: int) -> Explained:
    """Return what was decided for a return when it was asked for, from its frozen facts and its version, and why.

    Raise Refused(return_not_found).
    """
    rma_id = await returns.find_by_number(db, number)
    record = None if rma_id is None else await returns.load(db, rma_id)
    if rma_id is None or record is None or record.store_id != store_id:
        raise Refused("return_not_found", f"there is no return {number}")
    found = await orders.load(db, record.order_id)
    kept = await policies.get_version(db, store_id, record.policy_version_id)
    assert found is not None, "a return keeps its order"
    assert kept is not None, "a return keeps its policy"
    document = decode(kept.document)
    rulings = await returns.rulings(db, rma_id, _compiled(document, kept.version))
    return _explained(found, kept.version, document, [decision.facts for decision in rulings.values()])


def _explained(
    found: OrderRecord, version: int | None, document: PolicyDocument, facts: Sequence[LineFacts]
) -> Explained:
    lines = []
    for decision in decide(_compiled(document, version), facts).lines:
        line = found.order.line(decision.line_ref)
        if line is not None:
            lines.append(ExplainedLine(line, decision, trace(document, decision.facts, expressions=Cel())))
    return Explained(found, version, document, tuple(lines))


def _compiled(document: PolicyDocument, version: int | None) -> CompiledPolicy:
    return compile_policy(document, version="draft" if version is None else str(version), expressions=Cel())


async def _order(db: Db, store_id: UUID, ref: str) -> OrderRecord:
    try:
        found = await orders.load(db, UUID(ref))
    except ValueError:
        found = await orders.find_by_name(db, store_id, ref)
    if found is None or found.store_id != store_id:
        raise Refused("order_not_found", f"there is no order {ref[:100]!r}", field="order")
    return found


async def _version(db: Db, store_id: UUID, number: int) -> tuple[int, PolicyDocument]:
    version_id = await policies.numbered(db, store_id, number)
    found = None if version_id is None else await policies.get_version(db, store_id, version_id)
    if found is None:
        raise Refused("policy_not_found", f"there is no version {number}", field="version")
    return number, decode(found.document)


async def _store(db: Db, store_id: UUID) -> StoreContext:
    context = await policies.context(db, store_id)
    if context is None:
        raise Refused("store_not_found", "there is no such store")
    return context
