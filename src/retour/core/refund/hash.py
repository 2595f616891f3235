"""The plan hash: SHA-256 over the monetary inputs of a quote, so that what a person confirmed is what is paid."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from retour.core.money import Sides
from retour.core.order import Order, OrderLine, Tax
from retour.core.refund.ledger import Ledger, LedgerFee
from retour.core.refund.plan import MATHS_VERSION, PlannedLeg
from retour.core.refund.request import RefundRequest, RequestedLine
from retour.core.refund.terms import FeeTerm, RefundTerms, Waiver

_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)


def plan_hash(
    order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms, rests: Iterable[PlannedLeg]
) -> str:
    """Return the hash (hex) of the monetary inputs; titles, notes, reasons and times are no part of it."""
    said: dict[str, object] = {}
    if any(fee.beforehand for fee in terms.fees) or request.ahead:  # elsewhere nobody pays beforehand
        paid = None if request.ahead is None else [[one.kind, _pair(one.amount)] for one in request.ahead]
        said["ahead"] = "as agreed" if paid is None else paid
    return digest(
        said
        | {
            "currency": [order.currency, order.shop_currency],
            "ledger": _ledger(ledger),
            "maths_version": MATHS_VERSION,
            "order": [
                order.ref,
                _pair(order.total),
                [_line(x) for x in order.lines],
                [[x.ref, x.kind, x.line_ref or "", _pair(x.gross), _taxes(x.taxes)] for x in order.charges],
            ],
            "request": _request(request),
            "tenders": [[x.capture_ref, x.kind, x.gateway, x.amount_minor, x.bonus_minor] for x in rests],
            "terms": _terms(terms),
        }
    )


def digest(canonical: object) -> str:
    """Return the SHA-256 (hex) of the JSON with sorted keys and no spaces; integers and strings only."""
    return hashlib.sha256(_CANONICAL.encode(canonical).encode()).hexdigest()


def _pair(amount: Sides) -> list[int]:
    return [amount.presentment, amount.shop]


def _taxes(taxes: tuple[Tax, ...]) -> list[list[str | int]]:
    return [[t.bucket, t.amount.presentment, t.amount.shop] for t in taxes]


def _line(line: OrderLine) -> list[object]:
    shares = [[share.promotion, *_pair(share.amount)] for share in line.discounts]
    return [line.ref, line.quantity, _pair(line.gross), _taxes(line.taxes), _pair(line.list_value), shares]


def _ledger(ledger: Ledger) -> list[object]:
    return [
        ledger.sequence,
        [
            [x.line_ref, x.paid_units, _pair(x.paid), _taxes(x.taxes_paid), x.granted_bp]
            for x in sorted(ledger.lines, key=lambda x: x.line_ref)
        ],
        [
            [x.charge_ref, _pair(x.paid), _taxes(x.taxes_paid)]
            for x in sorted(ledger.charges, key=lambda x: x.charge_ref)
        ],
        _pair(ledger.paid_back),
        sorted(_taxes(ledger.taxes_paid_back), key=str),
        [
            [x.promotion, _pair(x.charged), _taxes(x.taxes)]
            for x in sorted(ledger.promotions, key=lambda x: x.promotion)
        ],
        sorted((_charged(x) for x in ledger.fees), key=str),
        [
            [x.term.bp, x.term.fixed_minor, _optional(x.term.at_most_minor), x.term.currency or "", _pair(x.amount)]
            for x in ledger.credited
        ],
    ]


def _charged(x: LedgerFee) -> list[object]:
    amounts = (x.value, x.listed, x.charged, x.billed, x.waived)
    said: list[object] = [_fee(x.term), int(x.term.exempt), x.lines, x.parcels, [_pair(amount) for amount in amounts]]
    return [*said, _pair(x.ahead)] if x.ahead else said


def _optional(minor: int | None) -> int | str:
    return "" if minor is None else minor


def _request(request: RefundRequest) -> list[object]:
    wish, kind = request.shipping, request.goodwill
    return [
        [_requested(line) for line in request.lines],
        [] if wish is None else [wish.mode, _optional(wish.amount_minor), wish.actor or ""],
        int(request.clamp),
        request.currency or "",
        request.parcels,
        _waivers(request.waivers),
        [] if kind is None else [kind.amount_minor, kind.actor],
    ]


def _requested(line: RequestedLine) -> list[object]:
    by_hand, money = line.override, line.money
    return [
        line.line_ref,
        [[r.lo, r.hi, int(r.accepted), r.deduction_bp] for r in line.units],
        [] if by_hand is None else [by_hand.amount_minor, by_hand.actor],
        [] if money is None else [money.amount, money.basis, money.actor],
    ]


def _terms(terms: RefundTerms) -> list[object]:
    bonus = terms.bonus
    return [
        [terms.shipping, terms.duties, terms.sale_fees, terms.tips, terms.gift_wrapping, terms.rounding],
        terms.tender_order,
        terms.capture_order,
        [_fee(fee) for fee in terms.fees],
        _waivers(terms.waivers),
        terms.shortfall,
        [
            [x.promotion, x.mode, _optional(x.minimum_minor), _optional(x.minimum_units), x.currency or "", x.lines]
            for x in terms.promotions
        ],
        [] if bonus is None else [bonus.bp, bonus.fixed_minor, _optional(bonus.at_most_minor), bonus.currency or ""],
        [int(terms.legal_floor), terms.share_bp, int(terms.whole_kit)],
    ]


def _fee(fee: FeeTerm) -> list[object]:
    return [
        [fee.kind, fee.bp, fee.of, fee.fixed_minor, _optional(fee.cost_minor), fee.currency or "", fee.per],
        [fee.tax, fee.tax_bp, int(fee.tax_included), _optional(fee.at_most_minor)],
        *([fee.beforehand] if fee.beforehand else []),
    ]


def _waivers(waivers: tuple[Waiver, ...]) -> list[list[str]]:
    return [[waiver.kind or "", waiver.actor or ""] for waiver in waivers]
