"""A return as another system tells of it (`retour.return/1`), read strictly."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from retour.core.errors import Objection, Refused
from retour.core.intake.association import NOBODY, Clues
from retour.core.intake.schema import RETURN_FORMAT, SCHEMAS
from retour.core.intake.shape import problems
from retour.core.money import exponent, parse_decimal
from retour.core.order import Person

Json = Mapping[str, Any]
OTHER: Final = "other"
AHEAD_MOST: Final = timedelta(days=1)  # a clock of another system may be wrong by hours


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one article as the sender names it: by its order line, its SKU or its title."""

    quantity: int
    line: str | None = None
    sku: str | None = None
    title: str | None = None
    reason: str = OTHER
    comment: str | None = None
    resolution: str | None = None
    grade: str | None = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Refunded:
    """What was refunded elsewhere, in minor units of its currency."""

    amount_minor: int
    currency: str
    method: str | None = None
    reference: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tracking:
    """How the goods come back, as far as it is known; times are aware UTC."""

    method: str | None = None
    carrier: str | None = None
    number: str | None = None
    status: str | None = None
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None
    received_at: datetime | None = None
    location: str | None = None


NO_TRACKING: Final = Tracking()


@dataclass(frozen=True, slots=True)
class ReturnDocument:
    """A return of another system; `order_id` is the order's id here or on its platform, `order_number` its name."""

    id: str
    status: str
    created_at: datetime
    updated_at: datetime
    items: tuple[Item, ...]
    kind: str = "return"
    channel: str | None = None
    order_id: str | None = None
    order_number: str | None = None
    placed_on: date | None = None
    total_minor: int | None = None
    currency: str | None = None
    customer: Person = NOBODY
    refund: Refunded | None = None
    shipping: Tracking = NO_TRACKING
    notes: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def clues(self) -> Clues:
        """Return what points to the order it belongs to."""
        return Clues(
            order_id=self.order_id,
            number=self.order_number,
            customer=self.customer,
            skus=tuple((item.sku, item.quantity) for item in self.items if item.sku),
            lines=tuple(item.line for item in self.items if item.line),
            placed_on=self.placed_on,
            total_minor=self.total_minor,
            currency=self.currency,
        )


def read_return(plain: object) -> ReturnDocument:
    """Return the document of plain JSON; raise Refused(invalid_document) with every field that is wrong."""
    found = [*problems(plain, SCHEMAS[RETURN_FORMAT])]
    if not found:
        assert isinstance(plain, Mapping)
        found += _beyond_the_schema(plain)
    if found:
        raise invalid(found)
    assert isinstance(plain, Mapping)
    order, refund = plain.get("order", {}), plain.get("refund")
    currency, total = order.get("currency"), order.get("total")
    return ReturnDocument(
        id=plain["id"],
        status=plain["status"],
        created_at=instant(plain["created_at"]),
        updated_at=instant(plain["updated_at"]),
        items=tuple(_item(item) for item in plain["items"]),
        kind=plain.get("kind", "return"),
        channel=plain.get("channel"),
        order_id=order.get("id"),
        order_number=order.get("number"),
        placed_on=date.fromisoformat(order["placed_on"]) if "placed_on" in order else None,
        total_minor=None if total is None else parse_decimal(total, currency),
        currency=currency,
        customer=person(plain.get("customer", {})),
        refund=None if refund is None else _refunded(refund),
        shipping=_tracking(plain.get("shipping", {})),
        notes=plain.get("notes"),
        metadata=dict(plain.get("metadata", {})),
    )


def invalid(found: list[Objection]) -> Refused:
    """Return the refusal of a document with all that is wrong; its message names the first field."""
    first = found[0]
    where = f"{first.field} " if first.field else "the document "
    return Refused("invalid_document", where + first.message, field=first.field, objections=found)


def ahead_of_time(updated_at: datetime, now: datetime) -> Refused | None:
    """Return what is wrong with a change of more than a day from now: all that is true later would seem older."""
    if updated_at - now <= AHEAD_MOST:
        return None
    return invalid([Objection("out_of_range", "lies in the future", "updated_at")])


def instant(text: str) -> datetime:
    """Return a checked time as aware UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def person(plain: Json) -> Person:
    """Return the customer of a document."""
    return Person(
        ref=plain.get("id"), name=plain.get("name"), email=plain.get("email"), phone=plain.get("phone"),
        postcode=plain.get("postcode"), home_country=plain.get("country"),
    )  # fmt: skip


def fits(text: str, currency: str) -> bool:
    """Return whether an amount is whole in the smallest unit of its currency."""
    return len(text.partition(".")[2]) <= exponent(currency)


def too_fine(at: str) -> Objection:
    """Return the objection to an amount that no coin can pay."""
    return Objection("malformed_text", "is finer than the currency's smallest unit", at)


def _beyond_the_schema(plain: Json) -> list[Objection]:
    found = [
        Objection("missing_field", "needs a line, a sku or a title", f"items[{n}]")
        for n, item in enumerate(plain["items"])
        if not {"line", "sku", "title"} & item.keys()
    ]
    order, refund = plain.get("order", {}), plain.get("refund")
    if "total" in order and "currency" not in order:
        found.append(Objection("missing_field", "is missing", "order.currency"))
    elif "total" in order and not fits(order["total"], order["currency"]):
        found.append(too_fine("order.total"))
    if refund is not None and not fits(refund["amount"], refund["currency"]):
        found.append(too_fine("refund.amount"))
    if "status" in plain.get("shipping", {}) and "tracking_number" not in plain["shipping"]:
        found.append(Objection("missing_field", "is missing", "shipping.tracking_number"))
    return found


def _item(plain: Json) -> Item:
    reason, condition = plain.get("reason", {}), plain.get("condition", {})
    return Item(
        quantity=plain["quantity"], line=plain.get("line"), sku=plain.get("sku"), title=plain.get("title"),
        reason=reason.get("code", OTHER), comment=reason.get("comment"), resolution=plain.get("resolution"),
        grade=condition.get("grade"), condition=condition.get("notes"),
    )  # fmt: skip


def _refunded(plain: Json) -> Refunded:
    currency = plain["currency"]
    return Refunded(
        parse_decimal(plain["amount"], currency), currency, plain.get("method"), plain.get("reference"),
        _maybe(plain, "refunded_at"),
    )  # fmt: skip


def _tracking(plain: Json) -> Tracking:
    return Tracking(
        method=plain.get("method"), carrier=plain.get("carrier"), number=plain.get("tracking_number"),
        status=plain.get("status"), shipped_at=_maybe(plain, "shipped_at"), delivered_at=_maybe(plain, "delivered_at"),
        received_at=_maybe(plain, "received_at"), location=plain.get("location"),
    )  # fmt: skip


def _maybe(plain: Json, name: str) -> datetime | None:
    return instant(plain[name]) if name in plain else None
