"""The published schemas of what others send us, by their names (JSON Schema, draft 2020-12)."""

from typing import Any, Final

from retour.core.channel import Channel
from retour.core.order import ChargeKind, TenderKind
from retour.core.policy.outcome import ResolutionKind

Json = dict[str, Any]
RETURN_FORMAT: Final = "retour.return/1"
ORDER_FORMAT: Final = "retour.order/1"
MESSAGE_FORMAT: Final = "retour.message/1"
KINDS: Final = ("return", "claim", "withdrawal", "cancellation")
# Where the return stands in the system it comes from.
STATUSES: Final = (
    "requested", "approved", "rejected", "cancelled", "in_transit", "delivered", "received", "inspected", "refunded",
    "closed",
)  # fmt: skip
PARCEL_STATUSES: Final = (
    "label_created", "in_transit", "out_for_delivery", "delivered", "exception", "returned_to_sender", "lost",
)  # fmt: skip
_NO_NUL: Final = r"^[^\u0000]*$"


def _text(most: int = 200, *, least: int = 1, about: str = "") -> Json:
    told = {"description": about} if about else {}
    return {"type": "string", "minLength": least, "maxLength": most, "pattern": _NO_NUL, **told}


def _object(properties: Json, *, required: tuple[str, ...] = (), about: str = "") -> Json:
    told = {"description": about} if about else {}
    return {
        "type": "object", "properties": properties, "required": list(required), "additionalProperties": False, **told,
    }  # fmt: skip


def _list(items: Json, *, least: int = 0, most: int = 200) -> Json:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _one_of(*values: str, about: str = "") -> Json:
    told = {"description": about} if about else {}
    return {"type": "string", "enum": list(values), **told}


def _units(least: int = 1) -> Json:
    return {"type": "integer", "minimum": least, "maximum": 100_000}


AMOUNT: Final[Json] = {
    "type": "string", "pattern": r"^[0-9]{1,12}(\.[0-9]{1,3})?$",
    "description": "A decimal amount as text, such as 89.98; never a number with a point.",
}  # fmt: skip
CURRENCY: Final[Json] = {
    "type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217, such as EUR.",
}  # fmt: skip
COUNTRY: Final[Json] = {
    "type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166, such as DE.",
}  # fmt: skip
INSTANT: Final[Json] = {
    "type": "string", "format": "date-time",
    "pattern": r"^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    "description": "RFC 3339 with its zone, such as 2026-11-20T10:00:00Z.",
}  # fmt: skip
DAY: Final[Json] = {
    "type": "string", "format": "date",
    "pattern": "^(19|20|21)[0-9]{2}-[0-9]{2}-[0-9]{2}$", "description": "A day, such as 2026-11-20.",
}  # fmt: skip
METADATA: Final[Json] = {
    "type": "object", "additionalProperties": _text(500, least=0), "maxProperties": 50,
    "description": "Texts of your own under names of your own; kept and shown, never interpreted.",
}  # fmt: skip
_CUSTOMER: Final[Json] = _object(
    {"id": _text(), "name": _text(), "email": _text(254), "phone": _text(50), "postcode": _text(20), "country": COUNTRY}
)


def _return_item() -> Json:
    return _object(
        {
            "line": _text(about="The id of the order line."),
            "sku": _text(),
            "title": _text(500),
            "quantity": _units(),
            "reason": _object({"code": _text(100), "comment": _text(5_000)}),
            "resolution": _one_of(*(kind.value for kind in ResolutionKind)),
            "condition": _object({"grade": _one_of("sealed", "opened", "damaged"), "notes": _text(2_000)}),
        },
        required=("quantity",),
        about="Units of one article; name it by its line, its SKU or its title.",
    )


