"""Where an order stands before a quote: unit limits, tenders, what was paid back by us and by others."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import msgspec

from retour.core.money import NOTHING, Sides, spread
from retour.core.order import Figures, Order, OrderLine, Person, RefundedLine, Tax
from retour.core.policy.history import CustomerPast, History, LinePast
from retour.core.refund import Ledger, LedgerCharge, LedgerLine, LedgerPromotion, Plan, RowKind, Tender
from retour.core.rma import Span, minus
from retour.core.rma.state import join
from retour.store.db import Db
from retour.store.order.admit import mentions

# Everything a quote depends on beside the order itself, in one statement.
POSITION: Final = """
SELECT jsonb_build_object(
  'counters', coalesce((
    SELECT jsonb_agg(jsonb_build_object('line_ref', line_ref, 'ordered', ordered, 'fulfilled', fulfilled,
             'cancelled', cancelled, 'in_return', in_return, 'refunded_without_return', refunded_without_return))
      FROM order_line_counter WHERE tenant_id = current_tenant() AND order_id = $1), '[]'),
  'claims', coalesce((
    SELECT jsonb_agg(jsonb_build_array(line_ref, lower(ordinals), upper(ordinals) - 1) ORDER BY line_ref, ordinals)
      FROM unit_claim WHERE tenant_id = current_tenant() AND order_id = $1), '[]'),
  'tenders', coalesce((
    SELECT jsonb_agg(jsonb_build_object('capture_ref', ref, 'kind', kind, 'gateway', gateway, 'captured', captured_minor,
             'refunded', refunded_minor, 'reserved', reserved_minor, 'external_refunded', external_refunded_minor,
             'captured_at', captured_at) ORDER BY ref)
      FROM payment_capture WHERE tenant_id = current_tenant() AND order_id = $1), '[]'),
  'rows', coalesce((
    SELECT jsonb_agg(jsonb_build_object('kind', l.kind, 'ref', l.ref,
             'span', CASE WHEN l.ordinals IS NULL THEN NULL
                          ELSE jsonb_build_array(lower(l.ordinals), upper(l.ordinals) - 1) END,
             'paid', jsonb_build_object('presentment', l.paid_minor, 'shop', l.paid_shop_minor),
             'withheld', jsonb_build_object('presentment', l.withheld_minor, 'shop', l.withheld_shop_minor),
             'taxes', l.taxes, 'basis_points', l.basis_points) ORDER BY l.settlement_id, l.n)
      FROM settlement_line l WHERE l.tenant_id = current_tenant() AND l.order_id = $1), '[]'),
  'ours', coalesce((
    SELECT jsonb_agg(jsonb_build_array(reference, far_id)) FROM (
      SELECT reference, far_id FROM effect
       WHERE tenant_id = current_tenant() AND order_id = $1 AND kind = 'refund_tender'
      UNION ALL
      SELECT 'R-' || r.number, s.report_ref FROM settlement s
        JOIN rma r ON r.tenant_id = s.tenant_id AND r.id = s.rma_id
       WHERE s.tenant_id = current_tenant() AND s.order_id = $1 AND s.handed_to = 'merchant'
         AND s.resolution = 'refund_original') own), '[]'),
  'customer_tags', (SELECT p.tags FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
                     WHERE o.tenant_id = current_tenant() AND o.id = $1),
  'earlier_returns', (SELECT count(*) FROM rma WHERE tenant_id = current_tenant() AND order_id = $1),
  'earlier_returns_of_customer', (
    SELECT count(*) FROM rma r JOIN sales_order o ON o.tenant_id = r.tenant_id AND o.person_id = r.person_id
     WHERE r.tenant_id = current_tenant() AND o.id = $1),
  'lines_past', CASE WHEN $2 THEN (
    SELECT coalesce(jsonb_object_agg(line_ref, jsonb_build_object('returned', returned, 'exchanged', exchanged)), '{}')
      FROM (SELECT l.line_ref, count(DISTINCT l.rma_id) AS returned,
                   count(*) FILTER (WHERE l.resolution = 'exchange') AS exchanged
              FROM rma r JOIN return_line l ON l.tenant_id = r.tenant_id AND l.rma_id = r.id
             WHERE r.tenant_id = current_tenant() AND r.order_id = $1
               AND l.decision NOT IN ('rejected', 'cancelled', 'expired')
             GROUP BY l.line_ref) AS past) END,
  'customer', CASE WHEN $2 THEN (
    SELECT jsonb_build_object('tenant_id', p.tenant_id, 'name', p.name, 'phone', p.phone, 'email', p.email_folded,
             'postcode', p.postcode_folded, 'home_country', p.home_country,
             'figures', jsonb_build_object('orders_placed', p.orders_placed, 'spent', p.spent_minor,
                                           'since', p.known_since),
             'past', to_jsonb(bought) || to_jsonb(gone))
      FROM sales_order o JOIN person p ON p.tenant_id = o.tenant_id AND p.id = o.person_id
     CROSS JOIN LATERAL (
       SELECT count(*) AS orders_read, min(s.placed_at) AS first_order_at,
              CASE WHEN count(*) = count(s.failed_payments) THEN sum(s.failed_payments) END AS failed_payments,
              coalesce(sum((SELECT sum(c.ordered - c.cancelled) FROM order_line_counter c
                             WHERE c.tenant_id = s.tenant_id AND c.order_id = s.id)), 0) AS units_bought
         FROM sales_order s WHERE s.tenant_id = o.tenant_id AND s.person_id = o.person_id) AS bought
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(asked.units), 0) AS units_returned, coalesce(sum(asked.exchanges), 0) AS exchanges,
              coalesce(sum(asked.kept), 0) AS kept_items,
              coalesce(sum(paid.partial_credits), 0) AS partial_credits, coalesce(sum(paid.bonus), 0) AS bonus,
              count(*) FILTER (WHERE r.status = 'rejected') AS rejected,
              count(*) FILTER (WHERE EXISTS (
                SELECT FROM inspection i WHERE i.tenant_id = r.tenant_id AND i.rma_id = r.id AND NOT i.accepted
              )) AS not_accepted,
              count(*) FILTER (WHERE EXISTS (
                SELECT FROM goods_observation g WHERE g.tenant_id = r.tenant_id AND g.rma_id = r.id
                   AND g.kind IN ('not_on_it', 'miscounted') AND g.withdrawn_at IS NULL
              )) AS wrong_items
         FROM rma r
        CROSS JOIN LATERAL (
          SELECT sum(l.quantity) AS units, count(*) FILTER (WHERE l.resolution = 'exchange') AS exchanges,
                 count(*) FILTER (WHERE l.resolution = 'keep_item') AS kept
            FROM return_line l WHERE l.tenant_id = r.tenant_id AND l.rma_id = r.id
             AND l.decision NOT IN ('rejected', 'cancelled', 'expired')) AS asked
        CROSS JOIN LATERAL (
          SELECT count(*) FILTER (WHERE s.resolution = 'keep_item' AND s.total_minor > 0) AS partial_credits,
                 sum((s.plan ->> 'bonus_shop')::bigint) AS bonus
            FROM settlement s WHERE s.tenant_id = r.tenant_id AND s.rma_id = r.id
             AND s.state IN ('sending', 'pending', 'settled', 'unknown', 'handed_over')) AS paid
        WHERE r.tenant_id = o.tenant_id AND r.person_id = o.person_id) AS gone
     WHERE o.tenant_id = current_tenant() AND o.id = $1) END
  )::text
