"""Decoding the outcomes of a policy: one reader per group; `currency` is that of the document's amounts."""

import re
from typing import Final

from retour.core.order import TenderKind
from retour.core.policy.charge_decoding import MAX_BP, bonus, exchange, fee
from retour.core.policy.outcome import (
    DEFAULT_TENDER_ORDER,
    Anchor,
    AnswerKind,
    Approval,
    Approving,
    CaptureOrder,
    ChargeMode,
    DayCount,
    Eligibility,
    Fees,
    Inspection,
    MethodKind,
    MethodOffer,
    Methods,
    Mode,
    Moment,
    NeverBecause,
    PromotionMode,
    Proposal,
    Question,
    RefundTerms,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
    Shortfall,
    Start,
)
from retour.core.policy.reading import Node
from retour.core.rma.state import Disposition

MAX_DAYS: Final = 3650
MAX_HOURS: Final = 8760  # a year
MAX_PHOTOS: Final = 10
MAX_QUESTIONS: Final = 20
MAX_CHOICES: Final = 50
MAX_MESSAGE: Final = 500
QUESTION_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
MAX_OFFERS: Final = 50
GRADES: Final = ("sealed", "opened", "damaged")
_FIELDS_OF_MODE: Final = {
    Mode.ALWAYS: ("mode",),
    Mode.NEVER: ("mode", "because", "message"),
    Mode.WINDOW: ("mode", "window_days", "counted_from", "message", "until", "days", "extend"),
}
_WITHOUT_MONEY: Final = {ResolutionKind.REPAIR, ResolutionKind.REPLACEMENT}
_VALUED: Final = frozenset(ResolutionKind) - {ResolutionKind.EXCHANGE} - _WITHOUT_MONEY
# A bonus is posted apart from the money, so it needs something to be posted to; a share needs a value to share.
KINDS_WITH: Final = {
    "bonus": frozenset(ResolutionKind) - {ResolutionKind.REFUND_ORIGINAL} - _WITHOUT_MONEY,
    "share_bp": _VALUED,
    "exchange": frozenset({ResolutionKind.EXCHANGE}),
}
CHARGES: Final = ("duties", "tips", "sale_fees", "gift_wrapping")


def eligibility(node: Node, _currency: str | None) -> Eligibility:
    """Read whether lines may come back; each mode has its own fields."""
    fields = node.fields(required=("mode",), optional=_FIELDS_OF_MODE[Mode.WINDOW] + _FIELDS_OF_MODE[Mode.NEVER])
    mode = fields["mode"].choice(Mode)
    if mode is Mode.WINDOW:
        return _window(node)
    fields = node.fields(optional=_FIELDS_OF_MODE[mode])
    if mode is Mode.ALWAYS:
        return Eligibility(mode)
    because = fields["because"].choice(NeverBecause) if "because" in fields else NeverBecause.NEVER_ELIGIBLE
    return Eligibility(mode, because=because, message=_message(fields))


def _window(node: Node) -> Eligibility:
    """Read a window: days counted from a day, or a last day, or both."""
    fields = node.fields(optional=_FIELDS_OF_MODE[Mode.WINDOW])
    if "until" not in fields or "window_days" in fields or "counted_from" in fields:
        node.fields(required=("mode", "window_days", "counted_from"), optional=_FIELDS_OF_MODE[Mode.WINDOW])
    return Eligibility(
        Mode.WINDOW,
        fields["window_days"].whole(least=0, most=MAX_DAYS) if "window_days" in fields else None,
        _starts(fields["counted_from"]) if "counted_from" in fields else (),
        message=_message(fields),
        until=fields["until"].day() if "until" in fields else None,
        days=fields["days"].choice(DayCount) if "days" in fields else DayCount.CALENDAR,
        extend=fields["extend"].flag() if "extend" in fields else False,
    )


