"""The small forms of what a policy decides, one for each group of outcomes; each field is a row of data."""

from collections.abc import Mapping
from typing import Final, cast

from retour.core.policy.outcome import Group
from retour.doors.dashboard.policy.pieces import How, Piece, Reading, read_record
from retour.doors.dashboard.policy.typed import Tree
from retour.doors.dashboard.policy.values import TENDERS


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


GROUPS: Final[Mapping[str, str]] = {
    "eligibility": _("May it come back"),
    "resolutions": _("What the shopper is offered"),
    "methods": _("How it comes back"),
    "decision": _("Who approves"),
    "settle_on": _("When the money is due"),
    "refund_terms": _("How the refund is computed"),
    "fees": _("Fees of the return"),
    "requirements": _("What the shopper must give"),
    "inspection": _("What is proposed at inspection"),
}
MODES: Final = (
    ("window", _("Within a number of days")), ("always", _("At any time")), ("never", _("Never")),
)  # fmt: skip
ANCHORS: Final = (("delivered", _("Delivery")), ("fulfilled", _("Dispatch")), ("ordered", _("Order")))
DAY_COUNTS: Final = (("calendar", _("All days")), ("working", _("Working days only")))
BECAUSE: Final = (("never_eligible", _("It cannot be returned")), ("final_sale", _("Final sale")))
RESOLUTIONS: Final = (
    ("refund_original", _("Refund to what was paid with")),
    ("store_credit", _("Store credit")),
    ("gift_card", _("Gift card")),
    ("exchange", _("Exchange")),
    ("refund_service", _("Refund through a service")),
    ("keep_item", _("Refund, and the item is kept")),
    ("repair", _("Repair")),
    ("replacement", _("Another one of the same article")),
)
METHODS: Final = (
    ("label", _("Prepaid label")),
    ("drop_off", _("Drop-off point")),
    ("in_store", _("Brought to a shop")),
    ("own_carrier", _("Carrier of the shopper’s choice")),
    ("keep_item", _("Nothing is sent back")),
)
APPROVALS: Final = (("auto_approve", _("At once, without a person")), ("review", _("A person decides")))
MOMENTS: Final = (
    ("inspected", _("The goods have been inspected")),
    ("received", _("The goods have been received")),
    ("delivered", _("The carrier has delivered the parcel")),
    ("first_scan", _("The carrier has the parcel")),
    ("approved", _("The request is approved")),
)
PARTS: Final = (
    ("none", _("Not refunded")),
    ("on_full_return", _("Refunded when the whole order comes back")),
    ("proportional", _("Refunded in proportion")),
    ("all", _("Refunded in full")),
)
PROMOTIONS: Final = (
    ("keep", _("The discount stays")),
    ("clawback", _("The discount is taken back when its condition is no longer met")),
)
SHORTFALLS: Final = (
    ("floor", _("Fees end where nothing is left to refund")), ("billed", _("The rest is billed to the shopper")),
)  # fmt: skip
CAPTURES: Final = (
    ("newest", _("The newest payment goes first")), ("oldest", _("The oldest payment goes first")),
)  # fmt: skip
DISPOSITIONS: Final = (
    ("restock", _("Back to stock")),
    ("refurbish", _("To be refurbished")),
    ("dispose", _("Disposed of")),
    ("return_to_customer", _("Back to the shopper")),
)
PER: Final = (
    ("unit", _("each unit")), ("line", _("each item")), ("parcel", _("each parcel")), ("return", _("the return")),
)  # fmt: skip
FEE_TAX: Final = (("reduction", _("As part of the refund")), ("supply", _("A rate of its own")))
FEE_OF: Final = (("paid", _("Price paid")), ("listed", _("Price before discounts")))
ITEMS: Final = (("variant", _("Another variant of the same product")), ("any_product", _("Any product")))
PRICES: Final = (("paid", _("Price paid")), ("listed", _("Price before discounts")))
UP: Final = (
    ("invoice", _("It is paid by an invoice")), ("checkout", _("It is paid at the checkout")), ("waive", _("Nobody pays it")),
)  # fmt: skip
DOWN: Final = (
    ("refund", _("It is refunded")), ("credit", _("It becomes store credit")), ("keep", _("The shop keeps it")),
)  # fmt: skip
ANSWERS: Final = (
    ("text", _("In words")), ("choice", _("One of several answers")), ("number", _("A whole number")),
    ("yes_no", _("Yes or no")),
)  # fmt: skip
HOURS: Final = _("Hours after that")

