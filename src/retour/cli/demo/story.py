"""The story: two orders come back, one plain and whole, one discounted, in part and damaged; told over HTTP alone."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from retour.cli.demo.asking import Far, Json, Unexpected, until

CARRIER: Final = "sandbox"
TAG: Final = "return-in-transit"
_MONEY_AT_REST: Final = frozenset({"settled", "handed_over", "failed", "reversed"})
_EFFECT_AT_REST: Final = frozenset({"confirmed", "failed", "cancelled"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the warehouse finds on some units of an article."""

    sku: str
    quantity: int
    grade: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """One order and its return; the `expected` figures were worked out by hand, apart from any code."""

    title: str
    order: Mapping[str, Any]
    asked: Mapping[str, tuple[int, str]]
    by_hand: bool
    found: Sequence[Verdict]
    expected_minor: int
    expected_restock: Mapping[str, int]


@dataclass(slots=True)
class Told:
    """What was read of one chapter at its end, from both sides, and at what moments."""

    chapter: Chapter
    order: Json
    rma: Json = None
    events: Json = None
    books: Json = None
    tagged_in_transit: bool = False
    tracking_number: str = ""


PLAIN: Final = Chapter(
    title="a plain order, one of two sets back",
    order={
        "lines": [
            {
                "sku": "RT-MUG-SET", "name": "Stoneware mugs, set of 4", "price": "38.00", "quantity": 2,
                "fulfilled": 2, "taxes": [["VAT", "0.19"]],
            }
        ],
        "shipping": {"price": "4.90", "taxes": [["VAT", "0.19"]]}, "customer": "Ann Example",
        "email": "ann@example.com", "taxes_included": True, "days_ago": 6,
    },
    asked={"RT-MUG-SET": (1, "changed_mind")}, by_hand=False, found=(Verdict("RT-MUG-SET", 1, "sealed"),),
    # One of two sets, which were 76.00 together.
    expected_minor=3800, expected_restock={"RT-MUG-SET": 1},
)  # fmt: skip

DISCOUNTED: Final = Chapter(
    title="discounts, two tax rates, a partial receipt with a damaged unit",
    order={
        "lines": [
            {
                "sku": "RT-TEE-BLK-M", "name": "Organic tee, black, M", "price": "19.99", "quantity": 3,
                "fulfilled": 3, "taxes": [["VAT", "0.19"]], "discounts": [{"percent": "10"}],
            },
            {
                "sku": "RT-COFFEE-1KG", "name": "Coffee, whole beans, 1 kg", "price": "14.90", "quantity": 2,
                "fulfilled": 2, "taxes": [["VAT reduced", "0.07"]],
            },
        ],
        "order_discount": {"amount": "5.00", "code": "HELLO"},
        "shipping": {"price": "4.90", "taxes": [["VAT", "0.19"]]}, "customer": "Ben Example",
        "email": "ben@example.com", "taxes_included": True, "days_ago": 4,
    },
    asked={"RT-TEE-BLK-M": (3, "too_small"), "RT-COFFEE-1KG": (1, "changed_mind")}, by_hand=True,
    found=(
        Verdict("RT-TEE-BLK-M", 1, "sealed"), Verdict("RT-TEE-BLK-M", 1, "damaged"),
        Verdict("RT-COFFEE-1KG", 1, "sealed"),
    ),
    # Tees: 3 × 19.99 = 59.97, less 10 % = 53.97, less 3.22 of the 5.00 off the order = 50.75; two of three: 33.83.
    # Coffee: 2 × 14.90 = 29.80, less 1.78 of the 5.00 = 28.02; one of two: 14.01. Damaged tee: 40 % of 16.91 = 6.76.
    expected_minor=3383 - 676 + 1401, expected_restock={"RT-TEE-BLK-M": 1, "RT-COFFEE-1KG": 1},
)  # fmt: skip

CHAPTERS: Final = (PLAIN, DISCOUNTED)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts: the merchant's agent and warehouse over the API, and the outside world."""

    agent: Far
    warehouse: Far
    sandbox: Far


async def play(cast: Cast, chapter: Chapter) -> Told:
    """Play one chapter to its end and return what both sides then say; raise Unexpected where it gets stuck."""
    told = Told(chapter, await _order(cast, chapter))
    number = await _request(cast, told)
    try:
        await _travel(cast, told, number)
        await _arrive(cast, told)
        await _rest(cast, told)
    except Unexpected as stuck:
        rma = await _read(cast, told)
        effects = ", ".join(f"{e['kind']} {e['state']}{_why(e)}" for e in rma["effects"]) or "none"
        waits = rma["blocked_by"] or {}
        raise Unexpected(
            f"{stuck}\n{number} is {rma['status']}, waits for {waits.get('actor')} ({waits.get('code')}); effects: {effects}"
        ) from stuck
    return told


def _why(effect: Json) -> str:
    return f" ({effect['far_code']}: {effect['message']})" if effect["far_code"] or effect["message"] else ""


