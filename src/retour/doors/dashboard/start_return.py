"""A return that staff start for a shopper: choose lines, see what the policy says and what is due, then confirm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.article import SEARCH_MOST, Swap
from retour.core.attachment import MOST_OF_A_LINE
from retour.core.beyond import REASON_MOST
from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.kind import WITHDRAWN, Kind
from retour.core.money import Money
from retour.core.policy.outcome import MethodKind, Requirements, ResolutionKind
from retour.core.withdrawal import Statement
from retour.doors.dashboard import words
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.orders import PATH
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.start_articles import (
    AGAIN,
    LOOKING,
    find,
    is_about_articles,
    line_to_find,
    refused,
    shelves_of,
    swap_of,
)
from retour.doors.dashboard.start_articles import told as told_swap
from retour.doors.dashboard.start_asks import Choice, answers_of, article_of, fields_of, reasons_for
from retour.doors.dashboard.start_kinds import (
    CHANNEL,
    GIFT,
    KINDS,
    Receiver,
    as_gift,
    kind_of,
    left_of,
    offered,
    receiver_of,
    rma_id_of,
    rma_kind,
    statement_id,
    withdraw,
)
from retour.doors.dashboard.start_photos import ADD, TAKING, Kept, asked_photos, is_about_files, keep_photos
from retour.doors.dashboard.start_refused import objected, said, title_of, unstated
from retour.doors.dashboard.told import word
from retour.flows import rma as flow
from retour.flows.photo.beforehand import LIMIT_BYTES
from retour.flows.rma import Judged, Wish
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import resolution as resolutions
from retour.store import rma as returns
from retour.store import why as reasons
from retour.store.db import Db
from retour.store.ids import new_id
from retour.store.order import OrderRecord
from retour.web.exchanged import as_value
from retour.web.explained import explained
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.reader import Reader
from retour.web.session import DESK

METHODS: Final = tuple(m.value for m in MethodKind if m is not MethodKind.KEEP_ITEM)
REFUND: Final = ResolutionKind.REFUND_ORIGINAL.value


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form asks for beside the lines; `unlimited` is the reason to go beyond the policy."""

    wishes: tuple[Wish, ...]
    method: str | None
    unlimited: str | None
    kind: str = "return"
    receiver: Receiver | None = None  # of a gift
    statement: Statement | None = None  # of a withdrawal


