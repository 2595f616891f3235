"""Statutory withdrawals over the API: stated by a shop's own page, listed, matched by a person, or ended with a reason."""

from datetime import date, datetime
from functools import partial
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.withdrawal import Statement, WithdrawalState, repay_by
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid, wrong_cursor
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, PageQuery, Short, Told
from retour.flows import rma
from retour.flows import withdrawal as flow
from retour.store import policy
from retour.store import withdrawal as withdrawals
from retour.store.ids import new_id
from retour.store.withdrawal import Withdrawal

MISSING: Final = "withdrawal_not_found"
Line = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_NUL)]
Goods = Annotated[str, Meta(max_length=2_000, pattern=NO_NUL)]
Reason = Annotated[str, Meta(min_length=1, max_length=2_000, pattern=NO_NUL)]
Language = Annotated[str, Meta(pattern="^[a-z]{2,3}$", description="Of the acknowledgement, as two or three letters.")]


class StatementWish(Asked):
    """What a person states; `goods` names the part that is withdrawn from, if it is not the whole contract."""

    name: Line
    number: Annotated[Short, Meta(description="Of the order or contract, as the person knows it.")]
    contact: Annotated[Line, Meta(description="The e-mail address of the acknowledgement.")]
    goods: Goods = ""
    language: Language = "en"


class WithdrawnLine(Asked):
    """Units of a line of the order that are withdrawn from."""

    line_ref: Short
    quantity: Annotated[int, Meta(ge=1, le=100_000)]


class WithdrawalAssignWish(Asked):
    """The order that is meant, and its units (everything that was shipped and is in no return, by default).

    `reason` is demanded for a statement that came late, or whose contact is not the order's.
    """

    order_id: UUID
    lines: Annotated[list[WithdrawnLine], Meta(min_length=1, max_length=100)] | None = None
    reason: Reason | None = None


class CloseWish(Asked):
    """Why nothing follows; it is mailed to the person word for word."""

    reason: Reason


class StatedOut(Told):
    """What was stated."""

    name: str
    number: str
    contact: str
    goods: str


class WithdrawalOut(Told):
    """A withdrawal; `why` says what it waits for, `last_day` ends the period (none: it has not begun).

    `repay_by` is the last day on which the money may go back. `stated` is nothing once the person was erased.
    """

    id: UUID
    store_id: UUID
    channel: str
    state: WithdrawalState
    why: str | None
    refusal: str | None
    since: datetime
    received_at: datetime
    content_sha256: str
    stated: StatedOut | None
    order_id: UUID | None
    last_day: date | None
    late: bool
    repay_by: date
    return_id: UUID | None
    return_number: str | None
    reason: str | None


class WithdrawalRowOut(Told):
    """A withdrawal in a list: nothing of what was stated."""

    id: UUID
    store_id: UUID
    channel: str
    state: WithdrawalState
    why: str | None
    since: datetime
    received_at: datetime
    order_id: UUID | None
    last_day: date | None
    late: bool
    repay_by: date
    return_id: UUID | None
    return_number: str | None


class WithdrawalsQuery(PageQuery):
    """Which withdrawals are wanted."""

    state: Literal["received", "waiting", "matched", "closed"] | None = None


class WithdrawalPage(Told):
    """A part of the list, newest first; no `next` means that it is the last."""

    items: list[WithdrawalRowOut]
    next: str | None


async def state_withdrawal(call: Call, wish: StatementWish) -> WithdrawalOut:
    """Receive a statement and acknowledge it."""
    context = await policy.context(call.db, call.store_id)
    assert context is not None, "a call that needs a store has one"
    place = flow.Place(call.tenant_id, call.store_id, context.timezone, "api", call.actor)
    said = Statement(wish.name, wish.number, wish.contact, wish.goods)
    return _out(
        await flow.state(call.db, call.vault, place, id=new_id(), said=said, language=wish.language, now=call.now)
    )


async def list_withdrawals(call: Call, query: WithdrawalsQuery) -> WithdrawalPage:
    """Return withdrawals, newest first."""
    states = [WithdrawalState(query.state)] if query.state else None
    rows = await withdrawals.list_of(
        call.db, store_id=call.store, states=states, limit=query.limit + 1,
        before=_position(query.after) if query.after is not None else None,
    )  # fmt: skip
    shown = rows[: query.limit]
    more = make_cursor(shown[-1].received_at.isoformat(), shown[-1].id) if len(rows) > query.limit else None
    items = [
        WithdrawalRowOut(
            id=row.id, store_id=row.store_id, channel=row.channel, state=row.state, why=row.why, since=row.since,
            received_at=row.received_at, order_id=row.order_id, last_day=row.last_day, late=row.late,
            repay_by=repay_by(row.stated_on), return_id=row.rma_id,
            return_number=f"R-{row.number}" if row.number else None,
        )
        for row in shown
    ]  # fmt: skip
    return WithdrawalPage(items=items, next=more)


