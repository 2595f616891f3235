"""Prints the story for people, and puts it together for programs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from retour.cli.demo.checks import Check, checks_of, checks_of_all, stock_moved
from retour.cli.demo.story import Told, Whole
from retour.cli.frame import table
from retour.core.money import format_decimal

WIDTH: Final = 100
_DETAILS: Final = ("status", "units", "surplus", "accepted", "kind", "amount_minor", "total_minor", "promised_minor")


def document(whole: Whole, names: Mapping[str, str], elapsed_s: float) -> dict[str, Any]:
    """Return everything that is told, as one JSON document; `agreed` says whether all comparisons hold."""
    chapters = [
        {
            "title": told.chapter.title,
            "order": told.order,
            "return": told.rma,
            "timeline": [dict(event) | {"actor": actor(event["actor"], names)} for event in told.events],
            "shop": told.books,
            "checks": [_check(check) for check in checks_of(told, whole)],
        }
        for told in whole.told
    ]
    overall = checks_of_all(whole)
    return {
        "agreed": agreed(whole),
        "elapsed_s": round(elapsed_s, 2),
        "chapters": chapters,
        "stock": [{"sku": sku, "place": place, "units": n} for (sku, place), n in stock_moved(whole).items()],
        "counts": whole.counts,
        "checks": [_check(check) for check in overall],
    }


def agreed(whole: Whole) -> bool:
    """Return whether every comparison holds."""
    return all(check.holds for told in whole.told for check in checks_of(told, whole)) and all(
        check.holds for check in checks_of_all(whole)
    )


def story(whole: Whole, names: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of the whole story."""
    for told in whole.told:
        yield ""
        yield _headline(f"{told.rma['number']} · order {told.order['name']} · {told.chapter.title}")
        yield from _block("Timeline", _timeline(told, names))
        yield from _block(f"Money, in {told.rma['promised']['currency']}", _money(told))
        yield from _block("What the shop's books say", _books(told, whole))
        yield from _block("Do they agree?", _checks(checks_of(told, whole)))
    yield ""
    yield _headline("The whole shop")
    yield from _block("Do they agree?", _checks(checks_of_all(whole)))


def actor(text: str, names: Mapping[str, str]) -> str:
    """Return an event's actor in words: a key by its name."""
    kind, _, key_id = text.partition(":")
    return names.get(key_id, text) if kind == "key" else text


def _headline(text: str) -> str:
    return f"── {text} ".ljust(WIDTH, "─")


def _block(title: str, lines: list[str]) -> Iterator[str]:
    yield ""
    yield f"  {title}"
    for line in lines:
        yield f"    {line}".rstrip()


def _timeline(told: Told, names: Mapping[str, str]) -> list[str]:
    began = datetime.fromisoformat(told.events[0]["at"])
    rows = []
    for event in told.events:
        after = (datetime.fromisoformat(event["at"]) - began).total_seconds()
        rows.append((f"+{after:.2f} s", event["type"], actor(event["actor"], names), _details(event["data"])))
    return table(("when", "what", "who", ""), rows, right=frozenset({0}))


def _details(data: Mapping[str, Any]) -> str:
    shown = [(name, data[name]) for name in _DETAILS if data.get(name) not in (None, "", 0)]
    return ", ".join(f"{name.removesuffix('_minor').replace('_', ' ')} {_shown(name, value)}" for name, value in shown)


def _shown(name: str, value: Any) -> str:
    return format_decimal(value, "EUR") if name.endswith("_minor") and isinstance(value, int) else str(value)


def _money(told: Told) -> list[str]:
    titles = {line["line_ref"]: line["title"] for line in told.order["lines"]}
    for settlement in told.rma["settlements"]:
        titles |= {leg["capture_ref"]: leg["gateway"] for leg in settlement["plan"]["legs"]}
    rows: list[tuple[str, str, str, str, str]] = []
    for settlement in told.rma["settlements"]:
        plan = settlement["plan"]
        currency = plan["currency"]
        for row in plan["rows"]:
            adds = format_decimal(row["amount_minor"], currency) if row["adds"] else ""
            fact = "" if row["adds"] else format_decimal(row["amount_minor"], currency)
            tax = format_decimal(row["tax_minor"], currency) if row["tax_minor"] else ""
            units = f"{row['quantity']} × " if row["quantity"] else ""
            label = row["label"] + (f" ({row['reason']})" if row["reason"] else "")
            about = titles.get(row["ref"] or "", row["ref"] or "")
            rows.append((label, f"{units}{about}", fact, tax, adds))
    return table(("", "", "fact", "tax in it", "adds up"), rows, right=frozenset({2, 3, 4}))


def _books(told: Told, whole: Whole) -> list[str]:
    books = told.books
    lines = [f"paid {books['paid']} {books['currency']}, refunded {books['refunded']}, tags {books['tags'] or 'none'}"]
    for refund in books["refunds"]:
        units = ", ".join(f"{row['quantity']} unit{'s' * (row['quantity'] != 1)}" for row in refund["lines"])
        lines.append(f"refund {refund['amount']} under {refund['note']} ({units})")
    for ret in books["returns"]:
        units = ", ".join(f"{line['sku']} {line['processed']} of {line['quantity']}" for line in ret["lines"])
        lines.append(f"return {ret['name']} {ret['status'].lower()}: {units}")
    skus = {line["sku"] for line in told.order["lines"]}
    for row in whole.counts["restocks"]:
        if row["sku"] in skus:
            place = whole.places.get(row["location"], row["location"])
            lines.append(f"restocked {row['quantity']} × {row['sku']} at {place}")
    return lines


def _checks(checks: list[Check]) -> list[str]:
    lines = []
    for check in checks:
        lines.append(f"{'✓' if check.holds else '✗'} {check.what}: {_short(check)}")
        if not check.holds and len(check.seen) > 1:
            width = max(len(name) for name in check.seen)
            lines += [
                f"    {name.ljust(width)}  {_figure(value, check.currency)}" for name, value in check.seen.items()
            ]
    return lines


def _short(check: Check) -> str:
    values = list(check.seen.values())
    if len(values) > 1 and all(value == values[0] for value in values):
        return f"{_figure(values[0], check.currency)} ({', '.join(check.seen)})"
    if check.holds or len(values) == 1:
        return ", ".join(f"{name} {_figure(value, check.currency)}" for name, value in check.seen.items())
    return "they differ"


def _figure(value: object, currency: str | None) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value) if currency is None else f"{format_decimal(value, currency)} {currency}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {n}" for name, n in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)


def _check(check: Check) -> dict[str, Any]:
    return {"what": check.what, "holds": check.holds, "seen": check.seen}
