"""The connector against the sandbox shop over real HTTP: every effect under every misbehaviour."""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

import pytest

from retour.connectors.http import Patience
from retour.core.draft import DraftFee
from retour.core.effect import (
    EXCHANGE_KINDS,
    DraftExchange,
    EffectKind,
    NewArticle,
    Note,
    OnDraft,
    OnOrder,
    OnReturn,
    ProcessReturn,
    RefundTender,
    Restock,
    Tagging,
)
from retour.core.ports import Verdict
from retour.core.removal import RemoveFromReturn, StayingUnits
from tests.connectors.shopify.builders import KINDS
from tests.connectors.shopify.carrying import (
    ROOTS,
    an_order,
    carry,
    fresh,
    guarded,
    look,
    opened,
    opening,
    prepared,
    refunding,
    removing,
    requested,
)
from tests.connectors.shopify.live_shop import LiveShop, run


@pytest.mark.parametrize(
    ("how", "verdict", "found", "acted"),
    [
        (None, Verdict.OK, "present", True),
        ("throttled", Verdict.NOT_EXECUTED, "absent", False),
        ("429", Verdict.NOT_EXECUTED, "absent", False),
        ("timeout_before", Verdict.UNKNOWN, "absent", False),
        ("timeout_after", Verdict.UNKNOWN, "present", True),
        ("500", Verdict.UNKNOWN, "absent", False),
        ("500_after", Verdict.UNKNOWN, "present", True),
        ("truncated", Verdict.UNKNOWN, "present", True),
        ("html", Verdict.UNKNOWN, "present", True),
        ("html_before", Verdict.UNKNOWN, "absent", False),
    ],
)
def test_the_verdict_never_lies_and_the_read_back_is_right(
    how: str | None, verdict: Verdict, found: str, acted: bool
) -> None:
    async def story(shop: LiveShop) -> dict[EffectKind, Any]:
        seen = {}
        for kind in KINDS:
            effect = await prepared(shop, kind)
            before = await shop.get("books")
            if how:
                await shop.post("misbehave", where=ROOTS[kind], how=how)
            outcome = await carry(shop, effect)
            seen[kind] = (outcome.verdict, (await look(shop, effect)).found, await shop.get("books") != before)
        await shop.effects()
        return seen

    wanted: dict[EffectKind, Any] = dict.fromkeys(KINDS, (verdict, found, acted))
    if verdict is Verdict.OK:  # the platform cancels by a job of its own
        wanted[EffectKind.CANCEL_EXCHANGE] = (Verdict.PENDING, found, acted)
    assert run(story) == wanted


def test_a_lost_answer_is_read_back_as_the_answer_would_have_been() -> None:
    async def story(shop: LiveShop) -> list[Any]:
        pairs = []
        opens = (EffectKind.REQUEST_RETURN, EffectKind.APPROVE_RETURN, EffectKind.OPEN_RETURN)
        for kind in (*opens, EffectKind.REFUND_TENDER, EffectKind.PROCESS_RETURN):
            effect = await prepared(shop, kind)
            told = await carry(shop, effect)
            back = await look(shop, effect)
            assert back.outcome is not None
            pairs.append((told.verdict, told.far_id, back.outcome.verdict, back.outcome.far_id))
            if kind in opens:
                assert back.outcome.result == told.result
        return pairs

    for told, far_id, read, read_id in run(story):
        assert (told, far_id) == (read, read_id) == (Verdict.OK, far_id)


@pytest.mark.parametrize("kind", [EffectKind.REFUND_TENDER, EffectKind.RESTOCK])
def test_a_keyed_effect_sent_again_after_a_lost_answer_happens_once(kind: EffectKind) -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, kind)
        await shop.post("misbehave", where=ROOTS[kind], how="timeout_after")
        first, again, third = await carry(shop, effect), await carry(shop, effect), await carry(shop, effect)
        counts = (await shop.get("counts"))["effects"]
        return (
            first.verdict,
            again.verdict,
            again.far_id == third.far_id,
            counts["refund" if kind == "refund_tender" else "restock"],
        )

    assert run(story) == (Verdict.UNKNOWN, Verdict.OK, True, 1)


