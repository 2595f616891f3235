"""What people and warehouses do to a return; each answers the return as it then stands."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta

from retour.core.errors import Refused
from retour.core.refund import FeeKind
from retour.core.rma import Disposition, Grade
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import NO_NUL, Asked, Short, Text, Told, Units
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import receiving, shipping
from retour.flows import rma as flow

LineIds = Annotated[list[UUID], Meta(min_length=1, max_length=100)]
BasisPoints = Annotated[int, Meta(ge=0, le=10_000, description="Hundredths of a percent off the refund.")]


class ApproveWish(Asked):
    """Which lines to approve (all undecided ones by default), and the version that the decision was made on."""

    expect_version: int | None = None
    line_ids: LineIds | None = None


class RejectWish(Asked):
    """Which lines to reject, and what the shopper is told."""

    message: Text
    expect_version: int | None = None
    line_ids: LineIds | None = None


class CancelWish(Asked):
    """The version that the decision to cancel was made on."""

    expect_version: int | None = None


class HoldWish(Asked):
    """Whether automatic steps are held back, and why: a hold needs a reason, which staff read."""

    held: bool
    reason: Text | None = None
    expect_version: int | None = None


class ArrivedLine(Asked):
    """Units of a return line that arrived."""

    line_id: UUID
    quantity: Units


class ReceiveWish(Asked):
    """What arrived, and where."""

    lines: Annotated[list[ArrivedLine], Meta(min_length=1, max_length=100)]
    location_ref: Short | None = None


class VerdictLine(Asked):
    """What was found on units of a line; what is left out follows the policy's proposal for the grade."""

    line_id: UUID
    quantity: Units
    grade: Grade
    disposition: Disposition | None = None
    accepted: bool | None = None
    deduction_basis_points: BasisPoints | None = None
    location_ref: Short | None = None
    note: Text | None = None


class InspectWish(Asked):
    """Verdicts that are settled together."""

    lines: Annotated[list[VerdictLine], Meta(min_length=1, max_length=200)]


class RestockedWish(Asked):
    """Inspections whose units the warehouse itself put back into stock."""

    inspection_ids: Annotated[list[UUID], Meta(min_length=1, max_length=200)]
    location_ref: Short