def start_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of starting a return from an order."""
    return [
        page(desk, f"{PATH}/{{id:str}}/return", _ask, DESK),
        form(desk, f"{PATH}/{{id:str}}/return", _send, DESK, most_bytes=LIMIT_BYTES + 1024),
    ]


async def _ask(seen: Visit) -> Response[Any]:
    empty = Form({})
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record, choices = await _read(db, seen, kind_of(empty, seen.request.query_params))
    return await _shown(seen, record, choices, empty, FormErrors(), Kept())


async def _send(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request, LIMIT_BYTES)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        record, choices = await _read(db, seen, kind_of(sent, {}))
    kept = await keep_photos(seen, record, choices, sent) if kind_of(sent, {}) in TAKING else Kept()
    if kept.errors and (number := await _opened_before(seen, record, sent)) is not None:
        return see(f"/dashboard/returns/R-{number}")
    n = line_to_find(sent, choices) if kind_of(sent, {}) in LOOKING and not sent.text("hash") else None
    if n is not None:
        sent = await find(seen, record, n, sent, kept.errors)
    if n is not None or ((sent.text("do") in (ADD, AGAIN) or sent.text("remove")) and not sent.text("hash")):
        return await _shown(seen, record, choices, sent, kept.errors, kept)
    errors = FormErrors()
    wanted = _wanted(seen.reader, choices, sent, errors, kind_of(sent, {}), kept)
    if not sent.text("hash"):
        errors.take(kept.errors)
    if errors:
        return await _shown(seen, record, choices, sent, errors, kept)
    if wanted.statement is not None:
        return await _state(seen, record, choices, sent, wanted)
    return await _go_on(seen, record, choices, sent, wanted, kept)


async def _go_on(
    seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, wanted: Sent, kept: Kept
) -> Response[Any]:
    """Open what was confirmed; else, and where a figure or a file is not as it was, show what would be opened."""
    told = None
    if sent.text("hash") and not kept.errors and not is_about_files(sent):
        try:
            return see(f"/dashboard/returns/R-{await _open(seen, record, wanted, sent)}")
        except Refused as no:
            if no.code not in ("plan_changed", "price_changed"):
                return await _not_so(seen, record, choices, sent, wanted, kept, no)
            told = seen.reader.say("The amount changed since you saw it. Check it and confirm again.")
    try:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            judged = await _judge(db, seen, record, wanted)
            swap = await swap_of(db, seen, judged, wanted.wishes, beyond=wanted.unlimited is not None)
    except Refused as no:
        return await _not_so(seen, record, choices, sent, wanted, kept, no)
    return await _confirm(seen, record, choices, sent, judged, told, kept, swap)


async def _not_so(
    seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, wanted: Sent, kept: Kept, no: Refused
) -> Response[Any]:
    """Show the form with why it was refused, at the line that it is about."""
    errors = objected(seen.reader, no, choices)
    if is_about_articles(no):
        errors = refused(no, wanted.wishes, choices, seen.reader)
    return await _shown(seen, record, choices, sent, errors, kept)


async def _opened_before(seen: Visit, record: OrderRecord, sent: Form) -> int | None:
    """Return the number of the return that this form opened already, or nothing."""
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        known = await returns.load(db, rma_id_of(sent))
    return known.rma.number if known is not None and known.order_id == record.id else None


async def _judge(db: Db, seen: Visit, record: OrderRecord, wanted: Sent) -> Judged:
    asking = _asking(record, wanted, None)
    return await flow.judge(db, asking, now=seen.now, policies=seen.desk.policies, lock=False)


def _asking(record: OrderRecord, wanted: Sent, plan_hash: str | None) -> flow.Asking:
    return flow.Asking(
        record.store_id, record.id, wanted.wishes, CHANNEL, kind=rma_kind(wanted.kind), method=wanted.method,
        plan_hash=plan_hash, unlimited=wanted.unlimited, gift=wanted.kind == GIFT,
    )  # fmt: skip


async def _open(seen: Visit, record: OrderRecord, wanted: Sent, sent: Form) -> int:
    """Open the return that was confirmed and return its number; a form that is sent again has opened it already."""
    rma_id = rma_id_of(sent)
    asking = _asking(record, wanted, sent.text("hash"))
    if any(wish.article for wish in wanted.wishes):
        asking = replace(asking, swap_hash=sent.text("swap") or None, picked=True)

    async def work(db: Db) -> int:
        await orders.lock(db, record.id)
        known = await returns.load(db, rma_id)
        if known is not None and known.order_id == record.id:
            return known.rma.number
        whose = await as_gift(db, seen, asking, wanted.receiver) if wanted.receiver else asking
        return await flow.request_return(
            db,
            whose,
            id=rma_id if known is None else new_id(),
            actor=seen.staff.actor,
            now=seen.now,
            policies=seen.desk.policies,
        )

    return await seen.desk.database.run(seen.staff.tenant_id, work)


async def _state(
    seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, wanted: Sent
) -> Response[Any]:
    """Keep a withdrawal that was stated to the staff, and open its return."""
    assert wanted.statement is not None, "a withdrawal has its statement"
    units = {wish.line_ref: wish.quantity for wish in wanted.wishes}
    reason = sent.text("reason") or None
    try:
        number = await withdraw(seen, record, wanted.statement, units, id=statement_id(sent), reason=reason)
    except Refused as no:
        return await _shown(seen, record, choices, sent, unstated(seen.reader, no, choices), Kept())
    return see(f"/dashboard/returns/R-{number}")


async def _read(db: Db, seen: Visit, kind: str) -> tuple[OrderRecord, list[Choice]]:
    record = await orders.load(db, _order_id(seen))
    if record is None:
        raise Refused("order_not_found", "There is no such order.")
    at, records = await refunds.position(db, record.id), await reasons.of_store(db, record.store_id)
    default = await resolutions.default_language(db, record.store_id)
    left = returnable(
        record.order,
        claimed={c.line_ref: c.in_return for c in at.counters},
        refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
    )
    return record, [
        Choice(
            n,
            line.ref,
            line.title,
            line.sku or "",
            left_of(kind, line, at, left[line.ref].left),
            reasons_for(records, line, seen.reader, default, rma_kind(kind)),
        )
        for n, line in enumerate(record.order.lines)
    ]


def _order_id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["id"], "order_not_found")


def _wanted(reader: Reader, choices: Sequence[Choice], sent: Form, errors: FormErrors, kind: str, kept: Kept) -> Sent:
    method = sent.text("method")
    reason = sent.text("reason") if sent.checked("beyond") else None
    if reason is not None and not 0 < len(reason) <= REASON_MOST:
        errors.add("reason", reader.say("Say why, in at most %(n)s characters", n=reader.number(REASON_MOST)))
    wishes = tuple(_wishes(reader, choices, sent, errors, kind, kept))
    way = method if method in METHODS and kind != Kind.CANCELLATION else None
    return Sent(
        wishes, way, reason, kind,
        receiver=receiver_of(sent, errors, reader) if kind == GIFT else None,
        statement=_statement(sent, choices, wishes) if kind == Kind.WITHDRAWAL else None,
    )  # fmt: skip


def _statement(sent: Form, choices: Sequence[Choice], wishes: Sequence[Wish]) -> Statement:
    """Return what was stated; of a part of the goods it names them, as the acknowledgement repeats them."""
    wanted = {wish.line_ref: wish.quantity for wish in wishes}
    whole = all(wanted.get(one.ref, 0) == one.left for one in choices)
    goods = "" if whole else ", ".join(f"{wanted[one.ref]} × {one.title}" for one in choices if one.ref in wanted)
    return Statement(sent.text("name"), sent.text("number"), sent.text("contact"), goods)


def _chosen(sent: Form, n: int | None = None) -> tuple[str, str | None]:
    """Return the kind and the record that were chosen for a line, else for all; the refund where nothing was."""
    own = sent.text(f"resolution-{n}") if n is not None else ""
    kind, _, ref = (own or sent.text("resolution", REFUND)).partition(":")
    return kind or REFUND, ref or None


async def _offers(db: Db, seen: Visit, store_id: UUID) -> list[tuple[str, str]]:
    """Return what may be chosen: each kind as it usually is called, then the merchant's own records by their names."""
    found, default = await resolutions.of_store(db, store_id), await resolutions.default_language(db, store_id)
    own = [
        (f"{one.kind.value}:{one.id}", one.wording(seen.reader.language, default).name) for one in found if one.active
    ]
    return [*((kind, seen.reader.say(name)) for kind, name in words.RESOLUTIONS.items()), *own]


