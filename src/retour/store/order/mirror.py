"""Save an order as just fetched: the document, its person, its captures and counters, in the fixed order of locks."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from retour.core.order import Fetched
from retour.store.db import Db, Record
from retour.store.ids import new_id
from retour.store.order import admit, people, ship_to
from retour.store.order.record import OrderRecord, decode, encode, fold_name, settled
from retour.store.vault import Vault

CONNECTION: Final = "SELECT tenant_id, store_id FROM connection WHERE tenant_id = current_tenant() AND id = $1"
# As the platform has it, so that what is fetched is compared with what was: without what its lines carry.
LOCK_BY_FAR_REF: Final = """
SELECT id, store_id, connection_id, person_id, version, document::text AS document, NULL::text AS carried, synced_at,
       far_updated_at, raw_sealed IS NOT NULL AS has_raw
  FROM sales_order WHERE tenant_id = current_tenant() AND connection_id = $1 AND far_ref = $2 FOR NO KEY UPDATE
"""
# Whoever adds an order waits for another who adds the same one, so that no person is made twice.
ALONE: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text || ' ' || $2, 7))"
ADD: Final = """
INSERT INTO sales_order (tenant_id, id, store_id, connection_id, person_id, far_ref, name, name_folded, currency,
                         shop_currency, total_minor, placed_at, far_updated_at, document, raw_sealed, synced_at,
                         failed_payments, ship_to_sealed)
VALUES (current_tenant(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15, $16, $17)
"""
CHANGE: Final = """
UPDATE sales_order SET person_id = $2, name = $3, name_folded = $4, currency = $5, shop_currency = $6,
       total_minor = $7, placed_at = $8, far_updated_at = $9, document = $10::text::jsonb, raw_sealed = $11,
       synced_at = $12, version = $13, failed_payments = $14, ship_to_sealed = $15
 WHERE tenant_id = current_tenant() AND id = $1
"""
SEEN: Final = (
    "UPDATE sales_order SET synced_at = greatest(synced_at, $2) WHERE tenant_id = current_tenant() AND id = $1"
)
LOCK_CAPTURES: Final = """
SELECT ref, captured_minor, reserved_minor, refunded_minor, external_refunded_minor FROM payment_capture
 WHERE tenant_id = current_tenant() AND order_id = $1 ORDER BY ref FOR UPDATE
"""
PUT_CAPTURES: Final = """
INSERT INTO payment_capture (tenant_id, order_id, ref, kind, gateway, currency, captured_at, captured_minor)
SELECT current_tenant(), $1, c.ref, c.kind, c.gateway, $2, c.at, c.captured
  FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bigint[])
       AS c (ref, kind, gateway, at, captured)
 ORDER BY c.ref
"""
SET_CAPTURE: Final = """
UPDATE payment_capture SET captured_minor = $3, reserved_minor = $4, external_refunded_minor = $5
 WHERE tenant_id = current_tenant() AND order_id = $1 AND ref = $2
"""
# A refund that the merchant was told to make is known by the return's number in its note, or as what was reported; its
# money left the capture by the platform's own word, so it has no legs here.
OWN_REFUNDS: Final = """
SELECT id, reference, far_id, state, legs FROM (
SELECT e.id, e.reference, e.far_id, e.state,
       coalesce((SELECT jsonb_object_agg(l.capture_ref, l.amount)
                   FROM (SELECT capture_ref, sum(amount_minor)::bigint AS amount FROM effect_leg
                          WHERE tenant_id = e.tenant_id AND effect_id = e.id GROUP BY capture_ref) l), '{}') AS legs, e.created_at
  FROM effect e
 WHERE e.tenant_id = current_tenant() AND e.order_id = $1 AND e.kind = 'refund_tender'
UNION ALL
SELECT s.id, 'R-' || r.number, known.far_id, 'confirmed', '{}', s.handed_at
  FROM settlement s
  JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
 CROSS JOIN LATERAL (SELECT s.report_ref AS far_id WHERE s.report_ref IS NOT NULL UNION ALL SELECT NULL) known
 WHERE s.tenant_id = current_tenant() AND s.order_id = $1 AND s.handed_to = 'merchant' AND s.resolution = 'refund_original'
) own ORDER BY created_at, id, far_id
"""
# Only what was never sent may be withdrawn; what an executor holds at this moment is left to it.
WITHDRAW: Final = """
UPDATE effect SET state = 'cancelled', settled_at = $2, message = 'gave way to a refund made outside'
 WHERE tenant_id = current_tenant() AND id = ANY ($1::uuid[]) AND state = 'intent' AND first_sent_at IS NULL
   AND (lease_until IS NULL OR lease_until < clock_timestamp())
