"""Changing a return after it was sent, while nothing is on its way: what comes back now, what it pays, then the change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.kind import Kind
from retour.core.money import Money
from retour.core.order import Order
from retour.core.policy.outcome import MethodKind, ResolutionKind
from retour.core.rma import ReturnLine
from retour.core.rma.moves import OPEN
from retour.core.rma.shopper import shopper_may_edit
from retour.doors.portal import words
from retour.doors.portal.anew import Anew, anew_of, chosen_among, held_of, ways_of
from retour.doors.portal.choices import choices_of_lines, names_of_reasons
from retour.doors.portal.desk import AnyRequest, Desk, Here
from retour.doors.portal.draft import key_of, offer_of, value_of
from retour.doors.portal.drafting import CHANNEL
from retour.doors.portal.following import own_return
from retour.doors.portal.offers import Names, names_of, worth
from retour.flows import rma as returns
from retour.flows.rma import CARRIED_OUT, ConsideredLine
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as rmas
from retour.store.db import Db, Record
from retour.store.rma import ReturnRecord
from retour.web.exchanged import as_value, in_part
from retour.web.explained import explained
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.parts import Choice, MoneyRow
from retour.web.reader import Reader

MOST_SHOWN: Final = 200  # units that can be chosen from


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the order: `most` units of it may come back, the return holds `quantity` of them, first as `line`."""

    key: str
    ref: str
    title: str
    most: int
    line: ReturnLine | None
    quantity: int
    reasons: Sequence[tuple[str, str]]
    ways: Sequence[Choice]  # what it offers as far as is known before a reason is given

    @property
    def way(self) -> str:
        """Return how the return makes it right; nothing of what it does not hold."""
        return value_of(self.line.resolution, self.line.resolution_ref) if self.line else ""

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return how many may be chosen: none, up to all that may come back."""
        return [(str(n), str(n)) for n in range(self.most + 1)]


async def show(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what the return holds, to be changed."""
    async with desk.here(request, handle) as here:
        row, record, order = await _read(here, str(request.path_params["name"]))
        if not _may(row, record):
            return see(f"{here.base}/R-{row['number']}")
        sent = Form({"each": ["1"]} if request.query_params.get("each") == "1" else {})
        return await _page(here, row, record, order, sent, FormErrors())


