"""The sandbox shop's own pages: they show its books as they are, and their forms act on it."""

import asyncio
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from retour.sandbox.pictures import picture
from tests.sandbox.desk import a_sandbox, an_order, control, refund, refund_wish, request


def a_page(app: Any, path: str) -> tuple[int, str]:
    """Return status and text of a page, after checking that nothing inline is in it."""
    status, headers, body = asyncio.run(request(app, path, method="GET"))
    text = body.decode()
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "style=" not in text
    assert "<script" not in text
    return status, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def send(app: Any, path: str, origin: str | None = None, **fields: str) -> tuple[int, str]:
    """Send a form; return status and where it leads."""
    headers = {"content-type": "application/x-www-form-urlencoded"} | ({"origin": origin} if origin else {})
    status, seen, _ = asyncio.run(request(app, path, body=urlencode(fields).encode(), headers=headers))
    return status, seen.get("location", "")


def test_an_order_shows_its_money_and_what_was_given_back() -> None:
    app = a_sandbox()
    order = an_order(app, tags=["return-in-transit"], note="R-10001 arrived\nR-10001 refunded")
    refund(app, refund_wish(order, "12.34"), key="k1")

    status, text = a_page(app, "/admin/orders/1001")

    assert status == 200
    for said in (
        "Order #1001",
        "39.98 EUR",
        "\u221212.34 EUR",
        "RMA-1 / 7d1f4d0e",
        "return-in-transit",
        "Refund, success",
    ):
        assert said in text, said
    assert "R-10001 arrived" in text


def test_the_list_finds_by_person_and_shows_only_orders_with_refunds() -> None:
    app = a_sandbox()
    an_order(app, customer="Ann Example")
    other = an_order(app, customer="Ben Other", email="ben@example.com")
    refund(app, refund_wish(other, "5.00"), key="k1")

    assert "#1001" in a_page(app, "/admin?q=ann")[1]
    assert "#1002" not in a_page(app, "/admin?q=ann")[1]
    assert "#1001" not in a_page(app, "/admin?only=refunds")[1]
    assert "\u22125.00 EUR" in a_page(app, "/admin?only=refunds")[1]
    assert "No order matches" in a_page(app, "/admin?q=nobody")[1]


def test_what_people_wrote_is_shown_inert() -> None:
    app = a_sandbox()
    an_order(app, customer="<script>alert(1)</script>", note="<img src=x onerror=alert(1)>")

    _, _, body = asyncio.run(request(app, "/admin/orders/1001", method="GET"))

    assert b"<script" not in body
    assert b"&lt;img src=x" in body


def test_the_books_add_up_and_say_when_something_is_broken() -> None:
    app = a_sandbox()
    order = an_order(app)
    refund(app, refund_wish(order, "10.00"), key="k1")

    assert "EUR 39.98 EUR \u221210.00 EUR 29.98 EUR" in a_page(app, "/admin/books")[1]
    assert "Nothing was refunded, restocked or processed twice" in a_page(app, "/admin/books")[1]

    refund(app, refund_wish(order, "10.00"), key="k2")

    assert "double refunds: {&#39;RMA-1 / 7d1f4d0e&#39;: 2}" in a_page(app, "/admin/books")[1]


def test_stock_is_shown_by_place() -> None:
    app = a_sandbox()

    assert "Organic tee, black, M RT-TEE-BLK-M 100 100 100" in a_page(app, "/admin/stock")[1]


def test_a_parcel_is_shipped_back_and_scanned_on() -> None:
    app = a_sandbox()
    an_order(app)

    assert send(app, "/admin/parcels", reference="R-10001", to="/admin/orders/1001") == (303, "/admin/orders/1001")
    assert send(app, "/admin/parcels/SBXR00000001/scan", status="delivered") == (303, "/admin/parcels")

    parcel = control(app, "/carrier/parcels")["parcels"][0]
    assert (parcel["reference"], parcel["status"]) == ("R-10001", "delivered")
    assert [event["status"] for event in parcel["events"]] == ["in_transit", "delivered"]


@pytest.mark.parametrize("fields", [{"reference": " "}, {}])
def test_a_parcel_needs_the_number_of_a_return(fields: dict[str, str]) -> None:
    app = a_sandbox()

    send(app, "/admin/parcels", **fields)

    assert control(app, "/carrier/parcels")["parcels"] == []


def test_a_foreign_page_may_send_no_form() -> None:
    app = a_sandbox()

    assert send(app, "/admin/parcels", "https://evil.example", reference="R-10001")[0] == 403
    assert send(app, "/admin/trouble", "null", where="*", how="500", times="1")[0] == 403

    assert control(app, "/carrier/parcels")["parcels"] == []
    assert app.plan.rules == []
    assert send(app, "/admin/parcels", "http://sandbox.test", reference="R-10001")[0] == 303


def test_a_form_leads_to_no_other_site() -> None:
    app = a_sandbox()

    assert send(app, "/admin/parcels", reference="R-1", to="https://evil.example/")[1] == "/admin/parcels"
    assert send(app, "/admin/parcels", reference="R-1", to="//evil.example/")[1] == "/admin/parcels"


def test_trouble_is_planned_and_called_off() -> None:
    app = a_sandbox()

    send(app, "/admin/trouble", where="refundCreate", how="timeout_after", times="2")
    assert "refundCreate: timeout_after, 2 more times" in a_page(app, "/admin/trouble")[1]
    send(app, "/admin/trouble", where="refundCreate", how="explode", times="2")
    send(app, "/admin/trouble/refunds", refunds="pending, then failed")

    assert [(rule.how, rule.times, rule.seconds) for rule in app.plan.rules] == [("timeout_after", 2, 2.0)]
    assert app.shop.settings.refund_pending == "FAILURE"
    send(app, "/admin/trouble/none")
    assert app.plan.rules == []


def test_an_order_that_is_not_there_is_said_to_be_missing() -> None:
    status, text = a_page(a_sandbox(), "/admin/orders/9999")

    assert status == 404
    assert "There is no such order" in text


def test_a_picture_is_the_same_every_time_and_small() -> None:
    status, headers, body = asyncio.run(request(a_sandbox(), "/pictures/RT-SOCK-3P.png", method="GET"))

    assert (status, headers["content-type"]) == (200, "image/png")
    assert body.startswith(b"\x89PNG")
    assert body == picture("RT-SOCK-3P")
    assert len(body) < 10_000
    assert picture("RT-SOCK-3P") != picture("RT-SHOE-42")
    assert picture("anything") == picture("anything")
