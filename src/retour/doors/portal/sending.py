"""Step 4: the money line by line, the way back, and sending it; a figure that changed is shown before anything is sent."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response

from retour.core.article import Swap
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.order import Order
from retour.core.rma.state import STAYS
from retour.core.visit import masked_email
from retour.doors.portal import words
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Draft, Shown, offer_of
from retour.doors.portal.drafting import draft_of, judged, keep, order_of, photos_of, with_reason
from retour.doors.portal.offers import Names, names_of, worth
from retour.doors.portal.picks import REFUSALS
from retour.doors.portal.swapping import is_swap, swap_of
from retour.flows import rma as returns
from retour.flows.rma import Judged
from retour.store import order as orders
from retour.store.db import Db
from retour.store.ids import new_id
from retour.web.exchanged import as_value, in_part, swapped
from retour.web.explained import explained, keyed, marked
from retour.web.forms import FormErrors
from retour.web.pages import see
from retour.web.parts import MoneyRow
from retour.web.reader import Reader
from retour.web.resolutions import IN_KIND


async def show_review(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show everything that would be sent, with its money to the cent."""
    async with desk.here(request, handle) as here:
        return await _review(here, _complete(draft_of(here)))


async def send(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Send the return as it was shown; figures that changed meanwhile are shown anew, marked, and nothing is sent."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        draft, proven = draft_of(here), here.proven
        if draft.rma_id is None or not draft.lines:  # sent before, from another tab or by a second click
            return see(f"{here.base}/list")
        draft, order = _complete(draft), await order_of(here)
        wishes = draft.wishes(order.order.order, photos=await photos_of(here))
        swaps = any(wish.article for wish in wishes)
    assert draft.rma_id is not None, "the review gave it one"
    rma_id = draft.rma_id
    asking = returns.Asking(
        here.store_id, proven.order_id, tuple(wishes), "portal", kind=draft.kind,
        method=draft.method or None, plan_hash=None if proven.gift else form.text("plan"),
        swap_hash=form.text("swap") if swaps else None, gift=proven.gift, receiver_id=proven.receiver_id,
        gift_unproven=proven.gift and proven.visit.proven_by != "link",
    )  # fmt: skip

    async def work(db: Db) -> int:
        return await returns.send_draft(
            db, visit_id=proven.visit.id, rma_id=rma_id, asking=asking, actor=proven.actor,
            language=here.reader.language, now=desk.clock(), policies=desk.policies,
        )  # fmt: skip

    try:
        number = await desk.database.run(here.tenant_id, work)
    except Refused as refused:
        return await _refused(desk, request, handle, refused)
    return see(f"{here.base}/R-{number}")


async def show_way(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show the ways to send the items back."""
    async with desk.here(request, handle) as here:
        return await _way(here, _complete(draft_of(here)), FormErrors())


async def take_way(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep the way back and return to the check."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        draft, errors = _complete(draft_of(here)), FormErrors()
        if form.text("method") not in methods_of(await _judged(here, draft)):
            errors.add("method", here.reader.say("Choose one of the ways"))
            return await _way(here, draft, errors, status=422)
        await keep(here, msgspec.structs.replace(draft, method=form.text("method")))
        return see(f"{here.base}/review")


async def _refused(desk: Desk, request: AnyRequest, handle: str, refused: Refused) -> Response[Any]:
    async with desk.here(request, handle) as here:
        draft = _complete(draft_of(here))
        if refused.code == "price_changed" or (refused.code in REFUSALS and is_swap(draft)):
            said = here.reader.say("The price changed. Check it and send again.")
            return await _review(here, draft, notice=said, status=409)
        if refused.code == "plan_changed":
            said = here.reader.say("The amount changed. Check it and send again.")
            return await _review(here, draft, notice=said, status=409)
        if refused.code in ("resolution_not_offered", "method_not_offered"):
            await keep(here, msgspec.structs.replace(draft.alike(""), method=""))
            return see(f"{here.base}/offers")
        if refused.code in ("photos_required", "photo_not_found"):
            return see(f"{here.base}/reasons?check=1")
        return see(f"{here.base}/items?check=1")


async def _review(here: Here, draft: Draft, *, notice: str | None = None, status: int = 200) -> Response[Any]:
    found, order, language = await _judged(here, draft), await order_of(here), here.reader.language
    promise, methods = found.promise, methods_of(found)
    method = draft.method if draft.method in methods else methods[0]
    names = await names_of(here)
    rows = explained(promise.plans, order.order.order, here.reader, outside=names.of_values(draft.ways, outside=True))
    before, now = draft.shown, Shown(promise.hash, language, keyed(rows))
    shown: tuple[MoneyRow, ...] = rows
    if notice and before is not None and before.language == language:
        shown = marked(before.rows, rows)
    await keep(here, msgspec.structs.replace(draft, shown=now, method=method, rma_id=draft.rma_id or new_id()))
    swap = await swap_of(here, draft, found)
    person = await orders.load_person(here.db, here.proven.person_id)
    return here.page(
        "review", swap=_told(here, swap, promise.currency), later=draft.chooses_later, status=status, errors=FormErrors(),
        notice=notice, rows=_worth(shown, draft, swap, here.reader), plan=promise.hash,
        total=Money(worth(found), promise.currency), pieces=await with_reason(here, draft, order),
        resolution=names.of_values(draft.ways), ways=_ways(draft, order.order.order, names),
        method=words.method_name(method, here.reader),
        method_text=words.method_text(method, here.reader), several_ways=len(methods) > 1,
        in_kind=_in_kind(here, draft, found), sends=method not in STAYS, gift=here.proven.gift,
        confirmation=masked_email(person.email) if person else None,
    )  # fmt: skip


def _worth(rows: tuple[MoneyRow, ...], draft: Draft, swap: Swap | None, reader: Reader) -> tuple[MoneyRow, ...]:
    """Return the rows of the draft's money as its exchange reads them, of all of it or of a part."""
    if swap or (draft.chooses_later and not draft.is_mixed):
        return as_value(rows, reader)
    return in_part(rows, reader) if draft.chooses_later else rows


def _in_kind(here: Here, draft: Draft, found: Judged) -> str:
    """Return what the shopper gets who gets no money and pays nothing, in a sentence; else nothing."""
    kinds = dict.fromkeys(offer_of(way)[0] for way in draft.ways)
    if not IN_KIND.issuperset(kinds) or worth(found):
        return ""
    if any(plan.billed.presentment for plan in found.promise.plans):
        return ""
    return " ".join(words.resolution_text(kind, here.reader) for kind in kinds)


def _ways(draft: Draft, order: Order, names: Names) -> list[tuple[str, str]]:
    """Return (item, how it is made right) where the items go different ways."""
    if not draft.is_mixed:
        return []
    return [(line.title, names.of_value(draft.way_of(line.ref))) for line in order.lines if line.ref in draft.lines]


@dataclass(frozen=True, slots=True)
class ToldSwap:
    """An exchange as the check shows it: its rows, what is to be paid or goes back, its articles, its hash."""

    rows: tuple[MoneyRow, ...]
    due: Money | None
    back: Money | None
    items: list[str]
    hash: str


def _told(here: Here, swap: Swap | None, currency: str) -> ToldSwap | None:
    if swap is None:
        return None
    return ToldSwap(
        swapped(swap.exchanges, swap.articles, currency, here.reader),
        Money(swap.collect, currency) if swap.collect else None,
        Money(swap.pay_back, currency) if swap.pay_back else None,
        [one.title or one.article for one in swap.articles], swap.hash,
    )  # fmt: skip


async def _way(here: Here, draft: Draft, errors: FormErrors, *, status: int = 200) -> Response[Any]:
    methods, reader = methods_of(await _judged(here, draft)), here.reader
    options = [(kind, words.method_name(kind, reader), words.method_text(kind, reader)) for kind in methods]
    return here.page("way", status=status, errors=errors, options=options, chosen=draft.method)


async def _judged(here: Here, draft: Draft) -> Judged:
    try:
        return await judged(here, draft)
    except Refused as refused:
        at = "/offers" if refused.code == "resolution_not_offered" else "/items?check=1"
        raise Elsewhere(at) from refused


def methods_of(found: Judged) -> list[str]:
    """Return the ways back that every line offers, in the merchant's order; else the one that stands for the return."""
    if found.ways.first.method in STAYS:
        return [found.ways.first.method]
    offered = [[offer.kind.value for offer in line.methods.outcome.offered] for line in found.lines]
    common = [kind for kind in offered[0] if all(kind in kinds for kinds in offered)]
    return common or [found.ways.first.method]


def _complete(draft: Draft) -> Draft:
    if not draft.has_reasons:
        raise Elsewhere("/reasons" if draft.lines else "/items")
    if not all(draft.way_of(ref) for ref in draft.lines):
        raise Elsewhere("/offers")
    return draft
