"""What was sent in and waits for a person: where it came from, what could be read, which order it may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core import scan as codes
from retour.core.attachment import Media
from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.intake import Item, Kept, Read, Wanted, match_items
from retour.core.money import Money
from retour.doors.dashboard import intake_words as own
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import Desk, Visit, rma_of, uuid_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import actor_name, age, word
from retour.flows import intake as flow
from retour.flows.intake.taking import units_left
from retour.store import dock
from retour.store import intake as intakes
from retour.store import order as orders
from retour.store.db import Db
from retour.store.desk.page import names
from retour.store.intake import Intake, photos
from retour.store.order import OrderRecord
from retour.web.attachments import as_attachment
from retour.web.forms import Form, FormErrors, read_form
from retour.web.intake import ReturnHands
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import DESK

PATH: Final = "/dashboard/intakes"
PAGE: Final = 50
_MISSING: Final = "intake_not_found"


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the list in words."""

    title: str
    url: str
    channel: str
    why: str
    candidates: int
    number: int | None
    at: datetime
    age: str


@dataclass(frozen=True, slots=True)
class Unit:
    """A line of the chosen order with the units that are left and those that the document names."""

    n: int
    ref: str
    title: str
    sku: str
    left: int
    named: int
    reason: str


def intake_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list, of one intake, and of deciding it."""
    return [
        page(desk, PATH, _list, DESK),
        page(desk, f"{PATH}/{{id:str}}", _one, DESK),
        form(desk, f"{PATH}/{{id:str}}/order", _find, DESK),
        page(desk, f"{PATH}/{{id:str}}/open/{{order_id:str}}", _units, DESK),
        form(desk, f"{PATH}/{{id:str}}/open/{{order_id:str}}", _open, DESK),
        form(desk, f"{PATH}/{{id:str}}/join", _join, DESK),
        form(desk, f"{PATH}/{{id:str}}/dismiss", _dismiss, DESK),
        page(desk, f"{PATH}/{{id:str}}/pictures/{{name:str}}", _picture, DESK),
    ]


async def _list(seen: Visit) -> Response[Any]:
    query, reader = seen.request.query_params, seen.reader
    state = query.get("state") if query.get("state") in own.STATES else "waiting"
    before = uuid_of(query["before"], _MISSING) if "before" in query else None
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await intakes.list_page(db, store_id=seen.staff.store_id, state=state, before=before, limit=PAGE + 1)
    shown = found[:PAGE]
    return await seen.page(
        "dashboard/intakes.html",
        current="intakes",
        state=state,
        tabs=[(reader.say(name), f"{PATH}?state={code}", None, code == state) for code, name in own.STATES.items()],
        rows=[_shown(reader, row) for row in shown],
        next_url=f"{PATH}?state={state}&before={shown[-1].id}" if len(found) > PAGE else None,
    )


async def _one(seen: Visit) -> Response[Any]:
    return await _page_of(seen, Form({}), FormErrors())


async def _page_of(seen: Visit, sent: Form, errors: FormErrors) -> Response[Any]:
    reader = seen.reader
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await _own(db, seen)
        kept = await intakes.document(db, seen.desk.vault, row.id)
        people = await names(db)
        pictures = await photos.of_intake(db, row.id)
        fits = await _fitting_return(db, row) if row.state == "waiting" and row.channel == Channel.WAREHOUSE else None
    why, step = own.WHY.get(row.why or "", own.WHY["unread"])
    return await seen.page(
        "dashboard/intake.html",
        current="intakes",
        status=422 if errors else 200,
        row=row,
        shown=_shown(reader, row),
        why=reader.say(why),
        step=reader.say(step),
        refused=_refused(reader, row),
        candidates=_candidates(reader, row),
        fits=fits,
        facts=_facts(reader, row, kept),
        text=kept.text.splitlines() if kept and kept.text else None,
        read=[_read(reader, one) for one in kept.read] if kept else [],
        pictures=pictures,
        by=actor_name(reader, row.decided_by, people) if row.decided_by else None,
        form=sent,
        errors=errors,
    )


async def _picture(seen: Visit) -> Response[Any]:
    """Answer a picture that waits with an intake of the store; 404 for any other."""
    name = str(seen.request.path_params["name"])
    photo_id = uuid_of(name.partition(".")[0], _MISSING)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        content = await photos.read(db, seen.desk.vault, photo_id, store_id=seen.staff.store_id)
    if content is None or not name.endswith(".webp"):
        raise Refused(_MISSING, "there is no such picture")
    return as_attachment(content, Media.PICTURE, name)


async def _find(seen: Visit) -> Response[Any]:
    """Lead to the units of the order that was chosen or typed."""
    sent, errors = await read_form(seen.request), FormErrors()
    chosen = sent.text("order")
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await _own(db, seen)
        if chosen in ("", "other"):
            found = await orders.find_only(db, row.store_id, sent.text("number")) if sent.text("number") else None
            chosen = str(found.id) if found else ""
    if not chosen:
        errors.add("number", seen.reader.say("There is no such order in this store"))
        return await _page_of(seen, sent, errors)
    return see(f"{PATH}/{row.id}/open/{uuid_of(chosen, 'order_not_found')}")


async def _units(seen: Visit) -> Response[Any]:
    return await _choosing(seen, Form({}), FormErrors())


async def _choosing(seen: Visit, sent: Form, errors: FormErrors) -> Response[Any]:
    reader = seen.reader
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await _own(db, seen)
        record, units = await _of_order(db, seen, row)
    return await seen.page(
        "dashboard/intake_open.html",
        current="intakes",
        status=422 if errors else 200,
        row=row,
        record=record,
        units=units,
        reasons=[(code, word(reader, words.REASONS, code)) for code in words.REASONS if code != "unwanted"],
        is_refused=row.why == "refused" or bool(errors.of("line")),
        form=sent,
        errors=errors,
    )


async def _of_order(db: Db, seen: Visit, row: Intake) -> tuple[OrderRecord, list[Unit]]:
    record = await orders.load(db, uuid_of(seen.request.path_params["order_id"], "order_not_found"))
    if record is None or record.store_id != row.store_id:
        raise Refused("order_not_found", "There is no such order in this store.")
    kept = await intakes.document(db, seen.desk.vault, row.id)
    left = await units_left(db, record.id, record.order)
    wanted, _unmatched = match_items(kept.document.items if kept else (), record.order, left)
    by_ref = {one.line_ref: one for one in wanted}
    return record, [
        Unit(
            n, line.ref, line.title, line.sku or "", left.get(line.ref, 0),
            by_ref[line.ref].quantity if line.ref in by_ref else 0,
            by_ref[line.ref].reason if line.ref in by_ref else "other",
        )
        for n, line in enumerate(record.order.lines)
    ]  # fmt: skip


async def _open(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        row = await _own(db, seen)
        record, units = await _of_order(db, seen, row)
    lines = _lines(seen.reader, units, sent, errors)
    if errors:
        return await _choosing(seen, sent, errors)

    async def work(db: Db) -> int | None:
        taken = await flow.choose(
            db, seen.desk.vault, intake_id=row.id, choice=flow.Choice(record.id, lines, beyond=sent.text("beyond")[:2_000] or None),
            hands=ReturnHands(seen.desk.policies), actor=seen.staff.actor, now=seen.now,
        )  # fmt: skip
        return taken.number

    try:
        number = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as no:
        for one in no.objections or (no,):
            known = own.REFUSALS.get(one.code)
            errors.add("line", seen.reader.say(known) if known else one.message)
        return await _choosing(seen, sent, errors)
    return see(f"/dashboard/returns/R-{number}")


def _lines(reader: Reader, units: Sequence[Unit], sent: Form, errors: FormErrors) -> list[Wanted]:
    lines = []
    for unit in units:
        typed = sent.text(f"quantity-{unit.n}", "0")
        quantity = sent.whole(f"quantity-{unit.n}")
        if typed in ("", "0"):
            continue
        if quantity is None or not 1 <= quantity <= unit.left:
            errors.add(f"quantity-{unit.n}", reader.say("Enter 0 to %(most)s", most=reader.number(unit.left)))
            continue
        reason = sent.text(f"reason-{unit.n}")
        lines.append(Wanted(unit.ref, quantity, reason if reason in words.REASONS else "other"))
    if not lines and not errors:
        errors.add("line", reader.say("Choose at least one item"))
    return lines


async def _fitting_return(db: Db, row: Intake) -> str:
    """Return the number of the one return that the code of a parcel names, or whose tracking number it is; else ""."""
    code = next((one.code for one in await dock.parked(db, store_id=row.store_id) if one.intake_id == row.id), "")
    scan = codes.read(code)
    found = await dock.look_up(db, scan) if scan else []
    named = {
        f"R-{match.number}" for match in found
        if match.number and match.store_id == row.store_id and (match.how == "parcel" or (scan and scan.is_return))
    }  # fmt: skip
    return named.pop() if len(named) == 1 else ""


async def _join(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()

    async def work(db: Db) -> int:
        row = await _own(db, seen)
        rma_id = await rma_of(db, sent.text("return").strip().upper())
        return await flow.join(
            db, seen.desk.vault, intake_id=row.id, rma_id=rma_id, actor=seen.staff.actor, now=seen.now
        )

    try:
        number = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as no:
        if no.code not in own.REFUSALS:
            raise
        errors.add("return", seen.reader.say(own.REFUSALS[no.code]))
        return await _page_of(seen, sent, errors)
    return see(f"/dashboard/returns/R-{number}")


async def _dismiss(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()

    async def work(db: Db) -> None:
        row = await _own(db, seen)
        await flow.dismiss(db, intake_id=row.id, reason=sent.text("reason"), actor=seen.staff.actor, now=seen.now)

    try:
        await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as no:
        if no.code not in ("reason_missing", "already_decided"):
            raise
        errors.add("reason", seen.reader.say(own.REFUSALS[no.code]))
        return await _page_of(seen, sent, errors)
    return see(PATH)


async def _own(db: Db, seen: Visit) -> Intake:
    row = await intakes.get(db, uuid_of(seen.request.path_params["id"], _MISSING))
    if row is None or (seen.staff.store_id is not None and row.store_id != seen.staff.store_id):
        raise Refused(_MISSING, "There is no such page.")
    return row


def _shown(reader: Reader, row: Intake) -> Shown:
    title = (
        row.external_id if row.channel not in ("desk", "mail", "warehouse") else word(reader, own.CHANNELS, row.channel)
    )
    why = own.WHY.get(row.why or "")
    return Shown(
        title, f"{PATH}/{row.id}", row.source_name or word(reader, own.CHANNELS, row.channel),
        reader.say(why[0]) if why else row.reason or "", len(row.candidates), row.number, row.received_at,
        age(reader, row.received_at),
    )  # fmt: skip


def _candidates(reader: Reader, row: Intake) -> list[tuple[str, str, str]]:
    """Return the orders that it may belong to as (id, name and points, what speaks for and against it)."""
    if not row.candidates:
        return []
    found = []
    for one in row.candidates:
        clues = ", ".join(_point(reader, point) for point in one["points"])
        points = reader.say_plural("%(n)s point", "%(n)s points", one["score"])
        found.append((str(UUID(one["order_id"])), f"{one['name']} · {points}", clues))
    return [*found, ("other", reader.say("Another order"), "")]


def _point(reader: Reader, point: Mapping[str, Any]) -> str:
    sign = "+" if point["points"] > 0 else "\u2212"
    return f"{word(reader, own.CLUES, point['by'])} {sign}{reader.number(abs(point['points']))}"


def _refused(reader: Reader, row: Intake) -> list[str]:
    codes = [*row.facts.get("said", []), *([row.facts["code"]] if "code" in row.facts else [])]
    return list(dict.fromkeys(word(reader, own.REFUSALS, code) for code in codes))


def _facts(reader: Reader, row: Intake, kept: Kept | None) -> list[tuple[str, Any]]:
    """Return what is known of it, as (label, value)."""
    say, facts = reader.say, list[tuple[str, Any]]()
    facts.append((say("Came by"), word(reader, own.CHANNELS, row.channel)))
    if row.source_name:
        facts.append((say("From"), row.source_name))
    facts.append((say("Its id there"), row.external_id))
    if kept is None:
        return [*facts, (say("What came"), say("Erased"))]
    document, refund = kept.document, kept.document.refund
    known = {
        say("The same return here"): row.facts.get("return"),
        say("Order, as told"): document.order_number or document.order_id,
        say("Name"): document.customer.name,
        say("E-mail"): document.customer.email,
        say("Phone"): document.customer.phone,
        say("Parcel"): document.shipping.number,
        say("Items"): "; ".join(_item(reader, item) for item in document.items),
        say("Condition"): "; ".join(filter(None, (_condition(reader, item) for item in document.items))),
        say("Refunded there"): reader.money(Money(refund.amount_minor, refund.currency)) if refund else None,
        say("Note"): document.notes,
    }
    if row.far_status and kept.text is None:
        facts.append((say("Status there"), word(reader, own.STATUSES, row.far_status)))
    own_words = list(document.metadata.items())  # texts under the sender's own names
    return facts + [(label, value) for label, value in [*known.items(), *own_words] if value]


def _condition(reader: Reader, item: Item) -> str:
    grade = word(reader, words.GRADES, item.grade) if item.grade else ""
    return ": ".join(filter(None, (grade, item.condition)))


def _item(reader: Reader, item: Item) -> str:
    name = item.title or item.sku or item.line or ""
    return f"{reader.number(item.quantity)} × {name} ({word(reader, words.REASONS, item.reason)})"


def _read(reader: Reader, one: Read) -> tuple[str, str, str]:
    value = word(reader, words.REASONS, one.value) if one.field == "reason" else one.value
    return word(reader, own.FIELDS, one.field), value, one.words
