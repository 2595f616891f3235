"""The fee of a return that is paid beforehand over the API: how it stands, and deciding what becomes of it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from retour.core.errors import Refused
from retour.core.fee import tax_of
from retour.doors.api.operation import Call, Operation
from retour.doors.api.shapes import Asked, Told
from retour.doors.api.summaries import MISSING, check_store, summary
from retour.flows import fee as flow
from retour.store import fee as rows
from retour.store import rma as returns


class FeeWish(Asked):
    """What is decided about a fee that stands in the way.

    `again`: what stands is withdrawn and charged (or given back) anew. `withhold`: the return goes on at once, and the
    refund bears the fee as far as it can. To waive it is `waive_fees`.
    """

    decide: flow.Do


class FeePartOut(Told):
    """What is paid beforehand of the fees of one kind; `tax_minor` is inside, `if_nothing` is refunded or kept."""

    kind: str
    amount_minor: int
    tax_minor: int
    tax_basis_points: int
    if_nothing: str


class FeeOut(Told):
    """The fee of a return that is paid before the goods are sent; amounts in minor units of the order's currency.

    `state`: due, drafting, invoicing, unpaid (`pay_url`, `pay_by`), stuck (`problem` says why), dropping, lapsed, paid
    (`collected_minor`), free, withheld, ended, refunding, refunded, unrefunded, kept.
    """

    return_id: UUID
    state: str
    since: datetime
    problem: str | None
    currency: str
    amount_minor: int
    parts: list[FeePartOut]
    collected_minor: int | None
    pay_url: str | None
    pay_by: datetime | None
    draft_ref: str | None
    order_ref: str | None
    order_id: UUID | None


async def show_fee(call: Call, _: None) -> FeeOut:
    """Return the fee of a return that is paid beforehand."""
    await check_store(call)
    await summary(call, call.resource_id)
    return await _out(call)


async def decide_fee(call: Call, wish: FeeWish) -> FeeOut:
    """Decide what becomes of a fee that is paid beforehand."""
    await check_store(call)
    await summary(call, call.resource_id)
    await flow.act(call.db, rma_id=call.resource_id, do=wish.decide, actor=call.actor, now=call.now)
    return await _out(call)


async def _out(call: Call) -> FeeOut:
    fee, record = await rows.get(call.db, call.resource_id), await returns.load(call.db, call.resource_id)
    if fee is None or record is None:
        raise Refused("fee_not_found", "nothing of the return is paid beforehand")
    parts = [
        FeePartOut(
            kind=part.kind.value, amount_minor=part.amount.presentment, tax_minor=tax_of(part),
            tax_basis_points=part.tax_bp, if_nothing=part.back.value,
        )
        for part in fee.parts
    ]  # fmt: skip
    return FeeOut(
        return_id=fee.rma_id, state=fee.state.value, since=fee.since, problem=fee.problem,
        currency=record.rma.currency, amount_minor=sum(part.amount_minor for part in parts), parts=parts,
        collected_minor=fee.collected_minor, pay_url=fee.pay_url, pay_by=fee.expires_at, draft_ref=fee.draft_ref,
        order_ref=fee.order_ref, order_id=fee.order_id,
    )  # fmt: skip


OPERATIONS: Final = (
    Operation(
        id="show_fee", method="GET", path="/returns/{id}/fee", tag="Returns", answer=FeeOut, missing=MISSING,
        summary="Read the fee of a return that is paid beforehand", do=show_fee,
        description="Where nothing of the return is paid beforehand the answer is `fee_not_found`.",
    ),
    Operation(
        id="decide_fee", method="POST", path="/returns/{id}/fee", tag="Money", body=FeeWish, answer=FeeOut,
        missing=MISSING, do=decide_fee, summary="Decide what becomes of a fee that is paid beforehand",
        description="The return goes on at once; an invoice that stands is withdrawn, and one that is paid in the same "
        "moment wins.",
    ),
)  # fmt: skip