class WaiveWish(Asked):
    """Which fee is not charged (every fee if none is named), and why, which staff and the shopper's explanation show."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000, pattern=NO_NUL)]
    kind: FeeKind | None = None
    expect_version: int | None = None


class NoteWish(Asked):
    """A note, for the staff alone unless it is shown to the shopper."""

    body: Text
    shown_to_shopper: bool = False
    photos: Annotated[list[UUID], Meta(max_length=5, description="Ids of what was sent with `upload`.")] = (
        msgspec.field(default_factory=list)
    )


class ShipmentWish(Asked):
    """A parcel that is on its way."""

    carrier: Short
    tracking_number: Short


class ReceivedOut(Told):
    """The return after a receipt; `surplus` units were more than announced, `unexpected` of lines nobody approved.

    Both are kept as discrepancies and counted nowhere.
    """

    surplus: int
    unexpected: int
    rma: ReturnOut


async def approve_return(call: Call, wish: ApproveWish) -> ReturnOut:
    """Approve lines."""
    await check_store(call)
    await flow.approve(
        call.db, rma_id=call.resource_id, actor=call.actor, now=call.now, expect_version=wish.expect_version,
        line_ids=wish.line_ids,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def reject_return(call: Call, wish: RejectWish) -> ReturnOut:
    """Reject lines and free their units."""
    await check_store(call)
    await flow.reject(
        call.db, rma_id=call.resource_id, message=wish.message, actor=call.actor, now=call.now,
        expect_version=wish.expect_version, line_ids=wish.line_ids,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def cancel_return(call: Call, wish: CancelWish) -> ReturnOut:
    """Cancel what has not arrived yet."""
    await check_store(call)
    await flow.cancel(
        call.db, rma_id=call.resource_id, actor=call.actor, now=call.now, expect_version=wish.expect_version
    )
    return await summary(call, call.resource_id)


async def hold_return(call: Call, wish: HoldWish) -> ReturnOut:
    """Hold automatic steps back, or let them go on."""
    await check_store(call)
    if not wish.held:
        await flow.release(
            call.db, rma_id=call.resource_id, actor=call.actor, now=call.now, expect_version=wish.expect_version
        )
    elif wish.reason is None:
        raise Refused("reason_missing", "a hold needs a reason", field="reason")
    else:
        await flow.hold(
            call.db, rma_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now,
            expect_version=wish.expect_version,
        )  # fmt: skip
    return await summary(call, call.resource_id)


async def receive_return(call: Call, wish: ReceiveWish) -> ReceivedOut:
    """Record what arrived."""
    await check_store(call)
    items = [receiving.ArrivedUnits(line.line_id, line.quantity) for line in wish.lines]
    done = await receiving.receive(
        call.db, rma_id=call.resource_id, items=items, location_ref=wish.location_ref, actor=call.actor, now=call.now
    )
    return ReceivedOut(surplus=done.surplus, unexpected=done.unexpected, rma=await summary(call, call.resource_id))


async def inspect_return(call: Call, wish: InspectWish) -> ReturnOut:
    """Record verdicts; what is due for the accepted units is quoted at once."""
    await check_store(call)
    verdicts = [
        receiving.Verdict(
            v.line_id, v.quantity, v.grade, v.disposition, v.accepted, v.deduction_basis_points, v.location_ref, v.note
        )
        for v in wish.lines
    ]
    await receiving.inspect(
        call.db, rma_id=call.resource_id, verdicts=verdicts, actor=call.actor, now=call.now, policies=call.policies
    )
    return await summary(call, call.resource_id)


async def report_restocked(call: Call, wish: RestockedWish) -> ReturnOut:
    """Record the warehouse's word that units are back in stock."""
    await check_store(call)
    await receiving.restocked(
        call.db, rma_id=call.resource_id, inspection_ids=wish.inspection_ids, location_ref=wish.location_ref,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def waive_fees(call: Call, wish: WaiveWish) -> ReturnOut:
    """Waive fees."""
    await check_store(call)
    await flow.waive_fees(
        call.db, rma_id=call.resource_id, kind=wish.kind, reason=wish.reason, actor=call.actor, now=call.now,
        expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def add_return_note(call: Call, wish: NoteWish) -> ReturnOut:
    """Keep a note."""
    await check_store(call)
    await flow.add_note(
        call.db, rma_id=call.resource_id, body=wish.body, shown_to_shopper=wish.shown_to_shopper, actor=call.actor,
        now=call.now, uploads=list(dict.fromkeys(wish.photos)),
    )  # fmt: skip
    return await summary(call, call.resource_id)


async def add_return_shipment(call: Call, wish: ShipmentWish) -> ReturnOut:
    """Announce a parcel."""
    await check_store(call)
    await shipping.add_shipment(
        call.db, rma_id=call.resource_id, carrier=wish.carrier, tracking_number=wish.tracking_number,
        actor=call.actor, now=call.now,
    )  # fmt: skip
    return await summary(call, call.resource_id)


OPERATIONS: Final = (
    Operation(
        id="approve_return", method="POST", path="/returns/{id}/approve", tag="Return actions", missing=MISSING,
        body=ApproveWish, answer=ReturnOut, summary="Approve a return or some of its lines", do=approve_return,
        description="With `expect_version` the answer is 409 state_changed if somebody was faster.",
    ),
    Operation(
        id="reject_return", method="POST", path="/returns/{id}/reject", tag="Return actions", missing=MISSING,
        body=RejectWish, answer=ReturnOut, summary="Reject a return or some of its lines", do=reject_return,
    ),
    Operation(
        id="cancel_return", method="POST", path="/returns/{id}/cancel", tag="Return actions", missing=MISSING,
        body=CancelWish, answer=ReturnOut, summary="Cancel what has not arrived yet", do=cancel_return,
    ),
    Operation(
        id="hold_return", method="POST", path="/returns/{id}/hold", tag="Return actions", missing=MISSING,
        body=HoldWish, answer=ReturnOut, summary="Hold automatic steps, or let them go on", do=hold_return,
    ),
    Operation(
        id="receive_return", method="POST", path="/returns/{id}/receive", tag="Return actions", missing=MISSING,
        body=ReceiveWish, answer=ReceivedOut, summary="Record what arrived", do=receive_return,
        description="More than announced, or of a line nobody approved, is kept as a discrepancy, never refused.",
    ),
    Operation(
        id="inspect_return", method="POST", path="/returns/{id}/inspect", tag="Return actions", missing=MISSING,
        body=InspectWish, answer=ReturnOut, summary="Record verdicts on received units", do=inspect_return,
    ),
    Operation(
        id="report_restocked", method="POST", path="/returns/{id}/restocked", tag="Return actions", missing=MISSING,
        body=RestockedWish, answer=ReturnOut, summary="Report units that the warehouse put back into stock",
        do=report_restocked, description="Only where the warehouse masters stock.",
    ),
    Operation(
        id="waive_fees", method="POST", path="/returns/{id}/waive-fees", tag="Return actions", missing=MISSING,
        body=WaiveWish, answer=ReturnOut, summary="Waive a fee, or every fee, of a return", do=waive_fees,
        description="What is settled from now on is not charged it; what was charged before stays as it was paid.",
    ),
    Operation(
        id="add_return_note", method="POST", path="/returns/{id}/notes", tag="Return actions", missing=MISSING,
        status=201, body=NoteWish, answer=ReturnOut, summary="Leave a note", do=add_return_note,
    ),
    Operation(
        id="add_return_shipment", method="POST", path="/returns/{id}/shipments", tag="Return actions",
        missing=MISSING, status=201, body=ShipmentWish, answer=ReturnOut, summary="Announce a parcel",
        do=add_return_shipment,
    ),
)  # fmt: skip
