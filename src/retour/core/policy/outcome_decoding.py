"""Decoding the outcomes of a policy: one reader per group; `currency` is that of the document's amounts."""

from typing import Final

from retour.core.order import TenderKind
from retour.core.policy.outcome import (
    DEFAULT_TENDER_ORDER,
    Anchor,
    Approval,
    Approving,
    Eligibility,
    Fee,
    FeePer,
    FeeTax,
    Inspection,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    Moment,
    NeverBecause,
    Proposal,
    RefundTerms,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    ShippingRefund,
    Start,
)
from retour.core.policy.reading import Node
from retour.core.rma.state import Disposition

MAX_DAYS: Final = 3650
_MAX_BP: Final = 10_000
_MAX_MINOR: Final = 10**12
_MAX_OFFERS: Final = 50
_GRADES: Final = ("sealed", "opened", "damaged")
_FIELDS_OF_MODE: Final = {
    Mode.ALWAYS: ("mode",),
    Mode.NEVER: ("mode", "because", "message"),
    Mode.WINDOW: ("mode", "window_days", "counted_from", "message"),
}


def eligibility(node: Node, _currency: str | None) -> Eligibility:
    """Read whether lines may come back; each mode has its own fields."""
    fields = node.fields(required=("mode",), optional=("window_days", "counted_from", "because", "message"))
    mode = fields["mode"].choice(Mode)
    if mode is Mode.WINDOW:
        fields = node.fields(required=("mode", "window_days", "counted_from"), optional=("message",))
        starts = tuple(_start(item) for item in fields["counted_from"].items(least=1, most=len(Anchor)))
        days = fields["window_days"].whole(least=0, most=MAX_DAYS)
        return Eligibility(mode, days, starts, message=_message(fields))
    fields = node.fields(optional=_FIELDS_OF_MODE[mode])
    if mode is Mode.ALWAYS:
        return Eligibility(mode)
    because = fields["because"].choice(NeverBecause) if "because" in fields else NeverBecause.NEVER_ELIGIBLE
    return Eligibility(mode, because=because, message=_message(fields))


def resolutions(node: Node, currency: str | None) -> Resolutions:
    """Read the resolutions offered; the same kind and record twice is refused."""
    offers: list[ResolutionOffer] = []
    for item in node.fields(required=("offered",))["offered"].items(most=_MAX_OFFERS):
        fields = item.fields(required=("kind",), optional=("ref", "restocking_fee"))
        offer = ResolutionOffer(
            fields["kind"].choice(ResolutionKind),
            fields["ref"].text() if "ref" in fields else None,
            _fee(fields["restocking_fee"], currency) if "restocking_fee" in fields else None,
        )
        if any((known.kind, known.ref) == (offer.kind, offer.ref) for known in offers):
            raise item.refusal("duplicate", "is offered twice")
        offers.append(offer)
    return Resolutions(tuple(offers))


def methods(node: Node, currency: str | None) -> Methods:
    """Read the return methods offered; the same kind and destination twice is refused."""
    offers: list[MethodOffer] = []
    for item in node.fields(required=("offered",))["offered"].items(most=_MAX_OFFERS):
        fields = item.fields(required=("kind",), optional=("destination", "fee"))
        offer = MethodOffer(
            fields["kind"].choice(MethodKind),
            fields["destination"].text() if "destination" in fields else None,
            _fee(fields["fee"], currency) if "fee" in fields else None,
        )
        if any((known.kind, known.destination) == (offer.kind, offer.destination) for known in offers):
            raise item.refusal("duplicate", "is offered twice")
        offers.append(offer)
    return Methods(tuple(offers))


def decision(node: Node, _currency: str | None) -> Approving:
    """Read who approves."""
    fields = node.fields(required=("approval",), optional=("message",))
    return Approving(fields["approval"].choice(Approval), _message(fields))


def settle_on(node: Node, _currency: str | None) -> SettleOn:
    """Read when the money becomes due."""
    return SettleOn(node.fields(required=("moment",))["moment"].choice(Moment))


def refund_terms(node: Node, _currency: str | None) -> RefundTerms:
    """Read how a refund is computed; the tender order names every kind of money once."""
    fields = node.fields(required=("shipping",), optional=("deduction_bp", "tender_order"))
    deductions = fields["deduction_bp"].fields(optional=_GRADES) if "deduction_bp" in fields else {}
    sealed, opened, damaged = (
        deductions[grade].whole(least=0, most=_MAX_BP) if grade in deductions else 0 for grade in _GRADES
    )
    order = _tender_order(fields["tender_order"]) if "tender_order" in fields else DEFAULT_TENDER_ORDER
    return RefundTerms(fields["shipping"].choice(ShippingRefund), sealed, opened, damaged, order)


def inspection(node: Node, _currency: str | None) -> Inspection:
    """Read what is proposed at inspection for each grade."""
    fields = node.fields(required=_GRADES)
    return Inspection(_proposal(fields["sealed"]), _proposal(fields["opened"]), _proposal(fields["damaged"]))


def _proposal(node: Node) -> Proposal:
    fields = node.fields(required=("accepted", "disposition"))
    return Proposal(fields["accepted"].flag(), fields["disposition"].choice(Disposition))


def _tender_order(node: Node) -> tuple[TenderKind, ...]:
    kinds = tuple(item.choice(TenderKind) for item in node.items(most=100))
    if sorted(kinds) != sorted(TenderKind):
        raise node.refusal("incomplete", f"must name each of {', '.join(TenderKind)} once")
    return kinds


def _start(node: Node) -> Start:
    fields = node.fields(required=("day",), optional=("plus_days",))
    plus = fields["plus_days"].whole(least=0, most=MAX_DAYS) if "plus_days" in fields else 0
    return Start(fields["day"].choice(Anchor), plus)


def _fee(node: Node, currency: str | None) -> Fee:
    fields = node.fields(optional=("bp", "fixed_minor", "per", "tax", "tax_bp"))
    fixed = fields["fixed_minor"].whole(least=0, most=_MAX_MINOR) if "fixed_minor" in fields else 0
    if fixed and currency is None:
        raise fields["fixed_minor"].refusal("missing_currency", "an amount needs the currency of the document")
    tax = fields["tax"].choice(FeeTax) if "tax" in fields else FeeTax.REDUCTION
    tax_bp = fields["tax_bp"].whole(least=0, most=_MAX_BP) if "tax_bp" in fields else 0
    if tax_bp and tax is FeeTax.REDUCTION:
        raise fields["tax_bp"].refusal("not_one_of", "only a supply has a tax rate of its own")
    return Fee(
        bp=fields["bp"].whole(least=0, most=_MAX_BP) if "bp" in fields else 0,
        fixed_minor=fixed,
        per=fields["per"].choice(FeePer) if "per" in fields else FeePer.UNIT,
        tax=tax,
        tax_bp=tax_bp,
    )


def _message(fields: dict[str, Node]) -> str | None:
    return fields["message"].text(longest=500) if "message" in fields else None
