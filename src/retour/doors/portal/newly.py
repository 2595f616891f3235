"""What the page of a return says of the new article of each item that is exchanged."""

from dataclasses import dataclass

from retour.doors.portal import picks
from retour.doors.portal.desk import Here
from retour.doors.portal.draft import key_of
from retour.flows import exchange as flow
from retour.store import article as articles
from retour.store.db import Record


@dataclass(frozen=True, slots=True)
class NewItem:
    """The new article of one item, without a title while none is chosen; `open` says that another may be chosen."""

    key: str
    title: str
    open: bool


async def new_items(here: Here, row: Record, *, swaps: bool, is_ordered: bool) -> list[NewItem]:
    """Return the new articles of a return; nothing is read of one without an exchange.

    Once an order is being made its own lines tell more.
    """
    if not swaps:
        return []
    chosen = await articles.chosen(here.db, row["id"])
    found = await flow.changeable(here.db, rma_id=row["id"], policies=here.desk.policies)
    if is_ordered and not found.lines:
        return []
    may = bool(found.lines) and await picks.is_asked(here, found.order)
    open_ = {line.id for line in found.lines} if may else set()
    return [
        NewItem(key_of(line.line_ref), chosen[line.id].title if line.id in chosen else "", line.id in open_)
        for line in found.record.rma.lines
        if line.id in chosen or line.id in open_
    ]
