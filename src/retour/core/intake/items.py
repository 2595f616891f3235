"""Which order lines the items of a document are, each for certain or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retour.core.intake.document import OTHER, Item
from retour.core.intake.ref import same_ref
from retour.core.order import Order, OrderLine
from retour.core.policy.outcome import ResolutionKind
from retour.core.reason import GROUP_OF


@dataclass(frozen=True, slots=True)
class Wanted:
    """Units of one order line that are to come back."""

    line_ref: str
    quantity: int
    reason: str = OTHER
    note: str | None = None
    resolution: str = ResolutionKind.REFUND_ORIGINAL.value


@dataclass(frozen=True, slots=True)
class Unmatched:
    """An item that is no line of the order, or several; `index` counts from 0."""

    index: int
    code: str


def match_items(
    items: Sequence[Item], order: Order, left: Mapping[str, int]
) -> tuple[tuple[Wanted, ...], tuple[Unmatched, ...]]:
    """Return the lines the items are, and the items that are none for certain.

    `left` are the units of each line that can still come back: among lines of the same SKU the first that has enough is
    taken, in the order they were bought. Items of the same line become one, unless they ask for different things: a line
    of a return has one reason and one resolution, and none is chosen over the other. An item whose names contradict each
    other is none.
    """
    free, wanted, unmatched = dict(left), dict[str, Wanted](), list[Unmatched]()
    for index, item in enumerate(items):
        lines = _lines(item, order)
        line = next((line for line in lines if free.get(line.ref, 0) >= item.quantity), None)
        if line is None and len(lines) == 1:
            line = lines[0]  # asked for all the same: whoever decides says how many are left
        if line is None:
            unmatched.append(Unmatched(index, "too_many_of_it" if lines else "not_on_the_order"))
            continue
        asked = _wanted(item, line)
        no = _objection(item, line, asked, wanted.get(line.ref))
        if no is not None:
            unmatched.append(Unmatched(index, no))
            continue
        free[line.ref] = free.get(line.ref, 0) - item.quantity
        wanted[line.ref] = _joined(wanted.get(line.ref), asked)
    return tuple(wanted.values()), tuple(unmatched)


def asked_units(items: Sequence[Item]) -> Mapping[tuple[str, str], int]:
    """Return the units of each article that items ask for, by its most certain name and the resolution."""
    asked = dict[tuple[str, str], int]()
    for item in items:
        key = (_plain(item.line or item.sku or item.title or ""), item.resolution or "")
        asked[key] = asked.get(key, 0) + item.quantity
    return asked


def _objection(item: Item, line: OrderLine, asked: Wanted, before: Wanted | None) -> str | None:
    if item.line is not None and item.sku is not None and line.sku and _plain(line.sku) != _plain(item.sku):
        return "contradicts_itself"
    if before is not None and (before.reason, before.resolution) != (asked.reason, asked.resolution):
        return "asked_in_two_ways"
    return None


def _lines(item: Item, order: Order) -> list[OrderLine]:
    """Return the lines that the most certain of the item's names means; a title only if it means one article."""
    if item.line is not None:
        return [line for line in order.lines if same_ref(item.line, line.ref)]
    if item.sku is not None:
        return [line for line in order.lines if line.sku and _plain(line.sku) == _plain(item.sku)]
    found = [line for line in order.lines if _plain(line.title) == _plain(item.title or "")]
    return found if len({line.sku or line.ref for line in found}) == 1 else []


def _wanted(item: Item, line: OrderLine) -> Wanted:
    known = item.reason in GROUP_OF
    note = item.comment if known or item.reason == OTHER else ": ".join(filter(None, (item.reason, item.comment)))
    return Wanted(
        line.ref, item.quantity, item.reason if known else OTHER, note,
        item.resolution or ResolutionKind.REFUND_ORIGINAL.value,
    )  # fmt: skip


def _joined(before: Wanted | None, more: Wanted) -> Wanted:
    if before is None:
        return more
    note = "\n".join(filter(None, (before.note, more.note))) or None
    return Wanted(before.line_ref, before.quantity + more.quantity, before.reason, note, before.resolution)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
