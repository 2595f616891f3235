"""The frame around the staff's pages: the ways to other pages, what waits there, and what stops all money."""

from datetime import datetime
from typing import Any

from litestar import Request

from retour.core.account import Role
from retour.store import intake as intakes
from retour.store import withdrawal as withdrawals
from retour.store.db import Database
from retour.store.desk import board, listing
from retour.store.desk.board import Stops
from retour.web.frames import Banner, DashboardFrame, FrameLink, StoreLink
from retour.web.pages import Pages
from retour.web.reader import Reader
from retour.web.session import Staff


class Frames:
    """Makes the frame of every page of the staff; one per process."""

    def __init__(self, database: Database, pages: Pages) -> None:
        self._database, self._pages = database, pages

    def reader(self, request: Request[Any, Any, Any], staff: Staff, *, now: datetime) -> Reader:
        """Return who reads: the language they chose for themselves, else as the browser asks; the store's calendar."""
        return self._pages.reader(request, now=now, timezone=staff.timezone, default_language=staff.language or "en")

    async def of(self, staff: Staff, reader: Reader, *, current: str) -> DashboardFrame:
        """Return the frame of a page; `current` names the part of the desk it belongs to."""
        if staff.role is Role.WAREHOUSE:
            return _warehouse(staff, reader, current)
        async with self._database.tx(staff.tenant_id) as db:
            waiting = await listing.open_returns(db, staff.store_id) or None
            exceptions = await board.open_exceptions(db, staff.store_id)
            incoming = await intakes.count_waiting(db, staff.store_id)
            stops = await board.stops(db, staff.store_id)
            withdrawn = await withdrawals.count_waiting(db, staff.store_id)
        main = [
            _link(reader.say("Home"), "home", "/dashboard", current),
            _link(reader.say("Returns"), "returns", "/dashboard/returns", current, waiting),
            _link(reader.say("Exceptions"), "exceptions", "/dashboard/exceptions", current, exceptions or None),
            _link(reader.say("Withdrawals"), "withdrawals", "/dashboard/withdrawals", current, withdrawn or None),
            _link(reader.say("Incoming"), "intakes", "/dashboard/intakes", current, incoming or None),
            _link(reader.say("Orders"), "orders", "/dashboard/orders", current),
            _link(reader.say("Customers"), "customers", "/dashboard/customers", current),
            _link(reader.say("Policies"), "policies", "/dashboard/policies", current),
        ]
        more = [
            _link(reader.say("Warehouse"), "warehouse", "/warehouse", current),
            _link(reader.say("Settings"), "settings", "/dashboard/settings", current),
        ]
        scan = FrameLink(reader.say("Scan"), "/warehouse", current == "warehouse")
        rest = FrameLink(reader.say("More"), "/dashboard/more", current not in ("home", "returns", "warehouse"))
        return DashboardFrame(
            store_name=staff.store_name or reader.say("All stores"), person_name=staff.name, main=main, more=more,
            tabs=[main[0], main[1], scan, rest], stores=_stores(staff, reader), person=_person(reader),
            find_url="/dashboard/find", palette_url="/dashboard/palette", sign_out_url="/sign-out",
            banner=_banner(stops, reader),
        )  # fmt: skip


def _link(label: str, name: str, url: str, current: str, count: int | None = None) -> FrameLink:
    return FrameLink(label, url, current == name, count)


def _warehouse(staff: Staff, reader: Reader, current: str) -> DashboardFrame:
    main = [_link(reader.say("Warehouse"), "warehouse", "/warehouse", current)]
    tabs = [FrameLink(reader.say("Scan"), "/warehouse", current == "warehouse"), *_person(reader)]
    return DashboardFrame(
        store_name=staff.store_name or reader.say("All stores"), person_name=staff.name, main=main, tabs=tabs,
        stores=_stores(staff, reader), person=_person(reader), sign_out_url="/sign-out",
    )  # fmt: skip


def _person(reader: Reader) -> list[FrameLink]:
    return [FrameLink(reader.say("You and your sessions"), "/dashboard/settings/you")]


def _stores(staff: Staff, reader: Reader) -> list[StoreLink]:
    if len(staff.stores) < 2:
        return []
    each = [StoreLink(name, str(store_id), store_id == staff.store_id) for store_id, name in staff.stores]
    return [StoreLink(reader.say("All stores"), "", staff.store_id is None), *each]


def _banner(stops: Stops, reader: Reader) -> Banner | None:
    """Return the one sentence that is true of every page: why no money moves."""
    say = reader.say
    if stops.quarantined:
        text = say("No money moves: this database was restored and waits for an operator to release it.")
        return Banner(text, "bad")
    if stops.kill_switch:
        return Banner(say("No money moves: an operator has stopped all outside calls."), "bad")
    if stops.paused:
        text = say("Payments are paused. Refunds wait, nothing is lost.")
        return Banner(text, "warn", say("Open the setting"), "/dashboard/settings/payments")
    return None