RETURNING id
"""
LOCK_COUNTERS: Final = """
SELECT line_ref, ordered, fulfilled, cancelled, in_return, refunded_without_return FROM order_line_counter
 WHERE tenant_id = current_tenant() AND order_id = $1 ORDER BY line_ref FOR UPDATE
"""
PUT_COUNTERS: Final = """
INSERT INTO order_line_counter (tenant_id, order_id, line_ref, ordered, fulfilled, cancelled, refunded_without_return)
SELECT current_tenant(), $1, c.* FROM unnest($2::text[], $3::int[], $4::int[], $5::int[], $6::int[]) AS c
"""
SET_COUNTER: Final = """
UPDATE order_line_counter SET ordered = $3, fulfilled = $4, cancelled = $5, refunded_without_return = $6
 WHERE tenant_id = current_tenant() AND order_id = $1 AND line_ref = $2
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the order that a person must see: the kind of discrepancy and its figures, no personal data."""

    kind: str
    details: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What saving did: `changed` when the version rose, `added` for a new order, `stale` when a newer one was kept.

    `findings` holds what stands now, `cleared` the kinds that were checked and do not; `withdrawn` are our unsent
    refund effects that gave way.
    """

    record: OrderRecord
    changed: bool
    added: bool = False
    stale: bool = False
    findings: tuple[Finding, ...] = ()
    cleared: frozenset[str] = frozenset()
    withdrawn: tuple[UUID, ...] = ()


async def save_mirrored(db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime) -> Mirrored:
    """Save the order as fetched at `at`; an older `updated_at` than the stored one changes nothing.

    Locks the order, then its captures, then its counters. No fact of the platform is refused: what does not fit under
    the counters is a finding with the true figures. Raises LookupError for an unknown
    connection, ValueError for figures that no column can hold.
    """
    try:
        return await _save(db, vault, connection_id=connection_id, fetched=fetched, at=at)
    except asyncpg.DataError as error:
        raise ValueError("a figure or text of the order fits no column") from error


async def _save(db: Db, vault: Vault, *, connection_id: UUID, fetched: Fetched, at: datetime) -> Mirrored:
    if not len(fetched.order.currency) == len(fetched.order.shop_currency) == 3:
        raise ValueError("an order without its currencies cannot be kept")
    where = await db.fetchrow(CONNECTION, connection_id)
    if where is None:
        raise LookupError(f"no connection {connection_id}")
    far_ref = fetched.order.ref.replace("\0", "\ufffd")
    row = await db.fetchrow(LOCK_BY_FAR_REF, connection_id, far_ref)
    if row is None:
        await db.fetchval(ALONE, connection_id, far_ref)
        row = await db.fetchrow(LOCK_BY_FAR_REF, connection_id, far_ref)
    known = OrderRecord.of(row) if row else None
    if row is not None and known is not None and row["far_updated_at"] > fetched.order.updated_at:
        return Mirrored(known, changed=False, stale=True)
    keeper = await people.keep(
        db, vault, fetched.person, tenant_id=where["tenant_id"], store_id=where["store_id"],
        known=known.person_id if known else None,
    )  # fmt: skip
    if known is None or row is None:
        record = await _add(db, vault, where, connection_id=connection_id, keeper=keeper, fetched=fetched, at=at)
    else:
        record = await _change(
            db, vault, where, known=known, keeper=keeper, fetched=fetched, at=at, has_raw=row["has_raw"]
        )
    rows = await _locked_captures(db, record)
    own = [_own(row) for row in await db.fetch(OWN_REFUNDS, record.id)]
    ours = admit.recognise(record.order.refunds, own)
    money, withdrawn = await _captures(db, record, rows, own=own, ours=ours, at=at)
    goods = await _counters(db, record, ours)
    findings = tuple(finding for finding in (money, goods) if finding is not None)
    return Mirrored(
        record,
        changed=known is not None and record.version > known.version,
        added=known is None,
        findings=findings,
        cleared=frozenset({"refunded_outside_too_much", "returned_more_than_fulfilled"}) - {f.kind for f in findings},
        withdrawn=withdrawn,
    )


