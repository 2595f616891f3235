"""Build one order from a compact description, so that every total closes in both currencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from retour.sandbox.shopify import catalogue
from retour.sandbox.shopify.model import (
    Allocation,
    Customer,
    Discount,
    Fulfillment,
    FulfillmentLine,
    Group,
    Line,
    Order,
    ShippingLine,
    TaxLine,
    Transaction,
)
from retour.sandbox.shopify.money import Bag, Money, rounded, spread, total
from retour.sandbox.shopify.state import Shop, number_of

RATES = {"EUR": "1", "USD": "0.86", "GBP": "1.15", "JPY": "0.0057", "KWD": "2.81"}
"""Shop currency (EUR) per unit of presentment currency, fixed so that runs repeat."""

Spec = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sides:
    """The two currencies of an order and the rate between them."""

    shop: str
    presentment: str
    rate: Decimal

    def bag(self, amount: Decimal | str | int) -> Bag:
        """Return a presentment amount and its converted twin, each in whole minor units."""
        value = Decimal(str(amount))
        there = rounded(value, self.presentment)
        here = there if self.shop == self.presentment else rounded(value * self.rate, self.shop)
        return Bag(Money(here, self.shop), Money(there, self.presentment))

    def pair(self, shop: Decimal, presentment: Decimal) -> Bag:
        return Bag(Money(shop, self.shop), Money(presentment, self.presentment))


def add_order(shop: Shop, spec: Spec, *, stories: Sequence[str] = ()) -> Order:
    """Add the order that the description means and return it; raises ValueError on nonsense."""
    now = shop.now()
    currency = str(spec.get("currency", shop.currency))
    sides = Sides(shop.currency, currency, Decimal(str(spec.get("fx", RATES.get(currency, "1")))))
    included = bool(spec.get("taxes_included", True))
    discounts: list[Discount] = []
    lines = _lines(shop, spec, sides, discounts)
    _order_discount(spec, sides, lines, discounts)
    for line, wish in zip(lines, spec["lines"], strict=True):
        line.tax_lines = _taxes(wish.get("taxes", ()), line.discounted, included=included)
    shipping = _shipping(shop, spec, sides, included=included)
    created = _moment(spec.get("created_at"), now - timedelta(days=int(spec.get("days_ago", 5))))
    order = _order(shop, spec, sides, lines, shipping, discounts=discounts, included=included, created=created)
    order.stories = list(stories)
    order.refund_ends = spec.get("refund_ends")
    order.quotes_less = Decimal(str(spec.get("quotes_less", "0")))
    _fulfil(shop, spec, order, created)
    _pay(shop, spec, sides, order, created)
    _enter(shop, order)
    return order


def figures(shop: Shop, spec: Spec) -> tuple[Bag, Bag, Bag]:
    """Return (total, tax, discounts) of the order that the description means, without making it."""
    currency, included = str(spec.get("currency", shop.currency)), bool(spec.get("taxes_included", True))
    sides = Sides(shop.currency, currency, Decimal(RATES.get(currency, "1")))
    discounts: list[Discount] = []
    lines = _lines(shop, spec, sides, discounts)
    _order_discount(spec, sides, lines, discounts)
    none, tax = sides.bag("0"), sides.bag("0")
    for line, wish in zip(lines, spec["lines"], strict=True):
        tax = total((t.price for t in _taxes(wish.get("taxes", ()), line.discounted, included=included)), tax)
    goods = total((line.discounted for line in lines), none)
    off = total((a.allocated_amount for line in lines for a in line.discount_allocations), none)
    return goods if included else goods + tax, tax, off


def _moment(value: object, default: datetime) -> datetime:
    return datetime.fromisoformat(str(value)) if value else default.replace(microsecond=0)


def _lines(shop: Shop, spec: Spec, sides: Sides, discounts: list[Discount]) -> list[Line]:
    if not spec.get("lines"):
        raise ValueError("an order needs at least one line")
    groups: dict[str, Group] = {}
    lines = []
    for wish in spec["lines"]:
        variant = catalogue.variant(shop, str(wish.get("sku", "RT-TEE-BLK-M")), wish)
        group = wish.get("group")
        if group and group not in groups:
            groups[group] = Group(shop.new_id("LineItemGroup"), group, 1, wish.get("group_sku"))
        quantity = int(wish.get("quantity", 1))
        if quantity < 1:
            raise ValueError("a line needs a quantity of at least 1")
        title = str(wish.get("name", variant.product.title))
        line = Line(
            id=shop.new_id("LineItem"),
            sku=variant.sku,
            name=title,
            title=title,
            quantity=quantity,
            variant=variant,
            original_unit_price=sides.bag(wish.get("price", "10")),
            discount_allocations=[],
            tax_lines=[],
            line_item_group=groups.get(group) if group else None,
            requires_shipping=bool(wish.get("requires_shipping", True)),
            is_gift_card=bool(wish.get("gift_card", False)),
            taxable=bool(wish.get("taxes")),
            custom_attributes=[{"key": str(key), "value": str(value)} for key, value in wish.get("properties", ())],
            is_custom=bool(wish.get("custom", False)),
            holds={str(sku): int(count) for sku, count in wish.get("holds", ())},
        )
        for discount in wish.get("discounts", ()):
            _line_discount(line, discount, sides, discounts)
        lines.append(line)
    return lines


def _application(discounts: list[Discount], wish: Spec, sides: Sides, method: str) -> Discount:
    percent = wish.get("percent")
    value = {"percentage": float(percent)} if percent is not None else sides.bag(wish["amount"]).presentment_money
    made = Discount(
        len(discounts), "LINE_ITEM", method, value, wish.get("code"), str(wish.get("title", "Automatic discount")),
        str(wish.get("by", "Automatic")),
    )  # fmt: skip
    discounts.append(made)
    return made


def _line_discount(line: Line, wish: Spec, sides: Sides, discounts: list[Discount]) -> None:
    left = line.discounted
    if "percent" in wish:
        share = Fraction(Decimal(str(wish["percent"]))) / 100
        amount = left.each(lambda value, currency: rounded(Fraction(value) * share, currency))
    else:
        amount = sides.bag(wish["amount"]).zipped(left, min)
    line.discount_allocations.append(Allocation(amount, _application(discounts, wish, sides, "EACH")))


def _order_discount(spec: Spec, sides: Sides, lines: list[Line], discounts: list[Discount]) -> None:
    wish = spec.get("order_discount")
    if not wish:
        return
    applied = _application(discounts, wish, sides, "ACROSS")
    nets = [line.discounted for line in lines]
    goods = total(nets, nets[0])
    if "percent" in wish:
        share = Fraction(Decimal(str(wish["percent"]))) / 100
        amount = goods.each(lambda value, currency: rounded(Fraction(value) * share, currency))
    else:
        amount = sides.bag(wish["amount"]).zipped(goods, min)
    here = spread(amount.shop_money.amount, [n.shop_money.amount for n in nets], sides.shop)
    there = spread(amount.amount, [n.amount for n in nets], sides.presentment)
    for line, a, b in zip(lines, here, there, strict=True):
        if a or b:
            line.discount_allocations.append(Allocation(sides.pair(a, b), applied))


def _taxes(wishes: Sequence[Sequence[Any]], base: Bag, *, included: bool) -> list[TaxLine]:
    rates = [(str(title), Decimal(str(rate))) for title, rate in wishes]
    whole = 1 + sum((Fraction(rate) for _, rate in rates), Fraction(0)) if included else Fraction(1)

    def part(rate: Decimal) -> Bag:
        return base.each(lambda value, currency: rounded(Fraction(value) * Fraction(rate) / whole, currency))

    return [TaxLine(title, rate, part(rate)) for title, rate in rates]


def _shipping(shop: Shop, spec: Spec, sides: Sides, *, included: bool) -> list[ShippingLine]:
    wish = spec.get("shipping")
    if not wish:
        return []
    price = sides.bag(wish["price"])
    paid = price - sides.bag(wish.get("discount", "0")).zipped(price, min)
    taxes = _taxes(wish.get("taxes", ()), paid, included=included)
    title = str(wish.get("title", "Standard"))
    return [ShippingLine(shop.new_id("ShippingLine"), title, title.upper(), price, paid, taxes)]


def _order(
    shop: Shop,
    spec: Spec,
    sides: Sides,
    lines: list[Line],
    shipping: list[ShippingLine],
    *,
    discounts: list[Discount],
    included: bool,
    created: datetime,
) -> Order:
    none = sides.bag("0")
    number, shop.next_number = shop.next_number, shop.next_number + 1
    goods = total((line.discounted for line in lines), none)
    freight = total((s.discounted_price for s in shipping), none)
    all_taxes = [t for line in lines for t in line.tax_lines] + [t for s in shipping for t in s.tax_lines]
    tax = total((t.price for t in all_taxes), none)
    gid = shop.new_id("Order")
    customer = _customer(shop, spec, created)
    return Order(
        id=gid,
        legacy_resource_id=number_of(gid),
        name=str(spec.get("name", f"#{number}")),
        number=number,
        email=customer.email,
        phone=customer.phone,
        created_at=created,
        updated_at=created,
        currency_code=sides.shop,
        presentment_currency_code=sides.presentment,
        taxes_included=included,
        customer=customer,
        shipping_address=_address(shop, spec, customer),
        line_items=lines,
        shipping_lines=shipping,
        tax_lines=_summed(all_taxes, none),
        subtotal_price=goods,
        total_price=goods + freight if included else goods + freight + tax,
        total_tax=tax,
        total_shipping_price=freight,
        total_discounts=total((a.allocated_amount for line in lines for a in line.discount_allocations), none)
        + total((s.original_price - s.discounted_price for s in shipping), none),
        discount_codes=[d.code for d in discounts if d.code],
        tags=list(spec.get("tags", ())),
        note=spec.get("note"),
        stories=[],
        source_name=str(spec.get("source", "web")),
        app={
            "id": f"gid://shopify/App/{spec.get('app', 'Online Store')}",
            "name": str(spec.get("app", "Online Store")),
        },
        risk_level=spec.get("risk"),
        company={"id": "gid://shopify/Company/1", "name": str(spec["company"])} if spec.get("company") else None,
    )


def _summed(taxes: Sequence[TaxLine], none: Bag) -> list[TaxLine]:
    keys = dict.fromkeys((t.title, t.rate) for t in taxes)
    return [
        TaxLine(title, rate, total((t.price for t in taxes if (t.title, t.rate) == (title, rate)), none))
        for title, rate in keys
    ]


def _customer(shop: Shop, spec: Spec, created: datetime) -> Customer:
    """Return the customer of that id, or a new one who may have bought before this shop's memory begins."""
    if spec.get("customer_id"):
        return shop.customers[str(spec["customer_id"])]
    past: Spec = spec.get("customer_past", {})
    made = Customer(
        shop.new_id("Customer"),
        str(spec.get("customer", "Ann Example")),
        spec.get("email"),
        spec.get("phone"),
        created_at=created - timedelta(days=int(past.get("days", 0))),
        tags=list(spec.get("customer_tags", ())),
        orders_before=int(past.get("orders", 0)),
        spent_before=Decimal(str(past.get("spent", "0"))),
    )
    shop.customers[made.id] = made
    return made


