"""An order as another system tells of it (`retour.order/1`): strict, to the smallest unit, in one currency."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from retour.core.errors import Objection
from retour.core.intake.document import fits, instant, invalid, person, too_fine
from retour.core.intake.schema import ORDER_FORMAT, SCHEMAS
from retour.core.intake.shape import problems
from retour.core.money import NOTHING, Sides, parse_decimal
from retour.core.order import (
    Capture,
    Charge,
    ChargeKind,
    DiscountShare,
    Fetched,
    FulfilledUnits,
    Fulfilment,
    Order,
    OrderLine,
    Product,
    Tax,
    TenderKind,
)

Json = Mapping[str, Any]
TAX = "tax"
DISCOUNT = "discount"


def read_order(plain: object) -> Fetched:
    """Return the order of plain JSON, in the one shape; raise Refused(invalid_document) with every wrong field.

    Its parts add up to its total exactly; one currency is both what the customer saw and what the books say.
    """
    found = [*problems(plain, SCHEMAS[ORDER_FORMAT])]
    if found:
        raise invalid(found)
    assert isinstance(plain, Mapping)
    found = [*_unfit(plain)]
    if not found:
        found = [*_contradictions(plain)]
    if found:
        raise invalid(found)
    return Fetched(_order(plain), person(plain.get("customer", {})), json.dumps(plain, ensure_ascii=False).encode())


def _amounts(plain: Json) -> Iterator[tuple[str, str]]:
    """Yield (path, amount) of every amount there is."""
    yield "total", plain["total"]
    for group in ("lines", "charges", "payments"):
        for n, part in enumerate(plain.get(group, [])):
            for name in ("total", TAX, DISCOUNT, "amount", "refunded"):
                if name in part:
                    yield f"{group}[{n}].{name}", part[name]


def _unfit(plain: Json) -> Iterator[Objection]:
    for path, text in _amounts(plain):
        if not fits(text, plain["currency"]):
            yield too_fine(path)


def _contradictions(plain: Json) -> Iterator[Objection]:
    """Yield what the order says twice and differently."""
    lines: dict[str, Json] = {}
    for n, line in enumerate(plain["lines"]):
        if line["id"] in lines:
            yield Objection("not_one_of", "is the id of another line too", f"lines[{n}].id")
        lines[line["id"]] = line
        if line.get("cancelled", 0) > line["quantity"]:
            yield Objection("out_of_range", "is more than was ordered", f"lines[{n}].cancelled")
    for group in ("lines", "charges"):
        for n, part in enumerate(plain.get(group, [])):
            if _minor(part, TAX, plain) > _minor(part, "total", plain):
                yield Objection("out_of_range", "is more than the total it is in", f"{group}[{n}].tax")
    for group in ("charges", "payments", "shipments"):
        ids = [part["id"] for part in plain.get(group, [])]
        for n, one in enumerate(ids):
            if one in ids[:n]:
                yield Objection("not_one_of", f"is the id of another of the {group} too", f"{group}[{n}].id")
    yield from _shipments(plain, lines)
    parts = [*plain["lines"], *plain.get("charges", [])]
    come_to = sum(_minor(part, "total", plain) for part in parts)
    if come_to != _minor(plain, "total", plain):
        yield Objection("out_of_range", "is not what lines and charges come to", "total")
    for n, payment in enumerate(plain.get("payments", [])):
        if _minor(payment, "refunded", plain) > _minor(payment, "amount", plain):
            yield Objection("out_of_range", "is more than was paid", f"payments[{n}].refunded")


def _shipments(plain: Json, lines: Mapping[str, Json]) -> Iterator[Objection]:
    sent: dict[str, int] = {}
    for n, parcel in enumerate(plain.get("shipments", [])):
        for m, units in enumerate(parcel["units"]):
            ref, at = units["line"], f"shipments[{n}].units[{m}]"
            if ref not in lines:
                yield Objection("not_one_of", "is no line of the order", f"{at}.line")
                continue
            sent[ref] = sent.get(ref, 0) + units["quantity"]
            if sent[ref] > lines[ref]["quantity"] - lines[ref].get("cancelled", 0):
                yield Objection("out_of_range", "is more than can be shipped of the line", f"{at}.quantity")


def _order(plain: Json) -> Order:
    currency = plain["currency"]
    return Order(
        ref=plain["id"],
        name=plain["number"],
        currency=currency,
        shop_currency=currency,
        placed_at=instant(plain["placed_at"]),
        updated_at=instant(plain["updated_at"]),
        total=_sides(plain, "total", plain),
        lines=tuple(_line(line, n, plain) for n, line in enumerate(plain["lines"])),
        charges=tuple(_charge(charge, plain) for charge in plain.get("charges", [])),
        captures=tuple(_capture(payment, plain) for payment in plain.get("payments", [])),
        fulfilments=tuple(_fulfilment(parcel) for parcel in plain.get("shipments", [])),
        taxes_included=plain.get("prices_include_tax", False),
        tags=tuple(plain.get("tags", ())),
        country=plain.get("country"),
        cancelled_at=instant(plain["cancelled_at"]) if "cancelled_at" in plain else None,
    )


def _line(line: Json, position: int, plain: Json) -> OrderLine:
    gross, discount = _sides(line, "total", plain), _sides(line, DISCOUNT, plain)
    return OrderLine(
        ref=line["id"],
        position=position,
        title=line["title"],
        quantity=line["quantity"],
        gross=gross,
        list_value=gross + discount,
        taxes=_taxes(line, plain),
        discounts=(DiscountShare(DISCOUNT, discount),) if discount else (),
        sku=line.get("sku"),
        variant_ref=line.get("variant"),
        inventory_ref=line.get("inventory"),
        image_url=line.get("image_url"),
        cancelled=line.get("cancelled", 0),
        requires_shipping=line.get("requires_shipping", True),
        product=Product(type=line.get("product_type"), vendor=line.get("vendor"), tags=tuple(line.get("tags", ()))),
        weight_g=line.get("weight_g"),
    )


def _charge(charge: Json, plain: Json) -> Charge:
    kind = ChargeKind(charge["kind"])
    return Charge(
        charge["id"], kind, charge.get("title", kind.value), _sides(charge, "total", plain), _taxes(charge, plain)
    )


def _capture(payment: Json, plain: Json) -> Capture:
    return Capture(
        ref=payment["id"],
        kind=TenderKind(payment.get("kind", TenderKind.OTHER)),
        gateway=payment.get("gateway", "outside"),
        captured=_minor(payment, "amount", plain),
        captured_at=instant(payment["paid_at"]),
        refunded=_minor(payment, "refunded", plain),
    )


def _fulfilment(parcel: Json) -> Fulfilment:
    return Fulfilment(
        ref=parcel["id"],
        shipped_at=instant(parcel["shipped_at"]),
        delivered_at=instant(parcel["delivered_at"]) if "delivered_at" in parcel else None,
        location_ref=parcel.get("location"),
        units=tuple(
            FulfilledUnits(f"{parcel['id']}/{n}", units["line"], units["quantity"])
            for n, units in enumerate(parcel["units"])
        ),
    )


def _taxes(part: Json, plain: Json) -> tuple[Tax, ...]:
    amount = _sides(part, TAX, plain)
    return (Tax(TAX, amount),) if amount != NOTHING else ()


def _sides(part: Json, name: str, plain: Json) -> Sides:
    minor = _minor(part, name, plain)
    return Sides(minor, minor)


def _minor(part: Json, name: str, plain: Json) -> int:
    return parse_decimal(part.get(name, "0"), plain["currency"])