def _wishes(
    reader: Reader, choices: Sequence[Choice], sent: Form, errors: FormErrors, kind: str, kept: Kept
) -> list[Wish]:
    wishes = list[Wish]()
    chosen = set(sent.texts("line"))
    for choice in choices:
        if str(choice.n) not in chosen or not choice.left:
            continue
        quantity = sent.whole(f"quantity-{choice.n}") or 0
        reason = sent.text(f"reason-{choice.n}") if kind != Kind.WITHDRAWAL else WITHDRAWN
        if not 1 <= quantity <= choice.left:
            errors.add(f"quantity-{choice.n}", reader.say("Enter 1 to %(most)s", most=reader.number(choice.left)))
        if kind != Kind.WITHDRAWAL and reason not in dict(choice.reasons):
            errors.add(f"reason-{choice.n}", reader.say("Choose a reason"))
        resolution, ref = _chosen(sent, choice.n)
        note = sent.text(f"note-{choice.n}")[:10_000] or None
        article = article_of(sent, choice.n, resolution, errors, reader)
        answers = answers_of(sent, choice.n)
        wishes.append(Wish(choice.ref, quantity, reason, note, resolution, ref, answers, kept.ids(choice.n), article))
    if not wishes:
        errors.add("line", reader.say("Choose at least one item"))
    return wishes


