"""The JSON Schema of what a policy may say in each group of outcomes, and the shapes it is made of."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from retour.core.order import TenderKind
from retour.core.policy.charge import DownCharge, ExchangeItems, ExchangePrice, UpCharge
from retour.core.policy.charge_decoding import MAX_BP, MAX_FREE_BP, MAX_INSTANT_DAYS, MAX_MINOR
from retour.core.policy.document import MAX_TEXT
from retour.core.policy.outcome import (
    Anchor,
    AnswerKind,
    Approval,
    CaptureOrder,
    ChargeMode,
    DayCount,
    Group,
    MethodKind,
    Mode,
    Moment,
    NeverBecause,
    PromotionMode,
    ResolutionKind,
    Shortfall,
)
from retour.core.policy.outcome_decoding import (
    CHARGES,
    GRADES,
    KINDS_WITH,
    MAX_CHOICES,
    MAX_DAYS,
    MAX_HOURS,
    MAX_MESSAGE,
    MAX_OFFERS,
    MAX_PHOTOS,
    MAX_QUESTIONS,
    QUESTION_ID,
)
from retour.core.refund.terms import FeeOf, FeePer, FeeTax
from retour.core.rma.state import Disposition

Json = dict[str, object]


def closed(fields: Mapping[str, object], *, required: Iterable[str] = ()) -> Json:
    """Return the schema of an object with these fields and no other."""
    shape: Json = {"type": "object", "properties": dict(fields), "additionalProperties": False}
    return shape | ({"required": list(required)} if required else {})


def array(items: Json, *, least: int = 0, most: int, unique: bool = False) -> Json:
    """Return the schema of a list."""
    shape: Json = {"type": "array", "items": items, "maxItems": most}
    return shape | ({"minItems": least} if least else {}) | ({"uniqueItems": True} if unique else {})


def text(longest: int) -> Json:
    """Return the schema of a text of one line."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": "^[^\\u0000-\\u001f\\u007f]+$"}


def whole(least: int, most: int) -> Json:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most}


def one_of(words: Iterable[StrEnum]) -> Json:
    """Return the schema of one of these words."""
    return {"enum": [word.value for word in words]}


