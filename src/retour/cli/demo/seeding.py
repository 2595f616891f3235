"""Fills the demo's desk: shoppers order and send back, and each return stops where a merchant meets such a one."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from retour.cli.demo.asking import Json, until
from retour.cli.demo.story import Cast

AT_ONCE: Final = 3
PATIENCE_S: Final = 45.0


class Stop(StrEnum):
    """How far a return goes."""

    ASKED = "asked"
    REJECTED = "rejected"
    HELD = "held"
    APPROVED = "approved"
    CANCELLED = "cancelled"
    IN_TRANSIT = "in transit"
    LOST = "lost on the way"
    DELIVERED = "delivered"
    RECEIVED = "received"
    DONE = "done"
    REFUSED = "refund refused"
    DIFFERS = "amounts differ"


@dataclass(frozen=True, slots=True)
class Plan:
    """One shopper's order and what comes back of it: articles as (SKU, bought, back, reason)."""

    who: str
    goods: Sequence[tuple[str, int, int, str]]
    stop: Stop
    more: Mapping[str, Any] = field(default_factory=dict)
    grade: str = "sealed"


_PRICES: Final = {
    "RT-TEE-BLK-M": ("Organic tee, black, M", "19.90"),
    "RT-TEE-WHT-S": ("Organic tee, white, S", "19.90"),
    "RT-JEAN-32": ("Straight jeans, 32", "89.00"),
    "RT-COAT-L": ("Wool coat, L", "249.00"),
    "RT-SHOE-42": ("Trail shoe, 42", "129.95"),
    "RT-SOCK-3P": ("Merino socks, 3 pairs", "24.50"),
    "RT-BAG-24": ("Day pack, 24 l", "74.99"),
    "RT-MUG-SET": ("Stoneware mugs, set of 4", "38.00"),
    "RT-POT-1L": ("Teapot, 1 l", "45.00"),
    "RT-LAMP-O": ("Desk lamp, oak", "64.90"),
    "RT-CANDLE": ("Candle, cedar", "12.35"),
    "RT-EARBUD": ("Earbuds", "59.99"),
}
_WELCOME: Final = {"order_discount": {"percent": "10", "code": "WELCOME10"}}
_TWO_TENDERS: Final = {"payments": [{"gateway": "gift_card", "amount": "20.00"}, {"gateway": "shopify_payments"}]}
# Requests of more than two units wait for a person (the demo's policy); all others are approved at once.
PLANS: Final = (
    Plan(
        "Mara Lindqvist", [("RT-COAT-L", 1, 1, "too_small"), ("RT-SOCK-3P", 2, 2, "changed_mind")], Stop.ASKED, _WELCOME
    ),
    Plan("Hugo Petit", [("RT-TEE-BLK-M", 4, 3, "too_large")], Stop.ASKED),
    Plan("Noor Aziz", [("RT-MUG-SET", 3, 3, "damaged")], Stop.ASKED),
    Plan("Jonas Berg", [("RT-CANDLE", 6, 4, "not_as_described")], Stop.ASKED),
    Plan("Kaya Novak", [("RT-TEE-WHT-S", 3, 3, "changed_mind")], Stop.REJECTED),
    Plan("Otto Falk", [("RT-EARBUD", 3, 3, "defective")], Stop.REJECTED),
    Plan("Ines Costa", [("RT-LAMP-O", 1, 1, "defective")], Stop.HELD),
    Plan("Dai Suzuki", [("RT-SHOE-42", 1, 1, "too_small")], Stop.APPROVED),
    Plan("Elif Demir", [("RT-JEAN-32", 2, 1, "too_large")], Stop.APPROVED, _WELCOME),
    Plan("Femi Ade", [("RT-BAG-24", 1, 1, "not_as_described")], Stop.APPROVED),
    Plan("Grace Lind", [("RT-POT-1L", 1, 1, "changed_mind")], Stop.CANCELLED),
    Plan("Lior Stern", [("RT-SHOE-42", 1, 1, "too_large")], Stop.IN_TRANSIT, _TWO_TENDERS),
    Plan("Carla Rossi", [("RT-COAT-L", 1, 1, "not_as_described")], Stop.IN_TRANSIT),
    Plan("Theo Martin", [("RT-SOCK-3P", 3, 2, "wrong_item")], Stop.IN_TRANSIT),
    Plan("Ada Winter", [("RT-JEAN-32", 1, 1, "too_small")], Stop.LOST),
    Plan("Sami Rahman", [("RT-TEE-BLK-M", 2, 2, "too_small")], Stop.DELIVERED),
    Plan("Lena Vogt", [("RT-LAMP-O", 1, 1, "changed_mind")], Stop.DELIVERED),
    Plan("Piotr Zielinski", [("RT-BAG-24", 1, 1, "changed_mind"), ("RT-CANDLE", 1, 1, "damaged")], Stop.RECEIVED),
    Plan("Rosa Blanco", [("RT-SHOE-42", 1, 1, "too_small")], Stop.RECEIVED, _WELCOME),
    Plan("Emil Hansen", [("RT-MUG-SET", 1, 1, "damaged")], Stop.RECEIVED),
    Plan("Yuki Tanaka", [("RT-EARBUD", 1, 1, "defective")], Stop.REFUSED, {"refund_ends": "FAILURE"}),
    Plan("Ben Okafor", [("RT-JEAN-32", 1, 1, "too_large")], Stop.DIFFERS, {"quotes_less": "2.40"}),
    Plan("Ann Keller", [("RT-TEE-WHT-S", 2, 1, "too_small")], Stop.DONE),
    Plan("Malin Ek", [("RT-COAT-L", 1, 1, "too_large")], Stop.DONE, _TWO_TENDERS),
    Plan("Vera Hoffmann", [("RT-POT-1L", 1, 1, "damaged")], Stop.DONE, grade="damaged"),
    Plan("Iris Moreau", [("RT-SOCK-3P", 2, 2, "changed_mind")], Stop.DONE, _WELCOME),
)