async def take(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what the change would pay; make it once that was seen."""
    sent, errors = await desk.form(request, handle), FormErrors()
    async with desk.here(request, handle) as here:
        row, record, order = await _read(here, str(request.path_params["name"]))
        back, proven = f"{here.base}/R-{row['number']}", here.proven
        if not _may(row, record):
            return see(back)
        content = _content(await _rows(here, record, order, await names_of(here)), sent, errors, here.reader)
        if errors:
            return await _page(here, row, record, order, sent, errors, status=422)
    if sent.text("plan"):
        told = await _change(desk, here.tenant_id, record.rma.id, proven.order_id, proven.actor, content)
        if told is None:
            return see(back)
        if told.code != "plan_changed":
            return await _again(desk, request, handle, sent, content, told)
    try:
        async with desk.database.tx(here.tenant_id) as db:
            quote = await returns.preview_edit(
                db, rma_id=record.rma.id, content=content, now=desk.clock(), policies=desk.policies,
                order_id=proven.order_id,
            )  # fmt: skip
    except Refused as refused:
        return await _again(desk, request, handle, sent, content, refused)
    async with desk.here(request, handle) as here:
        return await _page(
            here, row, record, order, sent, FormErrors(), quote=quote, wishes=content.wishes,
            changed=bool(sent.text("plan")),
        )  # fmt: skip


async def _change(
    desk: Desk, tenant_id: UUID, rma_id: UUID, order_id: UUID, actor: str, content: returns.Content
) -> Refused | None:
    """Make the change and return nothing, or what it is refused with."""

    async def work(db: Db) -> None:
        await returns.edit_return(
            db, rma_id=rma_id, content=content, actor=actor, now=desk.clock(), policies=desk.policies, order_id=order_id
        )

    try:
        await desk.database.run(tenant_id, work)
    except Refused as refused:
        return refused
    return None


async def _again(
    desk: Desk, request: AnyRequest, handle: str, sent: Form, content: returns.Content, refused: Refused
) -> Response[Any]:
    """Show the form again with why it cannot be."""
    errors = FormErrors()
    async with desk.here(request, handle) as here:
        row, record, order = await _read(here, str(request.path_params["name"]))
        if not _may(row, record):
            return see(f"{here.base}/R-{row['number']}")
        errors.add(_field_of(refused, sent, content), _said(refused.code, here.reader))
        return await _page(here, row, record, order, sent, errors, wishes=content.wishes, status=422)


def _field_of(refused: Refused, sent: Form, content: returns.Content) -> str:
    """Return the field of the form that a refusal is about; the whole of it if it names none."""
    if refused.code == "method_not_offered":
        return "method"
    if refused.code != "resolution_not_offered":
        return "lines"
    if not sent.text("each"):
        return "resolution"
    named = [n for n, _ in enumerate(content.wishes) if (refused.field or "").startswith(f"lines[{n}]")]
    return f"way-{key_of(content.wishes[named[0]].line_ref)}" if named else "lines"


def _said(code: str, reader: Reader) -> str:
    say = reader.say
    known = {
        "nothing_changed": say("That is what you are returning already."),
        "opened_on_platform": say("Your return is approved. Start another return for more items."),
        "resolution_not_offered": say("The shop does not offer that for what you send back. Choose another way."),
        "method_not_offered": say("The items cannot come back that way. Choose another way."),
        "card_hold_open": say(
            "Your card is held for your new item. Until it is released, nothing can be changed here."
        ),
        "exchange_under_way": say("Your new item is ordered already and cannot be changed here."),
    }
    return known.get(code) or say("The shop does not take this back. Ask the shop if you think it should.")


async def _read(here: Here, name: str) -> tuple[Record, ReturnRecord, Order]:
    row = await own_return(here, name)
    record, order = await rmas.load(here.db, row["id"]), await orders.load(here.db, row["order_id"])
    if record is None or order is None:
        raise NotFoundException
    return row, record, order.order


def _may(row: Record, record: ReturnRecord) -> bool:
    return row["kind"] == "return" and not row["gift"] and shopper_may_edit(record.rma)


async def _rows(here: Here, record: ReturnRecord, order: Order, names: Names) -> list[Row]:
    at = await refunds.position(here.db, record.order_id)
    left = returnable(
        order,
        claimed={c.line_ref: c.in_return for c in at.counters},
        refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
    )
    held = [line for line in record.rma.lines if line.decision in OPEN]
    taken, rows = await _taken_back(here), []
    offered, called = await choices_of_lines(here, Kind.RETURN.value, order.lines), await names_of_reasons(here)
    for line in order.lines:
        parts, found = [one for one in held if one.line_ref == line.ref], taken.get(line.ref)
        mine, units = (parts[0] if parts else None), sum(one.quantity for one in parts)  # twice, where it was merged
        most = min(MOST_SHOWN, left[line.ref].left + units)
        if most and (mine or found):
            reasons = {one.value: one.label for branch in offered[line.ref].shown for one in branch.options}
            if mine and mine.reason not in reasons:  # it is offered no more, and stays what it is
                reasons[mine.reason] = called.get(mine.reason) or words.reason_name(mine.reason, here.reader)
            ways = ways_of(found.decision, names) if found else ()
            rows.append(Row(key_of(line.ref), line.ref, line.title, most, mine, units, list(reasons.items()), ways))
    return rows


async def _taken_back(here: Here) -> Mapping[str, ConsideredLine]:
    """Return the lines that the policy lets a shopper send back now, by ref; none where it takes nothing at all."""
    try:
        found = await returns.consider(
            here.db, store_id=here.store_id, order_id=here.proven.order_id, kind=Kind.RETURN.value, channel=CHANNEL,
            now=here.now, policies=here.desk.policies,
        )  # fmt: skip
    except Refused:
        return {}
    return {one.line.ref: one for one in found.lines if one.can_return}


def _content(rows: list[Row], sent: Form, errors: FormErrors, reader: Reader) -> returns.Content:
    wishes, first = list[returns.Wish](), next((row.way for row in rows if row.line), "")
    for row in rows:
        quantity = sent.whole(f"quantity-{row.key}")
        if quantity is None or quantity > row.most:
            errors.add(f"quantity-{row.key}", reader.say("Choose how many"))
        elif quantity:
            kept = row.line
            reason = sent.text(f"reason-{row.key}") or (kept.reason if kept else "")
            if reason not in dict(row.reasons):
                errors.add(f"reason-{row.key}", reader.say("Choose a reason"))
            # Without a choice it stays what it is, and what is added is made good as the rest.
            name = f"way-{row.key}" if sent.text("each") else "resolution"
            kind, ref = offer_of(sent.text(name) or row.way or first or ResolutionKind.REFUND_ORIGINAL.value)
            if kind not in CARRIED_OUT:
                errors.add(name, reader.say("Choose one of the ways"))
            wishes.append(
                returns.Wish(
                    row.ref, quantity, reason, note=kept.note if kept else None, resolution=kind, ref=ref,
                    answers=kept.answers if kept else {},
                )
            )  # fmt: skip
    if not wishes and not errors:
        errors.add("lines", reader.say("Nothing would be left. Cancel the return instead."))
    method = sent.text("method") or None
    if method is not None and method not in set(MethodKind):
        errors.add("method", reader.say("Choose one of the ways"))
    return returns.Content(tuple(wishes), method, sent.text("plan") or None)


async def _page(
    here: Here, row: Record, record: ReturnRecord, order: Order, sent: Form, errors: FormErrors, *,
    quote: returns.Edited | None = None, wishes: Sequence[returns.Wish] = (), changed: bool = False, status: int = 200,
) -> Response[Any]:  # fmt: skip
    names = await names_of(here)
    rows = await _rows(here, record, order, names)
    if quote is not None:
        values = await _quoted(here, record, order, quote, wishes, names)
    else:
        values = _asked(rows, sent, await anew_of(here, record, wishes or held_of(record), names))
    return here.page(
        "edit", status=status, number=f"R-{row['number']}", order_name=row["order_name"],
        rows=rows, form=sent, errors=errors, changed=changed, **values,
    )  # fmt: skip


def _asked(rows: list[Row], sent: Form, anew: Anew) -> dict[str, Any]:
    """Return what may be chosen, with what is chosen: one way for all items, or one for each of them."""
    held = [row for row in rows if row.line]
    each = bool(sent.text("each")) or len({row.way for row in held}) > 1 or (len(held) > 1 and not anew.common)
    first = held[0].way if held else ""
    ways = {row.key: anew.of(row.ref) or row.ways for row in rows}
    chosen = {
        row.key: sent.text(f"way-{row.key}") or chosen_among(row.way or first, ways[row.key]) for row in rows
    }  # fmt: skip
    return {
        "quote": None, "each": each, "ways": ways, "chosen": chosen, "common": anew.common,
        "way": sent.text("resolution") or chosen_among(first, anew.common),
        "differs": len(rows) > 1 and any(len(some) > 1 for some in ways.values()),
        "methods": anew.methods, "method": sent.text("method") or anew.method,
    }  # fmt: skip


async def _quoted(
    here: Here, record: ReturnRecord, order: Order, quote: returns.Edited, wishes: Sequence[returns.Wish], names: Names
) -> dict[str, Any]:
    """Return what the change comes to: the amounts with the shop's bonus, how it is made right and sent back."""
    promise, method, reader = quote.judged.promise, quote.judged.ways.first.method, here.reader
    before = await rmas.promised(here.db, record.rma.id)
    values = [value_of(wish.resolution, wish.ref) for wish in wishes]
    swaps = {wish.line_ref for wish in wishes if wish.resolution == ResolutionKind.EXCHANGE}
    swapped = {line.line_ref for line in record.rma.lines if line.resolution == ResolutionKind.EXCHANGE}
    table = explained(promise.plans, order, reader, outside=names.of_values(values, outside=True))
    titles = {line.ref: line.title for line in order.lines}
    each = [(titles[wish.line_ref], names.of_value(value)) for wish, value in zip(wishes, values, strict=True)]
    return {
        "quote": quote, "plan": promise.hash, "table": _as_swapped(table, len(swaps), len(wishes), reader),
        "before": Money(sum(plan.total.presentment + plan.bonus for plan in before), promise.currency),
        "after": Money(worth(quote.judged), promise.currency), "resolution": names.of_values(values),
        "mixed": each if len(set(values)) > 1 else [], "chooses_later": bool(swaps - swapped),
        "way_back": words.method_name(method, reader), "way_back_text": words.method_text(method, reader),
    }  # fmt: skip


def _as_swapped(table: tuple[MoneyRow, ...], swaps: int, of: int, reader: Reader) -> tuple[MoneyRow, ...]:
    """Return the rows of the money as an exchange reads them, of all items or of some."""
    if not swaps:
        return table
    return as_value(table, reader) if swaps == of else in_part(table, reader)
