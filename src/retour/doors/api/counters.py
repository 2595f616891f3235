"""Counters over the API: what a shopper hands in is received and judged in one call."""

from typing import Annotated, Final

from msgspec import Meta

from retour.doors.api.operation import Call, Operation
from retour.doors.api.return_actions import VerdictLine
from retour.doors.api.shapes import Asked, Short
from retour.doors.api.summaries import MISSING, ReturnOut, check_store, summary
from retour.flows import receiving


class TakeInWish(Asked):
    """Verdicts on units that are handed in; without a location they go to the counter's own, else to the store's."""

    lines: Annotated[list[VerdictLine], Meta(min_length=1, max_length=200)]
    location_ref: Short | None = None
    expect_version: int | None = None


async def take_in_return(call: Call, wish: TakeInWish) -> ReturnOut:
    """Receive and judge units at once."""
    await check_store(call)
    verdicts = [
        receiving.Verdict(
            v.line_id, v.quantity, v.grade, v.disposition, v.accepted, v.deduction_basis_points, v.location_ref, v.note
        )
        for v in wish.lines
    ]
    await receiving.take_in(
        call.db, rma_id=call.resource_id, verdicts=verdicts, location_ref=wish.location_ref, actor=call.actor,
        now=call.now, policies=call.policies, expect_version=wish.expect_version,
    )  # fmt: skip
    return await summary(call, call.resource_id)


OPERATIONS: Final = (
    Operation(
        id="take_in_return", method="POST", path="/returns/{id}/take-in", tag="Return actions", missing=MISSING,
        body=TakeInWish, answer=ReturnOut, summary="Receive and inspect units at a counter", do=take_in_return,
        description="For goods that a shopper hands over: one call instead of receive and inspect, in one transaction.",
    ),
)  # fmt: skip
