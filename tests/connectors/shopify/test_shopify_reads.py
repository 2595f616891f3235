"""The reads over the network: what is called, what comes back, and when to ask again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from retour.connectors.http import Http
from retour.connectors.shopify import ShopifyConnector
from retour.core.effect import EffectKind
from retour.core.money import Sides
from retour.core.ports import ContactProof, Credential, Page, PlatformQuote, QuotedLine, Silence, Unreachable
from tests.connectors.far_side import Asked, far_side, http
from tests.connectors.shopify.builders import GID, KINDS, ORDER, PAYLOADS, an_effect, recorded
from tests.connectors.shopify.test_shopify_order import PAGES

SINCE = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)
NAMES = {
    "FindOrders": "find_orders",
    "OrdersSince": "orders_since",
    "SuggestRefund": "suggest_refund",
    "CurrencyOf": "currency_of",
    "Installation": "installation",
    "Locations": "locations",
}
Story = Callable[[ShopifyConnector, Credential], Awaitable[Any]]


def _recorded_page(asked: Asked) -> bytes:
    name = asked.json["operationName"]
    file = NAMES.get(name) or PAGES[name, asked.json["variables"]["id"]]
    return http((PAYLOADS / f"{file}.json").read_bytes(), headers={"x-shopify-api-version": "2026-10"})


def _told(story: Story, answer: Callable[[Asked], bytes] = _recorded_page, **more: Any) -> tuple[Any, list[Asked]]:
    async def run() -> tuple[Any, list[Asked]]:
        async with far_side(answer) as side, Http(internal=True) as way:
            try:
                return await story(ShopifyConnector(way, **more), Credential(side.url + "/", "t0ken")), side.asked
            except Unreachable as unreachable:
                return unreachable, side.asked

    return asyncio.run(run())


async def _find(c: ShopifyConnector, at: Credential, proof: ContactProof | None = None, name: str = "1042") -> Any:
    return await c.find_order(at, name=name, proof=proof)


READS: dict[str, Story] = {
    "find_order": _find,
    "get_order": lambda c, at: c.get_order(at, ref=ORDER),
    "list_orders": lambda c, at: c.list_orders(at, since=SINCE, cursor="x"),
    "quote_refund": lambda c, at: c.quote_refund(
        at, order_ref=ORDER, lines=[QuotedLine(f"{GID}/LineItem/11", 2)], shipping_minor=200
    ),
    "probe": lambda c, at: c.probe(at),
}


@pytest.mark.parametrize("read", READS)
def test_every_read_is_a_post_to_the_pinned_version_with_the_token(read: str) -> None:
    _, asked = _told(READS[read])

    assert {(a.method, a.path) for a in asked} == {("POST", "/admin/api/2026-10/graphql.json")}
    assert {a.headers["x-shopify-access-token"] for a in asked} == {"t0ken"}
    assert {a.headers["content-type"] for a in asked} == {"application/json"}
    assert all(b"t0ken" not in a.body for a in asked)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    ("answer", "wait", "reconnect"),
    [
        (http(b"", status=401), 5.0, True),
        (http(b"", status=429, headers={"retry-after": "7"}), 7.0, False),
        (http(b"<html>", status=502), 5.0, False),
        (http(b"<html>"), 5.0, False),
        (b"", 5.0, False),
        (http(json.dumps({"errors": [{"message": "T", "extensions": {"code": "THROTTLED"}}]}).encode()), 1.0, False),
        (http(json.dumps({"errors": [{"message": "A", "extensions": {"code": "ACCESS_DENIED"}}]}).encode()), 5.0, True),
    ],
    ids=["401", "429", "502", "html", "silence", "throttled", "denied"],
)
def test_every_read_says_when_it_may_be_asked_again(read: str, answer: bytes, wait: float, reconnect: bool) -> None:
    unreachable, asked = _told(READS[read], lambda _: answer)

    assert isinstance(unreachable, Unreachable)
    assert (unreachable.retry_after_s, unreachable.needs_reconnect, len(asked)) == (wait, reconnect, 1)


@pytest.mark.parametrize(
    "proof",
    [
        None,
        ContactProof(email=" MARA@example.test"),
        ContactProof(email="mara.account@example.test"),
        ContactProof(phone="0155 50100"),
        ContactProof(phone="(212) 555-0142"),
        ContactProof(phone="+1 212 555 0142"),
        ContactProof(postcode="100 01"),
    ],
)
def test_an_order_is_found_by_any_contact_that_it_knows(proof: ContactProof | None) -> None:
    found, asked = _told(lambda c, at: _find(c, at, proof))

    assert found.order.ref == ORDER
    assert asked[0].json["variables"] == {"search": 'name:"1042"'}


@pytest.mark.parametrize(
    ("name", "proof"),
    [
        ("1042", ContactProof(email="someone@example.test")),
        ("1042", ContactProof(phone="0142")),
        ("1042", ContactProof(phone="")),
        ("1042", ContactProof(postcode="")),
        ("1042", ContactProof()),
        ("1043", None),
    ],
)
def test_a_wrong_name_and_a_wrong_contact_look_the_same(name: str, proof: ContactProof | None) -> None:
    found, asked = _told(lambda c, at: _find(c, at, proof, name))

    assert (found, [a.json["operationName"] for a in asked]) == (None, ["FindOrders"])


@pytest.mark.parametrize(
    ("name", "search"),
    [
        ('1" OR tag:"x', 'name:"1\\" OR tag:\\"x"'),
        ("a\\", 'name:"a\\\\"'),
        (" #7\n ", 'name:"#7"'),
        ("9" * 99, f'name:"{"9" * 64}"'),
    ],
)
def test_a_name_never_becomes_another_search(name: str, search: str) -> None:
    _, asked = _told(lambda c, at: _find(c, at, None, name))

    assert asked[0].json["variables"] == {"search": search}


def test_an_order_the_platform_does_not_know_is_nothing() -> None:
    found, _ = _told(READS["get_order"], lambda _: http(b'{"data":{"order":null}}'))

    assert found is None


def test_an_order_without_id_is_asked_for_later() -> None:
    found, _ = _told(READS["get_order"], lambda _: http(b'{"data":{"order":{"lineItems":null}}}'))

    assert isinstance(found, Unreachable)
    assert found.retry_after_s == 60.0


def test_changed_orders_come_in_pages_oldest_first() -> None:
    page, asked = _told(READS["list_orders"])

    assert page == Page((f"{GID}/Order/1", f"{GID}/Order/2"), datetime(2026, 10, 12, 10, 31, tzinfo=UTC), "after-2")
    assert asked[0].json["variables"] == {"search": "updated_at:>='2026-10-12T08:00:00Z'", "after": "x"}
    assert "sortKey: UPDATED_AT" in asked[0].json["query"]


def test_the_last_page_has_no_cursor() -> None:
    document = {"data": {"orders": {"pageInfo": {"hasNextPage": False, "endCursor": "x"}, "nodes": []}}}
    page, _ = _told(READS["list_orders"], lambda _: http(json.dumps(document).encode()))

    assert page == Page((), None, None)


def test_the_platform_s_figures_are_gross_and_tax_per_line() -> None:
    quote, asked = _told(READS["quote_refund"])

    assert quote == PlatformQuote(
        {f"{GID}/LineItem/11": (Sides(3_906, 3_613), Sides(306, 283))}, Sides(214, 198), 8_704
    )
    assert asked[1].json["variables"] == {
        "id": ORDER,
        "lines": [{"lineItemId": f"{GID}/LineItem/11", "quantity": 2, "restockType": "NO_RESTOCK"}],
        "shipping": "2.00",
    }


def test_a_quote_without_figures_is_no_quote() -> None:
    document = {"data": {"order": {"id": ORDER, "suggestedRefund": None}}}
    quote, _ = _told(READS["quote_refund"], lambda _: http(json.dumps(document).encode()))

    assert isinstance(quote, Unreachable)


def test_a_connection_is_probed_for_what_it_may_do() -> None:
    health, _ = _told(READS["probe"])

    assert (health.ok, health.shop_name, health.currency, health.timezone) == (
        True,
        "Fjord & Fold",
        "EUR",
        "Europe/Oslo",
    )
    assert health.capabilities == {kind.value for kind in KINDS}
    assert (health.problems, health.locations) == ((), ((f"{GID}/Location/1", "Oslo"),))


def test_what_is_wrong_with_a_connection_is_said_in_words() -> None:
    def answer(asked: Asked) -> bytes:
        if asked.json["operationName"] == "Locations":
            return http(b'{"data":{"locations":{"pageInfo":{},"nodes":[]}}}')
        document = recorded("installation")
        document["data"]["currentAppInstallation"]["accessScopes"] = [{"handle": "read_orders"}]
        headers = {"x-shopify-api-version": "2026-07", "date": "Sun, 01 Nov 2020 08:00:00 GMT"}
        return http(json.dumps(document).encode(), headers=headers)

    health, _ = _told(READS["probe"], answer)

    assert (health.ok, health.capabilities, len(health.problems)) == (False, frozenset(), 13)
    assert "The scope write_returns is missing." in health.problems
    assert "The shop answers with API version 2026-07 instead of 2026-10." in health.problems


# --- the platform's budget -------------------------------------------------------------------------------------------


def _with_points(left: int) -> Callable[[Asked], bytes]:
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": left, "restoreRate": 1000.0}
    document = {"data": {"order": None}, "extensions": {"cost": {"throttleStatus": status}}}
    return lambda _: http(json.dumps(document).encode())


def test_stock_and_money_may_use_the_last_fifth_of_the_budget_and_notes_may_not() -> None:
    async def story(c: ShopifyConnector, at: Credential) -> list[Any]:
        await c.get_order(at, ref=ORDER)
        return [await c.send(at, c.build(an_effect(kind))) for kind in (EffectKind.NOTE, EffectKind.RESTOCK)]

    (note, stock), asked = _told(story, _with_points(205), clock=lambda: 0.0)

    assert (note.silence, note.headers) == (Silence.NOT_SENT, {"retry-after": "0.007"})
    assert (stock.status, [a.json["operationName"] for a in asked]) == (200, ["WholeOrder", "AdjustStock"])


def test_an_empty_budget_sends_nothing_and_says_how_long() -> None:
    async def story(c: ShopifyConnector, at: Credential) -> Any:
        await c.get_order(at, ref=ORDER)
        return await c.send(at, c.build(an_effect(EffectKind.REFUND_TENDER)))

    refund, asked = _told(story, _with_points(0), clock=lambda: 0.0)

    assert (refund.silence, refund.headers, len(asked)) == (Silence.NOT_SENT, {"retry-after": "0.267"}, 1)


def test_a_read_waits_for_its_points() -> None:
    async def story(c: ShopifyConnector, at: Credential) -> None:
        await c.get_order(at, ref=ORDER)
        await c.get_order(at, ref=ORDER)

    _, asked = _told(story, _with_points(900))

    assert len(asked) == 2


def test_a_read_that_would_wait_too_long_is_for_later() -> None:
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": 0, "restoreRate": 1.0}
    document = {"data": {"order": None}, "extensions": {"cost": {"throttleStatus": status}}}

    async def story(c: ShopifyConnector, at: Credential) -> None:
        await c.get_order(at, ref=ORDER)
        await c.get_order(at, ref=ORDER)

    got, asked = _told(story, lambda _: http(json.dumps(document).encode()), clock=lambda: 0.0)

    assert isinstance(got, Unreachable)
    assert (got.retry_after_s, len(asked)) == (980.0, 1)


def test_another_version_can_be_pinned() -> None:
    _, asked = _told(READS["list_orders"], api_version="2026-04")

    assert asked[0].path == "/admin/api/2026-04/graphql.json"
