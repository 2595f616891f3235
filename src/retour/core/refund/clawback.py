"""Clawback: a promotion whose condition the kept goods no longer meet, charged step by step and released again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from retour.core.errors import Refused
from retour.core.money import NOTHING, Sides, half_up
from retour.core.order import Order, OrderLine, Tax
from retour.core.refund.adjustments import Totals, reduction
from retour.core.refund.ledger import Ledger, LedgerLine, LedgerPromotion, Ordinals
from retour.core.refund.plan import Row, RowKind
from retour.core.refund.terms import PromotionMode, PromotionTerm, RefundTerms
from retour.core.refund.units import complement, count, worth

Kept = Sequence[tuple[OrderLine, Ordinals]]


@dataclass(frozen=True, slots=True)
class _Enjoyed:
    """What the kept units have of a promotion, with the tax that was saved on it."""

    amount: Sides
    taxes: dict[str, Sides]


def clawback(
    order: Order,
    ledger: Ledger,
    terms: RefundTerms,
    past: Mapping[str, LedgerLine],
    accepted: Mapping[str, Ordinals],
    goods: Totals,
) -> tuple[Row, ...]:
    """Return a row for each promotion that is charged or released by a step which takes these units back.

    The target is the discount that kept units still have although the condition does not hold any more; the step is
    the target less what was charged before, at most what the goods are worth (`goods`, after deductions), and below
    zero where charged discount goes back. Units that are paid nothing of are not given up and change no charge. Raise
    Refused(currency_mismatch).
    """
    if not accepted or terms.share_bp == 0 or not (terms.promotions or ledger.promotions):
        return ()
    kept = [
        (line, complement(line.quantity, (*(past[line.ref].paid_units if line.ref in past else ()),
                                          *accepted.get(line.ref, ()))))
        for line in order.lines
    ]  # fmt: skip
    charged = {promotion.promotion: promotion for promotion in ledger.promotions}
    left = Sides(max(0, goods.payable.presentment), max(0, goods.payable.shop))
    rows: list[Row] = []
    for promotion, is_lost, may_charge in _judged(order, terms, kept, charged):
        before = charged.get(promotion) or LedgerPromotion(promotion)
        target = _enjoyed(promotion, kept) if is_lost else _Enjoyed(NOTHING, {})
        row = _row(before, target, left if may_charge else NOTHING)
        if row is not None:
            rows.append(row)
            left += Sides(min(0, row.payable.presentment), min(0, row.payable.shop))
    return tuple(rows)


def _judged(order: Order, terms: RefundTerms, kept: Kept, charged: Iterable[str]) -> Iterator[tuple[str, bool, bool]]:
    """Yield each promotion, whether its condition was lost, and whether it may be charged.

    A condition that our figures did not see met by the whole order is not taken as lost. What was charged under other
    terms before is never charged again, but released as its units come back.
    """
    whole = [(line, ((1, line.quantity),)) for line in order.lines]
    for term in terms.promotions:
        is_lost = _holds(order, term, whole) and not _holds(order, term, kept)
        yield term.promotion, is_lost, term.mode is PromotionMode.CLAWBACK and not terms.legal_floor
    named = {term.promotion for term in terms.promotions}
    for promotion in charged:
        if promotion not in named:
            yield promotion, True, False


def _holds(order: Order, term: PromotionTerm, units: Kept) -> bool:
    counted = [(line, ordinals) for line, ordinals in units if not term.lines or line.ref in term.lines]
    if term.minimum_units is not None and sum(count(ordinals) for _, ordinals in counted) < term.minimum_units:
        return False
    if term.minimum_minor is None:
        return True
    if term.currency not in (None, order.currency, order.shop_currency):
        raise Refused(
            "currency_mismatch", f"a minimum in {term.currency} on an order in {order.currency}", field=term.promotion
        )
    if term.currency in (None, order.currency):
        listed = sum(worth(line.list_value.presentment, ordinals, line.quantity) for line, ordinals in counted)
    else:
        listed = sum(worth(line.list_value.shop, ordinals, line.quantity) for line, ordinals in counted)
    return listed >= term.minimum_minor


def _enjoyed(promotion: str, kept: Kept) -> _Enjoyed:
    amount, taxes = NOTHING, dict[str, Sides]()
    for line, ordinals in kept:
        for share in line.discounts:
            if share.promotion != promotion:
                continue
            part = Sides(
                worth(share.amount.presentment, ordinals, line.quantity),
                worth(share.amount.shop, ordinals, line.quantity),
            )
            amount += part
            for tax in line.taxes:
                taxes[tax.bucket] = taxes.get(tax.bucket, NOTHING) + _of_ratio(tax.amount, part, line.gross)
    return _Enjoyed(amount, taxes)


def _of_ratio(tax: Sides, part: Sides, gross: Sides) -> Sides:
    """Return the tax of a discount by the stored ratio of its line; a line that was free has none."""
    mine = half_up(tax.presentment * part.presentment, gross.presentment) if gross.presentment else 0
    return Sides(mine, half_up(tax.shop * part.shop, gross.shop) if gross.shop else 0)


def _row(before: LedgerPromotion, target: _Enjoyed, most: Sides) -> Row | None:
    """Return the step as a row of the plan: a charge is below zero, a release above."""
    step = target.amount - before.charged
    gone = {tax.bucket: tax.amount for tax in before.taxes}
    taxes = {
        bucket: target.taxes.get(bucket, NOTHING) - gone.get(bucket, NOTHING)
        for bucket in dict.fromkeys((*target.taxes, *gone))
    }
    taken = _limited(step, most)
    if not taken:
        return None
    rows = [Tax(bucket, -_part(amount, taken, step)) for bucket, amount in taxes.items()]
    reason = "released" if taken.presentment < 0 else None
    row = reduction(RowKind.CLAWBACK, -taken, tuple(tax for tax in rows if tax.amount), reason)
    return replace(row, ref=before.promotion)


def _limited(step: Sides, most: Sides) -> Sides:
    """Return the step, a charge at most what may be charged; the shop side then moves by the same fraction."""
    if step.presentment <= most.presentment:
        return Sides(step.presentment, min(step.shop, max(most.shop, 0)))
    books = half_up(step.shop * most.presentment, step.presentment)
    return Sides(most.presentment, min(books, most.shop))


def _part(tax: Sides, taken: Sides, step: Sides) -> Sides:
    if taken == step:
        return tax
    mine = half_up(tax.presentment * taken.presentment, step.presentment) if step.presentment else 0
    return Sides(mine, half_up(tax.shop * taken.shop, step.shop) if step.shop else 0)
