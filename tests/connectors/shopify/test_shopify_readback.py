"""A read-back proves, disproves, or admits that it does neither."""

import json
from typing import Any

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.effect import EffectKind
from retour.core.ports import Outcome, ReadBack, Silence, Verdict, WireAnswer
from tests.connectors.shopify.builders import (
    GID,
    KINDS,
    ORDER,
    REFERENCE,
    RETURN,
    an_effect,
    answered,
    recorded,
    saying,
)
from tests.connectors.shopify.test_shopify_effects import OPENED, REQUESTED

CONNECTOR = ShopifyConnector(Http())


def _back(kind: EffectKind, document: object, **changes: Any) -> ReadBack:
    return CONNECTOR.read_back(an_effect(kind, **changes), saying(document))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "answer",
    [WireAnswer(500), WireAnswer(silence=Silence.LOST), WireAnswer(200, {}, b"{}"), saying({"data": {}}),
     saying({"data": {"order": None, "return": None, "node": None, "inventoryItem": None}})],
    ids=["500", "lost", "empty", "no data", "nulls"],
)  # fmt: skip
def test_an_answer_that_says_nothing_proves_nothing(kind: EffectKind, answer: WireAnswer) -> None:
    assert CONNECTOR.read_back(an_effect(kind), answer).found == "inconclusive"


@pytest.mark.parametrize(
    ("far_id", "attempts", "at", "job", "expected"),
    [
        (None, 1, None, None, ("absent", None)),
        (None, 3, None, None, ("present", "not_done")),
        ("job", 1, None, {"id": "job", "done": False}, ("absent", None)),
        ("job", 3, None, {"id": "job", "done": False}, ("absent", None)),
        ("job", 1, None, {"id": "job", "done": True}, ("present", "job_without_effect")),
        ("job", 1, None, None, ("present", "job_without_effect")),
        ("job", 1, "2026-10-01T00:00:00Z", {"id": "job", "done": False}, ("present", None)),
    ],
)
def test_an_order_that_stands_after_the_platform_s_job_or_after_three_calls_was_not_cancelled(
    far_id: str | None, attempts: int, at: str | None, job: object, expected: tuple[str, str | None]
) -> None:
    document = {"data": {"order": {"id": "order", "cancelledAt": at}, "job": job}}

    back = _back(EffectKind.CANCEL_EXCHANGE, document, far_id=far_id, attempts=attempts)

    assert (back.found, back.outcome and back.outcome.far_code) == expected
    if back.outcome is not None:
        assert back.outcome.verdict is (Verdict.OK if at else Verdict.REJECTED)


@pytest.mark.parametrize(("attempts", "found"), [(2, "absent"), (3, "present")])
@pytest.mark.parametrize("kind", [EffectKind.RELEASE_EXCHANGE, EffectKind.INVOICE_EXCHANGE, EffectKind.DROP_EXCHANGE])
def test_what_was_asked_of_a_draft_three_times_and_is_not_done_is_refused(
    kind: EffectKind, attempts: int, found: str
) -> None:
    document = {"data": {"draftOrder": {"id": "draft", "status": "OPEN"}}}

    back = _back(kind, document, attempts=attempts)

    assert back.found == found
    assert (back.outcome and back.outcome.verdict) == (Verdict.REJECTED if found == "present" else None)


def test_a_return_is_ours_by_the_reference_in_its_lines() -> None:
    back = CONNECTOR.read_back(an_effect(EffectKind.OPEN_RETURN), answered("newest_returns"))

    assert back == ReadBack("present", Outcome(Verdict.OK, RETURN, result=OPENED))


def test_a_request_is_ours_by_the_reference_in_the_shopper_s_note() -> None:
    document = recorded("newest_returns")
    thing = document["data"]["order"]["returns"]["nodes"][0]
    thing |= recorded("request_return")["data"]["returnRequest"]["return"]

    back = _back(EffectKind.REQUEST_RETURN, document)

    assert back == ReadBack("present", Outcome(Verdict.OK, RETURN, result=REQUESTED))
    thing["returnLineItems"]["nodes"][0]["customerNote"] = "too small"
    assert _back(EffectKind.REQUEST_RETURN, document).found == "inconclusive"
    thing["id"] = f"{GID}/Return/3"
    assert _back(EffectKind.REQUEST_RETURN, document).found == "absent"


@pytest.mark.parametrize("kind", [EffectKind.APPROVE_RETURN, EffectKind.DECLINE_RETURN])
@pytest.mark.parametrize("status", ["REQUESTED", "OPEN", "CLOSED", "DECLINED", "CANCELED"])
def test_a_request_is_answered_once_by_us_or_by_the_merchant_there(kind: EffectKind, status: str) -> None:
    document = recorded("return_now")
    document["data"]["return"]["status"] = status

    back = _back(kind, document)

    if status == "REQUESTED":
        assert back == ReadBack("absent")
        return
    assert back.found == "present"
    assert back.outcome is not None
    if (kind is EffectKind.APPROVE_RETURN) == (status in ("OPEN", "CLOSED")):
        facts = {"return_ref": RETURN, "status": status.lower()}
        known = OPENED | facts if kind is EffectKind.APPROVE_RETURN else facts
        assert back.outcome == Outcome(Verdict.OK, RETURN, result=known)
    else:
        assert back.outcome == Outcome(Verdict.REJECTED, RETURN, far_code=f"request_{status.lower()}")


