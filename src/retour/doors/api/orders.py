"""Orders over the API: looked up in the mirror, with what can still come back of each line."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.order import Charge, OrderLine, Person
from retour.core.platforms import SPEAKING
from retour.core.ports import ContactProof
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Short, Told
from retour.flows import webhook as webhooks
from retour.store import connection as connections
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store.order import OrderRecord
from retour.store.refund import Counter, Position

_MISSING: Final = "order_not_found"
_NOTHING: Final = Counter("", 0, 0, 0, 0, 0)


class OrderQuery(Asked):
    """The order's number, and what the shopper knows beside it: whatever is given must match."""

    number: Annotated[
        str, Meta(min_length=1, max_length=100, pattern=NO_NUL, description="As the shopper reads it, such as #1001.")
    ]
    email: Short | None = None
    phone: Short | None = None
    postcode: Short | None = None


class OrderLineOut(Told):
    """One line with its units: `returnable` can come into a return now, before the policy is asked."""

    line_ref: str
    title: str
    sku: str | None
    image_url: str | None
    ordered: int
    fulfilled: int
    cancelled: int
    in_return: int
    refunded_without_return: int
    returnable: int
    gross_minor: int
    tax_minor: int


class ChargeOut(Told):
    """What the order was charged for beside its lines."""

    ref: str
    kind: str
    title: str
    gross_minor: int


class CustomerOut(Told):
    """The shopper, as the platform knows them; empty after erasure."""

    name: str | None
    email: str | None
    phone: str | None


class OrderOut(Told):
    """An order of the mirror; `version` rises when its settled figures change."""

    id: UUID
    store_id: UUID
    name: str
    far_ref: str
    version: int
    currency: str
    shop_currency: str
    total_minor: int
    placed_at: datetime
    cancelled_at: datetime | None
    synced_at: datetime
    tags: list[str]
    customer: CustomerOut
    lines: list[OrderLineOut]
    charges: list[ChargeOut]


class OrdersFound(Told):
    """The order that matches, or none; `asked` says that the platform is being asked for it: look again in a moment."""

    items: list[OrderOut]
    asked: bool = False


async def find_orders(call: Call, query: OrderQuery) -> OrdersFound:
    """Return the order of that number if everything given matches."""
    given = (query.email, query.phone, query.postcode)
    proof = ContactProof(*given) if any(value is not None for value in given) else None
    found = await orders.search(call.db, store_id=call.store_id, name=query.number, proof=proof)
    if found is not None:
        return OrdersFound(items=[await _out(call, found)])
    return OrdersFound(items=[], asked=await _ask(call, query.number))


async def _ask(call: Call, number: str) -> bool:
    """Have the platforms of the store asked for an order that the mirror lacks, as a job; once a minute at most."""
    asked = False
    for connection in await connections.connections(call.db):
        if (
            connection.store_id == call.store_id
            and connection.platform not in SPEAKING
            and connection.state == "connected"
        ):
            asked = True
            await webhooks.ask_for_order(
                call.db,
                call.vault,
                tenant_id=call.tenant_id,
                connection_id=connection.id,
                name=number,
                at=call.now,
            )
    return asked


async def get_order(call: Call, _: None) -> OrderOut:
    """Return one order."""
    found = await orders.load(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(_MISSING, "there is no such order")
    return await _out(call, found)


async def _out(call: Call, found: OrderRecord) -> OrderOut:
    at = await refunds.position(call.db, found.id)
    person = await orders.load_person(call.db, found.person_id) or Person()
    order = found.order
    return OrderOut(
        id=found.id, store_id=found.store_id, name=order.name, far_ref=order.ref, version=found.version,
        currency=order.currency, shop_currency=order.shop_currency, total_minor=order.total.presentment,
        placed_at=order.placed_at, cancelled_at=order.cancelled_at, synced_at=found.synced_at, tags=list(order.tags),
        customer=CustomerOut(name=person.name, email=person.email, phone=person.phone),
        lines=[_line(line, at) for line in order.lines], charges=[_charge(charge) for charge in order.charges],
    )  # fmt: skip


def _line(line: OrderLine, at: Position) -> OrderLineOut:
    units = at.counter(line.ref) or _NOTHING
    return OrderLineOut(
        line_ref=line.ref, title=line.title, sku=line.sku, image_url=line.image_url, ordered=line.quantity,
        fulfilled=units.fulfilled, cancelled=units.cancelled, in_return=units.in_return,
        refunded_without_return=units.refunded_without_return,
        returnable=max(0, units.fulfilled - units.in_return - units.refunded_without_return),
        gross_minor=line.gross.presentment, tax_minor=sum(tax.amount.presentment for tax in line.taxes),
    )  # fmt: skip


def _charge(charge: Charge) -> ChargeOut:
    return ChargeOut(ref=charge.ref, kind=charge.kind.value, title=charge.title, gross_minor=charge.gross.presentment)


OPERATIONS: Final = (
    Operation(
        id="find_orders", method="GET", path="/orders", tag="Orders", summary="Look an order up by its number",
        query=OrderQuery, answer=OrdersFound, needs_store=True, do=find_orders,
        description="A wrong number and a wrong e-mail, phone or postcode look the same: no items.",
    ),
    Operation(
        id="get_order", method="GET", path="/orders/{id}", tag="Orders", summary="Read an order", answer=OrderOut,
        missing=_MISSING, do=get_order,
    ),
)  # fmt: skip
