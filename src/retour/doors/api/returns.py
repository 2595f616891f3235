"""Returns over the API: asked for, listed, read whole with the decision and the money explained."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.beyond import REASON_MOST
from retour.core.errors import Refused
from retour.core.exchange_order import ARTICLE_MOST
from retour.core.letter import mail_address
from retour.core.policy.outcome import Requirements, ResolutionKind
from retour.core.refund import Plan
from retour.doors.api.effects import EffectOut, effect_out
from retour.doors.api.events import EventOut, event_out
from retour.doors.api.money import PlanOut, plan_out
from retour.doors.api.operation import Call, Operation
from retour.doors.api.settlements import SettlementOut, settlement_out
from retour.doors.api.shapes import NO_NUL, Asked, Short, Text, Told, Units
from retour.doors.api.summaries import MISSING, ReturnOut, facts, opened_out, summary
from retour.flows import rma as flow
from retour.store import effect as effects
from retour.store import event, views
from retour.store import order as orders
from retour.store import photo as photos
from retour.store import refund as refunds
from retour.store.ids import new_id
from retour.store.photo import PhotoView
from retour.store.views import InspectionView, NoteView, ReceiptView, ShipmentView

AskedKind = Annotated[
    Literal["return", "claim", "cancellation"],
    Meta(description="A withdrawal is stated under `/withdrawals`. A cancellation is of units that were never sent."),
]


class GiftWish(Asked):
    """Whoever got the goods as a gift and returns them: gets the credit and the mail; the giver is told nothing."""

    email: Annotated[str, Meta(min_length=3, max_length=254, pattern=NO_NUL)]
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)] | None = None


Article = Annotated[
    str,
    Meta(
        min_length=1, max_length=ARTICLE_MOST, pattern=NO_NUL,
        description="What the units are exchanged for, one for one: the platform's ref of the article, or its SKU. Only with"
        " the resolution `exchange`; it can be named or changed until it is ordered (`/returns/{id}/wanted-article`).",
    ),
]  # fmt: skip


class WishedLine(Asked):
    """Some units of one order line, with the reason as the policy knows it."""

    line_ref: Short
    quantity: Units
    reason: Short
    note: Text | None = None
    resolution: ResolutionKind = ResolutionKind.REFUND_ORIGINAL
    resolution_ref: Short | None = None
    answers: Annotated[dict[Short, Text], Meta(max_length=50, description="To the policy's questions, by id.")] = (
        msgspec.field(default_factory=dict)
    )
    photos: Annotated[list[UUID], Meta(max_length=10, description="Ids of what was sent with `upload`.")] = (
        msgspec.field(default_factory=list)
    )
    article: Article | None = None


Unlimited = Annotated[
    str,
    Meta(
        min_length=1, max_length=REASON_MOST, pattern=NO_NUL,
        description="Why the policy is set aside. Its objections are recorded with this reason instead of refused; a"
        " person then decides. Units that are not there, and money, are never set aside.",
    ),
]  # fmt: skip


class ReturnWish(Asked):
    """A request to return; `plan_hash` is the one of the quote that was shown, if one was."""

    order_id: UUID
    lines: Annotated[list[WishedLine], Meta(min_length=1, max_length=100)]
    kind: AskedKind = "return"
    gift: GiftWish | None = None
    method: Short | None = None
    plan_hash: Short | None = None
    unlimited: Unlimited | None = None


class QuoteWish(Asked):
    """The same request, to see what would be paid."""

    order_id: UUID
    lines: Annotated[list[WishedLine], Meta(min_length=1, max_length=100)]
    kind: AskedKind = "return"
    method: Short | None = None
    unlimited: Unlimited | None = None


class QuestionOut(Told):
    """A question that the policy asks about a line; `answer` is text, choice, number or yes_no."""

    id: str
    text: str
    answer: str
    choices: list[str]
    required: bool


class WantedOut(Told):
    """What is wanted to know about a line, by the policy and by the reason: how many photos at least, a note, answers."""

    photos: int
    note: bool
    questions: list[QuestionOut]


class QuotedLineOut(Told):
    """What the policy says about one line."""

    line_ref: str
    approval: str
    closes_on: str | None
    resolutions: list[str]
    methods: list[str]
    method: str
    settle_on: str
    settle_after_hours: int
    wanted: WantedOut


class SetAsideOut(Told):
    """One objection of the policy that is set aside; `field` is the place in the request."""

    code: str
    message: str
    field: str | None


class QuoteOut(Told):
    """What would be paid if all units arrive sound; nothing was written.

    `review` names why a person looks at the request whatever the policy approves: several_ways, photos_wanted,
    beyond_policy. `set_aside` is what the policy objects to where `unlimited` goes beyond it.
    """

    order_id: UUID
    currency: str
    total_minor: int
    plan_hash: str
    review: list[str]
    set_aside: list[SetAsideOut]
    lines: list[QuotedLineOut]
    plans: list[PlanOut]


class PhotoOut(Told):
    """A photo or video of a return: of a line, of a note, or of the return as a whole; `kind` says who took it for what."""

    id: UUID
    kind: str
    media: str
    bytes: int
    width: int | None
    height: int | None
    line_id: UUID | None
    note_id: UUID | None
    at: datetime


class ReturnWhole(ReturnOut):
    """A return with everything that is known about it.

    `decision` holds per line the deciding rules, their outcomes and the facts they were judged on, as frozen at
    request; `promised_plans` and `settlements` explain the money row by row.
    """

    location_ref: str | None
    decision: list[Mapping[str, Any]]
    promised_plans: list[PlanOut]
    shipments: list[ShipmentView]
    receipts: list[ReceiptView]
    inspections: list[InspectionView]
    notes: list[NoteView]
    photos: list[PhotoOut]
    settlements: list[SettlementOut]
    effects: list[EffectOut]


class EventList(Told):
    """The timeline of one return, oldest first, without gaps in `sequence`."""

    items: list[EventOut]


async def request_return(call: Call, wish: ReturnWish) -> ReturnOut:
    """Open a return."""
    asking = replace(_asking(call, wish), plan_hash=wish.plan_hash)
    if wish.gift is not None:
        asking = replace(asking, gift=True, receiver_id=await _receiver(call, wish.gift))
    with _naming(wish.lines):
        opened = await flow.open_return(
            call.db, asking, id=new_id(), actor=call.actor, now=call.now,
            policies=call.policies, keep=lambda opened: call.keep(opened_out(opened)),
        )  # fmt: skip
    return opened_out(opened)


async def _receiver(call: Call, gift: GiftWish) -> UUID:
    email = mail_address(gift.email, field="gift.email")
    return await orders.add_receiver(
        call.db, call.vault, tenant_id=call.tenant_id, store_id=call.store_id, name=gift.name, email=email
    )


async def quote_return(call: Call, wish: QuoteWish) -> QuoteOut:
    """Return what a request would be answered and paid; writes nothing."""
    with _naming(wish.lines):
        judged = await flow.judge(call.db, _asking(call, wish), now=call.now, policies=call.policies, lock=False)
    lines = [
        QuotedLineOut(
            line_ref=line.line_ref, approval=line.decision.outcome.approval.value,
            closes_on=line.closes_on.isoformat() if line.closes_on else None,
            resolutions=[offer.kind.value for offer in line.resolutions.outcome.offered],
            methods=[offer.kind.value for offer in line.methods.outcome.offered], method=way.method,
            settle_on=line.settle_on.outcome.moment.value, settle_after_hours=line.settle_on.outcome.after_hours,
            wanted=_wanted(wanted),
        )
        for line, way, wanted in zip(judged.lines, judged.ways.lines, judged.wanted, strict=True)
    ]  # fmt: skip
    promise = judged.promise
    return QuoteOut(
        order_id=wish.order_id, currency=promise.currency, total_minor=promise.total_minor, plan_hash=promise.hash,
        review=list(judged.looked_at), set_aside=_set_aside(judged, wish.lines), lines=lines,
        plans=[plan_out(plan) for plan in promise.plans],
    )  # fmt: skip


async def get_return(call: Call, _: None) -> ReturnWhole:
    """Return one return whole."""
    rma_id = call.resource_id
    row, parts = await views.one_return(call.db, rma_id), await views.parts_of_return(call.db, rma_id)
    if row is None or parts is None or call.store not in (None, row["store_id"]):
        raise Refused(MISSING, "there is no such return")
    plans = msgspec.convert(parts.promised["plans"], list[Plan])
    return ReturnWhole(
        **facts(row), location_ref=parts.location_ref, decision=list(parts.decision),
        promised_plans=[plan_out(plan) for plan in plans], shipments=parts.shipments, receipts=parts.receipts,
        inspections=parts.inspections, notes=parts.notes,
        photos=[_photo(one) for one in await photos.list_of_return(call.db, rma_id)],
        settlements=[settlement_out(s) for s in await refunds.list_of_rma(call.db, rma_id)],
        effects=[effect_out(e) for e in await effects.list_of_rma(call.db, rma_id)],
    )  # fmt: skip


async def list_return_events(call: Call, _: None) -> EventList:
    """Return the timeline of one return."""
    await summary(call, call.resource_id)
    found = await event.of_resource(call.db, resource_kind="return", resource_id=call.resource_id)
    return EventList(items=[event_out(e) for e in found])


@contextmanager
def _naming(lines: Sequence[WishedLine]) -> Iterator[None]:
    """Name the field of a refusal as the body does: the policy speaks of a line by its ref."""
    try:
        yield
    except Refused as refused:
        objections = [replace(o, field=_field(o.field, lines)) for o in refused.objections]
        field = _field(refused.field, lines)
        raise Refused(
            refused.code, refused.message, field=field, facts=refused.facts, objections=objections
        ) from refused


def _field(field: str | None, lines: Sequence[WishedLine]) -> str | None:
    if field is None:
        return None
    for n, line in enumerate(lines):
        field = field.replace(f"lines[{line.line_ref}]", f"lines[{n}]")
    return f"{field}_ref" if field.endswith("].line") else field


def _set_aside(judged: flow.Judged, lines: Sequence[WishedLine]) -> list[SetAsideOut]:
    return [SetAsideOut(code=o.code, message=o.message, field=_field(o.field, lines)) for o in judged.set_aside]


def _asking(call: Call, wish: ReturnWish | QuoteWish) -> flow.Asking:
    wishes = tuple(
        flow.Wish(
            w.line_ref,
            w.quantity,
            w.reason,
            w.note,
            w.resolution.value,
            w.resolution_ref,
            w.answers,
            tuple(w.photos),
            w.article,
        )
        for w in wish.lines
    )
    return flow.Asking(
        call.store_id, wish.order_id, wishes, "api", kind=wish.kind, method=wish.method, unlimited=wish.unlimited
    )


def _photo(one: PhotoView) -> PhotoOut:
    return PhotoOut(
        id=one.id, kind=one.kind, media=one.media, bytes=one.bytes, width=one.width, height=one.height,
        line_id=one.return_line_id, note_id=one.note_id, at=one.at,
    )  # fmt: skip


def _wanted(said: Requirements) -> WantedOut:
    questions = [
        QuestionOut(id=q.id, text=q.text, answer=q.answer.value, choices=list(q.choices), required=q.required)
        for q in said.questions
    ]
    return WantedOut(photos=said.photos, note=said.note, questions=questions)


OPERATIONS: Final = (
    Operation(
        id="quote_return", method="POST", path="/quotes", tag="Returns", body=QuoteWish, answer=QuoteOut,
        needs_store=True, writes=False, summary="See what a return would be answered and paid", do=quote_return,
        description="Writes nothing. Send the `plan_hash` with the request to be told if the figures have changed.",
    ),
    Operation(
        id="request_return", method="POST", path="/returns", tag="Returns", status=201, body=ReturnWish,
        answer=ReturnOut, needs_store=True, summary="Ask for a return", do=request_return,
        description="Approved at once where the policy says so; otherwise it waits for a person (`blocked_by`).",
    ),
    Operation(
        id="get_return", method="GET", path="/returns/{id}", tag="Returns", answer=ReturnWhole, missing=MISSING,
        summary="Read a return with decision and money explained", do=get_return,
    ),
    Operation(
        id="list_return_events", method="GET", path="/returns/{id}/events", tag="Returns", answer=EventList,
        missing=MISSING, summary="Read the timeline of a return", do=list_return_events,
    ),
)  # fmt: skip