async def _shown(
    seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, errors: FormErrors, kept: Kept
) -> Response[Any]:
    reader = seen.reader
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        kind = kind_of(sent, seen.request.query_params)
        offers = offered(kind, await _offers(db, seen, record.store_id))
        person = await orders.load_person(db, record.person_id)
        shelves = await shelves_of(db, seen, record, choices, sent, kind)
    return await seen.page(
        "dashboard/start_return.html",
        kind=kind,
        kinds=[(one, reader.say(said[0])) for one, said in KINDS.items()],
        heading=reader.say(KINDS[kind][1]),
        what_follows=reader.say(KINDS[kind][2]),
        person=person,
        statement_id=statement_id(sent),
        shelves=shelves,
        search_most=SEARCH_MOST,
        takes_photos=kind in TAKING,
        photos=kept.photos,
        most_photos=MOST_OF_A_LINE,
        current="orders",
        status=422 if errors else 200,
        record=record,
        choices=choices,
        unsaid=[("", reader.say("Choose a reason"))],
        offers=offers,
        methods=[
            ("", reader.say("As the policy offers first")),
            *((m, word(reader, words.METHODS, m)) for m in METHODS),
        ],
        form=sent,
        errors=errors,
    )


async def _confirm(
    seen: Visit, record: OrderRecord, choices: Sequence[Choice], sent: Form, judged: Judged, told: str | None, kept: Kept,
    swap: Swap | None,
) -> Response[Any]:  # fmt: skip
    reader, promise = seen.reader, judged.promise
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        gets = dict(await _offers(db, seen, record.store_id)).get(sent.text("resolution", REFUND))
        records = await reasons.of_store(db, record.store_id)
        default = await resolutions.default_language(db, record.store_id)
    titles = {choice.ref: choice.title for choice in choices}
    chosen, _ref = _chosen(sent)
    outside = None if chosen == REFUND else gets
    tables = [explained([plan], record.order, reader, staff=True, outside=outside) for plan in promise.plans]
    if swap is not None:
        label = reader.say("Counts towards the exchange")
        tables = [as_value(table, reader, label=label) for table in tables]
    alone = all(line.decision.outcome.approval.value == "auto_approve" for line in judged.lines)
    return await seen.page(
        "dashboard/start_confirm.html",
        kind=kind_of(sent, {}),
        current="orders",
        status=409 if told else 422 if kept.errors else 200,
        record=record,
        told=told,
        chosen=[choice for choice in choices if str(choice.n) in sent.texts("line") and choice.left],
        form=sent,
        tables=tables,
        total=Money(promise.total_minor + sum(plan.bonus for plan in promise.plans), promise.currency),
        hash=promise.hash,
        approved=alone and not judged.looked_at,
        questions=fields_of(_asked(choices, judged), sent, reader),
        errors=kept.errors,
        photos=asked_photos(_asked(choices, judged), kept, records, sent, reader.language, default),
        kept=kept.photos,
        swap=told_swap(swap, promise.currency),
        most_photos=MOST_OF_A_LINE,
        set_aside=[(title_of(one, titles), said(reader, one)) for one in judged.set_aside],
    )


def _asked(choices: Sequence[Choice], judged: Judged) -> list[tuple[int, str, Requirements]]:
    """Return what is wanted to know of each chosen line."""
    wanted = dict(zip((line.line_ref for line in judged.lines), judged.wanted, strict=True))
    return [(one.n, one.title, wanted[one.ref]) for one in choices if one.ref in wanted]
