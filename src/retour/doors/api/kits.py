"""Kits over the API: what a store sells as one article and takes back in parts."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.errors import Refused
from retour.core.money import Sides
from retour.core.order import BundlePart
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Nothing, Told
from retour.flows import kit as flow
from retour.store import kits
from retour.store.kits import Kit

MISSING: Final = "kit_not_found"
Text = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]


class KitPartWish(Asked):
    """A part of a kit; `price_minor` is what one of it costs by itself, by which the price of the kit is shared.

    `inventory_ref` is where the platform keeps its stock; without it nothing is put back.
    """

    ref: Text
    title: Text
    price_minor: Annotated[int, Meta(ge=0, le=flow.MOST_MINOR)]
    quantity: Annotated[int, Meta(ge=1, le=flow.MOST_UNITS)] = 1
    sku: Text | None = None
    inventory_ref: Text | None = None


class KitWish(Asked):
    """What is in one article of a SKU; amounts in minor units of the currency of the books."""

    sku: Text
    parts: Annotated[list[KitPartWish], Meta(min_length=1, max_length=flow.MOST_PARTS)]


class KitPartOut(Told):
    """A part of a kit."""

    ref: str
    title: str
    price_minor: int
    quantity: int
    sku: str | None
    inventory_ref: str | None


class KitOut(Told):
    """A kit as it holds for orders placed since then."""

    id: UUID
    sku: str
    parts: list[KitPartOut]
    since: datetime


class KitList(Told):
    """The kits of a store by SKU."""

    items: list[KitOut]


async def list_kits(call: Call, _: None) -> KitList:
    """Return the store's kits."""
    return await _all(call, call.store_id)


async def declare_kit(call: Call, wish: KitWish) -> KitOut:
    """Declare a kit."""
    parts = [
        BundlePart(
            part.ref, part.title, Sides(part.price_minor, part.price_minor), part.quantity, part.sku, part.inventory_ref
        )
        for part in wish.parts
    ]
    done = await flow.declare(
        call.db, store_id=call.store_id, sku=wish.sku, parts=parts, actor=call.actor, now=call.now
    )
    return _out(done)


async def end_kit(call: Call, _: Nothing) -> KitList:
    """End a kit."""
    found = await kits.get(call.db, call.resource_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such kit")
    await flow.end(call.db, kit_id=found.id, actor=call.actor, now=call.now)
    return await _all(call, found.store_id)


async def _all(call: Call, store_id: UUID) -> KitList:
    return KitList(items=[_out(kit) for kit in await kits.of_store(call.db, store_id)])


def _out(kit: Kit) -> KitOut:
    parts = [
        KitPartOut(
            ref=part.ref, title=part.title, price_minor=part.list_value.shop, quantity=part.quantity, sku=part.sku,
            inventory_ref=part.inventory_ref,
        )
        for part in kit.parts
    ]  # fmt: skip
    return KitOut(id=kit.id, sku=kit.sku, parts=parts, since=kit.from_at)


OPERATIONS: Final = (
    Operation(
        id="list_kits", method="GET", path="/kits", tag="Kits", needs_store=True, answer=KitList,
        summary="List what is sold as one article and comes back in parts", do=list_kits,
    ),
    Operation(
        id="declare_kit", method="POST", path="/kits", tag="Kits", needs_store=True, status=201, body=KitWish,
        answer=KitOut, summary="Declare what is in a kit", do=declare_kit,
        description="It holds for orders placed from now on, in place of what was said of that SKU before.",
    ),
    Operation(
        id="end_kit", method="POST", path="/kits/{id}/end", tag="Kits", missing=MISSING, body=Nothing, answer=KitList,
        summary="End a kit", do=end_kit, description="Orders that were placed before keep their parts.",
    ),
)  # fmt: skip
