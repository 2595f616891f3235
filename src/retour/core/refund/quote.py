"""The quote: one pure computation of what is owed, the same for preview and payment."""

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides
from retour.core.order import Order
from retour.core.refund import adjustments, charges, lines
from retour.core.refund.bonus import bonus_step
from retour.core.refund.bundle import check_kits
from retour.core.refund.clawback import clawback
from retour.core.refund.fees import fees
from retour.core.refund.goodwill import goodwill
from retour.core.refund.hash import plan_hash
from retour.core.refund.ledger import Ledger, LedgerCredit, LedgerLine, Ordinals
from retour.core.refund.plan import Plan, Row, RowKind
from retour.core.refund.request import RefundRequest
from retour.core.refund.tenders import legs, tender_rests
from retour.core.refund.terms import RefundTerms


def quote(order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms, *, hashed: bool = True) -> Plan:
    """Return what the request pays, row by row on both sides, and on which tenders it goes back.

    Without `hashed` the plan has neither a hash nor notes: nobody will be asked to confirm it or be told of it.

    Nothing is remembered: the same inputs give the same plan. Raise Refused with `order_line_not_found`,
    `duplicate_line`, `currency_mismatch`, `more_than_returnable`, `wrong_sign`, `amount_above_entitlement`,
    `line_exhausted`, `order_exhausted` or `tax_bucket_exhausted`; with `request.clamp` amounts are reduced instead.
    """
    if request.currency not in (None, order.currency):
        raise Refused("currency_mismatch", f"the order is in {order.currency}", field="currency")
    rows, deductions, past, accepted = _lines(order, ledger, request, terms)
    if terms.whole_kit:
        check_kits(order, past, accepted)
    units = [row for row in rows if row.kind is RowKind.UNITS]
    if order.charges:
        rows += charges.steps(order, ledger, request, terms, charges.progress(order, past, accepted))
    if request.goodwill is not None:
        rows += goodwill(order, ledger, request.goodwill, rows, clamp=request.clamp)
    goods = adjustments.totals([*units, *deductions])
    back = clawback(order, ledger, terms, past, accepted, goods)
    goods = adjustments.plus(goods, back) if back else goods
    others = [row for row in rows if row.kind is not RowKind.UNITS]
    whole = adjustments.plus(goods, others) if others else goods
    charged = fees(order, ledger, request, terms, units, goods, whole)
    adjusted = [*deductions, *back, *charged.rows]
    rest = adjustments.order_rest(order, ledger)
    so_far = adjustments.plus(whole, charged.rows) if charged.rows else whole
    if so_far.payable.presentment < 0:  # a rounding of the sale never makes a step cost money
        rows = charges.eased(order, ledger, rows, -so_far.payable)
        so_far = adjustments.totals([*rows, *adjusted])
    if so_far.payable.presentment < 0:
        raise Refused("wrong_sign", "what is asked for would cost the shopper money", field="lines")
    so_far = _capped(order, ledger, rest, so_far, adjusted, clamp=request.clamp)
    bonus = NOTHING
    if terms.bonus is not None:
        bonus = bonus_step(order, ledger, terms.bonus, so_far.payable)
    rests = tender_rests(ledger.tenders, terms.tender_order, terms.capture_order)
    taken, unallocated = legs(so_far.payable.presentment, rests)
    return Plan(
        order_ref=order.ref,
        currency=order.currency,
        shop_currency=order.shop_currency,
        rows=tuple(rows),
        adjustments=tuple(adjusted),
        total=so_far.payable,
        taxes=so_far.taxes,
        legs=taken,
        unallocated=unallocated,
        tender_rests=rests,
        order_rest=rest,
        hash=plan_hash(order, ledger, request, terms, rests) if hashed else "",
        billed=charged.billed,
        notes=_notes(rows, adjusted, ledger, unallocated, charged.billed) if hashed else (),
        ledger_sequence=ledger.sequence,
        fees=charged.steps,
        bonus=bonus.presentment,
        bonus_shop=bonus.shop,
        credited=LedgerCredit(terms.bonus, so_far.payable) if terms.bonus is not None else None,
    )


def _lines(
    order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms
) -> tuple[list[Row], list[Row], dict[str, LedgerLine], dict[str, Ordinals]]:
    past = {line.line_ref: line for line in ledger.lines}
    by_ref = {line.ref: line for line in order.lines}
    rows: list[Row] = []
    deductions: list[Row] = []
    accepted: dict[str, Ordinals] = {}
    seen: set[str] = set()
    for asked in request.lines:
        line = by_ref.get(asked.line_ref)
        if line is None:
            raise Refused("order_line_not_found", "the order has no such line", field=asked.line_ref)
        if line.ref in seen:
            raise Refused("duplicate_line", "a line can be named only once", field=line.ref)
        seen.add(line.ref)
        step = lines.step(
            line, past.get(line.ref) or LedgerLine(line.ref), asked, clamp=request.clamp, share_bp=terms.share_bp
        )
        rows += step.rows
        deductions += step.deductions
        if step.accepted:
            accepted[line.ref] = step.accepted
    return rows, deductions, past, accepted


def _capped(
    order: Order,
    ledger: Ledger,
    rest: Sides,
    so_far: adjustments.Totals,
    adjusted: list[Row],
    *,
    clamp: bool,
) -> adjustments.Totals:
    """Add the rows of the order's caps to the adjustments and return the new totals."""
    over = adjustments.cap_order(so_far, rest, clamp=clamp)
    if over is not None:
        adjusted.append(over)
        so_far = adjustments.plus(so_far, [over])
    excess = adjustments.cap_taxes(order, ledger, so_far, clamp=clamp)
    if excess is not None:
        adjusted.append(excess)
        so_far = adjustments.plus(so_far, [excess])
    return so_far


def _notes(rows: list[Row], adjusted: list[Row], ledger: Ledger, unallocated: int, billed: Sides) -> tuple[str, ...]:
    kinds = {row.kind for row in (*rows, *adjusted)}
    found = {
        "already_paid": any(row.reason == "already_paid" for row in rows),
        "rejected_units": RowKind.REJECTED_UNITS in kinds,
        "fee_reduced": any(row.reason == "reduced_to_refund" for row in adjusted),
        "fee_billed": bool(billed),
        "fee_waived": any(row.waived for row in adjusted),
        "fee_beforehand": any(row.ahead for row in adjusted),
        "clawed_back": any(row.kind is RowKind.CLAWBACK and row.reason is None for row in adjusted),
        "clawback_released": any(row.kind is RowKind.CLAWBACK and row.reason is not None for row in adjusted),
        "order_capped": RowKind.CAP_ORDER in kinds,
        "tax_capped": RowKind.CAP_TAX in kinds,
        "tender_blocked": any(tender.blocked for tender in ledger.tenders),
        "unallocated": unallocated > 0,
    }
    return tuple(code for code, present in found.items() if present)
