"""Instant exchanges over the API: how a card is held, and capturing or releasing it by hand."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from retour.core.hold import Decided, Hold
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Told
from retour.doors.api.summaries import MISSING, check_store, summary
from retour.flows import card_hold as flow
from retour.flows.card_hold.asking import REASON_MOST
from retour.store import card_hold as rows


class CardHoldWish(Asked):
    """What is decided about the card: `capture` all of it or `amount_minor`, or `release` it, and why."""

    decide: Decided
    reason: Annotated[str, Meta(min_length=1, max_length=REASON_MOST, pattern=NO_NUL)]
    amount_minor: Annotated[int, Meta(ge=1, le=10**12)] | None = None


class CardHoldOut(Told):
    """The authorisation of a card that an instant exchange stands on; amounts in minor units of `currency`.

    `state`: asked, offered (the shopper has the provider's page), authorised, reauthorising, capturing, releasing, dunning
    (the card refused; `owes` says whether it is to `confirm` or to `pay`), failed (a person decides), captured,
    released, lapsed (never confirmed). `held_until` is when it lapses unless it is made anew before.
    """

    id: UUID
    return_id: UUID
    state: str
    since: datetime
    amount_minor: int | None
    captured_minor: int
    owed_minor: int | None
    currency: str
    owes: str | None
    problem: str | None
    held_until: datetime | None
    send_by: datetime | None
    arrive_by: datetime | None


class CardHoldList(Told):
    """The authorisations of a return, newest first."""

    items: list[CardHoldOut]


async def list_card_holds(call: Call, _: None) -> CardHoldList:
    """Return the authorisations of a return."""
    await check_store(call)
    await summary(call, call.resource_id)
    return CardHoldList(items=[_out(hold) for hold in await rows.list_of_rma(call.db, call.resource_id)])


async def decide_card_hold(call: Call, wish: CardHoldWish) -> CardHoldOut:
    """Capture or release the card by hand."""
    await check_store(call)
    hold = await flow.decide(
        call.db, rma_id=call.resource_id, do=wish.decide, amount_minor=wish.amount_minor, reason=wish.reason,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return _out(hold)


def _out(hold: Hold) -> CardHoldOut:
    return CardHoldOut(
        id=hold.id, return_id=hold.rma_id, state=hold.state.value, since=hold.since, amount_minor=hold.amount_minor,
        captured_minor=hold.captured_minor, owed_minor=hold.owed_minor, currency=hold.currency,
        owes=hold.owes.value if hold.owes else None, problem=hold.problem, held_until=hold.lapses_at,
        send_by=hold.send_by, arrive_by=hold.arrive_by,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="list_card_holds", method="GET", path="/returns/{id}/card-holds", tag="Money", answer=CardHoldList,
        missing=MISSING, summary="List what is held on the shopper's card for a return", do=list_card_holds,
    ),
    Operation(
        id="decide_card_hold", method="POST", path="/returns/{id}/card-hold", tag="Money", body=CardHoldWish,
        answer=CardHoldOut, missing=MISSING, summary="Capture or release the card by hand", do=decide_card_hold,
        description="Never more than is held. What is no longer held is asked of the shopper instead.",
    ),
)  # fmt: skip