_FEE_BASE: Final = (
    Piece("bp", _("Share of the value"), How.PERCENT, optional=True, default=0),
    Piece("of", _("Share of which price"), How.CHOICE, FEE_OF),
    Piece("fixed_minor", _("Fixed amount"), How.MONEY, optional=True, default=0),
    Piece("per", _("Fixed amount for"), How.CHOICE, PER),
)
_FEE_REST: Final = (
    Piece("at_most_minor", _("At most"), How.MONEY, optional=True),
    Piece("tax", _("Tax"), How.CHOICE, FEE_TAX),
    Piece("tax_bp", _("Tax rate"), How.PERCENT, when=("tax", ("supply",)), optional=True, default=0),
    Piece("tax_included", _("The amount contains the tax"), How.FLAG, when=("tax", ("supply",)), default=True),
)
FEE: Final = (*_FEE_BASE, *_FEE_REST)
LABEL_FEE: Final = (
    Piece("actual_cost", _("What the carrier charges for the label (nothing until labels are made here)"), How.FLAG),
    *_FEE_BASE,
    *_FEE_REST,
)
BONUS: Final = (
    Piece("bp", _("Share of the value"), How.PERCENT, optional=True, default=0),
    Piece("fixed_minor", _("Fixed amount for the return"), How.MONEY, optional=True, default=0),
    Piece("at_most_minor", _("At most"), How.MONEY, optional=True),
)
INSTANT: Final = (
    Piece("days", _("Days to hand the goods over"), How.NUMBER, default=14, most=60),
    Piece("arrive_days", _("Days more until they have arrived"), How.NUMBER, default=14, most=60),
)
EXCHANGE: Final = (
    Piece("items", _("Exchanged for"), How.CHOICE, ITEMS),
    Piece("price", _("What the returned item counts for"), How.CHOICE, PRICES),
    Piece("free_from_bp", _("Even from this share of the price"), How.PERCENT, default=10_000, most=10_000),
    Piece("free_to_bp", _("Even up to this share of the price"), How.PERCENT, default=10_000, most=100_000),
    Piece("up", _("When the new item costs more"), How.CHOICE, UP),
    Piece("down", _("When the new item costs less"), How.CHOICE, DOWN),
    Piece("out_of_stock", _("Also what is out of stock"), How.FLAG),
    Piece("instant", _("The new item at once, against a card that is held"), How.RECORD, optional=True, parts=INSTANT),
)
_VALUED: Final = ("refund_original", "refund_service", "gift_card", "store_credit", "keep_item")
_WITH_BONUS: Final = ("refund_service", "gift_card", "store_credit", "exchange", "keep_item")
OFFER: Final = (
    Piece("kind", _("Resolution"), How.CHOICE, RESOLUTIONS),
    Piece("ref", _("Record"), How.CHOICE, optional=True, source="resolutions"),
    Piece("share_bp", _("Share of the value that is given"), How.PERCENT, default=10_000, when=("kind", _VALUED)),
    Piece("bonus", _("A bonus on top"), How.RECORD, optional=True, parts=BONUS, when=("kind", _WITH_BONUS)),
    Piece("restocking_fee", _("A restocking fee is kept"), How.RECORD, optional=True, parts=FEE),
    Piece("exchange", _("Terms of the exchange"), How.RECORD, optional=True, parts=EXCHANGE, when=("kind", ("exchange",))),
)  # fmt: skip
METHOD: Final = (
    Piece("kind", _("Way"), How.CHOICE, METHODS),
    Piece(
        "destination",
        _("Sent to"),
        How.TEXT,
        optional=True,
        hint=_("A location of the shop. Left empty, it is the usual one."),
    ),
    Piece("fee", _("A fee for the label"), How.RECORD, optional=True, parts=LABEL_FEE),
)
QUESTION: Final = (
    Piece("id", "", How.HIDDEN, optional=True),
    Piece("text", _("Question"), How.TEXT, most=200),
    Piece("answer", _("Answer"), How.CHOICE, ANSWERS),
    Piece("choices", _("Answers to choose from"), How.LIST, when=("answer", ("choice",)), hint=_("With commas between them.")),
    Piece("required", _("It must be answered"), How.FLAG, default=True),
)  # fmt: skip
_WINDOW: Final = ("mode", ("window",))


def _proposal(name: str, label: str) -> Piece:
    parts = (
        Piece("accepted", _("Accepted"), How.FLAG, default=True),
        Piece("disposition", _("Then"), How.CHOICE, DISPOSITIONS),
    )
    return Piece(name, label, How.RECORD, parts=parts)


