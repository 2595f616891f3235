"""Steps 1 and 3: what goes back and how it is made right; each judged by the policy when it is sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response

from retour.core.errors import Refused
from retour.core.money import Money
from retour.doors.portal import kinds, words
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Draft, DraftLine, key_of
from retour.doors.portal.drafting import (
    closed,
    considered,
    draft_of,
    keep,
    objections,
    order_of,
    pictures_of,
    with_reason,
)
from retour.doors.portal.offers import offers_of, offers_of_each
from retour.doors.portal.swapping import chooses
from retour.flows.rma import Considered, ConsideredLine
from retour.store import views
from retour.web.forms import Form, FormErrors
from retour.web.pages import see
from retour.web.reader import Reader


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One order line as it may be chosen: `blocked` says why it cannot be, `price` what was paid; of a gift nobody is told."""

    key: str
    title: str
    price: Money | None
    ordered: int
    left: int
    blocked: str | None
    until: str | None
    checked: bool = False
    quantity: int = 1
    picture: str | None = None


# --- step 1 ------------------------------------------------------------------------------------------------------------


async def show_items(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Show what can go back and, in its place, why something cannot."""
    async with desk.here(request, handle) as here:
        found, draft = await considered(here), draft_of(here)
        if isinstance(found, Refused):
            return closed(here, found)
        errors = (
            await objections(here, draft, found, at="item")
            if request.query_params.get("check") == "1"
            else FormErrors()
        )
        return await _items(here, found, draft, errors=errors)


async def take_items(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep what was chosen and ask why."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        found, draft = await considered(here), draft_of(here)
        if isinstance(found, Refused):
            return closed(here, found)
        lines, errors = _chosen(form, found, draft, here.reader)
        if errors:
            typed = msgspec.structs.replace(draft, lines=lines)
            return await _items(here, found, typed, status=422, errors=errors)
        await keep(here, msgspec.structs.replace(draft, lines=lines))
        return see(f"{here.base}/reasons")


async def _items(
    here: Here, found: Considered, draft: Draft, *, status: int = 200, errors: FormErrors
) -> Response[Any]:
    pictures = await pictures_of(here.db, found.order.order)
    gift = here.proven.gift
    cards = [_card(line, draft, here.reader, found, pictures, gift=gift) for line in found.lines]
    days = sorted({line.decision.closes_on for line in found.lines if line.can_return and line.decision.closes_on})
    earlier = await views.returns_of_shopper(
        here.db, store_id=here.store_id, order_id=found.order.id, receivers=here.proven.receivers, limit=1
    )
    return here.page(
        "items", status=status, errors=errors, cards=cards, order_name=found.order.order.name,
        until=days[0] if days and draft.kind != "cancellation" else None, several_days=len(days) > 1, has_returns=bool(earlier),
        help_url=here.help_url, sending=here.portal.look.text(here.reader.language).sending,
        heading=kinds.heading(draft.kind, here.reader), kinds=await kinds.others(here, draft),
        gift=gift,
    )  # fmt: skip


def _card(
    found: ConsideredLine, draft: Draft, reader: Reader, whole: Considered, pictures: Mapping[str, str],
    *, gift: bool,
) -> ItemCard:  # fmt: skip
    line, chosen = found.line, draft.lines.get(found.line.ref)
    order = whole.order.order
    blocked = None if found.can_return else words.why_not(found, reader, placed_at=order.placed_at)
    closes_on = found.decision.closes_on
    return ItemCard(
        key=key_of(line.ref), title=line.title, price=None if gift else Money(line.gross.presentment, order.currency),
        ordered=line.quantity, left=found.left, blocked=blocked,
        until=reader.day(closes_on) if closes_on and not blocked else None,
        checked=chosen is not None and not blocked, quantity=min(chosen.quantity, found.left) if chosen else 1,
        picture=pictures.get(line.image_url or ""),
    )  # fmt: skip


def _chosen(form: Form, found: Considered, draft: Draft, reader: Reader) -> tuple[dict[str, DraftLine], FormErrors]:
    errors, lines = FormErrors(), dict[str, DraftLine]()
    wanted = set(form.texts("item"))
    for one in found.lines:
        key = key_of(one.line.ref)
        if key not in wanted:
            continue
        if not one.can_return:
            placed_at = found.order.order.placed_at
            errors.add(f"item-{key}", words.why_not(one, reader, placed_at=placed_at))
            continue
        quantity = form.whole(f"quantity-{key}") or 0
        if not 1 <= quantity <= one.left:
            said = reader.say("%(title)s: choose a number from 1 to %(most)s", title=one.line.title, most=one.left)
            errors.add(f"quantity-{key}", said)
        before = draft.lines.get(one.line.ref, DraftLine(1))
        lines[one.line.ref] = msgspec.structs.replace(before, quantity=max(1, min(quantity, one.left)))
    if not lines and not errors:
        first = next((one for one in found.lines if one.can_return), None)
        errors.add(f"item-{key_of(first.line.ref)}" if first else "items", reader.say("Choose at least one item"))
    return lines, errors


# --- step 3 ------------------------------------------------------------------------------------------------------------


async def show_offers(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Compare what the shop offers, each with its amount."""
    async with desk.here(request, handle) as here:
        return await _offers(here, _with_reasons(draft_of(here)), FormErrors())


async def take_offer(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep what was chosen and go on to the check."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        draft, errors = _with_reasons(draft_of(here)), FormErrors()
        offers = await offers_of(here, draft)
        if form.text("resolution") not in {offer.value for offer in offers}:
            errors.add("resolution", here.reader.say("Choose one of the ways"))
            return await _offers(here, draft, errors, status=422)
        draft = draft.alike(form.text("resolution"))
        await keep(here, draft)
        return see(f"{here.base}/articles" if await chooses(here, draft) else f"{here.base}/review")


async def _offers(here: Here, draft: Draft, errors: FormErrors, *, status: int = 200) -> Response[Any]:
    order = await order_of(here)
    offers = await offers_of(here, draft)
    if not offers and len(draft.lines) > 1:
        raise Elsewhere("/offers/each")
    if not offers:
        return closed(here, Refused("nothing_offered", "no resolution is common to the chosen lines"))
    only = offers[0].value if len(offers) == 1 else ""
    return here.page(
        "offers", status=status, errors=errors, offers=offers, chosen=draft.resolution or only, only=bool(only),
        each=len(draft.lines) > 1 and await _differs(here, draft),
        go_on=words.go_on_with(only, here.reader), pieces=await with_reason(here, draft, order),
    )  # fmt: skip


async def _differs(here: Here, draft: Draft) -> bool:
    """Return whether there is anything to choose for an item alone."""
    return any(len(ways) > 1 for ways in (await offers_of_each(here, draft)).values())


def _with_reasons(draft: Draft) -> Draft:
    if not draft.has_reasons:
        raise Elsewhere("/reasons" if draft.lines else "/items")
    return draft
