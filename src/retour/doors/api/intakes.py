"""Intakes over the API: a return of another system sent in, what waits for a person, and the published schemas."""

from typing import Final
from uuid import UUID

import msgspec

from retour.core.channel import Channel
from retour.core.errors import Refused
from retour.core.intake import SCHEMAS, Wanted, read_return
from retour.doors.api.cursor import make_cursor, read_cursor, read_uuid
from retour.doors.api.intake_shapes import (
    ChoiceWish,
    DismissWish,
    IntakeOut,
    IntakePage,
    IntakesQuery,
    IntakeWhole,
    IntakeWish,
    JoinWish,
    SchemasOut,
    facts_of,
    intake_out,
)
from retour.doors.api.operation import Call, Operation
from retour.flows import intake as flow
from retour.store import intake as intakes
from retour.store.intake import Intake
from retour.web.intake import ReturnHands

MISSING: Final = "intake_not_found"


async def send_intake(call: Call, wish: IntakeWish) -> IntakeOut:
    """Take a return of another system in; the same id again is the same return."""
    source = flow.Source(
        tenant_id=call.tenant_id, store_id=call.store_id, key=f"api:{call.store_id}", channel=Channel.API,
        actor=call.actor, decides=True,
    )  # fmt: skip
    taken = await flow.take_in(
        call.db, call.vault, source, read_return(wish.document), hands=ReturnHands(call.policies), now=call.now
    )
    return intake_out(await _own(call, taken.intake_id))


async def list_intakes(call: Call, query: IntakesQuery) -> IntakePage:
    """Return intakes, the newest first."""
    before = None if query.after is None else read_uuid(read_cursor(query.after, parts=1)[0])
    found = await intakes.list_page(
        call.db, store_id=call.store, state=query.state, before=before, limit=query.limit + 1
    )
    shown = found[: query.limit]
    more = make_cursor(shown[-1].id) if len(found) > query.limit else None
    return IntakePage(items=[intake_out(row) for row in shown], next=more)


async def get_intake(call: Call, _: None) -> IntakeWhole:
    """Return one intake with what was read."""
    row = await _own(call, call.resource_id)
    kept = await intakes.document(call.db, call.vault, row.id)
    return IntakeWhole(
        **facts_of(row), document=msgspec.to_builtins(kept.document) if kept else None,
        text=kept.text if kept else None, read=[msgspec.to_builtins(one) for one in kept.read] if kept else [],
    )  # fmt: skip


async def choose_order(call: Call, wish: ChoiceWish) -> IntakeOut:
    """Open the return of an intake on the order that somebody chose."""
    await _own(call, call.resource_id)
    lines = tuple(Wanted(line.line_ref, line.quantity, line.reason, line.note) for line in wish.lines)
    await flow.choose(
        call.db, call.vault, intake_id=call.resource_id, choice=flow.Choice(wish.order_id, lines),
        hands=ReturnHands(call.policies), actor=call.actor, now=call.now,
    )  # fmt: skip
    return intake_out(await _own(call, call.resource_id))


async def join_intake(call: Call, wish: JoinWish) -> IntakeOut:
    """Say which return a parcel belongs to that nobody announced."""
    await _own(call, call.resource_id)
    await flow.join(
        call.db, call.vault, intake_id=call.resource_id, rma_id=wish.return_id, actor=call.actor, now=call.now
    )
    return intake_out(await _own(call, call.resource_id))


async def dismiss_intake(call: Call, wish: DismissWish) -> IntakeOut:
    """Say that nothing comes of an intake."""
    await _own(call, call.resource_id)
    await flow.dismiss(call.db, intake_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now)
    return intake_out(await _own(call, call.resource_id))


async def get_intake_schemas(_: Call, __: None) -> SchemasOut:
    """Return the published schemas."""
    return SchemasOut(schemas=dict(SCHEMAS))


async def _own(call: Call, intake_id: UUID) -> Intake:
    found = await intakes.get(call.db, intake_id)
    if found is None or call.store not in (None, found.store_id):
        raise Refused(MISSING, "there is no such intake")
    return found


OPERATIONS: Final = (
    Operation(
        id="send_intake", method="POST", path="/intakes", tag="Intakes", status=201, needs_store=True, body=IntakeWish,
        answer=IntakeOut, summary="Send in a return of another system", do=send_intake,
        description="Opens the return if its order is clear and the policy allows it; else it waits for a person. "
        "The same id again moves the same return on; what is older changes nothing.",
    ),
    Operation(
        id="list_intakes", method="GET", path="/intakes", tag="Intakes", query=IntakesQuery, answer=IntakePage,
        summary="List what was sent in", do=list_intakes,
    ),
    Operation(
        id="get_intake", method="GET", path="/intakes/{id}", tag="Intakes", answer=IntakeWhole, missing=MISSING,
        summary="Read an intake with its candidates", do=get_intake,
    ),
    Operation(
        id="choose_order", method="POST", path="/intakes/{id}/choose", tag="Intakes", body=ChoiceWish, answer=IntakeOut,
        missing=MISSING, summary="Choose the order of an intake", do=choose_order,
    ),
    Operation(
        id="join_intake", method="POST", path="/intakes/{id}/join", tag="Intakes", body=JoinWish, answer=IntakeOut,
        missing=MISSING, summary="Say which return a parcel belongs to", do=join_intake,
        description="For a parcel that nobody announced. The return counts as delivered and waits to be received.",
    ),
    Operation(
        id="dismiss_intake", method="POST", path="/intakes/{id}/dismiss", tag="Intakes", body=DismissWish,
        answer=IntakeOut, missing=MISSING, summary="Dismiss an intake", do=dismiss_intake,
    ),
    Operation(
        id="get_intake_schemas", method="GET", path="/intake-schemas", tag="Intakes", answer=SchemasOut,
        summary="Read the JSON Schemas of what can be sent in", do=get_intake_schemas,
    ),
)  # fmt: skip
