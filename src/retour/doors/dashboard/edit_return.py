"""Changing a return from the desk: what comes back now, what it would then pay, and only then the change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.rma import ReturnLine
from retour.core.rma.moves import OPEN
from retour.doors.dashboard import words
from retour.doors.dashboard.act import explain
from retour.doors.dashboard.asked import PATH
from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.one_return import whole_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole, allowed
from retour.flows import rma as flow
from retour.store.db import Db
from retour.web.explained import explained
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.session import DESK

METHODS: Final = ("own_carrier", "label", "drop_off", "in_store")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the order as the form shows it; `line` is the return's, if the return holds any of it."""

    n: int
    ref: str
    title: str
    sku: str
    most: int
    line: ReturnLine | None

    @property
    def quantity(self) -> int:
        """Return how many units the return holds."""
        return self.line.quantity if self.line else 0


def edit_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of changing a return."""
    at = f"{PATH}/{{number:str}}/edit"
    return [page(desk, at, _ask, DESK), form(desk, at, _send, DESK)]


async def _ask(seen: Visit) -> Response[Any]:
    whole = await whole_of(seen)
    if "edit" not in allowed(whole, seen.staff.role):
        return see(whole.url)
    return await _shown(seen, whole, Form({}), FormErrors())


async def _send(seen: Visit) -> Response[Any]:
    sent, errors, whole = await read_form(seen.request), FormErrors(), await whole_of(seen)
    content = _content(seen, whole, sent, errors)
    if errors:
        return await _shown(seen, whole, sent, errors)
    told = None
    try:
        if sent.text("hash"):
            return await _change(seen, whole, content)
    except Refused as no:
        if no.code != "plan_changed":
            return await _refused(seen, whole, sent, no)
        told = seen.reader.say("The amount changed since you saw it. Check it and confirm again.")
    try:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            quote = await flow.preview_edit(
                db, rma_id=whole.record.rma.id, content=content, now=seen.now, policies=seen.desk.policies
            )
    except Refused as no:
        return await _refused(seen, whole, sent, no)
    return await _shown(seen, whole, sent, FormErrors(), quote=quote, told=told)


async def _change(seen: Visit, whole: Whole, content: flow.Content) -> Response[Any]:
    async def work(db: Db) -> None:
        await flow.edit_return(
            db, rma_id=whole.record.rma.id, content=content, actor=seen.staff.actor, now=seen.now,
            policies=seen.desk.policies,
        )  # fmt: skip

    await seen.desk.database.run(seen.staff.tenant_id, work)
    return see(whole.url)


def _rows(whole: Whole) -> list[Row]:
    """Return the order's lines that may come back, with what the return holds of each."""
    held = {line.line_ref: line for line in whole.record.rma.lines if line.decision in OPEN}
    return [
        Row(n, line.ref, line.title, line.sku or "", line.quantity, held.get(line.ref))
        for n, line in enumerate(whole.order.order.lines)
    ]


def _content(seen: Visit, whole: Whole, sent: Form, errors: FormErrors) -> flow.Content:
    reader, wishes = seen.reader, list[flow.Wish]()
    for row in _rows(whole):
        quantity = sent.whole(f"quantity-{row.n}")
        if quantity is None or quantity > row.most:
            errors.add(f"quantity-{row.n}", reader.say("Enter 0 to %(most)s", most=reader.number(row.most)))
        elif quantity:
            kept = row.line
            reason = sent.text(f"reason-{row.n}") or (kept.reason if kept else "")
            if not reason or (reason not in words.REASONS and (kept is None or reason != kept.reason)):
                errors.add(f"reason-{row.n}", reader.say("Choose a reason"))
            kind = sent.text(f"resolution-{row.n}") or (kept.resolution if kept else "refund_original")
            same = kept is not None and kind == kept.resolution
            wishes.append(
                flow.Wish(
                    row.ref, quantity, reason, note=kept.note if kept else None, resolution=kind,
                    ref=kept.resolution_ref if kept and same else None, answers=kept.answers if kept else {},
                )
            )  # fmt: skip
    if not wishes and not errors:
        errors.add("lines", reader.say("Something has to come back. To give all of it up, cancel the return."))
    method = sent.text("method")
    return flow.Content(tuple(wishes), method if method in METHODS else None, sent.text("hash") or None)


async def _refused(seen: Visit, whole: Whole, sent: Form, no: Refused) -> Response[Any]:
    said = seen.reader.say(_SAID[no.code]) if no.code in _SAID else explain(no, seen.reader)
    return await _shown(seen, whole, sent, FormErrors(), told=said, status=no.status)


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


_SAID: Final = {
    "nothing_changed": _("Nothing differs from what the return holds already."),
    "opened_on_platform": _("The return is open on the platform: more units need a return of their own."),
    "already_paid": _("Money has moved for this return; it is not changed any more."),
    "handed_over": _("The parcel is on its way or here; the return is not changed any more."),
    "resolution_not_offered": _("The policy does not offer that for it"),
    "method_not_offered": _("The policy does not offer that way back."),
    "more_than_returnable": _("Fewer units of it can come back."),
}


async def _shown(
    seen: Visit, whole: Whole, sent: Form, errors: FormErrors, *, quote: flow.Edited | None = None,
    told: str | None = None, status: int | None = None,
) -> Response[Any]:  # fmt: skip
    reader, currency = seen.reader, whole.record.rma.currency
    values: dict[str, Any] = {"quote": None}
    if quote is not None:
        promise = quote.judged.promise
        values = {
            "quote": quote, "hash": promise.hash, "before": Money(quote.before_minor, currency),
            "after": Money(promise.total_minor, currency),
            "tables": [explained([plan], whole.order.order, reader, staff=True) for plan in promise.plans],
        }  # fmt: skip
    return await seen.page(
        "dashboard/edit_return.html", current="returns", status=status or (422 if errors else 200), whole=whole,
        rows=_rows(whole), form=sent, errors=errors, told=told, reasons=_options(reader, words.REASONS),
        resolutions=_options(reader, words.RESOLUTIONS), methods=_methods(reader), **values,
    )  # fmt: skip


def _options(reader: Any, table: Any) -> Sequence[tuple[str, str]]:
    return [("", reader.say("As it is")), *((code, word(reader, table, code)) for code in table if code != "unwanted")]


def _methods(reader: Any) -> Sequence[tuple[str, str]]:
    return [("", reader.say("As it is")), *((m, word(reader, words.METHODS, m)) for m in METHODS)]