def _address(shop: Shop, spec: Spec, customer: Customer) -> dict[str, Any]:
    given = dict(spec.get("address", {}))
    made = {
        "id": shop.new_id("MailingAddress"),
        "name": given.get("name") or customer.display_name,
        "company": given.get("company"),
        "phone": customer.phone,
        "address1": given.get("address1", "Lindenweg 4"),
        "address2": given.get("address2"),
        "city": given.get("city", "Berlin"),
        "provinceCode": given.get("province"),
        "zip": given.get("zip", "10969"),
        "countryCodeV2": given.get("country", "DE"),
    }
    if customer.default_address is None:
        customer.default_address = made | {"countryCodeV2": spec.get("home_country", made["countryCodeV2"])}
    return made


def _fulfil(shop: Shop, spec: Spec, order: Order, created: datetime) -> None:
    parcels: dict[str, list[tuple[Line, int]]] = {}
    places = list(shop.locations)
    for line, wish in zip(order.line_items, spec["lines"], strict=True):
        sent = int(wish.get("fulfilled", line.quantity))
        if sent > line.quantity:
            raise ValueError("more units fulfilled than ordered")
        line.sent = sent
        if sent:
            place = wish.get("location", 0)
            gid = place if isinstance(place, str) else places[int(place)]
            parcels.setdefault(gid, []).append((line, sent))
    delivered = created + timedelta(days=3)
    for index, (place, content) in enumerate(parcels.items(), start=1):
        rows = [FulfillmentLine(shop.new_id("FulfillmentLineItem"), sent, line) for line, sent in content]
        order.fulfillments.append(
            Fulfillment(
                shop.new_id("Fulfillment"),
                f"{order.name}-F{index}",
                "SUCCESS",
                "DELIVERED",
                created + timedelta(days=1),
                delivered,
                shop.locations[place],
                f"SBX{order.number}{index:02d}",
                rows,
            )
        )