async def _add(
    db: Db, vault: Vault, where: Record, *, connection_id: UUID, keeper: people.Keeper, fetched: Fetched, at: datetime
) -> OrderRecord:
    document = encode(fetched.order)
    order, order_id = decode(document), new_id()
    await db.execute(
        ADD, order_id, where["store_id"], connection_id, keeper.id, order.ref, order.name, fold_name(order.name),
        order.currency, order.shop_currency, order.total.presentment, order.placed_at, order.updated_at, document,
        _sealed(vault, where["tenant_id"], keeper, fetched.raw), at, order.failed_payments,
        ship_to.sealed(vault, fetched.person.ship_to, tenant_id=where["tenant_id"], keeper=keeper),
    )  # fmt: skip
    return OrderRecord(order_id, where["store_id"], connection_id, keeper.id, 1, order, at)


async def _change(
    db: Db, vault: Vault, where: Record, *, known: OrderRecord, keeper: people.Keeper, fetched: Fetched, at: datetime,
    has_raw: bool,
) -> OrderRecord:  # fmt: skip
    document = encode(fetched.order)
    order = decode(document)
    if order == known.order and keeper.id == known.person_id and has_raw != keeper.erased:
        await db.execute(SEEN, known.id, at)
        return replace(known, synced_at=max(at, known.synced_at))
    version = known.version + (settled(order) != settled(known.order))
    await db.execute(
        CHANGE, known.id, keeper.id, order.name, fold_name(order.name), order.currency, order.shop_currency,
        order.total.presentment, order.placed_at, order.updated_at, document,
        _sealed(vault, where["tenant_id"], keeper, fetched.raw), at, version, order.failed_payments,
        ship_to.sealed(vault, fetched.person.ship_to, tenant_id=where["tenant_id"], keeper=keeper),
    )  # fmt: skip
    return replace(known, person_id=keeper.id, version=version, order=order, synced_at=at)


def _sealed(vault: Vault, tenant_id: UUID, keeper: people.Keeper, raw: bytes) -> bytes | None:
    """Lock the platform's document under the person's key; of an erased person nothing is kept."""
    if keeper.erased:
        return None
    packed = zlib.compress(raw, 1)
    return vault.lock_for_person(packed, person_key=keeper.sealed_key, tenant_id=tenant_id, person_id=keeper.id)


def _own(row: Record) -> admit.OwnRefund:
    return admit.OwnRefund(row["id"], row["reference"], row["far_id"], row["state"], row["legs"])


async def _locked_captures(db: Db, record: OrderRecord) -> list[admit.CaptureRow]:
    """Lock the captures in ref order after adding the new ones, and return them with the platform's own figures."""
    order = record.order
    rows = {row["ref"]: row for row in await db.fetch(LOCK_CAPTURES, record.id)}
    new = {capture.ref: capture for capture in order.captures if capture.ref not in rows}
    if new:
        taken = list(new.values())
        await db.execute(
            PUT_CAPTURES, record.id, order.currency, list(new), [c.kind.value for c in taken],
            [c.gateway for c in taken], [c.captured_at for c in taken], [max(0, c.captured) for c in taken],
        )  # fmt: skip
        rows = {row["ref"]: row for row in await db.fetch(LOCK_CAPTURES, record.id)}
    return [
        admit.CaptureRow(
            ref, row["captured_minor"], row["reserved_minor"], row["refunded_minor"], row["external_refunded_minor"]
        )
        for ref, row in rows.items()
    ]


