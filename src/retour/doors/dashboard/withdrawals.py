"""Statutory withdrawals for staff: what was stated, whether it came late, which order it may be about, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from retour.core.eligibility import returnable
from retour.core.errors import Refused
from retour.core.withdrawal import Candidate, Why, WithdrawalState, ranked, repay_by
from retour.doors.dashboard.desk import Desk, Visit, uuid_of
from retour.doors.dashboard.route import form, page
from retour.doors.dashboard.told import actor_name, age
from retour.flows import rma
from retour.flows import withdrawal as flow
from retour.store import mail
from retour.store import order as orders
from retour.store import refund as refunds
from retour.store import withdrawal as withdrawals
from retour.store.db import Db
from retour.store.desk.page import names
from retour.store.withdrawal import Withdrawal, WithdrawalRow
from retour.web.forms import Form, FormErrors, read_form
from retour.web.pages import see
from retour.web.parts import Mark
from retour.web.reader import Reader
from retour.web.session import DESK

PATH: Final = "/dashboard/withdrawals"
MISSING: Final = "withdrawal_not_found"
MOST: Final = 100  # rows of the list


def _(text: str) -> str:
    """Mark a text for translation; it is translated where it is shown."""
    return text


STATES: Final[Mapping[WithdrawalState, str]] = {
    WithdrawalState.RECEIVED: _("Order is being looked for"),
    WithdrawalState.WAITING: _("Waits for you"),
    WithdrawalState.MATCHED: _("Return opened"),
    WithdrawalState.CLOSED: _("Closed with a reason"),
}
WHY: Final[Mapping[Why, tuple[str, str]]] = {
    Why.NO_ORDER: (_("No order fits"), _("Find the order, or write to the person why nothing follows.")),
    Why.ANOTHER_CONTACT: (
        _("The contact is not the order's"),
        _("The number fits an order of another address. Make sure who it is, then choose the order."),
    ),
    Why.SEVERAL_ORDERS: (_("Several orders fit"), _("Choose the order that is meant.")),
    Why.PART_NAMED: (_("Only a part is withdrawn from"), _("Read which items are meant and choose them.")),
    Why.LATE: (
        _("Stated after the period"),
        _("Accept it all the same, or write to the person why not. It is never refused by itself."),
    ),
    Why.NOTHING_LEFT: (
        _("Nothing is left to return"),
        _("Everything that was sent is in a return or refunded already. Units not sent yet can be cancelled."),
    ),
    Why.NOT_OPENED: (_("No return could be opened"), _("Settle what stands in the way, then choose the order.")),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One row of the list in words."""

    mark: Mark
    title: str
    url: str
    order: str
    late: bool
    age: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the chosen order: `left` units can still come back."""

    n: int
    ref: str
    title: str
    left: int


def withdrawal_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the list, of one withdrawal, and of what is done with it."""
    return [
        page(desk, PATH, _list, DESK),
        page(desk, f"{PATH}/{{id:str}}", _one, DESK),
        page(desk, f"{PATH}/{{id:str}}/open", _choose, DESK),
        form(desk, f"{PATH}/{{id:str}}/open", _open, DESK),
        form(desk, f"{PATH}/{{id:str}}/close", _close, DESK),
        form(desk, f"{PATH}/{{id:str}}/acknowledge", _acknowledge, DESK),
    ]


async def _list(seen: Visit) -> Response[Any]:
    asked = seen.request.query_params.get("state")
    states = [WithdrawalState.MATCHED, WithdrawalState.CLOSED] if asked == "done" else None
    wanted = states or [WithdrawalState.WAITING, WithdrawalState.RECEIVED]
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        rows = await withdrawals.list_of(db, store_id=seen.staff.store_id, states=wanted, limit=MOST)
    return await seen.page(
        "dashboard/withdrawals.html", current="withdrawals", is_done=states is not None,
        rows=[_shown(seen.reader, row) for row in rows],
    )  # fmt: skip


