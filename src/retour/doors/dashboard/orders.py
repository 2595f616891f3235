"""Orders and the people behind them: lists, one order with what came back and what was paid, one customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.account import Role
from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.link import GIVEN_DAYS
from retour.core.money import Money
from retour.core.order import Order
from retour.doors.dashboard import privacy, words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of, whole
from retour.doors.dashboard.route import page
from retour.doors.dashboard.start_kinds import can_start
from retour.doors.dashboard.told import age, blocker, person_name, word
from retour.flows import visit as visits
from retour.store import order as records
from retour.store import picture as pictures
from retour.store import refund as refunds
from retour.store.db import Db
from retour.store.desk import orders as store
from retour.store.desk import page as names_of
from retour.store.desk.listing import PAGE
from retour.store.desk.orders import ReturnRow
from retour.store.order import OrderRecord
from retour.store.privacy import rows as requests
from retour.store.refund import Position
from retour.web.parts import Blocker
from retour.web.reader import Reader
from retour.web.session import DESK

PATH: Final = "/dashboard/orders"
PEOPLE: Final = "/dashboard/customers"
MOST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order: what was sold, what is back, what can still come back."""

    title: str
    sku: str
    ordered: int
    in_return: int
    left: int
    paid: Money
    picture: str | None


@dataclass(frozen=True, slots=True)
class Back:
    """A return of an order or customer."""

    number: str
    url: str
    order_name: str
    state: str
    blocker: Blocker | None
    amount: Money
    day: str
    age: str


