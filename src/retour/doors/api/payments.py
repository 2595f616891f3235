"""The kill switch over the API: stop payments of a store or the account, and let them go again."""

from typing import Final
from uuid import UUID

from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Nothing, Told
from retour.flows import account as flow


class PaymentsOut(Told):
    """Whether payments are paused now, and where."""

    paused: bool
    store_id: UUID | None
    changed: bool


async def pause_payments(call: Call, _: Nothing) -> PaymentsOut:
    """Stop payments that have not been sent."""
    changed = await flow.pause_payments(
        call.db, tenant_id=call.tenant_id, store_id=call.store, actor=call.actor, now=call.now
    )
    return PaymentsOut(paused=True, store_id=call.store, changed=changed)


async def resume_payments(call: Call, _: Nothing) -> PaymentsOut:
    """Let payments go again."""
    changed = await flow.resume_payments(
        call.db, tenant_id=call.tenant_id, store_id=call.store, actor=call.actor, now=call.now
    )
    return PaymentsOut(paused=False, store_id=call.store, changed=changed)


OPERATIONS: Final = (
    Operation(
        id="pause_payments", method="POST", path="/payments/pause", tag="Payments", body=Nothing,
        answer=PaymentsOut, summary="Stop payments of the store, or of the account", do=pause_payments,
        description="With X-Shop-Name: that store alone. What is on its way to the gateway is not called back.",
    ),
    Operation(
        id="resume_payments", method="POST", path="/payments/resume", tag="Payments", body=Nothing,
        answer=PaymentsOut, summary="Let payments go again", do=resume_payments,
    ),
)  # fmt: skip