@pytest.mark.parametrize("where", ["errors", "user_errors"])
def test_a_key_whose_attempt_failed_is_spent_and_a_new_one_works(where: str) -> None:
    async def story(shop: LiveShop) -> Any:
        await shop.post("settings", refund_keys=where)
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        await shop.post("misbehave", where="refundCreate", how="failed_attempt")
        lost, spent = await carry(shop, effect), await carry(shop, effect)
        renewed = await carry(shop, replace(effect, key=str(uuid.uuid4()), key_generation=1))
        return lost.verdict, spent.verdict, renewed.verdict, (await shop.effects())["refund"]

    assert run(story) == (Verdict.UNKNOWN, Verdict.KEY_SPENT, Verdict.OK, 1)


@pytest.mark.parametrize("where", ["errors", "user_errors"])
def test_a_key_used_for_something_else_is_unknown_and_moves_nothing(where: str) -> None:
    async def story(shop: LiveShop) -> Any:
        await shop.post("settings", refund_keys=where)
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        await carry(shop, effect)
        other = await carry(shop, replace(effect, reference="RMA-9 / other"))
        return other.verdict, other.far_code, (await shop.effects())["refund"]

    assert run(story) == (Verdict.UNKNOWN, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH", 1)


def test_two_calls_of_one_key_at_once_make_one_refund() -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        await shop.post("misbehave", where="refundCreate", how="slow", seconds=0.2)
        outcomes = await asyncio.gather(carry(shop, effect), carry(shop, effect))
        return sorted(o.verdict for o in outcomes), (await shop.effects())["refund"]

    assert run(story) == ([Verdict.NOT_EXECUTED, Verdict.OK], 1)


def test_a_slow_far_side_is_given_up_as_unknown() -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        await shop.post("misbehave", where="refundCreate", how="timeout_before", seconds=0.6)
        return (await carry(shop, effect)).verdict

    assert run(story, patience=Patience(read_s=0.3)) is Verdict.UNKNOWN


def test_what_the_shop_refuses_is_rejected_and_nothing_moves() -> None:
    async def story(shop: LiveShop) -> dict[EffectKind, Any]:
        order, stranger = await an_order(shop), "gid://shopify/Order/1"
        nobody = "gid://shopify/Return/1"
        held = await opened(shop, order)
        line = held["lines"][0]  # type: ignore[index]
        done = await prepared(shop, EffectKind.PROCESS_RETURN)
        assert isinstance(done.target, ProcessReturn)
        too_many = replace(done.target, lines=tuple(replace(row, quantity=2) for row in done.target.lines))
        wishes = {
            EffectKind.REQUEST_RETURN: opening(order, quantity=2),  # one is left
            EffectKind.APPROVE_RETURN: OnReturn(nobody),
            EffectKind.DECLINE_RETURN: OnReturn(nobody),
            EffectKind.OPEN_RETURN: opening(order, quantity=2),
            EffectKind.REMOVE_FROM_RETURN: RemoveFromReturn(nobody, (StayingUnits(line["return_line_ref"], 1),)),
            EffectKind.PROCESS_RETURN: too_many,
            EffectKind.CLOSE_RETURN: OnReturn(nobody),
            EffectKind.CANCEL_RETURN: OnReturn(nobody),
            EffectKind.REFUND_TENDER: refunding(order, minor=6_001),
            EffectKind.RESTOCK: Restock("gid://shopify/InventoryItem/1", "gid://shopify/Location/1", 1),
            EffectKind.TAG: Tagging(stranger, "x"),
            EffectKind.UNTAG: Tagging(stranger, "x"),
            EffectKind.NOTE: Note(stranger, "x"),
            EffectKind.DRAFT_EXCHANGE: DraftExchange(order.ref, (NewArticle(nobody, 1),), order.currency, None),
            EffectKind.DRAFT_FEE: DraftFee(order.ref, (), order.currency),
            EffectKind.RELEASE_EXCHANGE: OnDraft(nobody),
            EffectKind.INVOICE_EXCHANGE: OnDraft(nobody),
            EffectKind.DROP_EXCHANGE: OnDraft(nobody),
            EffectKind.CANCEL_EXCHANGE: OnOrder(nobody),
        }
        before, seen = await shop.get("books"), {}
        for kind, target in wishes.items():
            nothing: dict[str, object] = {"returns": [], "reasons": {}}
            guard = {EffectKind.OPEN_RETURN: nothing, EffectKind.REQUEST_RETURN: nothing, EffectKind.NOTE: {"note": ""},
                     EffectKind.REMOVE_FROM_RETURN: {"status": "open", "quantities": {line["return_line_ref"]: 2}},
                     EffectKind.DRAFT_EXCHANGE: {"person": {}}, EffectKind.DRAFT_FEE: {"person": {}}}  # fmt: skip
            money = {"currency": order.currency} if kind is EffectKind.REFUND_TENDER else {}
            effect = replace(fresh(kind, target, **money), guard_before=guard.get(kind, {}))
            seen[kind] = (await carry(shop, effect)).verdict
        assert line["quantity"] == 2
        assert await shop.get("books") == before
        return seen

    wanted = dict.fromkeys(KINDS, Verdict.REJECTED)
    # What is done to a draft or an order that is there already may have been done by us: the read-back tells.
    wanted |= dict.fromkeys(EXCHANGE_KINDS - {EffectKind.DRAFT_EXCHANGE, EffectKind.DRAFT_FEE}, Verdict.UNKNOWN)
    assert run(story) == wanted


def test_units_taken_out_there_by_hand_are_not_taken_out_again() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(shop)
        effect = fresh(EffectKind.REMOVE_FROM_RETURN, await removing(shop, order))
        theirs = await carry(shop, await guarded(shop, effect))
        ours = await guarded(shop, effect)
        looked = await carry(shop, ours)
        again = await shop.connector.get_order(shop.at, ref=order.ref)
        assert again is not None
        return theirs.result == looked.result, looked.verdict, (await look(shop, ours)).found, await shop.effects()

    same, verdict, found, effects = run(story)

    assert (same, verdict, found, effects["removal"]) == (True, Verdict.OK, "present", 1)


def test_closing_what_processing_closed_is_fine_and_cancelling_it_is_not() -> None:
    async def story(shop: LiveShop) -> Any:
        await shop.post("settings", process_closes=True)
        effect = await prepared(shop, EffectKind.PROCESS_RETURN)
        assert isinstance(effect.target, ProcessReturn)
        done = await carry(shop, effect)
        on_return = OnReturn(effect.target.return_ref)
        close, cancel = fresh(EffectKind.CLOSE_RETURN, on_return), fresh(EffectKind.CANCEL_RETURN, on_return)
        closed = await carry(shop, close)
        return (
            done.result["status"],
            closed.verdict,
            closed.far_code,
            (await carry(shop, cancel)).verdict,
            (await look(shop, close)).found,
        )

    assert run(story) == ("closed", Verdict.OK, "INVALID_STATE", Verdict.REJECTED, "present")


@pytest.mark.parametrize(
    ("theirs", "ours", "verdict"),
    [
        (EffectKind.APPROVE_RETURN, EffectKind.APPROVE_RETURN, Verdict.OK),
        (EffectKind.APPROVE_RETURN, EffectKind.DECLINE_RETURN, Verdict.REJECTED),
        (EffectKind.DECLINE_RETURN, EffectKind.APPROVE_RETURN, Verdict.REJECTED),
        (EffectKind.DECLINE_RETURN, EffectKind.DECLINE_RETURN, Verdict.OK),
    ],
)
def test_a_request_that_the_merchant_answered_there_is_read_back(
    theirs: EffectKind, ours: EffectKind, verdict: Verdict
) -> None:
    async def story(shop: LiveShop) -> Any:
        request = await requested(shop, await an_order(shop))
        await carry(shop, fresh(theirs, request))
        effect = fresh(ours, request)
        said, back = await carry(shop, effect), await look(shop, effect)
        return said.verdict, said.far_code, back.found, back.outcome and back.outcome.verdict

    assert run(story) == (Verdict.UNKNOWN, "INVALID_STATE", "present", verdict)


@pytest.mark.parametrize(("ending", "verdict"), [("SUCCESS", Verdict.OK), ("FAILURE", Verdict.REJECTED)])
def test_a_pending_refund_is_polled_to_its_end(ending: str, verdict: Verdict) -> None:
    async def story(shop: LiveShop) -> Any:
        await shop.post("settings", refund_pending=ending, refund_pending_s=60)
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        sent, waiting = await carry(shop, effect), await look(shop, effect)
        target = effect.target
        assert isinstance(target, RefundTender)
        order = await shop.connector.get_order(shop.at, ref=target.order_ref)
        await shop.post("settings", advance_s=61)
        ended = await look(shop, effect)
        assert order is not None
        return (
            sent.verdict,
            sent.amount_minor,
            waiting.outcome and waiting.outcome.verdict,
            order.order.captures[0].pending,
            ended.outcome and ended.outcome.verdict,
        )

    assert run(story) == (Verdict.PENDING, 2_000, Verdict.PENDING, 2_000, verdict)


def test_a_lagging_list_shows_nothing_until_its_lag_is_over() -> None:
    async def story(shop: LiveShop) -> Any:
        found = {}
        await shop.post("settings", list_lag_s=60)
        for kind in (EffectKind.REFUND_TENDER, EffectKind.OPEN_RETURN, EffectKind.REQUEST_RETURN):
            await shop.post("settings", list_lag_s=0)
            effect = await prepared(shop, kind)
            await shop.post("settings", list_lag_s=60)
            await shop.post("misbehave", where=ROOTS[kind], how="timeout_after")
            assert (await carry(shop, effect)).verdict is Verdict.UNKNOWN
            early = (await look(shop, effect)).found
            await shop.post("settings", advance_s=61)
            found[kind] = (early, (await look(shop, effect)).found)
        return found

    assert set(run(story).values()) == {("absent", "present")}


def test_a_merchant_s_own_refund_is_not_taken_for_ours() -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, EffectKind.REFUND_TENDER)
        target = effect.target
        assert isinstance(target, RefundTender)
        await shop.post("admin-refund", order=target.order_ref, amount="20.00", note="by phone")
        return (await look(shop, effect)).found

    assert run(story) == "absent"


def test_each_kind_of_disposition_restocks_what_it_says_once() -> None:
    async def story(shop: LiveShop) -> Any:
        effect = await prepared(shop, EffectKind.PROCESS_RETURN)
        first, again = await carry(shop, effect), await carry(shop, effect)
        counts = await shop.get("counts")
        return first.verdict, again.verdict, counts["restocked_units"], (await look(shop, effect)).found

    assert run(story) == (Verdict.OK, Verdict.REJECTED, 1, "present")


def test_a_customer_can_be_tagged_instead_of_the_order() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(shop)
        found = await shop.connector.get_order(shop.at, ref=order.ref)
        assert found is not None
        effect = fresh(EffectKind.TAG, Tagging(found.person.ref or "", "return-in-transit"))
        outcome, back = await carry(shop, effect), await look(shop, effect)
        again = await shop.connector.get_order(shop.at, ref=order.ref)
        return outcome.verdict, back.found, again and again.person.tags, again and again.order.tags

    assert run(story) == (Verdict.OK, "present", ("return-in-transit",), ())