async def _one(
    seen: Visit, *, errors: FormErrors | None = None, sent: Form | None = None, status: int = 200
) -> Response[Any]:
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _read(db, seen)
        candidates = await withdrawals.candidates(db, store_id=found.store_id, said=found.said) if found.said else ()
        letters = await mail.list_of_resource(db, resource_kind="withdrawal", resource_id=found.id)
        people = await names(db)
        order = await orders.load(db, found.order_id) if found.order_id else None
    reader = seen.reader
    is_open = found.state in (WithdrawalState.WAITING, WithdrawalState.RECEIVED)
    return await seen.page(
        "dashboard/withdrawal.html", current="withdrawals", status=status, found=found, url=f"{PATH}/{found.id}",
        mark=_mark(found.state), step=_step(reader, found), is_open=is_open, errors=errors or FormErrors(),
        form=sent or Form({}), facts=_facts(reader, found, order.order.name if order else None),
        by=actor_name(reader, found.decided_by, people) if found.decided_by else None,
        candidates=[(one, _fits(reader, one)) for one in ranked(candidates)] if found.state is not WithdrawalState.MATCHED
        else [], letters=[(_letter(reader, one.kind.value), _sent(reader, one.state.value), one.created_at) for one in letters],
    )  # fmt: skip


async def _choose(
    seen: Visit, *, errors: FormErrors | None = None, sent: Form | None = None, status: int = 200
) -> Response[Any]:
    text = sent.text("order") if sent else str(seen.request.query_params.get("order", ""))
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _read(db, seen)
        record, choices = await _lines(db, found, text)
        near = await withdrawals.candidates(db, store_id=found.store_id, said=found.said) if found.said else ()
    is_theirs = any(one.order_id == record.id and one.by_contact for one in near)
    return await seen.page(
        "dashboard/withdrawal_open.html", current="withdrawals", status=status, found=found, record=record,
        choices=choices, url=f"{PATH}/{found.id}", errors=errors or FormErrors(), form=sent,
        needs_reason=found.late or not is_theirs, is_theirs=is_theirs,
    )  # fmt: skip


async def _open(seen: Visit) -> Response[Any]:
    sent, errors = await read_form(seen.request), FormErrors()
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        found = await _read(db, seen)
        record, choices = await _lines(db, found, sent.text("order"))
    quantities = _quantities(seen.reader, choices, sent, errors)
    if errors:
        return await _choose(seen, errors=errors, sent=sent, status=422)
    policies = seen.desk.policies

    async def work(db: Db) -> int:
        return await flow.assign(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, withdrawal_id=found.id, order_id=record.id,
            quantities=quantities, reason=sent.text("reason") or None, actor=seen.staff.actor, now=seen.now,
            policies=policies, open_=partial(rma.open_withdrawal, policies=policies),
        )  # fmt: skip

    try:
        number = await seen.desk.database.run(seen.staff.tenant_id, work)
    except Refused as no:
        errors.add("reason" if no.field == "reason" else "line", _why_not(seen.reader, no))
        return await _choose(seen, errors=errors, sent=sent, status=422)
    return see(f"/dashboard/returns/R-{number}")


async def _close(seen: Visit) -> Response[Any]:
    sent = await read_form(seen.request)
    try:
        async with seen.desk.database.tx(seen.staff.tenant_id) as db:
            await flow.close(
                db, seen.desk.vault, tenant_id=seen.staff.tenant_id, withdrawal_id=_id(seen), reason=sent.text("reason"),
                actor=seen.staff.actor, now=seen.now,
            )  # fmt: skip
    except Refused as no:
        if no.field != "reason":
            raise
        errors = FormErrors()
        errors.add("reason", _why_not(seen.reader, no))
        return await _one(seen, errors=errors, sent=sent, status=422)
    return see(f"{PATH}/{_id(seen)}")


async def _acknowledge(seen: Visit) -> Response[Any]:
    await read_form(seen.request)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        await flow.acknowledge_again(
            db, seen.desk.vault, tenant_id=seen.staff.tenant_id, withdrawal_id=_id(seen), actor=seen.staff.actor,
            now=seen.now,
        )  # fmt: skip
    return see(f"{PATH}/{_id(seen)}")


def _id(seen: Visit) -> UUID:
    return uuid_of(seen.request.path_params["id"], MISSING)


async def _read(db: Db, seen: Visit) -> Withdrawal:
    found = await withdrawals.get(db, seen.desk.vault, _id(seen), tenant_id=seen.staff.tenant_id)
    if found is None:
        raise Refused(MISSING, "There is no such withdrawal.")
    return found


async def _lines(db: Db, found: Withdrawal, text: str) -> tuple[orders.OrderRecord, Sequence[Choice]]:
    """Return the order of an id, else of a number, with what can come back; raise Refused(order_not_found)."""
    try:
        record = await orders.load(db, uuid_of(text, "order_not_found"))
    except Refused:
        record = await orders.find_only(db, found.store_id, text) if text else None
    if record is None or record.store_id != found.store_id:
        raise Refused("order_not_found", "There is no such order, or several of that number.")
    at = await refunds.position(db, record.id)
    left = returnable(
        record.order,
        claimed={c.line_ref: c.in_return for c in at.counters},
        refunded_without_return={c.line_ref: c.refunded_without_return for c in at.counters},
    )
    lines = record.order.lines
    return record, [Choice(n, line.ref, line.title, left[line.ref].left) for n, line in enumerate(lines)]