FORMS: Final[Mapping[str, tuple[Piece, ...]]] = {
    "eligibility": (
        Piece("mode", _("It can come back"), How.CHOICE, MODES),
        Piece("window_days", _("Days"), How.NUMBER, optional=True, most=3650, when=_WINDOW),
        Piece(
            "counted_from", _("Counted from"), How.ROWS, when=_WINDOW, add=_("Add a day to count from"), row=_("Day"),
            hint=_("The first day that is known counts."),
            parts=(
                Piece("day", _("Day of"), How.CHOICE, ANCHORS),
                Piece("plus_days", _("Days added"), How.NUMBER, most=3650, optional=True, default=0),
            ),
        ),
        Piece("days", _("Which days count"), How.CHOICE, DAY_COUNTS, when=_WINDOW),
        Piece("extend", _("A window that would end on a day off ends on the next working day"), How.FLAG, when=_WINDOW),
        Piece("until", _("Not after this day"), How.DAY, optional=True, when=_WINDOW),
        Piece("because", _("Because"), How.CHOICE, BECAUSE, when=("mode", ("never",))),
        Piece(
            "message", _("What shoppers read when the answer is no"), How.LONG, optional=True, most=500,
            when=("mode", ("never", "window")),
        ),
    ),
    "resolutions": (
        Piece(
            "offered", _("Offers, in the order shoppers see them"), How.ROWS, parts=OFFER, add=_("Add an offer"),
            row=_("Offer"),
        ),
    ),
    "methods": (
        Piece(
            "offered", _("Ways back, in the order shoppers see them"), How.ROWS, parts=METHOD, add=_("Add a way back"),
            row=_("Way back"),
        ),
    ),
    "decision": (
        Piece("approval", _("Requests that fit are approved"), How.CHOICE, APPROVALS),
        Piece("after_hours", HOURS, How.NUMBER, optional=True, default=0, most=24 * 365, when=("approval", ("auto_approve",))),
        Piece(
            "message", _("Why a person looks at it, for staff"), How.LONG, optional=True, most=500,
            when=("approval", ("review",)),
        ),
    ),
    "settle_on": (
        Piece("moment", _("The money is due when"), How.CHOICE, MOMENTS),
        Piece("after_hours", HOURS, How.NUMBER, optional=True, default=0, most=24 * 365),
    ),
    "refund_terms": (
        Piece("shipping", _("Shipping the shopper paid"), How.CHOICE, PARTS),
        Piece("deduction_bp__sealed", _("Deducted from a sealed item"), How.PERCENT, optional=True, default=0),
        Piece("deduction_bp__opened", _("Deducted from an opened item"), How.PERCENT, optional=True, default=0),
        Piece("deduction_bp__damaged", _("Deducted from a damaged item"), How.PERCENT, optional=True, default=0),
        Piece("duties", _("Duties"), How.CHOICE, PARTS),
        Piece("tips", _("Tips"), How.CHOICE, PARTS),
        Piece("sale_fees", _("Fees charged at the sale"), How.CHOICE, PARTS),
        Piece("gift_wrapping", _("Gift wrapping"), How.CHOICE, PARTS),
        Piece("promotions", _("Discounts with a condition"), How.CHOICE, PROMOTIONS),
        Piece("shortfall", _("Fees above the value"), How.CHOICE, SHORTFALLS),
        Piece("tender_order", _("What is paid back first"), How.ORDER, tuple((k.value, w) for k, w in TENDERS.items())),
        Piece("capture_order", _("Of several payments of one kind"), How.CHOICE, CAPTURES),
    ),
    "fees": (
        Piece("return_fee", _("A fee for the return"), How.RECORD, optional=True, parts=FEE),
        Piece("cancellation_fee", _("A fee for cancelling"), How.RECORD, optional=True, parts=FEE),
        Piece("waived", _("All fees are waived, also of offers and labels"), How.FLAG),
        Piece("waiver", _("Why they are waived"), How.TEXT, optional=True, most=200, when=("waived", ("1",))),
    ),
    "requirements": (
        Piece("photos", _("Photos, at least"), How.NUMBER, optional=True, default=0, most=10),
        Piece("note", _("A note in their own words"), How.FLAG),
        Piece("questions", _("Questions"), How.ROWS, parts=QUESTION, add=_("Add a question"), row=_("Question")),
    ),
    "inspection": (
        _proposal("sealed", _("Sealed items")),
        _proposal("opened", _("Opened items")),
        _proposal("damaged", _("Damaged items")),
    ),
}  # fmt: skip
IN_ORDER: Final = tuple(name for name in GROUPS if name in {group.value for group in Group})
# What a group begins with when it is added to a rule; the other fields begin with their first answer.
NEW: Final[Mapping[str, Mapping[str, object]]] = {
    "eligibility": {
        "mode": "window", "window_days": 30,
        "counted_from": [{"day": "delivered"}, {"day": "fulfilled", "plus_days": 5}, {"day": "ordered"}],
    },
    "resolutions": {"offered": [{"kind": "refund_original"}]},
    "methods": {"offered": [{"kind": "label"}]},
    "decision": {"approval": "review"},
    "inspection": {
        "sealed": {"accepted": True, "disposition": "restock"}, "opened": {"accepted": True, "disposition": "restock"},
        "damaged": {"accepted": True, "disposition": "dispose"},
    },
}  # fmt: skip
WEEKDAYS: Final = (
    ("1", _("Monday")), ("2", _("Tuesday")), ("3", _("Wednesday")), ("4", _("Thursday")), ("5", _("Friday")),
    ("6", _("Saturday")), ("7", _("Sunday")),
)  # fmt: skip
SEVERAL: Final = (
    ("review", _("A person looks at the request")), ("split", _("The request becomes several parcels")),
)  # fmt: skip
CALENDAR: Final = (
    Piece("name", _("Name of the policy"), How.TEXT, most=200),
    Piece("several", _("When items of one request go different ways"), How.CHOICE, SEVERAL),
    Piece(
        "zones", _("Zones"), How.ROWS, add=_("Add a zone"), row=_("Zone"),
        hint=_("Countries under one name, for conditions. A country belongs to one zone."),
        parts=(
            Piece("name", _("Name"), How.TEXT, most=60),
            Piece("countries", _("Countries"), How.COUNTRIES, hint=_("Names or two letters, with commas between them.")),
        ),
    ),
    Piece("calendar__weekend", _("Days of the week that are off"), How.SOME, WEEKDAYS, default=(6, 7)),
    Piece(
        "calendar__holidays", _("Holidays"), How.DAYS, optional=True, default=(),
        hint=_("Days such as 2026-12-25, with commas between them."),
    ),
    Piece(
        "promotions", _("Discounts with a condition"), How.ROWS, add=_("Add a discount"), row=_("Discount"),
        hint=_("What a basket must hold for a discount. A policy can take the discount back when it no longer does."),
        parts=(
            Piece("code", _("Code or name"), How.TEXT, most=200),
            Piece("minimum_minor", _("From this value"), How.MONEY, optional=True),
            Piece("minimum_units", _("From this many units"), How.NUMBER, optional=True, least=1, most=100_000),
        ),
    ),
)  # fmt: skip


