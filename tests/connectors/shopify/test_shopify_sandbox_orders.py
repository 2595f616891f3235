"""The connector reads the sandbox shop's orders over real HTTP, whole and to the cent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from retour.core.effect import EffectKind, Leg, RefundedUnits, RefundTender
from retour.core.money import NOTHING, Sides
from retour.core.order import Bundle, DiscountShare, PromotionKind, Risk
from retour.core.ports import QuotedLine, Verdict
from tests.connectors.shopify.carrying import an_order, carry, fresh, refunding
from tests.connectors.shopify.live_shop import LiveShop, run


def test_every_order_of_the_shop_is_read_and_every_sum_closes() -> None:
    async def story(shop: LiveShop) -> Any:
        refs: list[str] = []
        cursor, findings = None, []
        since = datetime(2020, 1, 1, tzinfo=UTC)
        while True:
            page = await shop.connector.list_orders(shop.at, since=since, cursor=cursor)
            refs += page.order_refs
            if page.cursor is None:
                break
            cursor = page.cursor
        currencies = set()
        for ref in refs:
            found = await shop.connector.get_order(shop.at, ref=ref)
            assert found is not None
            order = found.order
            findings += found.findings
            currencies.add(order.currency)
            parts = [line.gross for line in order.lines] + [charge.gross for charge in order.charges]
            assert sum(parts, NOTHING) == order.total
            assert all(order.fulfilled(line.ref) + line.cancelled <= line.quantity for line in order.lines)
            assert sum(capture.captured for capture in order.captures) == order.total.presentment
        late = await shop.connector.list_orders(shop.at, since=datetime.now(UTC) + timedelta(days=1), cursor=None)
        return len(refs), len(set(refs)), findings, currencies, late.order_refs

    count, different, findings, currencies, late = run(story, orders=110)

    assert (count, different, findings, late) == (110, 110, [], ())
    assert {"EUR", "USD", "JPY", "KWD"} <= currencies


def test_the_address_of_a_picture_answers_with_one() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(shop, lines=[{"sku": "RT-SOCK-3P", "quantity": 2, "price": "3"}])
        address = order.lines[0].image_url
        assert address is not None
        answer = await shop.desk.get(address)
        return address.rpartition("/")[2], answer.status_code, answer.headers["content-type"], answer.content[:4]

    assert run(story) == ("RT-SOCK-3P.png", 200, "image/png", b"\x89PNG")


def test_long_orders_parcels_and_refunds_are_read_to_their_end() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(shop, lines=[{"sku": "RT-MUG-SET", "quantity": 2, "price": "3"}] * 47)
        capture = order.captures[0]
        lines = tuple(RefundedUnits(line.ref, 1) for line in order.lines)
        target = RefundTender(order.ref, lines, (Leg(capture.ref, capture.gateway, 14_100),))
        await carry(shop, fresh(EffectKind.REFUND_TENDER, target, currency="EUR"))
        again = await shop.connector.get_order(shop.at, ref=order.ref)
        assert again is not None
        units = [len(parcel.units) for parcel in again.order.fulfilments]
        return len({line.ref for line in again.order.lines}), units, len(again.order.refunds[0].lines), again.findings

    assert run(story) == (47, [47], 47, ())


def test_the_platform_s_figure_of_a_whole_line_is_our_line() -> None:
    async def story(shop: LiveShop) -> int:
        compared = 0
        page = await shop.connector.list_orders(shop.at, since=datetime(2020, 1, 1, tzinfo=UTC), cursor=None)
        for ref in page.order_refs:
            found = await shop.connector.get_order(shop.at, ref=ref)
            assert found is not None
            order = found.order
            if order.refunds:
                continue
            asked = [QuotedLine(line.ref, line.quantity) for line in order.lines]
            quote = await shop.connector.quote_refund(shop.at, order_ref=ref, lines=asked, shipping_minor=0)
            for line in order.lines:
                assert quote.lines[line.ref] == (line.gross, sum((tax.amount for tax in line.taxes), NOTHING))
            assert quote.shipping == Sides(0, 0)
            assert quote.maximum_refundable == order.total.presentment
            compared += 1
        return compared

    assert run(story, orders=30) >= 20


def test_leg_amounts_and_shipping_reach_the_shop_s_books() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(
            shop, currency="JPY", taxes_included=False,
            lines=[{"sku": "RT-SHOE-42", "quantity": 2, "price": "3000", "taxes": [["JCT", "0.1"]]}],
            shipping={"price": "500", "taxes": [["JCT", "0.1"]]},
        )  # fmt: skip
        capture = order.captures[0]
        target = RefundTender(
            order.ref, refunding(order).lines, (Leg(capture.ref, capture.gateway, 3_850),), shipping_minor=500
        )
        outcome = await carry(shop, fresh(EffectKind.REFUND_TENDER, target, amount_minor=3_850, currency="JPY"))
        again = await shop.connector.get_order(shop.at, ref=order.ref)
        assert again is not None
        return (
            outcome.verdict,
            outcome.amount_minor,
            again.order.captures[0].refunded,
            again.order.refunds[0].lines[0].gross,
        )

    assert run(story) == (Verdict.OK, 3_850, 3_850, Sides(3_300, 1_881))


def test_the_shop_tells_what_a_policy_may_ask_about_an_order_and_its_customer() -> None:
    async def story(shop: LiveShop) -> Any:
        order = await an_order(
            shop, source="pos", app="Point of Sale", risk="HIGH", company="Halden GmbH", declined=2, home_country="AT",
            customer_past={"orders": 11, "spent": "812.40", "days": 400}, address={"country": "US", "province": "NY"},
            lines=[
                {"sku": "NEW-1", "price": "50", "quantity": 2, "grams": 415, "collections": ["Summer Sale", "New"],
                 "properties": [["Engraving", "A.K."], ["_id", "7"]],
                 "discounts": [{"percent": "10", "title": "Sorry", "by": "Manual"}]},
                {"sku": "RT-MUG-SET", "price": "38", "group": "Breakfast set", "group_sku": "SET-BR"},
            ],
        )  # fmt: skip
        found = await shop.connector.get_order(shop.at, ref=order.ref)
        assert found is not None
        return found

    found = run(story)
    order, figures, (new, mugs) = found.order, found.person.figures, found.order.lines

    assert (order.channel, order.app, order.risk, order.company) == ("pos", "Point of Sale", Risk.HIGH, True)
    assert (order.failed_payments, order.province, found.person.home_country) == (2, "NY", "AT")
    assert (new.weight_g, new.properties, new.product.collections) == (415, ("Engraving",), ("summer-sale", "new"))
    assert new.discounts == (DiscountShare("Sorry", Sides(1_000, 1_000), PromotionKind.MANUAL),)
    assert (mugs.bundle, mugs.product.collections) == (Bundle("Breakfast set", 1, "SET-BR"), ("home",))
    assert (figures.orders_placed, figures.spent) == (12, 81_240 + order.total.shop)
    assert (order.placed_at - figures.since).days == 400


def test_a_second_order_of_a_customer_counts_and_a_refund_is_not_spent() -> None:
    async def story(shop: LiveShop) -> Any:
        first = await an_order(shop, lines=[{"sku": "RT-MUG-SET", "quantity": 2, "price": "30"}])
        seen = await shop.connector.get_order(shop.at, ref=first.ref)
        assert seen is not None
        second = await an_order(shop, customer_id=seen.person.ref, lines=[{"sku": "RT-CANDLE", "price": "12"}])
        await carry(shop, fresh(EffectKind.REFUND_TENDER, refunding(first), currency="EUR"))
        again = await shop.connector.get_order(shop.at, ref=second.ref)
        assert again is not None
        return seen.person, again.person

    before, after = run(story)

    assert (before.figures.orders_placed, before.figures.spent) == (1, 6_000)
    assert after.ref == before.ref
    assert (after.figures.orders_placed, after.figures.spent) == (2, 5_200)
