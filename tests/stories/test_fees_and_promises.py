"""Fees by method and return, waived by rule and by people; and what was promised beside what is paid, to the cent."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from retour.core.errors import Refused
from retour.core.policy import PolicyDocument
from retour.core.policy.document import Compare, Op, PromotionCondition, Rule, Several
from retour.core.policy.outcome import (
    AnswerKind,
    Approval,
    Approving,
    Fee,
    FeePer,
    Fees,
    MethodKind,
    MethodOffer,
    Methods,
    Moment,
    Outcomes,
    PromotionMode,
    Question,
    RefundTerms,
    Requirements,
    SettleOn,
)
from retour.core.refund import FeeKind
from retour.core.rma import Grade
from retour.flows import rma
from retour.store import refund as refunds
from retour.store import rma as returns
from tests.stories.house import TEE, House, Units, now, under

pytestmark = pytest.mark.anyio
MUG = {"sku": "RT-MUG-SET", "price": "8.50", "quantity": 1}
LABEL = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=FeePer.PARCEL))
DROP_OFF = MethodOffer(MethodKind.DROP_OFF)


def policy(**defaults: Any) -> PolicyDocument:
    return replace(under(**defaults), currency="EUR")


async def promised(house: House, rma_id: UUID) -> int:
    async with house.web.tx(house.tenant) as db:
        return sum(plan.total.presentment for plan in await returns.promised(db, rma_id))


async def resolved(house: House, rma_id: UUID) -> dict[str, Any]:
    """Return what the event of the resolved return tells of promised and paid."""
    (event,) = [e for e in await house.events(rma_id) if e.type == "return.resolved"]
    return {name: event.data[name] for name in ("promised_minor", "settled_minor", "difference")}


def wishes(order: Any, *quantities: int, **more: Any) -> list[rma.Wish]:
    lines = zip(order.order.lines, quantities, strict=False)
    return [rma.Wish(line.ref, n, "too_small", **more) for line, n in lines]


# --- fees ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "paid"), [("label", 3_508), ("drop_off", 3_998), (None, 3_508)])
async def test_the_label_is_charged_to_whoever_chose_it(house: House, method: str | None, paid: int) -> None:
    await house.open(document=policy(methods=Methods((LABEL, DROP_OFF))))
    order = await house.an_order()
    rma_id = await house.ask(order, {0: 2}, method=method)
    assert await promised(house, rma_id) == paid

    await house.approve(rma_id)
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))

    assert [s.total_minor for s in await house.settlements(rma_id)] == [paid]
    assert await resolved(house, rma_id) == {"promised_minor": paid, "settled_minor": paid, "difference": []}


async def test_every_parcel_has_its_label(house: House) -> None:
    await house.open(document=policy(methods=Methods((LABEL,))))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    for parcel in ("1", "2"):
        await house.scan(rma_id, parcel=parcel)

    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))

    assert [s.total_minor for s in await house.settlements(rma_id)] == [3_018]
    assert (await resolved(house, rma_id))["difference"] == [
        {"code": "fee", "ref": "label_fee", "amount_minor": -490, "units": None}
    ]


async def test_the_fee_of_a_return_is_charged_once_however_it_is_settled(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))
    await house.open(document=policy(fees=fees, settle_on=SettleOn(Moment.RECEIVED)))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    for _ in range(2):
        await house.receive(rma_id, {0: 1})

    assert [s.total_minor for s in await house.settlements(rma_id)] == [1_749, 1_999]
    assert await house.refunded(order) == ("37.48", 2)


async def test_a_rule_waives_every_fee_and_says_why(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))
    free = Rule(
        "free", "No fee for what is too small", Outcomes(fees=replace(fees, waived=True, waiver="our sizes run small")),
        Compare("line.reason", Op.EQ, "too_small"),
    )  # fmt: skip
    await house.open(document=replace(policy(fees=fees, methods=Methods((LABEL,))), rules=(free,)))
    order = await house.an_order()

    rma_id = await house.returned(order, {0: 2})

    (settlement,) = await house.settlements(rma_id)
    assert settlement.total_minor == 3_998
    waived = [(row.kind.value, row.waived.presentment, row.reason) for row in settlement.plan.adjustments]
    assert waived == [("label_fee", 490, "our sizes run small"), ("return_fee", 250, "our sizes run small")]


async def waive(house: House, rma_id: UUID, kind: FeeKind | None = None, reason: str = "a good customer") -> None:
    await house.do(lambda db: rma.waive_fees(db, rma_id=rma_id, kind=kind, reason=reason, actor="staff:ann", now=now()))
    await house.settle_down()


async def test_an_agent_waives_one_fee_with_a_reason(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))
    await house.open(document=policy(fees=fees, methods=Methods((LABEL,))))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    assert await promised(house, rma_id) == 3_258

    await waive(house, rma_id, FeeKind.LABEL)
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))

    assert await resolved(house, rma_id) == {
        "promised_minor": 3_258, "settled_minor": 3_748,
        "difference": [{"code": "fee", "ref": "label_fee", "amount_minor": 490, "units": None}],
    }  # fmt: skip
    (told,) = [e for e in await house.events(rma_id) if e.type == "return.fees_waived"]
    assert (told.actor, told.data["kind"], told.data["reason"]) == ("staff:ann", "label", "a good customer")


async def test_what_waits_for_its_time_is_paid_without_the_fee_that_was_waived_meanwhile(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))
    await house.open(document=policy(fees=fees, settle_on=SettleOn(Moment.APPROVED, 24)))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})
    assert [s.total_minor for s in await house.settlements(rma_id)] == [3_748]

    await waive(house, rma_id)
    await house.later()

    assert await house.refunded(order) == ("39.98", 1)


async def test_a_waiver_is_refused_without_a_reason_twice_and_once_all_is_paid(house: House) -> None:
    await house.open(document=policy(fees=Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))))
    order = await house.an_order()
    rma_id = await house.approved(order, {0: 2})

    with pytest.raises(Refused) as no_reason:
        await waive(house, rma_id, reason="  ")
    await waive(house, rma_id, FeeKind.RETURN)
    with pytest.raises(Refused) as twice:
        await waive(house, rma_id, FeeKind.RETURN)
    await house.receive(rma_id, {0: 2})
    await house.inspect(rma_id, Units(0, 2))
    with pytest.raises(Refused) as too_late:
        await waive(house, rma_id)

    assert [r.value.code for r in (no_reason, twice, too_late)] == [
        "reason_missing",
        "already_waived",
        "already_decided",
    ]
    async with house.web.tx(house.tenant) as db:
        assert [w.kind for w in await refunds.waivers(db, rma_id)] == [FeeKind.RETURN]
    assert await house.refunded(order) == ("39.98", 1)


# --- promotions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "paid"), [("return", 1_600), ("withdrawal", 1_800)])
async def test_a_discount_that_is_no_longer_earned_is_charged_except_for_a_withdrawal(
    house: House, kind: str, paid: int
) -> None:
    terms = RefundTerms(promotions=PromotionMode.CLAWBACK)
    document = replace(policy(refund_terms=terms), promotions=(PromotionCondition("HELLO", minimum_minor=3_000),))
    await house.open(document=document)
    order = await house.an_order({**TEE, "price": "20.00"}, order_discount={"percent": "10", "code": "HELLO"})
    assert [line.gross.presentment for line in order.order.lines] == [3_600]

    rma_id = await house.ask(order, {0: 1}, kind=kind)

    # One of two at 18.00; the other one keeps 2.00 of a discount that its 20.00 alone would not have earned.
    assert await promised(house, rma_id) == paid


# --- promised and paid ----------------------------------------------------------------------------------------------------


async def test_every_cent_between_promised_and_paid_has_its_reason(house: House) -> None:
    fees = Fees(return_fee=Fee(fixed_minor=250, per=FeePer.RETURN))
    await house.open(document=policy(fees=fees))
    order = await house.an_order({**TEE, "quantity": 4})
    rma_id = await house.approved(order, {0: 4})
    assert await promised(house, rma_id) == 7_746
    await house.receive(rma_id, {0: 3})

    damaged = {"deduction_basis_points": 3_000, "accepted": True}
    await house.inspect(
        rma_id, Units(0, 1), Units(0, 1, Grade.DAMAGED, damaged), Units(0, 1, Grade.DAMAGED, {"accepted": False})
    )
    await house.do(lambda db: rma.cancel(db, rma_id=rma_id, actor="agent", now=now()))
    await house.settle_down()

    (ref,) = [line.ref for line in order.order.lines]
    assert await resolved(house, rma_id) == {
        "promised_minor": 7_746, "settled_minor": 3_148,
        "difference": [
            {"code": "unit_rejected", "ref": ref, "amount_minor": -1_999, "units": 1},
            {"code": "unit_missing", "ref": ref, "amount_minor": -1_999, "units": 1},
            {"code": "grade_deduction", "ref": ref, "amount_minor": -600, "units": None},
        ],
    }  # fmt: skip
    assert 7_746 - 1_999 - 1_999 - 600 == 3_148
    assert await house.refunded(order) == ("31.48", 1)


# --- several ways -----------------------------------------------------------------------------------------------------------


def mugs_by(offer: MethodOffer, document: PolicyDocument) -> PolicyDocument:
    rule = Rule("mugs", "Mugs", Outcomes(methods=Methods((offer,))), Compare("line.sku", Op.EQ, "RT-MUG-SET"))
    return replace(document, rules=(rule,))


@pytest.mark.parametrize(("several", "status"), [(Several.SPLIT, "approved"), (Several.REVIEW, "requested")])
async def test_lines_with_different_ways_are_split_or_looked_at(house: House, several: Several, status: str) -> None:
    document = policy(methods=Methods((LABEL,)), decision=Approving(Approval.AUTO_APPROVE))
    document = mugs_by(MethodOffer(MethodKind.DROP_OFF, "berlin"), document)
    await house.open(document=replace(document, several=several))
    order = await house.an_order(TEE, MUG)

    rma_id = await house.ask(order, {0: 2, 1: 1})

    assert await house.status(rma_id) == status
    lines = (await house.see(rma_id)).rma.lines
    assert [(line.method, line.destination) for line in lines] == [("label", None), ("drop_off", "berlin")]
    assert await promised(house, rma_id) == 3_998 - 490 + 850
    (requested,) = [e for e in await house.events(rma_id) if e.type == "return.requested"]
    assert requested.data.get("review") == (["several_ways"] if several is Several.REVIEW else None)


# --- what the policy wants to know --------------------------------------------------------------------------------------------


FIT = Question("fit", "How does it fit?", AnswerKind.CHOICE, ("tight", "loose"))


async def test_answers_are_kept_with_the_line(house: House) -> None:
    await house.open(document=policy(requirements=Requirements(questions=(FIT,))))
    order = await house.an_order()

    rma_id = await house.ask(order, wishes(order, 2, answers={"fit": "tight"}))

    assert [line.answers for line in (await house.see(rma_id)).rma.lines] == [{"fit": "tight"}]


async def test_a_request_that_leaves_a_question_open_changes_nothing(house: House) -> None:
    await house.open(document=policy(requirements=Requirements(note=True, questions=(FIT,))))
    order = await house.an_order()
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 2})

    assert [(o.code, o.field) for o in refused.value.objections] == [
        ("note_required", "lines[0].note"), ("answer_required", "lines[0].answers.fit")
    ]  # fmt: skip
    assert await house.traces(order) == before


async def test_photos_are_demanded_over_the_api_and_elsewhere_asked_for_by_a_person(house: House) -> None:
    document = policy(requirements=Requirements(photos=2), decision=Approving(Approval.AUTO_APPROVE))
    await house.open(document=document)
    order = await house.an_order()
    before = await house.traces(order)

    with pytest.raises(Refused) as refused:
        await house.ask(order, {0: 2})

    assert [(o.code, o.field) for o in refused.value.objections] == [("photos_required", "lines[0].photos")]
    assert await house.traces(order) == before
    rma_id = await house.ask(order, {0: 2}, channel="staff")
    assert await house.status(rma_id) == "requested"
    (requested,) = [e for e in await house.events(rma_id) if e.type == "return.requested"]
    assert requested.data["review"] == ["photos_wanted"]
