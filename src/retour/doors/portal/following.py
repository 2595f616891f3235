"""After sending: the list of an order's returns, where one stands, and cancelling it while nothing was handed over."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.exceptions import NotFoundException

from retour.core.errors import Refused
from retour.core.label import lacks_sender
from retour.core.money import Money
from retour.core.order import Order
from retour.core.policy.outcome import ResolutionKind
from retour.core.promise import kept
from retour.core.refund import Plan
from retour.core.rma import Decision, shopper_may_cancel
from retour.core.rma.exchange import ExchangeState
from retour.core.rma.shopper import shopper_may_edit, shopper_may_move
from retour.core.rma.state import IN_STORE
from retour.doors.portal import words
from retour.doors.portal.at_once import at_once
from retour.doors.portal.choices import names_of_reasons
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Piece, key_of, value_of
from retour.doors.portal.drafting import pictures_of
from retour.doors.portal.newly import new_items
from retour.doors.portal.offers import Names, names_of
from retour.doors.portal.papers import counter_of, papers_of, sent_to
from retour.doors.portal.papers import told as told_parcels
from retour.doors.portal.standing import pays, standing, timeline
from retour.flows import rma as returns
from retour.flows.rma.question import TEXT_MOST
from retour.store import event, fraud, views
from retour.store import exchange_order as exchange_orders
from retour.store import fee as fees
from retour.store import look as looks
from retour.store import order as orders
from retour.store import photo as photos
from retour.store import refund as refunds
from retour.store import rma as rmas
from retour.store.db import Db, Record
from retour.store.exchange_order import ExchangeOrder
from retour.store.photo import PhotoKind, PhotoView
from retour.store.refund import SettlementRow
from retour.store.rma import questions
from retour.store.rma.questions import InfoRequest
from retour.web.differences import differences
from retour.web.exchanged import as_value, in_part, swapped
from retour.web.explained import beside, explained
from retour.web.pages import see
from retour.web.parts import MoneyRow
from retour.web.reader import Reader
from retour.web.resolutions import IN_KIND

LIST_MOST: Final = 50
ANSWER_MISSING: Final = "answer-missing"  # says that an answer came back empty
_NUMBER: Final = re.compile(r"R-([1-9][0-9]{0,17})")
_LINES: Final = msgspec.json.Decoder(list[views.LineView])
# A new order whose figures hold no more.
_GIVEN_UP: Final = frozenset({ExchangeState.DROPPING, ExchangeState.CANCELLED, ExchangeState.BY_HAND})
_LOGO: Final = re.compile(r"logo-[0-9]{1,12}")


async def list_returns(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """List the returns of the proven order, newest first."""
    async with desk.here(request, handle) as here:
        rows = await views.returns_of_shopper(
            here.db, store_id=here.store_id, order_id=here.proven.order_id, receivers=here.proven.receivers,
            limit=LIST_MOST,
        )  # fmt: skip
        order = await orders.load(here.db, here.proven.order_id)
        assert order is not None, "a proven order is kept"
        shown, names = [], await names_of(here)
        for row in reversed(rows):
            paid = await refunds.list_of_rma(here.db, row["id"])
            stands = standing(row, paid, here.reader, shop=here.portal.look.name, chosen=chosen_of(row, names))
            told = pays(row) and not row["gift"] and not (_in_kind(row) and row["promised_minor"] == 0)
            amount = Money(row["promised_minor"], row["currency"]) if told else None
            shown.append((row["number"], stands, amount, row["requested_at"]))
        return here.page("list", returns=shown, order_name=order.order.name)


async def show_return(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show where a return stands; the same address form serves the store's logo."""
    name = str(request.path_params["name"])
    async with desk.here(request, handle) as here:
        if _LOGO.fullmatch(name):
            return await _logo(here)
        row = await own_return(here, name)
        parts = await views.parts_of_return(here.db, row["id"])
        order = await orders.load(here.db, row["order_id"])
        assert parts is not None, "a return that was just read"
        assert order is not None, "a return stands on its order"
        settlements, names = await refunds.list_of_rma(here.db, row["id"]), await names_of(here)
        asked = await questions.of_return(here.db, row["id"])
        told = await event.of_resource(here.db, resource_kind="return", resource_id=row["id"])
        shop, reader, sent = here.portal.look.name, here.reader, await photos.list_of_return(here.db, row["id"])
        outside = chosen_of(row, names)
        _, appeal = await fraud.limits(here.db, here.store_id)
        rows, is_promise = _money(
            here,
            order.order,
            parts.promised,
            settlements,
            outside_of(row, names),
            is_over=row["status"] == Decision.RESOLVED.value,
        )
        total = next(r.amount for r in rows if r.kind == "paid" and r.amount)
        new_orders = await exchange_orders.list_of_rma(here.db, row["id"]) if _swaps(row) else []
        return here.page(
            "status", changed=await _changed(here, row, order.order, settlements), row=row,
            number=f"R-{row['number']}", order_name=row["order_name"],
            standing=standing(row, settlements, reader, shop=shop, chosen=outside, appeal=appeal),
            timeline=timeline(told, reader, shop=shop), chosen=outside,
            rows=_worth(rows, row, reader), swaps=_swaps(row), is_promise=is_promise,
            pays=pays(row) and not row["gift"] and not (_in_kind(row) and total.minor == 0),
            pieces=await _pieces(row, order.order, here), total=total,
            messages=_messages(row, parts, asked, sent, here),
            mine=[one for one in sent if one.kind == PhotoKind.SHOPPER], may_cancel=await _may_cancel(here.db, row),
            may_edit=await _may_edit(here.db, row), moving=await _moving(here.db, row),
            method=words.method_name(row["method"], reader), sends=_still_sends(row), help_url=here.help_url,
            sending=here.portal.look.text(reader.language).sending, return_address=here.portal.look.return_address,
            parcels=told_parcels(parts.shipments), to_you=sent_to(settlements), in_store=row["method"] == IN_STORE,
            counter=await counter_of(here, row),
            papers=await papers_of(here, row["id"], base=f"{here.base}/R-{row['number']}"),
            asked=next((q for q in asked if q.closed_at is None), None),
            new_items=await new_items(here, row, swaps=_swaps(row), is_ordered=bool(new_orders)), new_orders=new_orders,
            exchanges=_exchanges(new_orders, row, reader),
            at_once=await at_once(here, row, swaps=_swaps(row)),
            fee=await fees.get(here.db, row["id"]) if row["blocked_code"] == "fee_unpaid" else None,
            answer_missing=request.query_params.get("said") == ANSWER_MISSING, most_text=TEXT_MOST,
        )  # fmt: skip