def order_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of orders and customers."""
    return [
        page(desk, PATH, _orders, DESK),
        page(desk, f"{PATH}/{{id:str}}", _order, DESK),
        page(desk, PEOPLE, _customers, DESK),
        page(desk, f"{PEOPLE}/{{id:str}}", _customer, DESK),
    ]


async def _orders(seen: Visit) -> Response[Any]:
    text, at = _text(seen), whole(seen.request.query_params.get("page"), most=20_000)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await store.orders(db, store_id=seen.staff.store_id, text=text or None, page=at)
    rows = [
        (row, person_name(seen.reader, row.person_name, row.person_email), Money(row.total_minor, row.currency))
        for row in found.rows
    ]
    return await seen.page(
        "dashboard/orders.html", current="orders", rows=rows, text=text, total=found.total,
        **_pages(PATH, text, at, found.total, seen.reader.say_plural("%(n)s order", "%(n)s orders", found.total)),
    )  # fmt: skip


async def _order(seen: Visit) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record = await records.load(db, uuid_of(seen.request.path_params["id"], "order_not_found"))
        if record is None:
            raise Refused("order_not_found", "There is no such order.")
        at = await refunds.position(db, record.id)
        facts = await store.person(db, record.person_id)
        back = await store.returns_of_order(db, record.id)
        kept = await pictures.paths(db, urls=[line.image_url for line in record.order.lines])
        gift_link = await _gift_link(seen, db, record) if seen.request.query_params.get("gift") == "1" else None
    order = record.order
    lines = _lines(order, at, kept)
    return await seen.page(
        "dashboard/order.html",
        current="orders",
        record=record,
        order=order,
        total=Money(order.total.presentment, order.currency),
        person=person_name(seen.reader, facts.name if facts else None, facts.email if facts else None),
        lines=lines,
        charges=[(charge.title, Money(charge.gross.presentment, order.currency)) for charge in order.charges],
        payments=_payments(at, order, seen.reader),
        refunds=[
            (refund.created_at, Money(refund.total.presentment, order.currency), _is_ours(refund.note, at))
            for refund in order.refunds
        ],
        returns=returned(seen.reader, seen.staff.role, back),
        can_return=can_start(
            order.lines, at, {sold.ref: line.left for sold, line in zip(order.lines, lines, strict=True)}
        ),
        gift_link=gift_link,
        gift_days=GIVEN_DAYS,
    )


async def _gift_link(seen: Visit, db: Db, record: OrderRecord) -> str | None:
    """Return the link for whoever got the order as a gift; nothing where the store has no portal."""
    try:
        return await visits.portal_link(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, store_id=record.store_id, order=str(record.id),
            public_url=seen.desk.public_url, now=seen.now, days=GIVEN_DAYS, gift=True,
        )  # fmt: skip
    except Refused:
        return None


async def _customers(seen: Visit) -> Response[Any]:
    text, at = _text(seen), whole(seen.request.query_params.get("page"), most=20_000)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await store.customers(db, store_id=seen.staff.store_id, text=text or None, page=at)
    rows = [
        (row, person_name(seen.reader, row.name, row.email, erased=row.erased_at is not None)) for row in found.rows
    ]
    said = seen.reader.say_plural("%(n)s customer", "%(n)s customers", found.total)
    return await seen.page(
        "dashboard/customers.html", current="customers", rows=rows, text=text, total=found.total,
        **_pages(PEOPLE, text, at, found.total, said),
    )  # fmt: skip


async def _customer(seen: Visit) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        facts = await store.person(db, uuid_of(seen.request.path_params["id"], "person_not_found"))
        if facts is None:
            raise Refused("person_not_found", "There is no such customer.")
        bought = await store.orders_of(db, facts.id)
        back = await store.returns_of_person(db, facts.id)
        is_owner = seen.staff.role is Role.OWNER
        asked = await requests.list_(db, person_id=facts.id, limit=10) if is_owner else []
        names = await names_of.names(db) if asked else {}
    reader = seen.reader
    said: list[tuple[str, str]] = [
        (reader.say("Orders"), reader.number(facts.orders)),
        (reader.say("With returns"), reader.number(facts.returned_orders)),
        (reader.say("Returns"), reader.number(facts.returns)),
    ]
    said += [(reader.say("E-mail"), facts.email)] if facts.email else []
    said += [(reader.say("Phone"), facts.phone)] if facts.phone else []
    said += [(reader.say("Since"), reader.day(facts.first_order_at))] if facts.first_order_at else []
    said += [(reader.say("Tags"), ", ".join(facts.tags))] if facts.tags else []
    return await seen.page(
        "dashboard/customer.html",
        current="customers",
        is_owner=is_owner,
        requests=privacy.shown(reader, asked, names, now=seen.now),
        facts=facts,
        person=person_name(reader, facts.name, facts.email, erased=facts.erased_at is not None),
        said=said,
        orders=[(row, Money(row.total_minor, row.currency)) for row in bought],
        returns=returned(reader, seen.staff.role, back),
    )


def returned(reader: Reader, role: Role, rows: Sequence[ReturnRow]) -> list[Back]:
    """Return returns beside their order or customer in words."""
    return [
        Back(
            number=f"R-{row.number}",
            url=f"/dashboard/returns/R-{row.number}",
            order_name=row.order_name,
            state=word(reader, words.DECISIONS, row.status.value),
            blocker=blocker(reader, role, row.blocked_actor, row.blocked_code, row.blocked_since),
            amount=Money(row.settled_minor or row.promised_minor, row.currency),
            day=reader.day(row.requested_at),
            age=age(reader, row.requested_at),
        )
        for row in rows
    ]


def _lines(order: Order, at: Position, kept: Mapping[str, str]) -> list[Line]:
    claimed = {c.line_ref: c.in_return for c in at.counters}
    outside = {c.line_ref: c.refunded_without_return for c in at.counters}
    left = returnable(order, claimed=claimed, refunded_without_return=outside)
    return [
        Line(
            line.title, line.sku or "", line.quantity, claimed.get(line.ref, 0), left[line.ref].left,
            Money(line.gross.presentment, order.currency),
            kept.get(line.image_url) if line.image_url else None,
        )
        for line in order.lines
    ]  # fmt: skip


def _payments(at: Position, order: Order, reader: Reader) -> list[tuple[str, Money, Money]]:
    """Return what was paid how, and how much of it went back: (name, paid, back)."""
    return [
        (
            f"{_tender(tender.kind.value, reader)}, {tender.gateway}",
            Money(tender.captured, order.currency),
            Money(tender.refunded + tender.external_refunded, order.currency),
        )
        for tender in at.tenders
    ]


def _tender(kind: str, reader: Reader) -> str:
    return {
        "card": reader.say("Card"), "gift_card": reader.say("Gift card"), "store_credit": reader.say("Store credit"),
        "other": reader.say("Other payment"),
    }[kind]  # fmt: skip


def _is_ours(note: str | None, at: Position) -> bool:
    return note is not None and any(reference in note for reference, _ in at.ours)


def _text(seen: Visit) -> str:
    return " ".join(str(seen.request.query_params.get("q", "")).replace("\0", "").split())[:MOST_TEXT]


def _pages(path: str, text: str, at: int, total: int, said: str) -> dict[str, Any]:
    def url(page_: int) -> str:
        query = ([("q", text)] if text else []) + ([("page", str(page_))] if page_ > 1 else [])
        return f"{path}?{urlencode(query)}" if query else path

    return {
        "place": said, "previous_url": url(at - 1) if at > 1 else None,
        "next_url": url(at + 1) if at * PAGE < total else None,
    }  # fmt: skip