"""

_ADJUSTING: Final = frozenset({RowKind.DAMAGE, RowKind.SHARE, RowKind.CLAWBACK, RowKind.CAP_ORDER, RowKind.CAP_TAX})
_OF_LINES: Final = frozenset({RowKind.UNITS, RowKind.MONEY, RowKind.PLATFORM_ROUNDING})


@dataclass(frozen=True, slots=True)
class Counter:
    """The limits of one order line, in units."""

    line_ref: str
    ordered: int
    fulfilled: int
    cancelled: int
    in_return: int
    refunded_without_return: int


@dataclass(frozen=True, slots=True)
class _Paid:
    kind: RowKind
    ref: str | None
    span: tuple[int, int] | None
    paid: Sides
    withheld: Sides
    taxes: tuple[Tax, ...]
    basis_points: int | None


@dataclass(frozen=True, slots=True)
class Customer:
    """Who ordered and what they did before; a policy may ask for all but the name and the number."""

    tenant_id: UUID
    name: str | None
    phone: str | None
    email: str | None
    postcode: str | None
    home_country: str | None
    figures: Figures
    past: CustomerPast

    @property
    def identity(self) -> Person:
        """Return by what the shopper is recognised."""
        return Person(name=self.name, email=self.email, phone=self.phone, postcode=self.postcode)


@dataclass(frozen=True, slots=True)
class Position:
    """Where an order stands: unit limits, claimed ordinals per line, tenders, what we paid, whose refunds are ours.

    `lines_past` and `customer` are there if the past was asked for.
    """

    counters: tuple[Counter, ...]
    claims: tuple[tuple[str, int, int], ...]
    tenders: tuple[Tender, ...]
    rows: tuple[_Paid, ...]
    ours: tuple[tuple[str, str | None], ...]
    customer_tags: tuple[str, ...]
    earlier_returns: int
    earlier_returns_of_customer: int
    lines_past: dict[str, LinePast] | None = None
    customer: Customer | None = None
    own: tuple[tuple[str, int, int], ...] = ()  # claims that were left out: of the return that is asked for anew

    @property
    def person(self) -> Person:
        """Return the shopper as the policy may know them."""
        if self.customer is None:
            return Person(tags=self.customer_tags)
        return Person(
            email=self.customer.email,
            postcode=self.customer.postcode,
            tags=self.customer_tags,
            home_country=self.customer.home_country,
            figures=self.customer.figures,
        )

    @property
    def history(self) -> History:
        """Return what happened before on the order and with its customer."""
        return History(
            claimed={counter.line_ref: counter.in_return for counter in self.counters},
            refunded_without_return={counter.line_ref: counter.refunded_without_return for counter in self.counters},
            returns_of_order=self.earlier_returns,
            returns_of_customer=self.earlier_returns_of_customer,
            lines=self.lines_past,
            customer=None if self.customer is None else self.customer.past,
        )

    def counter(self, line_ref: str) -> Counter | None:
        """Return the limits of a line, or nothing for a line the mirror does not know."""
        return next((c for c in self.counters if c.line_ref == line_ref), None)

    def with_plan(self, plan: Plan) -> "Position":
        """Return the position as if the plan were reserved, so that a second plan of the same moment starts after it."""
        rows = tuple(
            _Paid(row.kind, row.ref, span, row.payable if i == 0 else NOTHING, row.withheld if i == 0 else NOTHING,
                  row.taxes if i == 0 else (), row.basis_points)
            for row in (*plan.rows, *plan.adjustments)
            for i, span in enumerate(row.ordinals or (None,))
        )  # fmt: skip
        taken = {leg.capture_ref: leg.amount_minor for leg in plan.legs}
        tenders = tuple(replace(t, reserved=t.reserved + taken.get(t.capture_ref, 0)) for t in self.tenders)
        return replace(self, rows=self.rows + rows, tenders=tenders)

    def without(self, own: tuple[tuple[str, int, int], ...], *, sent: bool) -> "Position":
        """Return the position as if a return with these claims had never been asked for; `sent` unless it cancels."""
        units = {ref: sum(hi - lo + 1 for one, lo, hi in own if one == ref) for ref, _, _ in own}
        past = self.lines_past or {}
        customer = self.customer
        if customer is not None:
            returned = max(0, customer.past.units_returned - sum(units.values()))
            customer = replace(customer, past=replace(customer.past, units_returned=returned))
        return replace(
            self,
            claims=tuple(claim for claim in self.claims if claim not in own),
            counters=tuple(
                replace(c, in_return=c.in_return - (units.get(c.line_ref, 0) if sent else 0)) for c in self.counters
            ),
            earlier_returns=self.earlier_returns - 1,
            earlier_returns_of_customer=self.earlier_returns_of_customer - 1,
            lines_past={
                ref: replace(line, returned=line.returned - 1) if ref in units else line for ref, line in past.items()
            }
            if self.lines_past is not None
            else None,
            customer=customer,
            own=own,
        )

    def with_claims(self, more: Iterable[tuple[str, int, int]]) -> "Position":
        """Return the position as if these units were claimed as well."""
        return replace(self, claims=(*self.claims, *more))

    def held(self, line_ref: str) -> tuple[tuple[int, int], ...]:
        """Return the ordinals of a line that the return asked for anew holds already."""
        return tuple((lo, hi) for ref, lo, hi in self.own if ref == line_ref)

    def in_returns(self, line_ref: str) -> tuple[tuple[int, int], ...]:
        """Return the ordinals of a line that some return claims at this moment."""
        return tuple((lo, hi) for ref, lo, hi in self.claims if ref == line_ref)

    def claimed(self, line_ref: str) -> tuple[tuple[int, int], ...]:
        """Return the ordinals of a line that are in some return, or that one of them paid before it was given up."""
        paid = (row.span for row in self.rows if row.kind is RowKind.UNITS and row.ref == line_ref and row.span)
        return (*self.in_returns(line_ref), *paid)


_POSITION: Final = msgspec.json.Decoder(Position)


async def position(db: Db, order_id: UUID, *, past: bool = True) -> Position:
    """Return where an order stands; the caller holds the order's lock if it means to act on it.

    With `past` it comes with what a policy asks about the order's lines and customer.
    """
    return _POSITION.decode(await db.fetchval(POSITION, order_id, past))


def ledger_of(order: Order, at: Position) -> Ledger:
    """Return the ledger a quote starts from: our own rows and every refund made outside."""
    references = {reference for reference, _ in at.ours}
    far_ids = {far_id for _, far_id in at.ours if far_id}
    outside = [r for r in order.refunds if r.ref not in far_ids and not _is_ours(r.note, references)]
    lines = {line.ref: LedgerLine(line.ref) for line in order.lines}
    charges = {charge.ref: LedgerCharge(charge.ref) for charge in order.charges}
    for row in at.rows:
        if row.ref in lines and row.kind in _OF_LINES:
            lines[row.ref] = _add_line(lines[row.ref], row)
        elif row.ref in charges and row.kind not in _ADJUSTING:
            past = charges[row.ref]
            charges[row.ref] = LedgerCharge(row.ref, past.paid + row.paid, _merge(past.taxes_paid, row.taxes))
    taxes_outside: tuple[Tax, ...] = ()
    for r in (r for refund in outside for r in refund.lines if r.line_ref in lines):
        line, past_line = order.line(r.line_ref), lines[r.line_ref]
        assert line is not None, "the lines of the ledger are the order's"
        taxes = _taxes_of(line, r)
        taxes_outside = _merge(taxes_outside, taxes)
        lines[r.line_ref] = replace(
            past_line, paid=past_line.paid + r.gross, taxes_paid=_merge(past_line.taxes_paid, taxes)
        )
    for counter in at.counters:
        if (counter.refunded_without_return or counter.cancelled) and counter.line_ref in lines:
            past_line = lines[counter.line_ref]
            units = (*past_line.paid_units, *_refunded_outside(at, counter), *_never_sent(at, counter))
            lines[counter.line_ref] = replace(past_line, paid_units=units)
    paid_back = sum((r.paid for r in at.rows), NOTHING) + sum((r.total for r in outside), NOTHING)
    return Ledger(
        sequence=len(at.rows) + len(outside),
        lines=tuple(lines.values()),
        charges=tuple(charges.values()),
        tenders=at.tenders,
        paid_back=paid_back,
        taxes_paid_back=_merge(taxes_outside, tuple(t for r in at.rows for t in r.taxes)),
        promotions=_clawed_back(at),
    )


def ledger_after(order: Order, at: Position, plans: tuple[Plan, ...]) -> Ledger:
    """Return the ledger a quote starts from once these plans are reserved as well."""
    for plan in plans:
        at = at.with_plan(plan)
    return ledger_of(order, at)


def _clawed_back(at: Position) -> tuple[LedgerPromotion, ...]:
    """Return what was charged for promotions that the kept goods no longer earn, less what was released again."""
    charged: dict[str, LedgerPromotion] = {}
    for row in at.rows:
        if row.kind is RowKind.CLAWBACK and row.ref is not None:
            past = charged.get(row.ref) or LedgerPromotion(row.ref)
            taken = tuple(Tax(tax.bucket, -tax.amount) for tax in row.taxes)
            charged[row.ref] = LedgerPromotion(row.ref, past.charged - row.paid, _merge(past.taxes, taken))
    return tuple(charged.values())


def _is_ours(note: str | None, references: set[str]) -> bool:
    return note is not None and any(mentions(note, reference) for reference in references)


def _taxes_of(line: OrderLine, refunded: RefundedLine) -> tuple[Tax, ...]:
    """Return the tax of units refunded outside by bucket; the platform tells it in one sum."""
    mine = spread(refunded.tax.presentment, [tax.amount.presentment for tax in line.taxes])
    books = spread(refunded.tax.shop, [tax.amount.shop for tax in line.taxes])
    return tuple(Tax(tax.bucket, Sides(p, s)) for tax, p, s in zip(line.taxes, mine, books, strict=True))


def _refunded_outside(at: Position, counter: Counter) -> tuple[Span, ...]:
    """Return the units refunded without a return: the last ones shipped that no return claims."""
    if not counter.fulfilled or not counter.refunded_without_return:
        return ()
    free = minus(((1, counter.fulfilled),), at.claimed(counter.line_ref))
    units = [u for lo, hi in free for u in range(lo, hi + 1)]
    return join(units[-counter.refunded_without_return :])


def _never_sent(at: Position, counter: Counter) -> tuple[Span, ...]:
    """Return the units that left the order unshipped, its last ones: nobody keeps them, and nobody returns them."""
    last = (counter.ordered - counter.cancelled + 1, counter.ordered)
    return minus((last,), at.claimed(counter.line_ref)) if counter.cancelled else ()


def _add_line(past: LedgerLine, row: _Paid) -> LedgerLine:
    return LedgerLine(
        past.line_ref,
        (*past.paid_units, row.span) if row.kind is RowKind.UNITS and row.span else past.paid_units,
        past.paid + row.paid,
        _merge(past.taxes_paid, row.taxes),
        past.withheld + row.withheld,
        past.granted_bp + (row.basis_points or 0 if row.kind is RowKind.MONEY else 0),
    )


def _merge(past: tuple[Tax, ...], added: tuple[Tax, ...]) -> tuple[Tax, ...]:
    sums = {tax.bucket: tax.amount for tax in past}
    for tax in added:
        sums[tax.bucket] = sums.get(tax.bucket, NOTHING) + tax.amount
    return tuple(Tax(bucket, amount) for bucket, amount in sums.items())