def _swaps(row: Record, *, wholly: bool = False) -> bool:
    """Return whether an item of a return is exchanged, or `wholly` each of them."""
    every = [line.resolution == ResolutionKind.EXCHANGE for line in _LINES.decode(row["lines"] or "[]")]
    return all(every) if wholly else any(every)


def _exchanges(orders: Sequence[ExchangeOrder], row: Record, reader: Reader) -> list[tuple[MoneyRow, ...]]:
    """Return each new order in figures, from its price to what is paid or goes back; a gift's receiver sees no amounts."""
    if row["gift"]:
        return []
    return [
        swapped([order.figures], order.articles, row["currency"], reader)
        for order in orders
        if order.figures is not None and order.state not in _GIVEN_UP
    ]


def _worth(rows: tuple[MoneyRow, ...], row: Record, reader: Reader) -> tuple[MoneyRow, ...]:
    """Return the rows of a return's money as its exchange reads them, of all of it or of a part."""
    if _swaps(row, wholly=True):
        return as_value(rows, reader)
    return in_part(rows, reader) if _swaps(row) else rows


def _in_kind(row: Record) -> bool:
    return all(line.resolution in IN_KIND for line in _LINES.decode(row["lines"] or "[]"))


async def _changed(here: Here, row: Record, order: Order, settlements: list[SettlementRow]) -> tuple[MoneyRow, ...]:
    """Return why another amount was paid than was promised, once the return is complete; nothing if it was not."""
    if not settlements or row["status"] != Decision.RESOLVED.value:
        return ()
    record = await rmas.load(here.db, row["id"])
    assert record is not None, "a return that was just read"
    promised = await rmas.promised(here.db, row["id"])
    return differences(kept(record.rma, promised, refunds.plans_of(settlements)), order, here.reader)


