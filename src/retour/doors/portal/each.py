"""Step 3 where the items do not all go the same way: what is chosen for each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response

from retour.core.errors import Refused
from retour.doors.portal import words
from retour.doors.portal.desk import AnyRequest, Desk, Elsewhere, Here
from retour.doors.portal.draft import Draft, key_of
from retour.doors.portal.drafting import closed, draft_of, keep, order_of, with_reason
from retour.doors.portal.offers import names_of, offers_of_each
from retour.doors.portal.swapping import chooses
from retour.web.forms import FormErrors
from retour.web.pages import see
from retour.web.parts import Choice


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """One item with the ways that it offers, and the one that is chosen."""

    name: str
    title: str
    picture: str | None
    quantity: int
    of: int
    reason: str
    ways: Sequence[Choice]
    chosen: str


async def show_each(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Ask for each item how it is made right."""
    async with desk.here(request, handle) as here:
        draft = _several(draft_of(here))
        return await _page(here, draft, {ref: draft.way_of(ref) for ref in draft.lines}, FormErrors())


async def take_each(desk: Desk, request: AnyRequest, handle: str) -> Response[Any]:
    """Keep what was chosen for each item and go on to the check."""
    form = await desk.form(request, handle)
    async with desk.here(request, handle) as here:
        draft, errors = _several(draft_of(here)), FormErrors()
        offered = await offers_of_each(here, draft)
        chosen = {ref: form.text(f"way-{key_of(ref)}") for ref in draft.lines}
        for ref, way in chosen.items():
            if way not in offered.get(ref, ()):
                errors.add(f"way-{key_of(ref)}", here.reader.say("Choose one of the ways"))
        if errors:
            return await _page(here, draft, chosen, errors, status=422)
        draft = draft.each(chosen)
        await keep(here, draft)
        return see(f"{here.base}/articles" if await chooses(here, draft) else f"{here.base}/review")


async def _page(
    here: Here, draft: Draft, chosen: Mapping[str, str], errors: FormErrors, *, status: int = 200
) -> Response[Any]:
    offered, order, names = await offers_of_each(here, draft), await order_of(here), await names_of(here)
    if not all(offered.get(ref) for ref in draft.lines):
        return closed(here, Refused("nothing_offered", "an item offers no way that is carried out"))
    mine = [line for line in order.order.order.lines if line.ref in draft.lines]
    items = []
    for line, piece in zip(mine, await with_reason(here, draft, order), strict=True):
        ways = [
            Choice(way, names.of_value(way), words.resolution_text(way.partition(":")[0], here.reader))
            for way in offered[line.ref]
        ]
        only = ways[0].value if len(ways) == 1 else ""
        items.append(
            ItemChoice(
                f"way-{key_of(line.ref)}", piece.title, piece.picture, piece.quantity, piece.of, piece.reason, ways,
                chosen.get(line.ref) or only,
            )
        )  # fmt: skip
    return here.page("each", status=status, errors=errors, items=items)


def _several(draft: Draft) -> Draft:
    """Return a draft of several items with their reasons; raise Elsewhere to what comes first."""
    if not draft.has_reasons:
        raise Elsewhere("/reasons" if draft.lines else "/items")
    if len(draft.lines) < 2:
        raise Elsewhere("/offers")
    return draft
