"""Turns of a return over the API: asking its shopper, writing down the answer, how long the store waits."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.policy.outcome import ResolutionKind
from retour.core.rma import Patience
from retour.doors.api.money import PlanOut, plan_out
from retour.doors.api.operation import Call, Operation
from retour.doors.api.return_actions import LineIds
from retour.doors.api.return_addresses import AddressOut, AddressWish, address_out, postal
from retour.doors.api.shapes import NO_NUL, Asked, Short, Text, Told, Units
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import patience as patience_flow
from retour.flows import rma as flow
from retour.store import patience
from retour.store.rma import questions

Days = Annotated[int, Meta(ge=1, le=365, description="Days.")]


class QuestionWish(Asked):
    """What the shopper is asked; without `answer_days` the store's own time runs, if it has one."""

    question: Text
    answer_days: Days | None = None
    expect_version: int | None = None


class AnswerWish(Asked):
    """What the shopper said."""

    answer: Text


class InfoRequestOut(Told):
    """A question to the shopper; `outcome` is answered, overtaken by a decision, expired, or nothing yet."""

    id: UUID
    question: str
    asked_by: str
    asked_at: datetime
    answer_by: datetime | None
    answer: str | None
    outcome: str | None
    closed_at: datetime | None


class InfoRequestList(Told):
    """The questions of one return, oldest first."""

    items: list[InfoRequestOut]


class EditLine(Asked):
    """Some units of one order line that are to come back now; a line left out leaves the return."""

    line_ref: Short
    quantity: Units
    reason: Short
    note: Text | None = None
    resolution: ResolutionKind = ResolutionKind.REFUND_ORIGINAL
    resolution_ref: Short | None = None
    answers: Annotated[dict[Short, Text], Meta(max_length=50, description="To the policy's questions, by id.")] = (
        msgspec.field(default_factory=dict)
    )


class EditWish(Asked):
    """The whole content of the return as it shall be; `plan_hash` is the one of the quote that was shown."""

    lines: Annotated[list[EditLine], Meta(min_length=1, max_length=100)]
    method: Short | None = None
    plan_hash: Short | None = None
    expect_version: int | None = None


class EditQuoteOut(Told):
    """What was promised and what would be promised instead, in minor units; nothing was written."""

    currency: str
    before_minor: int
    after_minor: int
    plan_hash: str
    approved_at_once: bool
    plans: list[PlanOut]


class NewAddressWish(Asked):
    """Where the shopper of a return is now."""

    address: AddressWish
    expect_version: int | None = None


class NewAddressOut(Told):
    """Where the shopper of a return is now, and how many labels are being made anew with it.

    `new_order_keeps_address` says that the new order of an exchange was drafted already, for the address before.
    """

    address: AddressOut
    labels_made_anew: int
    new_order_keeps_address: bool
    version: int


class ReopenWish(Asked):
    """Why closed lines are decided again; all but the cancelled ones by default."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000, pattern=NO_NUL)]
    expect_version: int | None = None
    line_ids: LineIds | None = None


class LostWish(Asked):
    """Why what is on its way counts as lost."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000, pattern=NO_NUL)]
    expect_version: int | None = None


class PatienceWish(Asked):
    """How long a store waits, in days (none: for ever), and how many days before the end it reminds."""

    unsent_days: Days | None = None
    unanswered_days: Days | None = None
    unpaid_days: Days | None = None
    remind_days: Annotated[list[Days], Meta(max_length=5)] = msgspec.field(default_factory=lambda: [7, 2])


class PatienceOut(Told):
    """How long a store waits, in days, and when it reminds."""

    unsent_days: int | None
    unanswered_days: int | None
    unpaid_days: int | None
    remind_days: list[int]