async def _captures(
    db: Db,
    record: OrderRecord,
    stored: Sequence[admit.CaptureRow],
    *,
    own: Sequence[admit.OwnRefund],
    ours: Mapping[str, admit.OwnRefund],
    at: datetime,
) -> tuple[Finding | None, tuple[UUID, ...]]:
    """Write what went back outside, after our own unsent refunds gave way to it; return what does not fit."""
    order = record.order
    rows = [replace(row, captured=admit.captured(order, row)) for row in stored]
    outside = admit.refunded_outside(order, ours, rows)
    rivals = admit.withdraw(rows, outside, own, frozenset(effect.effect_id for effect in ours.values()))
    withdrawn = {row["id"] for row in await db.fetch(WITHDRAW, [e.effect_id for e in rivals], at)} if rivals else set()
    freed: dict[str, int] = {}
    for effect in rivals:
        for ref, amount in effect.legs.items() if effect.effect_id in withdrawn else ():
            freed[ref] = freed.get(ref, 0) + amount
    too_much: list[dict[str, object]] = []
    for before, row in zip(stored, rows, strict=True):
        free = replace(row, reserved=max(0, row.reserved - freed.get(row.ref, 0)))
        fits, excess = admit.admit_capture(free, outside[row.ref])
        if fits != before:
            await db.execute(SET_CAPTURE, record.id, row.ref, fits.captured, fits.reserved, fits.external)
        if excess:
            too_much.append(
                {"capture_ref": row.ref, "captured_minor": row.captured, "reserved_minor": free.reserved,
                 "refunded_minor": free.refunded, "refunded_outside_minor": outside[row.ref],
                 "admitted_minor": fits.external, "excess_minor": excess}
            )  # fmt: skip
    withdrawn_ids = tuple(effect.effect_id for effect in rivals if effect.effect_id in withdrawn)
    if not too_much:
        return None, withdrawn_ids
    return Finding("refunded_outside_too_much", {"currency": order.currency, "captures": too_much}), withdrawn_ids


async def _counters(db: Db, record: OrderRecord, ours: Mapping[str, admit.OwnRefund]) -> Finding | None:
    """Write the quantities of the lines; return what the platform shows beyond the rules."""
    order = record.order
    rows = {row["line_ref"]: row for row in await db.fetch(LOCK_COUNTERS, record.id)}
    wanted = {
        line.ref: admit.wanted_counter(order, line, ours, rows[line.ref]["in_return"] if line.ref in rows else 0)
        for line in order.lines
    }
    for ref, row in rows.items():
        wanted.setdefault(ref, admit.CounterRow(ref, 0, 0, 0, row["in_return"], 0))  # a line that left the document
    admitted = {ref: admit.admit_counter(counter) for ref, counter in sorted(wanted.items())}
    new = [counter for ref, counter in admitted.items() if ref not in rows]
    if new:
        await db.execute(
            PUT_COUNTERS, record.id, [c.line_ref for c in new], [c.ordered for c in new], [c.fulfilled for c in new],
            [c.cancelled for c in new], [c.outside for c in new],
        )  # fmt: skip
    for ref, row in rows.items():
        counter = admitted[ref]
        if admit.CounterRow(*row.values()) != counter:
            await db.execute(
                SET_COUNTER, record.id, ref, counter.ordered, counter.fulfilled, counter.cancelled, counter.outside
            )
    odd = [(wanted[ref], admitted[ref]) for ref in admitted if wanted[ref] != admitted[ref]]
    return Finding("returned_more_than_fulfilled", {"lines": [_told(*pair) for pair in odd]}) if odd else None


def _told(wanted: admit.CounterRow, admitted: admit.CounterRow) -> dict[str, object]:
    return {
        "line_ref": wanted.line_ref,
        "ordered": wanted.ordered,
        "fulfilled": wanted.fulfilled,
        "cancelled": wanted.cancelled,
        "in_return": wanted.in_return,
        "refunded_without_return": wanted.outside,
        "admitted_without_return": admitted.outside,
    }