def send_all(shop: Shop, order: Order) -> None:
    """Send what was not sent yet in one parcel of today, and have it delivered at once."""
    rest = [(line, line.quantity - line.sent - line.cancelled) for line in order.line_items]
    rows = [FulfillmentLine(shop.new_id("FulfillmentLineItem"), n, line) for line, n in rest if n]
    if not rows:
        return
    now, number = shop.now(), len(order.fulfillments) + 1
    order.fulfillments.append(
        Fulfillment(
            shop.new_id("Fulfillment"), f"{order.name}-F{number}", "SUCCESS", "DELIVERED", now, now,
            next(iter(shop.locations.values())), f"SBX{order.number}{number:02d}", rows,
        )
    )  # fmt: skip
    for row in rows:
        row.line_item.sent += row.quantity
        shop.fulfillment_lines[row.id] = row
        shop.fulfillment_order[row.id] = order


def _pay(shop: Shop, spec: Spec, sides: Sides, order: Order, at: datetime) -> None:
    for _ in range(int(spec.get("declined", 0))):
        gid = shop.new_id("OrderTransaction")
        tried = Transaction(gid, "SALE", "FAILURE", "shopify_payments", order.total_price, order, at)
        tried.error_code = "CARD_DECLINED"
        order.transactions.append(tried)
    wishes: Sequence[Spec] = spec.get("payments") or [{"gateway": "shopify_payments"}]
    left = order.total_price
    for index, wish in enumerate(wishes):
        last = index == len(wishes) - 1
        amount = left if last and "amount" not in wish else sides.bag(wish["amount"]).zipped(left, min)
        if not amount.amount:
            continue
        gateway = str(wish.get("gateway", "shopify_payments"))
        card = "•••• •••• •••• 4242" if gateway == "shopify_payments" else None
        order.transactions.append(
            Transaction(
                shop.new_id("OrderTransaction"),
                str(wish.get("kind", "SALE")),
                "SUCCESS",
                gateway,
                amount,
                order,
                at,
                account_number=card,
            )
        )
        left -= amount


def _enter(shop: Shop, order: Order) -> None:
    shop.orders[order.id] = order
    order.history.append(order.updated_at)
    for line in order.line_items:
        shop.lines[line.id] = line
    for fulfillment in order.fulfillments:
        for row in fulfillment.lines:
            shop.fulfillment_lines[row.id] = row
            shop.fulfillment_order[row.id] = order
    for transaction in order.transactions:
        shop.transactions[transaction.id] = transaction