def resolutions(node: Node, currency: str | None) -> Resolutions:
    """Read the resolutions offered; the same kind and record twice is refused."""
    offers: list[ResolutionOffer] = []
    for item in node.fields(required=("offered",))["offered"].items(most=MAX_OFFERS):
        offer = _resolution(item, currency)
        if any((known.kind, known.ref) == (offer.kind, offer.ref) for known in offers):
            raise item.refusal("duplicate", "is offered twice")
        offers.append(offer)
    return Resolutions(tuple(offers))


def _resolution(node: Node, currency: str | None) -> ResolutionOffer:
    fields = node.fields(required=("kind",), optional=("ref", "restocking_fee", "bonus", "share_bp", "exchange"))
    kind = fields["kind"].choice(ResolutionKind)
    for name, kinds in KINDS_WITH.items():
        if name in fields and kind not in kinds:
            raise fields[name].refusal("not_allowed", f"{kind} has none")
    return ResolutionOffer(
        kind,
        fields["ref"].text() if "ref" in fields else None,
        fee(fields["restocking_fee"], currency) if "restocking_fee" in fields else None,
        bonus(fields["bonus"], currency) if "bonus" in fields else None,
        fields["share_bp"].whole(least=0, most=MAX_BP) if "share_bp" in fields else MAX_BP,
        exchange(fields["exchange"]) if "exchange" in fields else None,
    )


def methods(node: Node, currency: str | None) -> Methods:
    """Read the return methods offered; the same kind and destination twice is refused."""
    offers: list[MethodOffer] = []
    for item in node.fields(required=("offered",))["offered"].items(most=MAX_OFFERS):
        fields = item.fields(required=("kind",), optional=("destination", "fee"))
        offer = MethodOffer(
            fields["kind"].choice(MethodKind),
            fields["destination"].text() if "destination" in fields else None,
            fee(fields["fee"], currency, of_a_label=True) if "fee" in fields else None,
        )
        if any((known.kind, known.destination) == (offer.kind, offer.destination) for known in offers):
            raise item.refusal("duplicate", "is offered twice")
        offers.append(offer)
    return Methods(tuple(offers))


def decision(node: Node, _currency: str | None) -> Approving:
    """Read who approves; a delay belongs to what is approved without a person."""
    fields = node.fields(required=("approval",), optional=("message", "after_hours"))
    approval = fields["approval"].choice(Approval)
    after = _hours(fields)
    if after and approval is Approval.REVIEW:
        raise fields["after_hours"].refusal("not_allowed", "a person approves when they do")
    return Approving(approval, _message(fields), after)


def settle_on(node: Node, _currency: str | None) -> SettleOn:
    """Read when the money becomes due."""
    fields = node.fields(required=("moment",), optional=("after_hours",))
    return SettleOn(fields["moment"].choice(Moment), _hours(fields))


def refund_terms(node: Node, _currency: str | None) -> RefundTerms:
    """Read how a refund is computed; the tender order names every kind of money once."""
    fields = node.fields(
        required=("shipping",),
        optional=("deduction_bp", "tender_order", *CHARGES, "promotions", "shortfall", "capture_order"),
    )
    deductions = fields["deduction_bp"].fields(optional=GRADES) if "deduction_bp" in fields else {}
    sealed, opened, damaged = (
        deductions[grade].whole(least=0, most=MAX_BP) if grade in deductions else 0 for grade in GRADES
    )
    order = _tender_order(fields["tender_order"]) if "tender_order" in fields else DEFAULT_TENDER_ORDER
    duties, tips, sale_fees, gift_wrapping = (
        fields[name].choice(ChargeMode) if name in fields else ChargeMode.NONE for name in CHARGES
    )
    return RefundTerms(
        shipping=fields["shipping"].choice(ChargeMode),
        sealed_deduction_bp=sealed,
        opened_deduction_bp=opened,
        damaged_deduction_bp=damaged,
        tender_order=order,
        duties=duties,
        tips=tips,
        sale_fees=sale_fees,
        gift_wrapping=gift_wrapping,
        promotions=fields["promotions"].choice(PromotionMode) if "promotions" in fields else PromotionMode.KEEP,
        shortfall=fields["shortfall"].choice(Shortfall) if "shortfall" in fields else Shortfall.FLOOR,
        capture_order=fields["capture_order"].choice(CaptureOrder)
        if "capture_order" in fields
        else CaptureOrder.NEWEST,
    )