async def _order(cast: Cast, chapter: Chapter) -> Json:
    """Place the order in the shop and wait until its webhook has brought it into the mirror."""
    placed = await cast.sandbox.post("/_sandbox/orders", dict(chapter.order))

    async def look() -> Json:
        found = await cast.agent.get("/orders", number=placed["name"], email=chapter.order["email"])
        return found["items"] and found["items"][0]

    return await until(look, f"order {placed['name']} in the mirror")


async def _request(cast: Cast, told: Told) -> str:
    refs = {line["sku"]: line["line_ref"] for line in told.order["lines"]}
    lines = [
        {"line_ref": refs[sku], "quantity": quantity, "reason": reason}
        for sku, (quantity, reason) in told.chapter.asked.items()
    ]
    quoted = await cast.agent.post("/quotes", {"order_id": told.order["id"], "lines": lines})
    wish = {"order_id": told.order["id"], "lines": lines, "plan_hash": quoted["plan_hash"]}
    told.rma = await cast.agent.post("/returns", wish)
    if told.chapter.by_hand:
        wish = {"expect_version": told.rma["version"]}
        told.rma = await cast.agent.post(f"/returns/{told.rma['id']}/approve", wish)
    return str(told.rma["number"])


async def _travel(cast: Cast, told: Told, number: str) -> None:
    """Get a label, let the carrier scan the parcel, and see the order tagged while it travels."""
    label = await cast.sandbox.post("/carrier/labels", {"reference": number})
    told.tracking_number = label["tracking_number"]
    parcel = {"carrier": CARRIER, "tracking_number": told.tracking_number}
    await cast.agent.post(f"/returns/{told.rma['id']}/shipments", parcel)
    await cast.sandbox.post(f"/carrier/parcels/{told.tracking_number}/scan", {"status": "in_transit"})

    async def tagged() -> Json:
        return TAG in (await _books(cast, told))["tags"]

    told.tagged_in_transit = bool(await until(tagged, f"{number} tagged as in transit"))

    async def noted() -> Json:
        return _at_rest(await _read(cast, told))

    await until(noted, f"{number}: the marks in the shop")
    await cast.sandbox.post(f"/carrier/parcels/{told.tracking_number}/scan", {"status": "delivered"})

    async def delivered() -> Json:
        return (await _read(cast, told))["delivered_at"]

    await until(delivered, f"{number} delivered")


async def _arrive(cast: Cast, told: Told) -> None:
    """Receive what arrived and inspect it unit by unit; what never arrived is cancelled by the agent."""
    path = f"/returns/{told.rma['id']}"
    refs = {line["sku"]: line["line_ref"] for line in told.order["lines"]}
    ids = {line["line_ref"]: line["id"] for line in told.rma["lines"]}
    arrived: dict[str, int] = {}
    for verdict in told.chapter.found:
        arrived[verdict.sku] = arrived.get(verdict.sku, 0) + verdict.quantity
    items = [{"line_id": ids[refs[sku]], "quantity": quantity} for sku, quantity in arrived.items()]
    await cast.warehouse.post(f"{path}/receive", {"lines": items})
    verdicts = [{"line_id": ids[refs[v.sku]], "quantity": v.quantity, "grade": v.grade} for v in told.chapter.found]
    await cast.warehouse.post(f"{path}/inspect", {"lines": verdicts})
    if sum(arrived.values()) < sum(quantity for quantity, _ in told.chapter.asked.values()):
        note = {"body": "The rest never arrived; the shopper keeps it."}
        await cast.agent.post(f"{path}/notes", note)
        await cast.agent.post(f"{path}/cancel", {})


async def _rest(cast: Cast, told: Told) -> None:
    async def over() -> Json:
        rma = await _read(cast, told)
        paid = rma["settlements"] and all(s["state"] in _MONEY_AT_REST for s in rma["settlements"])
        return rma["status"] == "resolved" and paid and _at_rest(rma) and rma

    told.rma = await until(over, f"{told.rma['number']} resolved")
    told.events = (await cast.agent.get(f"/returns/{told.rma['id']}/events"))["items"]
    told.books = await _books(cast, told)


async def _read(cast: Cast, told: Told) -> Json:
    return await cast.agent.get(f"/returns/{told.rma['id']}")


async def _books(cast: Cast, told: Told) -> Json:
    books = await cast.sandbox.get("/_sandbox/books", order=told.order["name"])
    return books["orders"][told.order["name"]]


def _at_rest(rma: Json) -> bool:
    return all(effect["state"] in _EFFECT_AT_REST for effect in rma["effects"])


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole story: its chapters, the shop's shelves before and after, what it counted, what is in dispute."""

    told: Sequence[Told]
    stock_before: Json
    stock_after: Json
    places: Mapping[str, str]
    counts: Json
    discrepancies: Json


async def play_all(cast: Cast) -> Whole:
    """Play all chapters at once and return what everybody then says."""
    before = await cast.sandbox.get("/_sandbox/books")
    told = await asyncio.gather(*(play(cast, chapter) for chapter in CHAPTERS))
    after = await cast.sandbox.get("/_sandbox/books")
    return Whole(
        told=told,
        stock_before=before["stock"],
        stock_after=after["stock"],
        places=after["locations"],
        counts=await cast.sandbox.get("/_sandbox/counts"),
        discrepancies=(await cast.agent.get("/discrepancies"))["items"],
    )