async def get_withdrawal(call: Call, _: None) -> WithdrawalOut:
    """Return one withdrawal with what was stated."""
    return _out(await _found(call))


async def assign_withdrawal(call: Call, wish: WithdrawalAssignWish) -> WithdrawalOut:
    """Open the return of a withdrawal on the order that a person found."""
    found = await _found(call)
    quantities: dict[str, int] | None = None
    if wish.lines is not None:
        quantities = {}
        for line in wish.lines:
            quantities[line.line_ref] = quantities.get(line.line_ref, 0) + line.quantity
    await flow.assign(
        call.db, call.vault, tenant_id=call.tenant_id, withdrawal_id=found.id, order_id=wish.order_id,
        quantities=quantities, reason=wish.reason, actor=call.actor, now=call.now, policies=call.policies,
        open_=partial(rma.open_withdrawal, policies=call.policies),
    )  # fmt: skip
    return _out(await _found(call))


async def close_withdrawal(call: Call, wish: CloseWish) -> WithdrawalOut:
    """End a withdrawal of which nothing follows, and write the reason to the person."""
    found = await _found(call)
    await flow.close(
        call.db, call.vault, tenant_id=call.tenant_id, withdrawal_id=found.id, reason=wish.reason, actor=call.actor,
        now=call.now,
    )  # fmt: skip
    return _out(await _found(call))


async def _found(call: Call) -> Withdrawal:
    found = await withdrawals.get(call.db, call.vault, call.resource_id, tenant_id=call.tenant_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such withdrawal")
    return found


def _out(at: Withdrawal) -> WithdrawalOut:
    return WithdrawalOut(
        id=at.id, store_id=at.store_id, channel=at.channel, state=at.state, why=at.why, refusal=at.refusal,
        since=at.since, received_at=at.received_at, content_sha256=at.content_sha256,
        stated=msgspec.convert(at.said, StatedOut, from_attributes=True) if at.said else None, order_id=at.order_id,
        last_day=at.last_day, late=at.late, repay_by=repay_by(at.stated_on), return_id=at.rma_id,
        return_number=f"R-{at.number}" if at.number else None, reason=at.reason,
    )  # fmt: skip


def _position(after: str) -> tuple[datetime, UUID]:
    text, last = read_cursor(after, parts=2)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise wrong_cursor() from None
    if at.tzinfo is None:
        raise wrong_cursor()
    return at, read_uuid(last)


OPERATIONS: Final = (
    Operation(
        id="state_withdrawal", method="POST", path="/withdrawals", tag="Withdrawals", status=201, body=StatementWish,
        answer=WithdrawalOut, needs_store=True, summary="Receive a withdrawal from a contract", do=state_withdrawal,
        description="For a shop's own page. It is acknowledged by mail at once and matched with its order afterwards; "
        "no rule of the policy refuses it.",
    ),
    Operation(
        id="list_withdrawals", method="GET", path="/withdrawals", tag="Withdrawals", query=WithdrawalsQuery,
        answer=WithdrawalPage, summary="List withdrawals", do=list_withdrawals,
    ),
    Operation(
        id="get_withdrawal", method="GET", path="/withdrawals/{id}", tag="Withdrawals", answer=WithdrawalOut,
        missing=MISSING, summary="Read a withdrawal with what was stated", do=get_withdrawal,
    ),
    Operation(
        id="assign_withdrawal", method="POST", path="/withdrawals/{id}/assign", tag="Withdrawals", body=WithdrawalAssignWish,
        answer=WithdrawalOut, missing=MISSING, summary="Open the return of a withdrawal on the order that is meant",
        do=assign_withdrawal,
    ),
    Operation(
        id="close_withdrawal", method="POST", path="/withdrawals/{id}/close", tag="Withdrawals", body=CloseWish,
        answer=WithdrawalOut, missing=MISSING, summary="End a withdrawal with a reason that the person is told",
        do=close_withdrawal,
    ),
)  # fmt: skip
