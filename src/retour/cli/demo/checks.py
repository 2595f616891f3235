"""Compares what the API says, what the shop's own books say, and what was worked out by hand; pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from retour.cli.demo.story import TAG, Told, Whole
from retour.core.money import parse_decimal


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison; `seen` are the figures that must be the same, by who says them."""

    what: str
    seen: dict[str, object]
    holds: bool
    currency: str | None = None  # of figures that are money, in minor units


def checks_of(told: Told, whole: Whole) -> list[Check]:
    """Return every comparison for one return."""
    return [*_money(told, whole), *_goods(told, whole), *_marks(told)]


def checks_of_all(whole: Whole) -> list[Check]:
    """Return the comparisons over the whole shop: nothing twice, nothing too much, nothing in dispute."""
    broken = {name: found for name, found in whole.counts["broken"].items() if found}
    open_ = [found["kind"] for found in whole.discrepancies]
    refunds = sum(len(told.rma["settlements"]) for told in whole.told)
    return [
        Check("nothing was refunded, restocked or processed twice or beyond", {"broken": broken}, not broken),
        _same("as many refunds in the shop as settlements", {
            "settlements": refunds, "refunds in the shop": sum(whole.counts["refunds_by_reference"].values()),
        }),
        Check("no difference between the systems is open", {"open": open_}, not open_),
    ]  # fmt: skip


def stock_moved(whole: Whole) -> dict[tuple[str, str], int]:
    """Return by SKU and place how many sellable units came or went between the two readings of the shelves."""
    moved = {}
    for sku, places in whole.stock_after.items():
        for place, states in places.items():
            before = whole.stock_before.get(sku, {}).get(place, {}).get("available")
            if before is not None and states["available"] != before:
                moved[sku, place] = states["available"] - before
    return moved


def _money(told: Told, whole: Whole) -> Iterator[Check]:
    currency, rma = told.books["currency"], told.rma
    settled = sum(s["total_minor"] for s in rma["settlements"] if s["state"] == "settled")
    plans = [s["plan"] for s in rma["settlements"]]
    paid = [t for t in told.books["transactions"] if t["kind"] == "REFUND" and t["status"] == "SUCCESS"]
    yield _same("the refund, to the cent", {
        "by hand": told.chapter.expected_minor,
        "settlements": settled,
        "explanation": sum(row["amount_minor"] for plan in plans for row in plan["rows"] if row["adds"]),
        "payments back": sum(leg["amount_minor"] for plan in plans for leg in plan["legs"]),
        "shop's refunds": sum(parse_decimal(r["amount"], currency) for r in told.books["refunds"]),
        "shop's transactions": sum(parse_decimal(t["amount"], currency) for t in paid),
        "shop's books": parse_decimal(told.books["refunded"], currency),
    }, currency)  # fmt: skip
    refunds = {e["reference"] for e in rma["effects"] if e["kind"] == "refund_tender" and e["state"] == "confirmed"}
    seen = [whole.counts["refunds_by_reference"].get(reference, 0) for reference in sorted(refunds)]
    yield Check(
        "each refund is in the shop once, under our reference", {"times": seen}, bool(seen) and set(seen) == {1}
    )


def _goods(told: Told, whole: Whole) -> Iterator[Check]:
    skus = {line["line_ref"]: line["sku"] for line in told.order["lines"]}
    restock: Counter[str] = Counter()
    judged: Counter[str] = Counter()
    for inspection in told.rma["inspections"]:
        judged[skus[inspection["line_ref"]]] += inspection["quantity"]
        if inspection["disposition"] == "restock" and inspection["restocked_by"]:
            restock[skus[inspection["line_ref"]]] += inspection["quantity"]
    moved: Counter[str] = Counter()
    for (sku, _), units in stock_moved(whole).items():
        if sku in skus.values():
            moved[sku] += units
    new = {sku: _restocked(whole, sku) for sku in skus.values() if sku not in whole.stock_before}
    yield _same("the units back on the shelves, article by article", {
        "by hand": dict(sorted(told.chapter.expected_restock.items())),
        "inspections": dict(sorted(restock.items())),
        "shop's shelves": dict(sorted({**moved, **{sku: n for sku, n in new.items() if n}}.items())),
        "shop's restocks": dict(sorted((sku, n) for sku in skus.values() if (n := _restocked(whole, sku)))),
    })  # fmt: skip
    processed: Counter[str] = Counter()
    for ret in told.books["returns"]:
        for line in ret["lines"]:
            processed[line["sku"]] += line["processed"]
    yield _same("the units that arrived and were judged", {
        "inspections": dict(sorted(judged.items())), "shop's return": dict(sorted(processed.items())),
    })  # fmt: skip


def _marks(told: Told) -> Iterator[Check]:
    statuses = [ret["status"] for ret in told.books["returns"]]
    yield _same("the return is over", {
        "here": told.rma["status"] == "resolved", "in the shop": statuses == ["CLOSED"],
    })  # fmt: skip
    tags = (told.tagged_in_transit, TAG in told.books["tags"])
    yield Check(
        "the order was tagged while the parcel travelled, and no longer is",
        {"then": tags[0], "now": tags[1]},
        tags == (True, False),
    )
    noted = str(told.rma["number"]) in (told.books["note"] or "")
    yield Check("the order's timeline tells of the return", {"noted": noted}, noted)
    effects = Counter(effect["state"] for effect in told.rma["effects"])
    # A request to the platform that was overtaken by the decision is withdrawn unsent and counts as cancelled.
    done = "confirmed" in effects and set(effects) <= {"confirmed", "cancelled"}
    yield Check("every outside call is confirmed, or was withdrawn unsent", dict(effects), done)


def _restocked(whole: Whole, sku: str) -> int:
    return sum(row["quantity"] for row in whole.counts["restocks"] if row["sku"] == sku)


def _same(what: str, seen: dict[str, object], currency: str | None = None) -> Check:
    values = list(seen.values())
    return Check(what, seen, all(value == values[0] for value in values), currency)