async def fill(cast: Cast) -> int:
    """Play every plan as far as it goes and return how many there were; raise Unexpected where one gets stuck."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def play(plan: Plan, days_ago: int) -> None:
        async with turns:
            await _play(cast, plan, days_ago)

    await asyncio.gather(*(play(plan, 4 + index % 17) for index, plan in enumerate(PLANS)))
    return len(PLANS)


async def _play(cast: Cast, plan: Plan, days_ago: int) -> None:
    rma = await _request(cast, plan, await _order(cast, plan, days_ago))
    path, number = f"/returns/{rma['id']}", rma["number"]
    match plan.stop:
        case Stop.REJECTED:
            message = "The seal was broken when the parcel left you, as your photos show."
            await cast.agent.post(f"{path}/reject", {"message": message})
        case Stop.HELD:
            await cast.agent.post(f"{path}/hold", {"held": True, "reason": "The maker may replace it; we asked today."})
        case Stop.CANCELLED:
            await cast.agent.post(f"{path}/cancel", {})
        case Stop.ASKED | Stop.APPROVED:
            pass
        case _:
            await _travel(cast, plan, path, number)


async def _order(cast: Cast, plan: Plan, days_ago: int) -> Json:
    lines = [
        {"sku": sku, "name": _PRICES[sku][0], "price": _PRICES[sku][1], "quantity": bought, "taxes": [["VAT", "0.19"]]}
        for sku, bought, _, _ in plan.goods
    ]
    email = f"{plan.who.lower().replace(' ', '.')}@example.com"
    wish = {
        "lines": lines, "customer": plan.who, "email": email, "days_ago": days_ago, "taxes_included": True,
        "shipping": {"price": "4.90", "taxes": [["VAT", "0.19"]]}, **plan.more,
    }  # fmt: skip
    placed = await cast.sandbox.post("/_sandbox/orders", wish)

    async def look() -> Json:
        found = await cast.agent.get("/orders", number=placed["name"], email=email)
        return found["items"] and found["items"][0]

    return await until(look, f"order {placed['name']} in the mirror", patience_s=PATIENCE_S)


async def _request(cast: Cast, plan: Plan, order: Json) -> Json:
    refs = {line["sku"]: line["line_ref"] for line in order["lines"]}
    lines = [{"line_ref": refs[sku], "quantity": back, "reason": reason} for sku, _, back, reason in plan.goods]
    quoted = await cast.agent.post("/quotes", {"order_id": order["id"], "lines": lines})
    wish = {"order_id": order["id"], "lines": lines, "plan_hash": quoted["plan_hash"]}
    return await cast.agent.post("/returns", wish)


async def _travel(cast: Cast, plan: Plan, path: str, number: str) -> None:
    """Send the parcel with a label that names the return, so that its first scan announces it."""
    label = await cast.sandbox.post("/carrier/labels", {"reference": number})
    scans = f"/carrier/parcels/{label['tracking_number']}/scan"
    await cast.sandbox.post(scans, {"status": "in_transit"})

    async def seen() -> Json:
        return (await cast.agent.get(path))["in_transit_at"]

    await until(seen, f"{number} in transit", patience_s=PATIENCE_S)
    if plan.stop is Stop.LOST:
        await cast.sandbox.post(scans, {"status": "exception"})
    if plan.stop in {Stop.IN_TRANSIT, Stop.LOST}:
        return
    await cast.sandbox.post(scans, {"status": "delivered"})
    if plan.stop is Stop.DELIVERED:
        return

    async def delivered() -> Json:
        rma = await cast.agent.get(path)
        return rma["delivered_at"] and rma

    rma = await until(delivered, f"{number} delivered", patience_s=PATIENCE_S)
    arrived = [{"line_id": line["id"], "quantity": line["quantity"]} for line in rma["lines"]]
    await cast.warehouse.post(f"{path}/receive", {"lines": arrived})
    if plan.stop is not Stop.RECEIVED:
        verdicts = [line | {"grade": plan.grade} for line in arrived]
        await cast.warehouse.post(f"{path}/inspect", {"lines": verdicts})
