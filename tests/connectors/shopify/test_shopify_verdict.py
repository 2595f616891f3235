"""Every answer gets a verdict, and none claims more than it knows."""

from typing import Any

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.effect import EffectKind
from retour.core.ports import Silence, Verdict, WireAnswer
from tests.connectors.shopify.builders import ELSEWHERE, GID, an_effect, answered, recorded, saying

CONNECTOR = ShopifyConnector(Http())
REVERSE = f"{GID}/ReverseFulfillmentOrderLineItem/46"

# --- money moves by its transactions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "verdict", "amount", "code"),
    [
        ("create_refund_pending", Verdict.PENDING, 1_000, None),
        ("create_refund_failed", Verdict.REJECTED, None, "CARD_DECLINED"),
    ],
)
def test_a_refund_is_as_far_as_its_transactions(
    name: str, verdict: Verdict, amount: int | None, code: str | None
) -> None:
    outcome = CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), answered(name))

    assert (outcome.verdict, outcome.amount_minor, outcome.far_code) == (verdict, amount, code)
    assert outcome.far_id == f"{GID}/Refund/9"


@pytest.mark.parametrize("other", ["FAILURE", "HOVERING"])
def test_a_refund_that_moved_in_part_is_unknown(other: str) -> None:
    document = recorded("create_refund")
    rows = document["data"]["refundCreate"]["refund"]["transactions"]["nodes"]
    rows.append(rows[0] | {"id": f"{GID}/OrderTransaction/22", "status": other})

    outcome = CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), saying(document))

    assert (outcome.verdict, outcome.far_code) == (Verdict.UNKNOWN, "movements_differ")


def test_an_error_beside_a_made_refund_is_unknown() -> None:
    document = recorded("create_refund")
    document["data"]["refundCreate"]["userErrors"] = [{"field": None, "message": "Odd"}]

    assert CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), saying(document)).verdict is Verdict.UNKNOWN


# --- everything that can come back instead of an answer --------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in EffectKind if kind not in ELSEWHERE])
@pytest.mark.parametrize(
    ("answer", "verdict", "code", "wait"),
    [
        (WireAnswer(silence=Silence.NOT_SENT), Verdict.NOT_EXECUTED, "not_sent", None),
        (WireAnswer(silence=Silence.NOT_SENT, headers={"retry-after": "2.5"}), Verdict.NOT_EXECUTED, "not_sent", 2.5),
        (WireAnswer(0, {"x-not-sent": "x"}, b"", Silence.NOT_SENT), Verdict.NEEDS_RECONNECT, "not_sent_x", None),
        (WireAnswer(silence=Silence.LOST), Verdict.UNKNOWN, "lost", None),
        (WireAnswer(200, {}, b"<html>One moment</html>"), Verdict.UNKNOWN, "unreadable", None),
        (WireAnswer(200, {}, b'{"data": {"ref'), Verdict.UNKNOWN, "unreadable", None),
        (WireAnswer(200, {}, b"[1]"), Verdict.UNKNOWN, "unreadable", None),
        (WireAnswer(200, {}, b"[" * 100_000), Verdict.UNKNOWN, "unreadable", None),
        (WireAnswer(200, {}, b'{"data": null}'), Verdict.UNKNOWN, "no_data", None),
        (WireAnswer(200, {}, b'{"data": {}}'), Verdict.UNKNOWN, "no_payload", None),
        (WireAnswer(500), Verdict.UNKNOWN, "http_500", None),
        (WireAnswer(503), Verdict.UNKNOWN, "http_503", None),
        (WireAnswer(302), Verdict.UNKNOWN, "http_302", None),
        (WireAnswer(429, {"retry-after": "4"}), Verdict.NOT_EXECUTED, "http_429", 4.0),
        (WireAnswer(429), Verdict.NOT_EXECUTED, "http_429", 2.0),
        (WireAnswer(401), Verdict.NEEDS_RECONNECT, "http_401", None),
        (WireAnswer(403), Verdict.NEEDS_RECONNECT, "http_403", None),
        (WireAnswer(400), Verdict.REJECTED, "http_400", None),
    ],
)  # fmt: skip
def test_no_answer_is_a_verdict_too(
    kind: EffectKind, answer: WireAnswer, verdict: Verdict, code: str, wait: float | None
) -> None:
    outcome = CONNECTOR.classify(an_effect(kind), answer)

    assert (outcome.verdict, outcome.far_code, outcome.retry_after_s) == (verdict, code, wait)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"message": "Throttled", "extensions": {"code": "THROTTLED"}}, Verdict.NOT_EXECUTED),
        ({"message": "Access denied", "extensions": {"code": "ACCESS_DENIED"}}, Verdict.NEEDS_RECONNECT),
        ({"message": "Query cost is 2", "extensions": {"code": "MAX_COST_EXCEEDED"}}, Verdict.REJECTED),
        ({"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}, Verdict.UNKNOWN),
        ({"message": "Field 'x' doesn't exist", "locations": [{"line": 1, "column": 2}]}, Verdict.REJECTED),
        ({"message": "x", "extensions": {"code": "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"}}, Verdict.KEY_SPENT),
        ({"message": "x", "extensions": {"code": "IDEMPOTENCY_CONCURRENT_REQUEST"}}, Verdict.NOT_EXECUTED),
        ({"message": "x", "extensions": {"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"}}, Verdict.UNKNOWN),
        ({"message": "The @idempotent directive is required"}, Verdict.REJECTED),
        ({"message": "Something"}, Verdict.UNKNOWN),
        ("Not a dictionary", Verdict.UNKNOWN),
    ],
)
def test_errors_of_the_whole_request_are_judged_by_code(error: object, verdict: Verdict) -> None:
    outcome = CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), saying({"errors": [error]}))

    assert outcome.verdict is verdict