FLAG: Final[Json] = {"type": "boolean"}
DAY: Final[Json] = {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$", "description": "a day as YYYY-MM-DD"}
AMOUNT: Final[Json] = whole(0, MAX_MINOR) | {"description": "minor units of the document's currency"}
_SHARE: Final[Json] = whole(0, MAX_BP) | {"description": "basis points: 10000 is the whole"}
_MESSAGE: Final = text(MAX_MESSAGE)
_HOURS: Final = whole(0, MAX_HOURS)
FEE: Final[Json] = closed(
    {
        "bp": _SHARE,
        "fixed_minor": AMOUNT,
        "per": one_of(FeePer),
        "tax": one_of(FeeTax),
        "tax_bp": _SHARE,
        "of": one_of(FeeOf),
        "actual_cost": FLAG | {"description": "adds what the carrier charged; of a label alone"},
        "tax_included": FLAG,
        "at_most_minor": AMOUNT,
    }
)
_FEE: Final[Json] = {"$ref": "#/$defs/fee"}
_ALWAYS: Final = closed({"mode": {"const": Mode.ALWAYS.value}}, required=("mode",))
_NEVER: Final = closed(
    {"mode": {"const": Mode.NEVER.value}, "because": one_of(NeverBecause), "message": _MESSAGE}, required=("mode",)
)
_START: Final = closed({"day": one_of(Anchor), "plus_days": whole(0, MAX_DAYS)}, required=("day",))
_WINDOW: Final[Json] = closed(
    {
        "mode": {"const": Mode.WINDOW.value},
        "window_days": whole(0, MAX_DAYS),
        "counted_from": array(_START, least=1, most=len(Anchor)),
        "message": _MESSAGE,
        "until": DAY,
        "days": one_of(DayCount),
        "extend": FLAG,
    },
    required=("mode",),
) | {
    "anyOf": [{"required": ["window_days"]}, {"required": ["until"]}],
    "dependentRequired": {"window_days": ["counted_from"], "counted_from": ["window_days"]},
}
_BONUS: Final = closed({"bp": _SHARE, "fixed_minor": AMOUNT, "at_most_minor": AMOUNT})
_EXCHANGE: Final = closed(
    {
        "items": one_of(ExchangeItems),
        "price": one_of(ExchangePrice),
        "free_from_bp": whole(0, MAX_BP),
        "free_to_bp": whole(MAX_BP, MAX_FREE_BP),
        "up": one_of(UpCharge),
        "down": one_of(DownCharge),
        "out_of_stock": FLAG,
        "instant": closed({"days": whole(1, MAX_INSTANT_DAYS), "arrive_days": whole(0, MAX_INSTANT_DAYS)}),
    }
)


def _resolution(kind: ResolutionKind) -> Json:
    own = {"bonus": _BONUS, "share_bp": _SHARE, "exchange": _EXCHANGE}
    fields: Json = {"kind": {"const": kind.value}, "ref": text(MAX_TEXT), "restocking_fee": _FEE}
    return closed(fields | {name: shape for name, shape in own.items() if kind in KINDS_WITH[name]}, required=("kind",))


def _question(answer: AnswerKind) -> Json:
    choices = array(text(MAX_TEXT), least=2, most=MAX_CHOICES, unique=True)
    fields: Json = {
        "id": {"type": "string", "pattern": f"^(?:{QUESTION_ID.pattern})$"},
        "text": _MESSAGE,
        "answer": {"const": answer.value},
        "required": FLAG,
    }
    if answer is not AnswerKind.CHOICE:
        return closed(fields, required=("id", "text", "answer"))
    return closed(fields | {"choices": choices}, required=("id", "text", "answer", "choices"))


_METHOD: Final = closed({"kind": one_of(MethodKind), "destination": text(MAX_TEXT), "fee": _FEE}, required=("kind",))
_TENDERS: Final = array(one_of(TenderKind), least=len(TenderKind), most=len(TenderKind), unique=True)
_PROPOSAL: Final = closed({"accepted": FLAG, "disposition": one_of(Disposition)}, required=("accepted", "disposition"))
_TERMS: Final = closed(
    {
        "shipping": one_of(ChargeMode),
        "deduction_bp": closed(dict.fromkeys(GRADES, _SHARE)),
        "tender_order": _TENDERS,
        **dict.fromkeys(CHARGES, one_of(ChargeMode)),
        "promotions": one_of(PromotionMode),
        "shortfall": one_of(Shortfall),
        "capture_order": one_of(CaptureOrder) | {"description": "of several payments of one kind, which goes first"},
    },
    required=("shipping",),
)
_FEES: Final = closed({"return_fee": _FEE, "cancellation_fee": _FEE, "waived": FLAG, "waiver": text(MAX_TEXT)})
_QUESTIONS: Final = array({"anyOf": [_question(answer) for answer in AnswerKind]}, most=MAX_QUESTIONS)
_OFFERED: Final[Json] = {"anyOf": [_resolution(kind) for kind in ResolutionKind]}

# What may be said in each group, by its name.
GROUPS: Final[Mapping[str, Json]] = {
    Group.ELIGIBILITY.value: {"anyOf": [_ALWAYS, _NEVER, _WINDOW]},
    Group.RESOLUTIONS.value: closed({"offered": array(_OFFERED, most=MAX_OFFERS)}, required=("offered",)),
    Group.METHODS.value: closed({"offered": array(_METHOD, most=MAX_OFFERS)}, required=("offered",)),
    Group.DECISION.value: closed(
        {"approval": one_of(Approval), "message": _MESSAGE, "after_hours": _HOURS}, required=("approval",)
    ),
    Group.SETTLE_ON.value: closed({"moment": one_of(Moment), "after_hours": _HOURS}, required=("moment",)),
    Group.REFUND_TERMS.value: _TERMS,
    Group.INSPECTION.value: closed(dict.fromkeys(GRADES, _PROPOSAL), required=GRADES),
    Group.FEES.value: _FEES | {"dependentRequired": {"waiver": ["waived"]}},
    Group.REQUIREMENTS.value: closed({"photos": whole(0, MAX_PHOTOS), "note": FLAG, "questions": _QUESTIONS}),
}