async def ask_shopper(call: Call, wish: QuestionWish) -> ReturnOut:
    """Ask the shopper something."""
    await check_store(call)
    await flow.ask(
        call.db, rma_id=call.resource_id, question=wish.question, actor=call.actor, now=call.now,
        answer_days=wish.answer_days, expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def answer_question(call: Call, wish: AnswerWish) -> ReturnOut:
    """Write down the shopper's answer."""
    await check_store(call)
    await flow.answer(call.db, rma_id=call.resource_id, text=wish.answer, actor=call.actor, now=call.now)
    return await summary(call, call.resource_id)


async def quote_edit(call: Call, wish: EditWish) -> EditQuoteOut:
    """Return what a change would be answered and promised; writes nothing."""
    await check_store(call)
    found = await flow.preview_edit(
        call.db, rma_id=call.resource_id, content=_content(wish), now=call.now, policies=call.policies
    )
    promise = found.judged.promise
    return EditQuoteOut(
        currency=promise.currency, before_minor=found.before_minor, after_minor=promise.total_minor,
        plan_hash=promise.hash, approved_at_once=found.approves, plans=[plan_out(plan) for plan in promise.plans],
    )  # fmt: skip


async def edit_return(call: Call, wish: EditWish) -> ReturnOut:
    """Change what comes back."""
    await check_store(call)
    await flow.edit_return(
        call.db, rma_id=call.resource_id, content=_content(wish), actor=call.actor, now=call.now,
        policies=call.policies, expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def change_address(call: Call, wish: NewAddressWish) -> NewAddressOut:
    """Let the return have an address of its own."""
    await check_store(call)
    try:
        done = await flow.change_address(
            call.db, call.vault, rma_id=call.resource_id, address=postal(wish.address), actor=call.actor, now=call.now,
            expect_version=wish.expect_version,
        )  # fmt: skip
    except Refused as no:
        if no.code != "invalid_address":
            raise
        raise Refused(no.code, no.message, field=f"address.{no.field}") from None
    return NewAddressOut(
        address=address_out(done.address), labels_made_anew=done.labels, new_order_keeps_address=done.order_keeps,
        version=done.record.version,
    )  # fmt: skip


async def reopen_return(call: Call, wish: ReopenWish) -> ReturnOut:
    """Let closed lines be decided again."""
    await check_store(call)
    await flow.reopen(
        call.db, rma_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now,
        expect_version=wish.expect_version, line_ids=wish.line_ids,
    )  # fmt: skip
    return await summary(call, call.resource_id)


def _content(wish: EditWish) -> flow.Content:
    return flow.Content(
        tuple(
            flow.Wish(w.line_ref, w.quantity, w.reason, w.note, w.resolution.value, w.resolution_ref, w.answers)
            for w in wish.lines
        ),
        wish.method,
        wish.plan_hash,
    )


async def list_questions(call: Call, _: None) -> InfoRequestList:
    """Return the questions of one return."""
    await summary(call, call.resource_id)
    found = await questions.of_return(call.db, call.resource_id)
    return InfoRequestList(
        items=[
            InfoRequestOut(
                id=q.id, question=q.question, asked_by=q.asked_by, asked_at=q.asked_at, answer_by=q.answer_by,
                answer=q.answer, outcome=q.outcome, closed_at=q.closed_at,
            )
            for q in found
        ]
    )  # fmt: skip


async def lose_return(call: Call, wish: LostWish) -> ReturnOut:
    """Let lost goods count as here."""
    await check_store(call)
    await flow.treat_as_lost(
        call.db, rma_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now,
        expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def get_patience(call: Call, _: None) -> PatienceOut:
    """Return how long the store waits."""
    found = await patience.of_store(call.db, call.store_id)
    if found is None:
        raise Refused("store_not_found", "there is no such store")
    return _out(found)


async def set_patience(call: Call, wish: PatienceWish) -> PatienceOut:
    """Say how long the store waits."""
    wanted = Patience(wish.unsent_days, wish.unanswered_days, tuple(wish.remind_days), wish.unpaid_days)
    return _out(
        await patience_flow.change(call.db, store_id=call.store_id, patience=wanted, actor=call.actor, now=call.now)
    )


def _out(found: Patience) -> PatienceOut:
    return PatienceOut(
        unsent_days=found.unsent_days,
        unanswered_days=found.unanswered_days,
        unpaid_days=found.unpaid_days,
        remind_days=list(found.remind_days),
    )


OPERATIONS: Final = (
    Operation(
        id="ask_shopper", method="POST", path="/returns/{id}/questions", tag="Return actions", missing=MISSING,
        status=201, body=QuestionWish, answer=ReturnOut, summary="Ask the shopper something", do=ask_shopper,
        description="One question at a time, while the return is undecided; the shopper is mailed.",
    ),
    Operation(
        id="list_questions", method="GET", path="/returns/{id}/questions", tag="Returns", missing=MISSING,
        answer=InfoRequestList, summary="Read what the shopper was asked and answered", do=list_questions,
    ),
    Operation(
        id="answer_question", method="POST", path="/returns/{id}/answer", tag="Return actions", missing=MISSING,
        body=AnswerWish, answer=ReturnOut, summary="Write down the shopper's answer", do=answer_question,
    ),
    Operation(
        id="quote_edit", method="POST", path="/returns/{id}/edit-quotes", tag="Return actions", missing=MISSING,
        writes=False, body=EditWish, answer=EditQuoteOut, summary="See what a changed return would be promised",
        do=quote_edit, description="Writes nothing.",
    ),
    Operation(
        id="edit_return", method="POST", path="/returns/{id}/edit", tag="Return actions", missing=MISSING,
        body=EditWish, answer=ReturnOut, summary="Change what comes back, while nothing is sent or paid",
        do=edit_return, description="Judged by the policy again; what it does not approve by itself is decided again.",
    ),
    Operation(
        id="change_address", method="PUT", path="/returns/{id}/address", tag="Return actions", missing=MISSING,
        body=NewAddressWish, answer=NewAddressOut, summary="Say where the shopper is now, while nothing is sent",
        do=change_address,
        description="The sender of the labels, which are made anew and mailed, and where goods are sent to.",
    ),
    Operation(
        id="reopen_return", method="POST", path="/returns/{id}/reopen", tag="Return actions", missing=MISSING,
        body=ReopenWish, answer=ReturnOut, summary="Decide a closed return again", do=reopen_return,
        description="Rejected after it was carried out, its stock is taken out again and its money shown to finance.",
    ),
    Operation(
        id="lose_return", method="POST", path="/returns/{id}/lost", tag="Return actions", missing=MISSING,
        body=LostWish, answer=ReturnOut, summary="Treat what is on its way as lost", do=lose_return,
        description="It is settled as if it had come in order, and not waited for. Received later, it is inspected and restocked.",
    ),
    Operation(
        id="get_patience", method="GET", path="/patience", tag="Returns", answer=PatienceOut, needs_store=True,
        summary="Read how long the store waits for its shoppers", do=get_patience,
    ),
    Operation(
        id="set_patience", method="POST", path="/patience", tag="Returns", body=PatienceWish, answer=PatienceOut,
        needs_store=True, summary="Say how long the store waits for its shoppers", do=set_patience,
        description="What is already promised to a shopper stays: a new time counts for what is approved or asked later.",
    ),
)  # fmt: skip