async def ask_cancel(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask once before a return is cancelled."""
    async with desk.here(request, handle) as here:
        row = await own_return(here, str(request.path_params["name"]))
        return here.page("cancel", number=f"R-{row['number']}", may_cancel=await _may_cancel(here.db, row))


async def cancel(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Cancel a return of the proven order."""
    await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        row, proven = await own_return(here, str(request.path_params["name"])), here.proven
        number = f"R-{row['number']}"

    async def work(db: Db) -> None:
        await returns.cancel_as_shopper(
            db, rma_id=row["id"], order_id=proven.order_id, actor=proven.actor, now=desk.clock()
        )

    try:
        await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        raise Elsewhere(f"/{number}/cancel") from refused  # the page says that it is too late
    return see(f"{here.base}/{number}")


async def own_return(here: Here, name: str) -> Record:
    """Return a return of the proven order by its number; raise NotFoundException for any other."""
    proven, match = here.proven, _NUMBER.fullmatch(name)
    rma_id = await rmas.find_by_number(here.db, int(match[1])) if match else None
    row = await views.one_return(here.db, rma_id) if rma_id else None
    if row is None or not proven.may_see(row):
        raise NotFoundException
    return row


async def _may_cancel(db: Db, row: Record) -> bool:
    record = await rmas.load(db, row["id"])
    return record is not None and shopper_may_cancel(record.rma)


async def _may_edit(db: Db, row: Record) -> bool:
    record = await rmas.load(db, row["id"])
    return record is not None and row["kind"] == "return" and not row["gift"] and shopper_may_edit(record.rma)


async def _moving(db: Db, row: Record) -> dict[str, bool]:
    """Return whether the shopper may say where they are (`may`), and whether their label waits for it (`waits`)."""
    record = await rmas.load(db, row["id"])
    may = record is not None and shopper_may_move(record.rma)
    return {"may": may, "waits": record is not None and may and lacks_sender(record.rma)}


async def _logo(here: Here) -> Response[Any]:
    look = await looks.get(here.db, here.store_id)
    if look is None or look.logo is None:
        raise NotFoundException
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(look.logo.content, media_type=look.logo.type, headers=headers)


def _money(
    here: Here, order: Order, promised: dict[str, Any], settlements: list[SettlementRow], outside: str, *, is_over: bool
) -> tuple[tuple[MoneyRow, ...], bool]:
    """Return the rows of what is paid, or of what was promised while nothing is decided yet."""
    said = explained(msgspec.convert(promised["plans"], list[Plan]), order, here.reader, outside=outside)
    if not settlements:
        return said, True
    paid = explained([s.plan for s in settlements], order, here.reader, outside=outside)
    return (beside(said, paid) if is_over else paid), False


def chosen_of(row: Record, names: Names) -> str:
    """Return what was chosen, each name once."""
    lines = _LINES.decode(row["lines"] or "[]")
    return ", ".join(dict.fromkeys(names.of(line.resolution, line.resolution_ref) for line in lines))


def outside_of(row: Record, names: Names) -> str:
    """Return the names of what was chosen beside a refund to a payment; those of all where there is no such thing."""
    lines = _LINES.decode(row["lines"] or "[]")
    return names.of_values([value_of(line.resolution, line.resolution_ref) for line in lines], outside=True)


async def _pieces(row: Record, order: Order, here: Here) -> list[tuple[Piece, str]]:
    """Return the items of a return and, where it differs from the whole, what became of each."""
    found, pictures, reasons = [], await pictures_of(here.db, order), await names_of_reasons(here)
    for line in _LINES.decode(row["lines"] or "[]"):
        ordered = order.line(line.line_ref)
        title, of = (ordered.title, ordered.quantity) if ordered else (here.reader.say("Item"), line.requested_quantity)
        reason = reasons.get(line.reason) or words.reason_name(line.reason, here.reader)
        picture = pictures.get(ordered.image_url or "") if ordered else None
        piece = Piece(key_of(line.line_ref), title, picture, line.requested_quantity, of, reason)
        found.append((piece, _fate(line.decision, row["status"], here)))
    return found


def _fate(decision: str, status: str, here: Here) -> str:
    if decision == status:
        return ""
    say = here.reader.say
    fates = {
        "rejected": say("not accepted"), "cancelled": say("cancelled"), "approved": say("accepted"),
        "resolved": say("complete"), "requested": say("being checked"), "expired": say("expired"),
    }  # fmt: skip
    return fates.get(decision, "")


def _messages(
    row: Record, parts: views.ReturnParts, asked: Sequence[InfoRequest], sent: Sequence[PhotoView], here: Here
) -> list[tuple[str, str, Any, list[PhotoView]]]:
    """Return what the shop and the shopper wrote to each other: (who, text, when or nothing, what came with it)."""
    shop = here.portal.look.name
    said = dict.fromkeys(line.message for line in _LINES.decode(row["lines"] or "[]") if line.message)
    found: list[tuple[str, str, Any, list[PhotoView]]] = [(shop, text, row["decided_at"], []) for text in said]
    found += [
        (
            here.reader.say("You") if note.actor.startswith("shopper") else shop,
            note.body,
            note.at,
            [one for one in sent if one.note_id == note.id],
        )
        for note in parts.notes
        if note.shown_to_shopper
    ]
    for closed in (question for question in asked if question.closed_at is not None):
        found.append((shop, closed.question, closed.asked_at, []))
        if closed.answer is not None:
            found.append((here.reader.say("You"), closed.answer, closed.closed_at, []))
    return found


def _still_sends(row: Record) -> bool:
    """Return whether the shopper still has a parcel to send, and nothing to pay before."""
    if row["blocked_code"] in ("fee_unpaid", "fee_stuck"):
        return False
    return row["status"] == Decision.APPROVED.value and row["in_transit_at"] is None and row["received_at"] is None
