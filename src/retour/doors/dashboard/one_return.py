"""The page of one return: where it stands, the next step, items, money, calls, parcels, and how it came to this."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from markupsafe import Markup

from retour.core.attention import Priority
from retour.core.errors import Refused
from retour.core.money import Money
from retour.core.policy import decode, decode_facts
from retour.core.policy.tracing import Compared, Evaluated, Grouped, trace
from retour.core.rma import Decision, ReturnLine, count
from retour.core.shipping import carrier_name
from retour.doors.dashboard import (
    acts_on_cards,
    acts_on_exchanges,
    acts_on_fees,
    guard_words,
    mark_words,
    mismatch_words,
    way_words,
    words,
)
from retour.doors.dashboard.acts_on_parcels import papers, show_file
from retour.doors.dashboard.asked import PATH
from retour.doors.dashboard.beginnings import in_words, may_be_here
from retour.doors.dashboard.calls import calls
from retour.doors.dashboard.desk import Desk, Visit, rma_of
from retour.doors.dashboard.elsewhere import elsewhere
from retour.doors.dashboard.next_step import first_upper, next_step
from retour.doors.dashboard.refund_told import changed_rows, outside_of, paid_tables, promised_rows
from retour.doors.dashboard.route import page
from retour.doors.dashboard.timeline import timeline
from retour.doors.dashboard.told import actor_name, marks, person_name, word
from retour.doors.dashboard.whole import Allowed, Whole, allowed, read_whole
from retour.store import dock
from retour.store import look as looks
from retour.store import refund as refunds
from retour.store.desk import began, board
from retour.store.expression import Cel
from retour.store.photo import PhotoKind, PhotoView
from retour.store.views import InspectionView, NoteView, ShipmentView
from retour.web.explanation import Account, as_file, explanation_pdf
from retour.web.parts import Text
from retour.web.reader import Reader
from retour.web.session import EVERYBODY

_DECIDED: Final = frozenset({Decision.APPROVED, Decision.RESOLVED})


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the return in words; `tone` is the tone of its decision's mark."""

    title: str
    picture: str | None
    variant: str
    reason: str
    gets: str
    decision: str
    rule: str | None
    tone: str
    quantity: str
    worth: Money | None
    facts: Sequence[str]
    message: str | None
    photos: Sequence[PhotoView]


@dataclass(frozen=True, slots=True)
class Note:
    """A note or message: who, when, what, and whether the shopper reads it."""

    who: str
    at: Any
    body: str
    shown: bool
    photos: Sequence[PhotoView]


