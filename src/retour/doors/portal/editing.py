"""Changing a return after it was sent, while nothing is on its way: what comes back now, what it pays, then the change."""

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
from retour.core.reason import REASONS
from retour.core.rma import ReturnLine
from retour.core.rma.moves import OPEN
from retour.core.rma.shopper import shopper_may_edit
from retour.doors.portal import words
from retour.doors.portal.desk import AnyRequest, Desk, Here
from retour.doors.portal.draft import key_of
from retour.doors.portal.drafting import CHANNEL
from retour.doors.portal.following import own_return
from retour.flows import rma as returns
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import rma as rmas
from retour.store.db import Db, Record
from retour.store.rma import ReturnRecord
from retour.web.explained import explained
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.reader import Reader

MOST_SHOWN: Final = 200  # units that can be chosen from


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the order: `most` units of it may come back, `line` is what the return holds of it."""

    key: str
    ref: str
    title: str
    most: int
    line: ReturnLine | None

    @property
    def quantity(self) -> int:
        """Return how many units the return holds."""
        return self.line.quantity if self.line else 0

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
        return await _page(here, row, record, order, Form({}), FormErrors())


async def take(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what the change would pay; make it once that was seen."""
    sent, errors = await desk.form(request, handle), FormErrors()
    async with desk.here(request, handle) as here:
        row, record, order = await _read(here, str(request.path_params["name"]))
        back, proven = f"{here.base}/R-{row['number']}", here.proven
        if not _may(row, record):
            return see(back)
        content = _content(await _rows(here, record, order), sent, errors, here.reader)
        if errors:
            return await _page(here, row, record, order, sent, errors, status=422)
    if sent.text("plan"):
        told = await _change(desk, here.tenant_id, record.rma.id, proven.order_id, proven.actor, content)
        if told is None:
            return see(back)
        if told != "plan_changed":
            return await _again(desk, request, handle, sent, told)
    try:
        async with desk.database.tx(here.tenant_id) as db:
            quote = await returns.preview_edit(
                db, rma_id=record.rma.id, content=content, now=desk.clock(), policies=desk.policies,
                order_id=proven.order_id,
            )  # fmt: skip
    except Refused as refused:
        return await _again(desk, request, handle, sent, refused.code)
    async with desk.here(request, handle) as here:
        return await _page(here, row, record, order, sent, FormErrors(), quote=quote, changed=bool(sent.text("plan")))


async def _change(
    desk: Desk, tenant_id: UUID, rma_id: UUID, order_id: UUID, actor: str, content: returns.Content
) -> str | None:
    """Make the change and return nothing, or the code it is refused with."""

    async def work(db: Db) -> None:
        await returns.edit_return(
            db, rma_id=rma_id, content=content, actor=actor, now=desk.clock(), policies=desk.policies, order_id=order_id
        )

    try:
        await desk.database.run(tenant_id, work)
    except Refused as refused:
        return refused.code
    return None


async def _again(desk: Desk, request: AnyRequest, handle: str, sent: Form, code: str) -> Response[Any]:
    """Show the form again with why it cannot be."""
    errors = FormErrors()
    async with desk.here(request, handle) as here:
        row, record, order = await _read(here, str(request.path_params["name"]))
        if not _may(row, record):
            return see(f"{here.base}/R-{row['number']}")
        errors.add("lines", _said(code, here.reader))
        return await _page(here, row, record, order, sent, errors, status=422)


def _said(code: str, reader: Reader) -> str:
    say = reader.say
    known = {
        "nothing_changed": say("That is what you are returning already."),
        "opened_on_platform": say("Your return is approved. Start another return for more items."),
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


async def _rows(here: Here, record: ReturnRecord, order: Order) -> list[Row]:
    at = await refunds.position(here.db, record.order_id)
    left = returnable(
        order,
        claimed={c.line_ref: c.in_return for c in at.counters},
        refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
    )
    held = {line.line_ref: line for line in record.rma.lines if line.decision in OPEN}
    taken, rows = await _taken_back(here), []
    for line in order.lines:
        mine = held.get(line.ref)
        most = min(MOST_SHOWN, left[line.ref].left + (mine.quantity if mine else 0))
        if most and (mine or line.ref in taken):
            rows.append(Row(key_of(line.ref), line.ref, line.title, most, mine))
    return rows


async def _taken_back(here: Here) -> set[str]:
    """Return the lines that the policy lets a shopper send back now; none where it takes nothing at all."""
    try:
        found = await returns.consider(
            here.db, store_id=here.store_id, order_id=here.proven.order_id, kind=Kind.RETURN.value, channel=CHANNEL,
            now=here.now, policies=here.desk.policies,
        )  # fmt: skip
    except Refused:
        return set()
    return {one.line.ref for one in found.lines if one.can_return}


def _content(rows: list[Row], sent: Form, errors: FormErrors, reader: Reader) -> returns.Content:
    wishes, first = list[returns.Wish](), next((row.line for row in rows if row.line), None)
    for row in rows:
        quantity = sent.whole(f"quantity-{row.key}")
        if quantity is None or quantity > row.most:
            errors.add(f"quantity-{row.key}", reader.say("Choose how many"))
        elif quantity:
            kept = row.line
            reason = kept.reason if kept else sent.text(f"reason-{row.key}")
            if kept is None and reason not in REASONS:
                errors.add(f"reason-{row.key}", reader.say("Choose a reason"))
            like = kept or first  # what is added is made good as the rest is
            wishes.append(
                returns.Wish(
                    row.ref, quantity, reason, note=kept.note if kept else None,
                    resolution=like.resolution if like else "refund_original",
                    ref=like.resolution_ref if like else None, answers=kept.answers if kept else {},
                )
            )  # fmt: skip
    if not wishes and not errors:
        errors.add("lines", reader.say("Nothing would be left. Cancel the return instead."))
    return returns.Content(tuple(wishes), plan_hash=sent.text("plan") or None)


async def _page(
    here: Here, row: Record, record: ReturnRecord, order: Order, sent: Form, errors: FormErrors, *,
    quote: returns.Edited | None = None, changed: bool = False, status: int = 200,
) -> Response[Any]:  # fmt: skip
    values: dict[str, Any] = {"quote": None}
    if quote is not None:
        promise = quote.judged.promise
        values = {
            "quote": quote, "plan": promise.hash, "before": Money(quote.before_minor, promise.currency),
            "after": Money(promise.total_minor, promise.currency),
            "table": explained(promise.plans, order, here.reader),
        }  # fmt: skip
    reasons = [("", here.reader.say("Choose a reason")), *((c, words.reason_name(c, here.reader)) for c in REASONS)]
    return here.page(
        "edit", status=status, number=f"R-{row['number']}", order_name=row["order_name"],
        rows=await _rows(here, record, order), form=sent, errors=errors, reasons=reasons, changed=changed, **values,
    )  # fmt: skip