def _quantities(reader: Reader, choices: Sequence[Choice], sent: Form, errors: FormErrors) -> dict[str, int]:
    wanted: dict[str, int] = {}
    for one in choices:
        if not one.left:
            continue
        units = sent.whole(f"quantity-{one.n}")
        if units is None or units > one.left:
            said = reader.say("%(title)s: enter 0 to %(most)s", title=one.title, most=reader.number(one.left))
            errors.add(f"quantity-{one.n}", said)
        else:
            wanted[one.ref] = units
    if not errors and not any(wanted.values()):
        errors.add("line", reader.say("Choose at least one unit"))
    return wanted


def _shown(reader: Reader, row: WithdrawalRow) -> Shown:
    title = reader.say(WHY[row.why][0]) if row.why else reader.say(STATES[row.state])
    order = f"R-{row.number}" if row.number else row.order_name or ""
    return Shown(_mark(row.state), title, f"{PATH}/{row.id}", order, row.late, age(reader, row.received_at))


def _mark(state: WithdrawalState) -> Mark:
    match state:
        case WithdrawalState.WAITING:
            return Mark("decision", "half", "you", "")
        case WithdrawalState.RECEIVED:
            return Mark("decision", "empty", "moving", "")
        case _:
            return Mark("decision", "full", "done" if state is WithdrawalState.MATCHED else "quiet", "")


def _step(reader: Reader, found: Withdrawal) -> tuple[str, str]:
    if found.why is not None:
        title, text = WHY[found.why]
        return reader.say(title), reader.say(text)
    texts = {
        WithdrawalState.RECEIVED: reader.say("Nothing to do: Retour asks the shop's platform for it."),
        WithdrawalState.MATCHED: reader.say("The goods come back and the money goes as the law says; see the return."),
        WithdrawalState.CLOSED: reader.say("The person was told why. If its order turns up, choose it here."),
    }
    return reader.say(STATES[found.state]), texts.get(found.state, "")


def _facts(reader: Reader, found: Withdrawal, order_name: str | None) -> list[tuple[str, str]]:
    """Return what follows for the merchant, as (label, value)."""
    facts = [(reader.say("Received"), reader.moment(found.received_at))]
    if order_name is not None:
        facts.append((reader.say("Order"), order_name))
        last = reader.say("the last parcel has not arrived, so the period is open")
        facts.append((reader.say("Last day of the period"), reader.day(found.last_day) if found.last_day else last))
        facts.append((reader.say("In time"), reader.say("No, it came late") if found.late else reader.say("Yes")))
    facts.append((reader.say("Money back by"), reader.day(repay_by(found.stated_on))))
    facts.append((reader.say("You may wait"), reader.say("until the goods or a proof of sending are here")))
    back = reader.say("price and standard delivery, the way it was paid; no fee but the agreed cost of sending back")
    facts.append((reader.say("What goes back"), back))
    if found.refusal:
        facts.append((reader.say("Stands in the way"), found.refusal))
    return facts


def _fits(reader: Reader, one: Candidate) -> str:
    parts = [
        said
        for fits, said in (
            (one.by_number, reader.say("number")), (one.by_contact, reader.say("e-mail")), (one.by_name, reader.say("name")),
        ) if fits
    ]  # fmt: skip
    return ", ".join(parts)


def _letter(reader: Reader, kind: str) -> str:
    return reader.say("Acknowledgement") if kind == "withdrawal_received" else reader.say("Answer")


def _sent(reader: Reader, state: str) -> str:
    return {
        "delivered": reader.say("sent"), "failed": reader.say("refused by the mail server"),
        "unknown": reader.say("open whether it arrived"),
    }.get(state, reader.say("on its way"))  # fmt: skip


def _why_not(reader: Reader, no: Refused) -> str:
    return {
        "reason_required": reader.say("Say why, for whoever reads it later."),
        "too_long": reader.say("This is too long."),
        "another_master": reader.say("Returns of this shop are started on its platform"),
        "policy_not_published": reader.say("The shop has no published policy"),
        "more_than_returnable": reader.say("Fewer units can come back"),
        "nothing_given": reader.say("Choose at least one unit"),
        "move_not_allowed": reader.say("Somebody was faster: it is settled already."),
    }.get(no.code, no.message)
