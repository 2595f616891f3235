"""Repairs over the API: begun, sent on to the shopper, or refunded because they cannot be done."""

from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta

from retour.core.shipping import CARRIER_MOST, NUMBER_MOST
from retour.doors.api.operation import Call, Operation
from retour.doors.api.settlements import SettlementOut, own_settlement, settlement_out
from retour.doors.api.shapes import NO_NUL, Asked, Nothing
from retour.flows import repair as flow

_MISSING: Final = "settlement_not_found"


class SentOut(StrEnum):
    """What is on its way to the shopper: the repaired goods, or others in their place."""

    REPAIRED = "repaired"
    REPLACED = "replaced"


class SendBackWish(Asked):
    """What is sent, by whom and under which number; without both it was handed over in person."""

    outcome: SentOut = SentOut.REPAIRED
    carrier: Annotated[str, Meta(min_length=1, max_length=CARRIER_MOST, pattern=NO_NUL)] | None = None
    tracking_number: Annotated[str, Meta(min_length=1, max_length=2 * NUMBER_MOST, pattern=NO_NUL)] | None = None
    note: Annotated[str, Meta(min_length=1, max_length=flow.REASON_MOST, pattern=NO_NUL)] | None = None


class RefundInsteadWish(Asked):
    """Why it cannot be repaired; staff read it."""

    reason: Annotated[str, Meta(min_length=1, max_length=flow.REASON_MOST, pattern=NO_NUL)]


async def begin_repair(call: Call, _: Nothing) -> SettlementOut:
    """Say that the repair has begun."""
    await own_settlement(call)
    return settlement_out(await flow.begin(call.db, settlement_id=call.resource_id, actor=call.actor, now=call.now))


async def send_back(call: Call, wish: SendBackWish) -> SettlementOut:
    """Say what is on its way to the shopper."""
    await own_settlement(call)
    done = await flow.send_on(
        call.db, settlement_id=call.resource_id, replaced=wish.outcome is SentOut.REPLACED, carrier=wish.carrier,
        number=wish.tracking_number, note=wish.note, actor=call.actor, now=call.now,
    )  # fmt: skip
    return settlement_out(done)


async def refund_instead(call: Call, wish: RefundInsteadWish) -> SettlementOut:
    """Refund what cannot be repaired."""
    await own_settlement(call)
    done = await flow.refund_instead(
        call.db, settlement_id=call.resource_id, reason=wish.reason, actor=call.actor, now=call.now,
        policies=call.policies,
    )  # fmt: skip
    return settlement_out(done)


OPERATIONS: Final = (
    Operation(
        id="begin_repair", method="POST", path="/settlements/{id}/begin-repair", tag="Money", body=Nothing,
        answer=SettlementOut, missing=_MISSING, summary="Say that a repair has begun", do=begin_repair,
    ),
    Operation(
        id="send_back", method="POST", path="/settlements/{id}/send-back", tag="Money", body=SendBackWish,
        answer=SettlementOut, missing=_MISSING, summary="Say that repaired or other goods are on their way", do=send_back,
        description="The return ends by it; no money moves.",
    ),
    Operation(
        id="refund_instead", method="POST", path="/settlements/{id}/refund-instead", tag="Money", body=RefundInsteadWish,
        answer=SettlementOut, missing=_MISSING, summary="Refund goods that cannot be repaired", do=refund_instead,
        description="The repair is given up (`reversed`) and a refund is quoted by the rules frozen with the return; it "
        "goes its usual way.",
    ),
)  # fmt: skip
