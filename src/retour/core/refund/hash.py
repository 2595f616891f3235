"""The plan hash: SHA-256 over the monetary inputs of a quote, so that what a person confirmed is what is paid."""

import hashlib
import json
from collections.abc import Iterable
from typing import Final

from retour.core.money import Sides
from retour.core.order import Order, Tax
from retour.core.refund.plan import MATHS_VERSION, PlannedLeg
from retour.core.refund.request import Ledger, RefundRequest, RefundTerms, RequestedLine

_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)


def plan_hash(
    order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms, rests: Iterable[PlannedLeg]
) -> str:
    """Return the hash (hex) of the monetary inputs; titles, notes, reasons and times are no part of it."""
    return digest(
        {
            "currency": [order.currency, order.shop_currency],
            "ledger": _ledger(ledger),
            "maths_version": MATHS_VERSION,
            "order": [
                order.ref,
                _pair(order.total),
                [[x.ref, x.quantity, _pair(x.gross), _taxes(x.taxes)] for x in order.lines],
                [[x.ref, x.kind, x.line_ref or "", _pair(x.gross), _taxes(x.taxes)] for x in order.charges],
            ],
            "request": _request(request),
            "tenders": [[x.capture_ref, x.kind, x.gateway, x.amount_minor] for x in rests],
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
    ]


def _request(request: RefundRequest) -> list[object]:
    wish = request.shipping
    shipping: list[object] = []
    if wish is not None:
        amount = "" if wish.amount_minor is None else wish.amount_minor
        shipping = [wish.mode, amount, wish.actor or ""]
    return [[_requested(line) for line in request.lines], shipping, int(request.clamp), request.currency or ""]


def _requested(line: RequestedLine) -> list[object]:
    by_hand, money = line.override, line.money
    return [
        line.line_ref,
        [[r.lo, r.hi, int(r.accepted), r.deduction_bp] for r in line.units],
        [] if by_hand is None else [by_hand.amount_minor, by_hand.actor],
        [] if money is None else [money.amount, money.basis, money.actor],
    ]


def _terms(terms: RefundTerms) -> list[object]:
    fee = terms.restocking
    return [
        [terms.shipping, terms.duties, terms.fees, terms.tips, terms.rounding],
        terms.tender_order,
        [] if fee is None else [fee.bp, fee.fixed_minor, fee.currency or "", fee.per],
        terms.shortfall,
        terms.trigger,
    ]
