"""The HTTP door of the sandbox shop: token, version, cost, search, and every way to misbehave."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx2
import pytest

from tests.sandbox.desk import (
    REFUND,
    TOKEN,
    a_sandbox,
    an_order,
    control,
    gql,
    money_of,
    refund,
    refund_wish,
    request,
    serving,
)

PATH = "/admin/api/2026-10/graphql.json"


def _raw(app: Any, body: bytes, *, token: str | None = TOKEN) -> tuple[int, dict[str, str], bytes]:
    headers = {"x-shopify-access-token": token} if token else {}
    return asyncio.run(request(app, PATH, body=body, headers=headers))


@pytest.mark.parametrize("token", [None, "wrong"])
def test_a_wrong_token_is_unauthorised(token: str | None) -> None:
    assert _raw(a_sandbox(), b'{"query": "{ shop { name } }"}', token=token)[0] == 401


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 1}', b'{"query": "{shop{name}}", "variables": 3}'])
def test_a_body_that_is_no_request_is_a_400(body: bytes) -> None:
    assert _raw(a_sandbox(), body)[0] == 400


def test_an_unknown_field_is_an_error_and_no_data() -> None:
    answer = gql(a_sandbox(), "{ shop { colour } }")

    assert "colour" in answer["errors"][0]["message"]
    assert "data" not in answer


def test_a_missing_scope_is_access_denied_and_nothing_moves() -> None:
    app = a_sandbox(scopes=["read_orders"])
    order = an_order(app)

    answer = refund(app, refund_wish(order, "1.00"), key="k")

    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert money_of(app, order) == ("0.00", 0)


def test_the_version_header_says_what_is_served_not_what_was_asked() -> None:
    app = a_sandbox(version="2027-01")

    _, headers, _ = _raw(app, b'{"query": "{ shop { name } }"}')

    assert headers["x-shopify-api-version"] == "2027-01"


def test_cost_is_charged_given_back_and_finally_throttled() -> None:
    app = a_sandbox(cost_points_per_s=0.001, cost_bucket=130.0)
    order = an_order(app)
    query = "{ orders(first: 50) { nodes { id } } }"

    first = gql(app, query)["extensions"]["cost"]
    assert (first["requestedQueryCost"], first["actualQueryCost"]) == (52, 3)
    assert first["throttleStatus"]["currentlyAvailable"] == 127
    answers = [gql(app, "{ orders(first: 120) { nodes { id } } }") for _ in range(3)]
    assert [a.get("data") is None for a in answers] == [False, False, True]
    assert answers[2]["errors"][0]["extensions"]["code"] == "THROTTLED"
    refused = gql(app, REFUND.replace("first: 5", "first: 110"), {"in": refund_wish(order, "1.00"), "key": "k"})
    assert refused["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert money_of(app, order) == ("0.00", 0)


def test_a_query_above_a_thousand_points_is_refused() -> None:
    query = """query ($n: Int = 5) { orders(first: $n) { nodes {
      taxLines { title } lineItems(first: 50) { nodes { taxLines { title } } } } } }"""

    answer = gql(a_sandbox(), query, {"n": 10})

    assert answer["errors"][0]["message"].startswith("Query cost is 1042, which exceeds the single query max cost")


def test_orders_are_found_by_name_email_tag_id_and_time() -> None:
    app = a_sandbox()
    first = an_order(app, tags=["vip"])
    second = an_order(app, email="ben@example.com")
    control(app, "/_sandbox/settings", {"advance_s": 3600})
    edge = app.shop.now().isoformat()
    refund(app, refund_wish(second, "1.00"), key="k")

    def find(query: str) -> list[str]:
        answer = gql(
            app, "query ($q: String!) { orders(first: 5, query: $q, sortKey: ID) { nodes { name } } }", {"q": query}
        )
        return [node["name"] for node in answer["data"]["orders"]["nodes"]]

    assert find("name:#1001 email:ann@example.com") == [first["name"]]
    assert find("name:#1001 email:ben@example.com") == []
    assert find("name:1002") == [second["name"]]
    assert find("tag:VIP") == [first["name"]]
    assert find(f"id:{second['id'].rsplit('/', 1)[1]}") == [second["name"]]
    assert find(f"updated_at:>='{edge}'") == [second["name"]]
    assert find("") == ["#1001", "#1002"]


def test_pages_follow_each_other_and_a_lagging_index_hides_the_newest() -> None:
    app = a_sandbox()
    names = [an_order(app)["name"] for _ in range(5)]
    query = """query ($after: String) { orders(first: 2, after: $after, sortKey: UPDATED_AT) {
      nodes { name } pageInfo { hasNextPage endCursor } } }"""
    seen, after = [], None
    while True:
        page = gql(app, query, {"after": after})["data"]["orders"]
        seen += [node["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    control(app, "/_sandbox/settings", {"advance_s": 600, "list_lag_s": 30})
    an_order(app, days_ago=0)
    lagging = gql(app, "{ orders(first: 20) { nodes { name } } }")["data"]["orders"]["nodes"]

    assert sorted(seen) == names
    assert len(lagging) == 5


NOT_EXECUTED = {"429": 429, "throttled": 200, "500": 500, "html_before": 502, "failed_attempt": 500}
EXECUTED = {"500_after": 500, "html": 200}


@pytest.mark.parametrize(("how", "status"), [*NOT_EXECUTED.items(), *EXECUTED.items()])
def test_each_misbehaviour_acts_or_does_not_and_then_behaves_again(how: str, status: int) -> None:
    app = a_sandbox()
    order = an_order(app)
    control(app, "/_sandbox/misbehave", {"where": "refundCreate", "how": how, "times": 1})
    body = json.dumps({"query": REFUND, "variables": {"in": refund_wish(order, "1.00"), "key": "k"}}).encode()

    assert _raw(app, b'{"query": "{ shop { name } }"}')[0] == 200
    first, _, content = _raw(app, body)

    assert first == status
    assert money_of(app, order)[1] == (1 if how in EXECUTED else 0)
    assert content.startswith(b"<html") == how.startswith("html")
    again = json.loads(_raw(app, body)[2])
    if how == "failed_attempt":
        assert again["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
    else:
        assert money_of(app, order) == ("1.00", 1)


def test_a_rule_can_let_some_calls_pass_first() -> None:
    app = a_sandbox()
    control(app, "/_sandbox/misbehave", {"where": "*", "how": "429", "times": 2, "after": 1})

    answers = [_raw(app, b'{"query": "{ shop { name } }"}')[0] for _ in range(4)]

    assert answers == [200, 429, 429, 200]


def test_lost_answers_and_concurrent_keys_over_a_real_socket() -> None:
    app = a_sandbox()
    order = an_order(app)
    body = {"query": REFUND, "variables": {"in": refund_wish(order, "1.00"), "key": "k"}}
    headers = {"X-Shopify-Access-Token": TOKEN}

    async def story() -> None:
        async with serving(app) as base, httpx2.AsyncClient(base_url=base, headers=headers, timeout=5) as client:

            async def misbehave(how: str, **more: Any) -> None:
                await client.post("/_sandbox/misbehave", json={"where": "refundCreate", "how": how, **more})

            async def refunds() -> int:
                return len(app.shop.orders[order["id"]].refunds)

            await misbehave("timeout_before")
            with pytest.raises(httpx2.RemoteProtocolError):
                await client.post(PATH, json=body)
            assert await refunds() == 0

            await misbehave("slow", seconds=0.3)
            slow = asyncio.create_task(client.post(PATH, json=body))
            while not app.plan.rules[-1].hits:
                await client.get("/_sandbox/health")
            early = (await client.post(PATH, json=body)).json()
            assert early["errors"][0]["extensions"]["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
            assert (await slow).json()["data"]["refundCreate"]["userErrors"] == []
            assert await refunds() == 1

            for how in ("timeout_after", "truncated"):
                body["variables"] = {"in": refund_wish(order, "1.00"), "key": how}
                await misbehave(how)
                with pytest.raises(httpx2.RemoteProtocolError):
                    await client.post(PATH, json=body)
            assert await refunds() == 3
            assert (await client.post(PATH, json=body)).json()["data"]["refundCreate"]["userErrors"] == []
            assert await refunds() == 3

            await misbehave("timeout_after", seconds=0.5)
            with pytest.raises(httpx2.ReadTimeout):
                await client.post(PATH, json=body, timeout=0.1)

    asyncio.run(story())


def test_a_reset_starts_over() -> None:
    app = a_sandbox()
    an_order(app)
    control(app, "/_sandbox/misbehave", {"how": "429"})

    assert control(app, "/_sandbox/reset", {"orders": 3, "seed": 5}) == {"orders": 3}
    assert _raw(app, b'{"query": "{ shop { name } }"}')[0] == 200


@pytest.mark.parametrize(
    ("path", "wish"),
    [
        ("misbehave", {"how": "sulk"}),
        ("settings", {"color": 1}),
        ("orders", {"lines": []}),
        ("admin-refund", {"order": "#9"}),
    ],
)
def test_a_wrong_control_call_is_a_400_that_says_why(path: str, wish: dict[str, Any]) -> None:
    status, _, body = asyncio.run(request(a_sandbox(), f"/_sandbox/{path}", body=json.dumps(wish).encode()))

    assert status == 400
    assert json.loads(body)["error"]


@pytest.mark.parametrize("path", ["/_sandbox/misbehave", "/_sandbox/orders", "/carrier/labels"])
@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_json_object_is_a_400_everywhere(path: str, body: bytes) -> None:
    assert asyncio.run(request(a_sandbox(), path, body=body))[0] == 400