def read_group(name: str, tree: Tree, path: str, by: Reading) -> dict[str, object]:
    """Return the outcome of one group as plain JSON; what is wrong is added to the errors."""
    said = read_record(FORMS[name], tree, path, by)
    if name == "eligibility" and said.get("mode") == "window":
        _check_window(said, path, by)
    if name == "requirements":
        _name_questions(cast("list[dict[str, object]]", said.get("questions", [])))
    return said


def read_calendar(tree: Tree, by: Reading) -> dict[str, object]:
    """Return what a document declares beside its rules as plain JSON."""
    said = read_record(CALENDAR, tree, "whole", by)
    for n, promotion in enumerate(cast("list[dict[str, object]]", said.get("promotions", []))):
        if len(promotion) == 1 and not by.errors.of(f"whole.promotions.{n}.minimum_minor"):
            by.errors.add(
                f"whole.promotions.{n}.minimum_minor", by.reader.say("Say from which value or how many units")
            )
    return said


def _check_window(said: dict[str, object], path: str, by: Reading) -> None:
    """Refuse a window without an end; one with a last day alone counts no days."""
    if by.errors.of(f"{path}.window_days"):
        return
    if "window_days" not in said:
        if "until" not in said:
            by.errors.add(f"{path}.window_days", by.reader.say("Say how many days, or until which day"))
        said.pop("counted_from", None)
    elif not said.get("counted_from"):
        by.errors.add(f"{path}.counted_from", by.reader.say("Add a day to count from"))


def _name_questions(questions: list[dict[str, object]]) -> None:
    """Give each question that has none an id of its own; an id stays with its question for good."""
    taken = {question.get("id") for question in questions}
    for question in questions:
        if "id" not in question:
            free = next(f"q{n}" for n in range(1, 1000) if f"q{n}" not in taken)
            taken.add(free)
            question["id"] = free