def return_handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the handlers of the page of one return and of how its policy decided."""
    return [
        page(desk, f"{PATH}/{{number:str}}", _page, EVERYBODY),
        page(desk, f"{PATH}/{{number:str}}/policy", _policy, EVERYBODY),
        page(desk, f"{PATH}/{{number:str}}/explanation.pdf", _paper, EVERYBODY),
        page(desk, f"{PATH}/{{number:str}}/papers/{{file:str}}", show_file, EVERYBODY),
    ]


async def whole_of(seen: Visit) -> Whole:
    """Return the return that the address names; raise Refused(return_not_found)."""
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        whole = await read_whole(db, await rma_of(db, seen.request.path_params["number"]))
    if whole is None:
        raise Refused("return_not_found", "There is no such return.")
    return whole


async def _page(seen: Visit) -> Response[Any]:
    whole = await whole_of(seen)
    return await seen.page("dashboard/return.html", current="returns", **await values(seen, whole))


async def _paper(seen: Visit) -> Response[Any]:
    """Return the explanation as the shopper reads it, in the language of whoever asks for it."""
    whole = await whole_of(seen)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        look = await looks.get(db, whole.record.store_id)
    paid = refunds.plans_of(whole.settlements)
    account = Account(whole.number, whole.order.order, whole.promised, paid, whole.kept, outside_of(whole, seen.reader))
    return as_file(await explanation_pdf(account, look=look, reader=seen.reader), whole.number)


async def values(seen: Visit, whole: Whole) -> dict[str, Any]:
    """Return what the page of a return shows to this reader."""
    reader, role = seen.reader, seen.staff.role
    may = allowed(whole, role)
    async with seen.desk.database.tx(seen.staff.tenant_id) as db:
        stops = await board.stops(db, whole.record.store_id)
        beginnings = await began.of_return(db, whole.record.rma.id)
        parked = await dock.parked(db, store_id=whole.record.store_id)
    told, folded = timeline(whole, reader)
    step = next_step(whole, may, role, reader, stops)
    kind = whole.record.rma.kind
    return {
        "whole": whole,
        "kind": word(reader, way_words.KINDS, kind) if kind != "return" else None,
        "gift": reader.say("Gift, returned by its receiver") if whole.record.rma.gift else None,
        "began": [in_words(one, reader) for one in beginnings] + may_be_here(parked, whole, reader),
        "fee": acts_on_fees.charged(whole, reader),
        "new_orders": acts_on_exchanges.new_orders(whole, reader),
        "cards": acts_on_cards.cards(whole, reader),
        "person": person_name(
            reader, whole.head.person_name, whole.head.person_email, erased=whole.head.erased_at is not None
        ),
        "marks": marks(reader, whole.axes, promised=whole.promised_total, paid=whole.paid_total),
        "step": step,
        "may": may,
        "more": _more(whole, may, step, reader),
        "items": [_item(whole, line, reader) for line in whole.record.rma.lines],
        "promised": promised_rows(whole, reader),
        "paid": paid_tables(whole, reader),
        "changed": changed_rows(whole, reader),
        "calls": calls(whole, reader, may),
        "open_calls": _open_calls(whole, reader),
        "timeline": told,
        "folded": folded,
        "waiting": _waiting(reader, whole.blocked_code),
        "waits_for_reader": step is not None and step.mark.tone in ("you", "stopped"),
        "notes": [_note(whole, note, reader) for note in reversed(whole.parts.notes)],
        "papers": papers(whole, reader),
        "parcels": [_parcel(parcel, reader) for parcel in whole.parts.shipments],
        "differences": [
            (word(reader, mismatch_words.MISMATCHES, d.kind), d.opened_at, f"/dashboard/exceptions/{d.id}", d.state)
            for d in whole.differences
        ],
        "customer": _customer(whole, reader),
        "attention": _attention(whole, reader),
        "signs": _signs(whole, reader),
        "elsewhere": elsewhere(whole, reader),
        "stops": stops,
    }


def _signs(whole: Whole, reader: Reader) -> list[tuple[str, str]]:
    """Return the signs of abuse as (what was seen, points)."""
    if whole.risk is None:
        return []
    return [
        (
            reader.say(guard_words.SIGNS[s.sign.value], **{name: reader.number(n) for name, n in s.facts.items()}),
            reader.say_plural("%(n)s point", "%(n)s points", s.points),
        )
        for s in whole.risk.signals
    ]


async def _policy(seen: Visit) -> Response[Any]:
    whole, reader = await whole_of(seen), seen.reader
    document = decode(whole.head.policy)
    lines = []
    for frozen in whole.parts.decision:
        traced = trace(document, decode_facts(frozen["facts"]), expressions=Cel())
        decided = [
            (word(reader, words.FACTS, group.value), whole.head.rule(rule) or reader.say("The policy's default"))
            for group, rule in traced.decided.items()
        ]
        rules = [
            (rule.name, rule.enabled, rule.answer, bool(rule.decides), _conditions(rule.condition))
            for rule in traced.rules
        ]
        lines.append((whole.title(traced.line_ref), decided, rules))
    return await seen.page("dashboard/policy_trace.html", current="returns", whole=whole, lines=lines)


def _conditions(at: Compared | Evaluated | Grouped, depth: int = 0) -> list[tuple[int, str, str, str, bool | None]]:
    """Return a condition as rows of (depth, fact or group, comparison, value then, answer)."""
    if isinstance(at, Compared):
        return [(depth, at.fact, f"{at.op.value} {_plain(at.wanted)}", _plain(at.value), at.answer)]
    if isinstance(at, Evaluated):
        known = [(depth + 1, name, "", _plain(value), None) for name, value in at.values.items()]
        return [(depth, at.text, "", "", at.answer), *known]
    rows: list[tuple[int, str, str, str, bool | None]] = [(depth, at.kind, "", "", at.answer)]
    for part in at.parts:
        rows += _conditions(part, depth + 1)
    return rows


def _plain(value: object) -> str:
    if value is None:
        return "–"
    return ", ".join(str(one) for one in value) if isinstance(value, tuple) else str(value)


def _item(whole: Whole, line: ReturnLine, reader: Reader) -> Item:
    sold = whole.order.order.line(line.line_ref)
    ordered = sold.quantity if sold else line.requested_quantity
    asked = line.requested_quantity
    ruling = next((d["rulings"]["decision"] for d in whole.parts.decision if d["line"] == line.line_ref), None)
    rule = whole.head.rule(ruling["rule"]) if ruling else None
    reason = whole.reason_name(reader, line.reason)
    by_policy = line.decision in _DECIDED and any(e.actor == "policy" for e in whole.events)
    return Item(
        title=sold.title if sold else line.line_ref,
        picture=whole.picture(line.line_ref),
        variant=sold.sku or "" if sold else "",
        reason=reader.say("%(reason)s: “%(note)s”", reason=reason, note=line.note) if line.note else reason,
        gets=whole.resolution_name(reader, line.resolution, line.resolution_ref),
        decision=_decided(whole, line, reader, by_policy=by_policy),
        rule=rule if by_policy else None,
        tone="done" if line.decision in _DECIDED else "you" if line in whole.undecided() else "quiet",
        quantity=reader.number(asked)
        if ordered == asked
        else reader.say("%(n)s of %(of)s", n=reader.number(asked), of=reader.number(ordered)),
        worth=_worth(whole, line),
        facts=_facts(whole, line, reader),
        message=line.message,
        photos=[one for one in whole.photos if one.return_line_id == line.id],
    )


def _decided(whole: Whole, line: ReturnLine, reader: Reader, *, by_policy: bool) -> str:
    said = word(reader, words.DECISIONS, line.decision.value)
    if by_policy:
        return reader.say("Approved by the policy") if line.decision in _DECIDED else said
    types = {"return.approved": _DECIDED, "return.rejected": {Decision.REJECTED}}
    who = next(
        (e.actor for e in reversed(whole.events) if line.decision in types.get(e.type, frozenset())), None
    )  # fmt: skip
    if who is None:
        return said
    return reader.say("%(decision)s by %(who)s", decision=said, who=actor_name(reader, who, whole.names))


def _worth(whole: Whole, line: ReturnLine) -> Money | None:
    """Return what the requested units were worth when they were promised."""
    rows = [
        row for plan in whole.promised for row in plan.rows if row.ref == line.line_ref and row.kind.value == "units"
    ]
    return Money(sum(row.payable.presentment for row in rows), whole.record.rma.currency) if rows else None


def _facts(whole: Whole, line: ReturnLine, reader: Reader) -> list[str]:
    """Return what the warehouse saw of a line, one sentence for each verdict."""
    facts = _asked_for(whole, line, reader)
    if (article := acts_on_exchanges.wanted_by(whole, line, reader)) is not None:
        facts.append(article)
    arrived = count(line.received)
    if arrived and arrived < line.quantity:
        n, of = reader.number(arrived), reader.number(line.quantity)
        facts.append(reader.say("%(n)s of %(of)s here", n=n, of=of))
    for seen in (i for i in whole.parts.inspections if i.line_id == line.id):
        facts.append(_verdict(seen, reader))
    return facts


def _asked_for(whole: Whole, line: ReturnLine, reader: Reader) -> list[str]:
    """Return what the shopper answered, and how the line comes back where that differs from the return."""
    ruling = next((d["rulings"].get("requirements") for d in whole.parts.decision if d["line"] == line.line_ref), None)
    wanted = ruling["outcome"] if ruling else {}
    texts = {question["id"]: question["text"] for question in wanted.get("questions", ())}
    facts = []
    for name, answer in line.answers.items():
        own = whole.answer_of(reader, line.reason, name, answer) if name not in texts else None
        text, told = own or (texts.get(name, name), answer)
        facts.append(f"{text}: “{told}”")
    sent = sum(one.return_line_id == line.id and one.kind == PhotoKind.SHOPPER for one in whole.photos)
    if int(wanted.get("photos", 0)) > sent:
        photos = int(wanted["photos"])
        facts.append(reader.say_plural("The policy asks for %(n)s photo", "The policy asks for %(n)s photos", photos))
    if line.method and line.method != whole.summary["method"]:
        facts.append(reader.say("Comes back: %(method)s", method=word(reader, words.METHODS, line.method)))
    if line.destination:
        facts.append(reader.say("Goes to %(destination)s", destination=line.destination))
    return facts


def _verdict(seen: InspectionView, reader: Reader) -> str:
    parts = [
        f"{reader.number(seen.quantity)} {word(reader, words.GRADES, seen.grade).lower()}",
        word(reader, words.DISPOSITIONS, seen.disposition).lower(),
    ]
    if not seen.accepted:
        parts.append(reader.say("not accepted"))
    if seen.deduction_basis_points:
        parts.append(reader.say("%(share)s deducted", share=reader.percent(seen.deduction_basis_points)))
    if seen.restocked_by:
        parts.append(reader.say("back in stock"))
    said = ", ".join(parts)
    return f"{said}: “{seen.note}”" if seen.note else said


def _waiting(reader: Reader, code: str | None) -> str | None:
    if code is None:
        return None
    if code in words.WAITING:
        return reader.say(words.WAITING[code])
    return first_upper(word(reader, words.WHAT, code))


def _open_calls(whole: Whole, reader: Reader) -> str:
    """Return the line over the folded calls: how many there are, and how many are not done."""
    open_ones = sum(1 for e in whole.effects if e.settled_at is None)
    if open_ones:
        return reader.say_plural("%(n)s outside call is not done", "%(n)s outside calls are not done", open_ones)
    return reader.say_plural("%(n)s outside call", "%(n)s outside calls", len(whole.effects))


def _more(whole: Whole, may: Allowed, step: Any, reader: Reader) -> list[tuple[str, str]]:
    """Return what else may be done, as (label, address): not what the next step offers already."""
    names = {
        "approve": reader.say("Approve"), "reject": reader.say("Reject"), "receive": reader.say("Receive"),
        "inspect": reader.say("Inspect"), "restocked": reader.say("Report the restock"),
        "hold": reader.say("Put on hold"), "release": reader.say("Release the hold"),
        "parcel": reader.say("Add a parcel"), "label-again": reader.say("Make the label again"),
        "label-without": reader.say("Go on without a label"),
        "ask": reader.say("Ask the shopper"), "answer": reader.say("Write down the answer"),
        "cancel": reader.say("Cancel the return"), "merge": reader.say("Merge into another return"),
        "waive-fees": reader.say("Waive fees"),
        "fee-decide": reader.say("The fee"),
        "exchange-article": reader.say("Name the new article"), "exchange-decide": reader.say("The new order"),
        "card": reader.say("The card"),
        "edit": reader.say("Change the return"), "reopen": reader.say("Open it again"),
        "address": reader.say("Change address"), "lost": reader.say("Treat as lost"),
    }  # fmt: skip
    shown = {pair[1] for pair in (step.action, step.second) if pair} if step else set()
    links = [(label, f"{whole.url}/{act}") for act, label in names.items() if act in may]
    links = [pair for pair in links if pair[1] not in shown]
    read = [(reader.say("How the policy decided"), "policy"), (reader.say("The money as a PDF"), "explanation.pdf")]
    return [*links, *((label, f"{whole.url}/{name}") for label, name in read)]


def _note(whole: Whole, note: NoteView, reader: Reader) -> Note:
    photos = [one for one in whole.photos if one.note_id == note.id]
    return Note(actor_name(reader, note.actor, whole.names), note.at, note.body, note.shown_to_shopper, photos)


def _parcel(parcel: ShipmentView, reader: Reader) -> tuple[str, str, str, Any]:
    return (
        carrier_name(parcel.carrier),
        parcel.tracking_number,
        word(reader, words.PARCELS, parcel.status),
        parcel.status_at,
    )


def _attention(whole: Whole, reader: Reader) -> list[tuple[str, Text]]:
    """Return the marks of the staff; what nobody has said is left out, but who looks after it is always told."""
    marks = whole.marks
    who = actor_name(reader, f"staff:{marks.assignee_id}", whole.names) if marks.assignee_id else reader.say("Nobody")
    facts: list[tuple[str, Text]] = [(reader.say("Looked after by"), who)]
    if marks.priority is not Priority.NORMAL:
        facts.append((reader.say("Priority"), word(reader, mark_words.PRIORITIES, marks.priority.value)))
    if marks.tags:
        facts.append((reader.say("Tags"), ", ".join(marks.tags)))
    if marks.watchers:
        watching = [actor_name(reader, f"staff:{one}", whole.names) for one in marks.watchers]
        facts.append((reader.say("Watched by"), ", ".join(watching)))
    return facts


def _customer(whole: Whole, reader: Reader) -> list[tuple[str, Text]]:
    head = whole.head
    of = reader.say_plural("%(returned)s of %(n)s order", "%(returned)s of %(n)s orders", head.orders,
                           returned=reader.number(head.orders_returned))  # fmt: skip
    facts: list[tuple[str, Text]] = [(reader.say("Returns"), of)]
    if head.rejected:
        facts.append((reader.say("Rejected"), reader.number(head.rejected)))
    if head.person_email:
        facts.append((reader.say("E-mail"), Markup("<bdi>{}</bdi>").format(head.person_email)))
    if head.person_phone:
        facts.append((reader.say("Phone"), Markup('<bdi dir="ltr">{}</bdi>').format(head.person_phone)))
    if head.first_order_at:
        facts.append((reader.say("Since"), reader.day(head.first_order_at)))
    return facts