def test_an_error_after_execution_began_is_never_a_rejection_without_a_known_code() -> None:
    document = {"data": {"refundCreate": None}, "errors": [{"message": "Odd", "extensions": {"code": "NEW_ONE"}}]}

    assert CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), saying(document)).verdict is Verdict.UNKNOWN


def test_throttling_tells_how_long_to_wait() -> None:
    cost = {"requestedQueryCost": 500, "throttleStatus": {"currentlyAvailable": 100.0, "restoreRate": 100.0}}
    document = {"errors": [{"message": "T", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}

    assert CONNECTOR.classify(an_effect(EffectKind.TAG), saying(document)).retry_after_s == 4.0


@pytest.mark.parametrize(
    ("message", "verdict", "code"),
    [
        ("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED: x", Verdict.KEY_SPENT, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
        ("This idempotency key is still running", Verdict.NOT_EXECUTED, "IDEMPOTENCY_CONCURRENT_REQUEST"),
        ("The previous idempotent attempt failed", Verdict.KEY_SPENT, "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"),
        ("Idempotency key used with other parameters", Verdict.UNKNOWN, "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"),
        ("Something went wrong, try again", Verdict.UNKNOWN, "user_error"),
        ("Access denied for refundCreate", Verdict.NEEDS_RECONNECT, "user_error"),
    ],
)  # fmt: skip
def test_user_errors_without_a_code_are_judged_by_their_words(message: str, verdict: Verdict, code: str) -> None:
    document = recorded("create_refund_error")
    document["data"]["refundCreate"]["userErrors"][0]["message"] = message

    outcome = CONNECTOR.classify(an_effect(EffectKind.REFUND_TENDER), saying(document))

    assert (outcome.verdict, outcome.far_code) == (verdict, code)


def test_another_version_in_the_answer_is_kept_as_a_finding() -> None:
    answer = WireAnswer(200, {"x-shopify-api-version": "2026-04"}, answered("close_return").body)

    outcome = CONNECTOR.classify(an_effect(EffectKind.CLOSE_RETURN), answer)

    assert (outcome.verdict, outcome.result["finding"]) == (Verdict.OK, "api_version_differs 2026-04")


def test_two_lines_of_one_parcel_row_keep_their_own_reverse_lines() -> None:
    document = recorded("open_return")
    made = document["data"]["returnCreate"]["return"]
    for rows in (made["returnLineItems"]["nodes"], made["reverseFulfillmentOrders"]["nodes"][0]["lineItems"]["nodes"]):
        rows.append(rows[0] | {"id": rows[0]["id"] + "9"})

    lines: Any = CONNECTOR.classify(an_effect(EffectKind.OPEN_RETURN), saying(document)).result["lines"]

    assert [line["reverse_ref"] for line in lines] == [REVERSE, REVERSE + "9"]