def test_an_approved_request_whose_lines_are_cut_short_is_not_taken_for_whole() -> None:
    document = recorded("return_now")
    document["data"]["return"]["returnLineItems"]["pageInfo"]["hasNextPage"] = True

    assert _back(EffectKind.APPROVE_RETURN, document).found == "inconclusive"


def test_no_new_return_means_ours_was_not_opened() -> None:
    document = recorded("newest_returns")
    document["data"]["order"]["returns"]["nodes"] = []

    assert _back(EffectKind.OPEN_RETURN, document) == ReadBack("absent")


def test_a_return_that_was_there_before_is_not_ours() -> None:
    document = recorded("newest_returns")
    row = document["data"]["order"]["returns"]["nodes"][0]
    row["returnLineItems"]["nodes"][0]["returnReasonNote"] = "too small"
    row["id"] = f"{GID}/Return/3"

    assert _back(EffectKind.OPEN_RETURN, document) == ReadBack("absent")


def test_a_new_return_of_just_our_lines_without_our_reference_is_doubtful() -> None:
    document = recorded("newest_returns")
    row = document["data"]["order"]["returns"]["nodes"][0]["returnLineItems"]["nodes"][0]
    row["returnReasonNote"] = ""

    assert _back(EffectKind.OPEN_RETURN, document).found == "inconclusive"
    row["quantity"] = 1
    assert _back(EffectKind.OPEN_RETURN, document).found == "absent"


def test_too_many_new_returns_hide_ours() -> None:
    document = recorded("newest_returns")
    rows = document["data"]["order"]["returns"]["nodes"]
    rows[0]["returnLineItems"]["nodes"] = []
    rows += [rows[0] | {"id": f"{GID}/Return/5"}, rows[0] | {"id": f"{GID}/Return/6"}]

    assert _back(EffectKind.OPEN_RETURN, document).found == "inconclusive"


@pytest.mark.parametrize(
    ("processed", "found"), [(2, "present"), (0, "absent"), (1, "inconclusive"), (None, "inconclusive")]
)
def test_processing_shows_in_the_processed_units(processed: int | None, found: str) -> None:
    document = recorded("return_now")
    document["data"]["return"]["returnLineItems"]["nodes"][0]["processedQuantity"] = processed

    assert _back(EffectKind.PROCESS_RETURN, document).found == found


def test_processing_without_a_guard_cannot_be_judged() -> None:
    assert _back(EffectKind.PROCESS_RETURN, recorded("return_now"), guard_before={}).found == "inconclusive"


@pytest.mark.parametrize(
    ("status", "held", "found"),
    [
        ("OPEN", 1, "present"),
        ("OPEN", 0, "present"),
        ("OPEN", 2, "absent"),
        ("OPEN", 3, "inconclusive"),
        ("CLOSED", 2, "present"),
        ("CANCELED", 2, "present"),
    ],
)
def test_taking_units_out_shows_in_what_the_return_holds(status: str, held: int, found: str) -> None:
    document = recorded("return_now")
    document["data"]["return"]["status"] = status
    document["data"]["return"]["returnLineItems"]["nodes"][0]["quantity"] = held

    back = _back(EffectKind.REMOVE_FROM_RETURN, document)

    assert back.found == found
    if back.outcome is not None:
        left = held if status == "OPEN" else 0
        assert back.outcome.result["quantities"] == {f"{GID}/ReturnLineItem/41": left}


@pytest.mark.parametrize(
    "guard",
    [
        {"status": "open", "quantities": {f"{GID}/ReturnLineItem/41": 1}},
        {"status": "open", "quantities": {}},
        {"status": "closed", "quantities": {f"{GID}/ReturnLineItem/41": 2}},
    ],
)
def test_where_no_unit_is_left_to_take_out_the_return_is_only_looked_at(guard: dict[str, object]) -> None:
    request = CONNECTOR.build(an_effect(EffectKind.REMOVE_FROM_RETURN, guard_before=guard))

    assert (request.operation, json.loads(request.body)["variables"]) == ("ReturnNow", {"id": RETURN})


def test_a_line_that_left_altogether_is_taken_out() -> None:
    document = recorded("return_now")
    document["data"]["return"]["returnLineItems"]["nodes"] = []

    assert _back(EffectKind.REMOVE_FROM_RETURN, document).found == "present"
    assert _back(EffectKind.REMOVE_FROM_RETURN, {"data": {"return": None}}).found == "inconclusive"


