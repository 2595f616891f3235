"""The comparison: our entitlement beside the platform's figures, before any adjustment of ours."""

from collections.abc import Collection
from dataclasses import replace

from retour.core.money import Sides
from retour.core.order import Tax
from retour.core.ports import PlatformQuote
from retour.core.refund.adjustments import totals
from retour.core.refund.hash import digest
from retour.core.refund.plan import Agreement, Comparison, Difference, Plan, Row, RowKind
from retour.core.refund.tenders import legs

TOLERANCE_MINOR = 1


def compare(plan: Plan, platform_quote: PlatformQuote, *, apart: Collection[str] = ()) -> Comparison:
    """Return whether the platform agrees; a component off by one minor unit takes its figure as a visible row.

    The platform tells a line's taxes in one sum: it may be off by one for each tax bucket of the line. More than that,
    a line that only one of us knows, or a plan above what the platform can still refund is a discrepancy: both figures
    are shown and nothing is payable until a person decides. Lines set `apart` are those that the platform cannot know.
    """
    ours = {
        row.ref: row for row in plan.rows if row.kind is RowKind.UNITS and row.ref is not None and row.ref not in apart
    }
    shipping = [row for row in plan.rows if row.kind is RowKind.SHIPPING]
    found = [*_line_differences(ours, platform_quote), *_shipping_difference(shipping, platform_quote)]
    tolerated = all(_small(difference, _tolerance(ours.get(difference.ref or ""))) for difference in found)
    rows = _rounding_rows(ours, shipping, platform_quote) if found and tolerated and _follows_value(plan) else ()
    reconciled = _reconciled(plan, rows) if rows else plan
    can_move = reconciled.total.presentment - reconciled.unallocated
    beyond = [
        Difference(None, component, reconciled.total.presentment, limit)
        for component, limit, wanted in (
            ("maximum_refundable", platform_quote.maximum_refundable, can_move),
            ("order_rest", plan.order_rest.presentment, reconciled.total.presentment),
        )
        if wanted > limit
    ]
    if reconciled.total.presentment < 0:
        beyond.append(Difference(None, "below_zero", plan.total.presentment, reconciled.total.presentment))
    if not tolerated or beyond:
        return Comparison(Agreement.DISCREPANCY, (*found, *beyond), None)
    agreement = Agreement.AGREED if reconciled is plan else Agreement.RECONCILED
    return Comparison(agreement, tuple(found), reconciled)


def _follows_value(plan: Plan) -> bool:
    """Return whether a minor unit of value moves the total: not if nothing is paid or a limit has set the amount."""
    return plan.total.presentment > 0 and all(row.kind is not RowKind.CAP_ORDER for row in plan.adjustments)


def _line_differences(ours: dict[str, Row], theirs: PlatformQuote) -> list[Difference]:
    found: list[Difference] = []
    for ref in (*ours, *(ref for ref in theirs.lines if ref not in ours)):
        row, figures = ours.get(ref), theirs.lines.get(ref)
        pairs = (
            ("gross", row.entitlement.presentment if row else None, figures[0].presentment if figures else None),
            ("tax", row.entitled_tax.presentment if row else None, figures[1].presentment if figures else None),
        )
        found += [Difference(ref, name, mine, their) for name, mine, their in pairs if mine != their]
    return found


def _shipping_difference(rows: list[Row], theirs: PlatformQuote) -> list[Difference]:
    mine = sum(row.payable.presentment for row in rows)
    if mine == theirs.shipping.presentment:
        return []
    return [Difference(rows[0].ref if rows else None, "shipping", mine, theirs.shipping.presentment)]


def _small(difference: Difference, tolerance: int) -> bool:
    if difference.ref is None or difference.ours is None or difference.theirs is None:
        return False
    return abs(difference.ours - difference.theirs) <= tolerance


def _tolerance(row: Row | None) -> int:
    """Return by how many minor units a row's figures may differ: one for each component they are the sum of."""
    return TOLERANCE_MINOR * max(1, len(row.taxes) if row else 1)


def _rounding_rows(ours: dict[str, Row], shipping: list[Row], theirs: PlatformQuote) -> tuple[Row, ...]:
    rows = [
        _rounding(
            row,
            _gap(theirs.lines[ref][0], row.entitlement, _tolerance(row)),
            _gap(theirs.lines[ref][1], row.entitled_tax, _tolerance(row)),
        )
        for ref, row in ours.items()
        if row.payable == row.entitlement
    ]
    if shipping:
        paid = totals(shipping).payable
        rows.append(_rounding(shipping[0], _gap(theirs.shipping, paid, TOLERANCE_MINOR), Sides(0, 0)))
    return tuple(row for row in rows if row.payable or row.taxes)


def _gap(theirs: Sides, ours: Sides, tolerance: int) -> Sides:
    """Return what the platform adds; the shop side moves along only where it, too, is within the tolerance."""
    gap = theirs - ours
    if not gap.presentment:
        return Sides(0, 0)
    return gap if abs(gap.shop) <= tolerance else Sides(gap.presentment, 0)


def _rounding(row: Row, gross: Sides, tax: Sides) -> Row:
    taxes: tuple[Tax, ...] = ()
    if tax:
        largest = max(row.taxes, key=lambda t: abs(t.amount.presentment), default=None)
        taxes = (Tax(largest.bucket if largest else "platform_rounding", tax),)
    return Row(RowKind.PLATFORM_ROUNDING, row.ref, gross, gross - tax, taxes, settled=row.settled)


def _reconciled(plan: Plan, rows: tuple[Row, ...]) -> Plan:
    added = totals([*plan.rows, *plan.adjustments, *rows])
    taken, unallocated = legs(max(0, added.payable.presentment), plan.tender_rests)
    figures = [
        [row.ref or "", row.payable.presentment, row.payable.shop, row.net.presentment, row.net.shop] for row in rows
    ]
    return replace(
        plan,
        adjustments=plan.adjustments + rows,
        total=added.payable,
        taxes=added.taxes,
        legs=taken,
        unallocated=unallocated,
        hash=digest([plan.hash, figures]),
        notes=(*plan.notes, "platform_rounding"),
    )