def inspection(node: Node, _currency: str | None) -> Inspection:
    """Read what is proposed at inspection for each grade."""
    fields = node.fields(required=GRADES)
    return Inspection(_proposal(fields["sealed"]), _proposal(fields["opened"]), _proposal(fields["damaged"]))


def _proposal(node: Node) -> Proposal:
    fields = node.fields(required=("accepted", "disposition"))
    return Proposal(fields["accepted"].flag(), fields["disposition"].choice(Disposition))


def _tender_order(node: Node) -> tuple[TenderKind, ...]:
    kinds = tuple(item.choice(TenderKind) for item in node.items(most=100))
    if sorted(kinds) != sorted(TenderKind):
        raise node.refusal("incomplete", f"must name each of {', '.join(TenderKind)} once")
    return kinds


def fees(node: Node, currency: str | None) -> Fees:
    """Read the fees of a whole return; what waives none gives no reason for it."""
    fields = node.fields(optional=("return_fee", "cancellation_fee", "waived", "waiver"))
    waived = fields["waived"].flag() if "waived" in fields else False
    if "waiver" in fields and not waived:
        raise fields["waiver"].refusal("not_allowed", "nothing is waived")
    return Fees(
        fee(fields["return_fee"], currency) if "return_fee" in fields else None,
        fee(fields["cancellation_fee"], currency, may_wait=False) if "cancellation_fee" in fields else None,
        waived,
        fields["waiver"].text() if "waiver" in fields else None,
    )


def requirements(node: Node, _currency: str | None) -> Requirements:
    """Read what the shopper must give; a question's id appears once."""
    fields = node.fields(optional=("photos", "note", "questions"))
    questions: list[Question] = []
    for item in fields["questions"].items(most=MAX_QUESTIONS) if "questions" in fields else ():
        question = _question(item)
        if any(known.id == question.id for known in questions):
            raise item.refusal("duplicate", f"{question.id} is already asked")
        questions.append(question)
    return Requirements(
        fields["photos"].whole(least=0, most=MAX_PHOTOS) if "photos" in fields else 0,
        fields["note"].flag() if "note" in fields else False,
        tuple(questions),
    )


def _question(node: Node) -> Question:
    fields = node.fields(required=("id", "text", "answer"), optional=("choices", "required"))
    answer = fields["answer"].choice(AnswerKind)
    if answer is AnswerKind.CHOICE:
        fields = node.fields(required=("id", "text", "answer", "choices"), optional=("required",))
        choices = tuple(item.text() for item in fields["choices"].items(least=2, most=MAX_CHOICES))
        if len({choice.casefold() for choice in choices}) < len(choices):
            raise fields["choices"].refusal("duplicate", "names a choice twice")
    elif "choices" in fields:
        raise fields["choices"].refusal("not_allowed", f"{answer} has no choices")
    else:
        choices = ()
    return Question(
        fields["id"].text(pattern=QUESTION_ID),
        fields["text"].text(longest=MAX_MESSAGE),
        answer,
        choices,
        fields["required"].flag() if "required" in fields else True,
    )


def _starts(node: Node) -> tuple[Start, ...]:
    return tuple(_start(item) for item in node.items(least=1, most=len(Anchor)))


def _start(node: Node) -> Start:
    fields = node.fields(required=("day",), optional=("plus_days",))
    plus = fields["plus_days"].whole(least=0, most=MAX_DAYS) if "plus_days" in fields else 0
    return Start(fields["day"].choice(Anchor), plus)


def _hours(fields: dict[str, Node]) -> int:
    return fields["after_hours"].whole(least=0, most=MAX_HOURS) if "after_hours" in fields else 0


def _message(fields: dict[str, Node]) -> str | None:
    return fields["message"].text(longest=MAX_MESSAGE) if "message" in fields else None