def _return_schema() -> Json:
    return _object(
        {
            "schema": {"type": "string", "const": RETURN_FORMAT},
            "id": _text(about="Your id of the return; the same id is the same return for ever."),
            "status": _one_of(*STATUSES),
            "created_at": INSTANT,
            "updated_at": INSTANT | {"description": "Rises with every change; what is older is kept and changes nothing."},
            "kind": _one_of(*KINDS),
            "channel": _one_of(*(channel.value for channel in Channel)),
            "order": _object(
                {
                    "id": _text(about="The order's id here or on the platform it was placed on."),
                    "number": _text(about="What the customer calls it, such as #1001."),
                    "placed_on": DAY,
                    "total": AMOUNT,
                    "currency": CURRENCY,
                }
            ),
            "customer": _CUSTOMER,
            "items": _list(_return_item(), least=1),
            "refund": _object(
                {
                    "amount": AMOUNT, "currency": CURRENCY, "method": _text(100), "reference": _text(),
                    "refunded_at": INSTANT,
                },
                required=("amount", "currency"),
                about="What was refunded elsewhere; it is shown and compared, and moves no money here.",
            ),
            "shipping": _object(
                {
                    "method": _text(100), "carrier": _text(100), "tracking_number": _text(100),
                    "status": _one_of(*PARCEL_STATUSES), "shipped_at": INSTANT, "delivered_at": INSTANT,
                    "received_at": INSTANT, "location": _text(),
                }
            ),
            "notes": _text(5_000),
            "metadata": METADATA,
        },
        required=("schema", "id", "status", "created_at", "updated_at", "items"),
    )  # fmt: skip


def _order_schema() -> Json:
    units = _object({"line": _text(), "quantity": _units()}, required=("line", "quantity"))
    line = _object(
        {
            "id": _text(), "sku": _text(), "title": _text(500), "quantity": _units(), "cancelled": _units(0),
            "total": AMOUNT | {"description": "What was paid for all units, with tax and after discounts."},
            "tax": AMOUNT | {"description": "The tax inside the total."},
            "discount": AMOUNT | {"description": "What discounts took off, already out of the total."},
            "variant": _text(), "inventory": _text(), "product_type": _text(), "vendor": _text(),
            "tags": _list(_text(), most=100), "weight_g": {"type": "integer", "minimum": 0, "maximum": 10_000_000},
            "requires_shipping": {"type": "boolean"}, "image_url": _text(2_000),
        },
        required=("id", "title", "quantity", "total"),
    )  # fmt: skip
    return _object(
        {
            "schema": {"type": "string", "const": ORDER_FORMAT},
            "id": _text(), "number": _text(), "placed_at": INSTANT, "updated_at": INSTANT, "currency": CURRENCY,
            "total": AMOUNT | {"description": "What lines and charges come to, to the smallest unit."},
            "prices_include_tax": {"type": "boolean"}, "customer": _CUSTOMER, "country": COUNTRY,
            "tags": _list(_text(), most=100), "cancelled_at": INSTANT,
            "lines": _list(line, least=1, most=500),
            "charges": _list(
                _object(
                    {"id": _text(), "kind": _one_of(*(kind.value for kind in ChargeKind)), "title": _text(500),
                     "total": AMOUNT, "tax": AMOUNT},
                    required=("id", "kind", "total"),
                ),
                most=50,
            ),
            "payments": _list(
                _object(
                    {"id": _text(), "kind": _one_of(*(kind.value for kind in TenderKind)), "gateway": _text(),
                     "amount": AMOUNT, "refunded": AMOUNT, "paid_at": INSTANT},
                    required=("id", "amount", "paid_at"),
                ),
                most=50,
            ),
            "shipments": _list(
                _object(
                    {"id": _text(), "shipped_at": INSTANT, "delivered_at": INSTANT, "location": _text(),
                     "units": _list(units, least=1, most=500)},
                    required=("id", "shipped_at", "units"),
                ),
            ),
            "metadata": METADATA,
        },
        required=("schema", "id", "number", "placed_at", "updated_at", "currency", "total", "lines"),
    )  # fmt: skip


def _message_schema() -> Json:
    return _object(
        {
            "schema": {"type": "string", "const": MESSAGE_FORMAT},
            "id": _text(about="Your id of the conversation; the same id is the same draft."),
            "sent_at": INSTANT,
            "from": _text(254, about="The address it came from."),
            "subject": _text(500),
            "text": _text(50_000),
            "channel": _one_of("mail", "desk", "marketplace"),
        },
        required=("schema", "id", "sent_at", "text"),
    )


def _published(schema: Json, name: str, title: str) -> Json:
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('/', ':').replace('.', ':')}",
    }
    return {**head, "title": title, **schema}


SCHEMAS: Final[dict[str, Json]] = {
    RETURN_FORMAT: _published(_return_schema(), RETURN_FORMAT, "A return, as another system tells of it"),
    ORDER_FORMAT: _published(_order_schema(), ORDER_FORMAT, "An order of a shop without a connected platform"),
    MESSAGE_FORMAT: _published(_message_schema(), MESSAGE_FORMAT, "What somebody wrote, to become a draft for people"),
}
