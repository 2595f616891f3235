"""Find a return, an order, a person or a page: a page that works by itself, and the answers of the palette."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.doors.dashboard.desk import Desk, Visit
from retour.doors.dashboard.route import page
from retour.doors.dashboard.told import person_name
from retour.doors.dashboard.whole import allowed, read_whole
from retour.store.desk import listing, orders, people
from retour.store.desk.narrowed import Filters
from retour.web.session import DESK

MOST: Final = 8  # of each kind
MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """Something that fits: what it is called, what it is, where it is."""

    label: str
    kind: str
    url: str


def finding_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the find page and of the palette."""
    return [page(desk, "/dashboard/find", _find, DESK), page(desk, "/dashboard/palette", _palette, DESK)]


async def _find(seen: Visit) -> Response[Any]:
    text = _text(seen)
    found = await _look(seen, text) if text else []
    return await seen.page("dashboard/find.html", current="find", text=text, found=found)


async def _palette(seen: Visit) -> Response[Any]:
    text = _text(seen)
    found = [*(await _acts(seen) if not text else []), *_pages(seen, text), *(await _look(seen, text) if text else [])]
    body = [{"label": one.label, "kind": one.kind, "url": one.url} for one in found[:20]]
    return Response(msgspec.json.encode(body), media_type="application/json", headers={"Cache-Control": "no-store"})


async def _look(seen: Visit, text: str) -> list[Found]:
    reader = seen.reader
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        store, known = seen.staff.store_id, await people.find(db, text)
        returns = (await listing.returns(db, Filters(store_id=store, text=text))).rows
        bought = await orders.orders(db, store_id=store, text=text, known=known)
        customers = (await orders.customers(db, store_id=store, text=text, known=known)).rows if known else ()
    found = [
        Found(
            f"R-{row.number} · {person_name(reader, row.person_name, row.person_email)}",
            reader.say("Return"),
            f"/dashboard/returns/R-{row.number}",
        )
        for row in returns[:MOST]
    ]
    found += [
        Found(
            f"{row.name} · {person_name(reader, row.person_name, row.person_email)}",
            reader.say("Order"),
            f"/dashboard/orders/{row.id}",
        )
        for row in bought.rows[:MOST]
    ]
    found += [
        Found(person_name(reader, one.name, one.email), reader.say("Customer"), f"/dashboard/customers/{one.id}")
        for one in customers[:MOST]
    ]
    return found


def _pages(seen: Visit, text: str) -> list[Found]:
    say, wanted = seen.reader.say, text.casefold()
    pages = [
        (say("Home"), "/dashboard"),
        (say("Returns"), "/dashboard/returns"),
        (say("Exceptions"), "/dashboard/exceptions"),
        (say("Orders"), "/dashboard/orders"),
        (say("Customers"), "/dashboard/customers"),
        (say("Warehouse"), "/warehouse"),
        (say("Settings"), "/dashboard/settings"),
    ]
    return [Found(label, say("Page"), url) for label, url in pages if wanted in label.casefold()]


async def _acts(seen: Visit) -> list[Found]:
    """Return what can be done to the return that is open, each leading to its confirm page."""
    parts = str(seen.request.query_params.get("at", "")).split("/")
    if len(parts) < 4 or parts[1:3] != ["dashboard", "returns"]:
        return []
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        rma_id = await listing.find(db, parts[3])
        whole = await read_whole(db, rma_id) if rma_id is not None else None
    if whole is None:
        return []
    say = seen.reader.say
    names = {
        "approve": say("Approve"), "reject": say("Reject"), "receive": say("Receive"), "inspect": say("Inspect"),
        "note": say("Write a note"), "hold": say("Put on hold"), "release": say("Release the hold"),
        "cancel": say("Cancel the return"), "pay-again": say("Refund again"), "accept": say("Compare the amounts"),
    }  # fmt: skip
    may = allowed(whole, seen.staff.role)
    return [
        Found(f"{label} · {whole.number}", say("Action"), f"{whole.url}/{act}")
        for act, label in names.items()
        if act in may
    ]


def _text(seen: Visit) -> str:
    return " ".join(str(seen.request.query_params.get("q", "")).replace("\0", "").split())[:MOST_TEXT]