def test_of_a_return_with_more_lines_than_an_answer_shows_the_first_ones_count() -> None:
    document, effect = recorded("return_now"), an_effect(EffectKind.REMOVE_FROM_RETURN)
    document["data"]["return"]["returnLineItems"]["pageInfo"]["hasNextPage"] = True

    assert CONNECTOR.read_guard(effect, saying(document)) == CONNECTOR.read_guard(effect, answered("return_now"))
    assert CONNECTOR.classify(effect, saying(document)).verdict is Verdict.OK
    assert _back(EffectKind.REMOVE_FROM_RETURN, document) == _back(
        EffectKind.REMOVE_FROM_RETURN, recorded("return_now")
    )


@pytest.mark.parametrize(
    ("kind", "status", "found"),
    [
        (EffectKind.CLOSE_RETURN, "CLOSED", "present"),
        (EffectKind.CLOSE_RETURN, "OPEN", "absent"),
        (EffectKind.CANCEL_RETURN, "CANCELED", "present"),
        (EffectKind.CANCEL_RETURN, "CLOSED", "absent"),
    ],
)
def test_a_return_s_status_shows_its_end(kind: EffectKind, status: str, found: str) -> None:
    document = recorded("return_now")
    document["data"]["return"]["status"] = status

    assert _back(kind, document).found == found


def test_a_refund_is_ours_by_its_note_and_nobody_else_s() -> None:
    back = CONNECTOR.read_back(an_effect(EffectKind.REFUND_TENDER), answered("refunds_of_order"))

    assert back.found == "present"
    assert back.outcome is not None
    assert (back.outcome.verdict, back.outcome.far_id, back.outcome.amount_minor) == (
        Verdict.OK,
        f"{GID}/Refund/9",
        1_000,
    )


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("PENDING", Verdict.PENDING),
        ("AWAITING_RESPONSE", Verdict.PENDING),
        ("FAILURE", Verdict.REJECTED),
        ("UNKNOWN", Verdict.UNKNOWN),
    ],
)
def test_a_refund_read_back_says_how_far_its_money_is(status: str, verdict: Verdict) -> None:
    document = recorded("refunds_of_order")
    document["data"]["order"]["refunds"][1]["transactions"]["nodes"][0]["status"] = status

    back = _back(EffectKind.REFUND_TENDER, document)

    assert (back.found, back.outcome and back.outcome.verdict) == ("present", verdict)


def test_no_refund_of_our_note_means_absent_unless_the_list_is_cut() -> None:
    document = recorded("refunds_of_order")
    rows = document["data"]["order"]["refunds"]
    rows.pop()
    assert _back(EffectKind.REFUND_TENDER, document) == ReadBack("absent")

    rows *= 40
    assert _back(EffectKind.REFUND_TENDER, document).found == "inconclusive"


def test_two_refunds_of_our_note_are_for_a_person() -> None:
    document = recorded("refunds_of_order")
    document["data"]["order"]["refunds"][0]["note"] = REFERENCE

    assert _back(EffectKind.REFUND_TENDER, document).found == "inconclusive"


@pytest.mark.parametrize(
    ("level", "updated", "found"),
    [
        (10, "2026-10-11T00:00:00Z", "absent"),  # untouched
        (12, "2026-10-20T00:00:00Z", "present"),  # grown by exactly our units
        (10, "2026-10-20T00:00:00Z", "inconclusive"),  # touched: ours and a sale, or something else
        (11, "2026-10-20T00:00:00Z", "inconclusive"),
        (10, None, "inconclusive"),
    ],
)
def test_a_stock_level_proves_only_what_it_can(level: int, updated: str | None, found: str) -> None:
    document = recorded("stock_level")
    row = document["data"]["inventoryItem"]["inventoryLevel"]["quantities"][0]
    row |= {"quantity": level, "updatedAt": updated}

    assert _back(EffectKind.RESTOCK, document).found == found


@pytest.mark.parametrize(
    ("kind", "tags", "found"),
    [
        (EffectKind.TAG, ["Return-In-Transit"], "present"),
        (EffectKind.TAG, ["vip"], "absent"),
        (EffectKind.UNTAG, ["Return-In-Transit"], "absent"),
        (EffectKind.UNTAG, [], "present"),
    ],
)
def test_tags_are_read_whatever_their_case(kind: EffectKind, tags: list[str], found: str) -> None:
    assert _back(kind, {"data": {"node": {"id": ORDER, "tags": tags}}}).found == found


@pytest.mark.parametrize(
    ("note", "found"),
    [
        ("Ring twice\nParcel is on its way [RMA-42 / 5f1c0b7e]", "present"),
        ("Ring twice", "absent"),
        (None, "absent"),
    ],
)
def test_our_line_is_looked_for_in_the_note(note: str | None, found: str) -> None:
    assert _back(EffectKind.NOTE, {"data": {"order": {"id": ORDER, "note": note}}}).found == found
