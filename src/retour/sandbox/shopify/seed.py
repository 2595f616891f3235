"""The orders a fresh sandbox shop has: believable, all different, and the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from retour.sandbox.shopify import catalogue, refunds
from retour.sandbox.shopify.building import add_order
from retour.sandbox.shopify.state import Shop

_PEOPLE = (
    "Ann Keller",
    "Ben Okafor",
    "Carla Rossi",
    "Dai Suzuki",
    "Elif Demir",
    "Femi Ade",
    "Grace Lind",
    "Hugo Petit",
    "Ines Costa",
    "Jonas Berg",
    "Kaya Novak",
    "Lior Stern",
    "Mara Quinn",
    "Noor Aziz",
    "Otto Falk",
)
_STREETS = ("Lindenweg", "Hafenstrasse", "Mill Lane", "Rue Haute", "Via Roma", "Oak Street", "Sakura Dori")
_MARKETS: dict[str, dict[str, Any]] = {
    "EUR": {
        "included": True,
        "city": "Berlin",
        "zip": "10969",
        "country": "DE",
        "scale": "1",
        "taxes": [[["MwSt", "0.19"]], [["MwSt", "0.07"]]],
    },
    "USD": {
        "included": False,
        "city": "Austin",
        "zip": "78701",
        "country": "US",
        "scale": "1.1",
        "taxes": [
            [["State", "0.0625"], ["City", "0.02"]],
            [["State", "0.0625"], ["County", "0.005"], ["City", "0.01"]],
        ],
    },
    "GBP": {
        "included": True,
        "city": "Leeds",
        "zip": "LS1 4AP",
        "country": "GB",
        "scale": "0.9",
        "taxes": [[["VAT", "0.2"]], []],
    },
    "JPY": {
        "included": True,
        "city": "Osaka",
        "zip": "530-0001",
        "country": "JP",
        "scale": "160",
        "taxes": [[["CT", "0.1"]], [["CT", "0.08"]]],
    },
    "KWD": {
        "included": False,
        "city": "Kuwait City",
        "zip": "13001",
        "country": "KW",
        "scale": "0.33",
        "taxes": [[["Levy", "0.05"]], [["Levy", "0.05"], ["Fee", "0.0125"]]],
    },
}
_CURRENCIES = ("EUR", "USD", "GBP", "EUR", "JPY", "USD", "EUR", "KWD", "EUR", "GBP")
_DIGITS = {"JPY": 0, "KWD": 3}

Spec = dict[str, Any]


def seed_orders(shop: Shop, count: int) -> None:
    """Fill the shop with `count` orders that depend on the shop's seed alone."""
    chance = Random(shop.seed)  # noqa: S311 - repeatable on purpose
    for index in range(count):
        spec, told = _plain(chance, index)
        for each in (index % len(_TWISTS), (index * 7 + 3) % len(_TWISTS)):
            name, twist = _TWISTS[each]
            if name not in told:
                twist(spec, chance)
                told.append(name)
        order = add_order(shop, spec, stories=told)
        if "already partly refunded" in told:
            refunds.admin_refund(shop, order, {"lines": [{"index": 0, "quantity": 1}], "note": "Goodwill by phone"})
    shop.outbox.clear()
    shop.effects.clear()


def _plain(chance: Random, index: int) -> tuple[Spec, list[str]]:
    currency = _CURRENCIES[index % len(_CURRENCIES)]
    market = _MARKETS[currency]
    person = chance.choice(_PEOPLE)
    lines = [_line(chance, currency, position) for position in range(chance.choice((1, 1, 2, 2, 3, 4)))]
    spec: Spec = {
        "currency": currency,
        "taxes_included": market["included"],
        "customer": person,
        "lines": lines,
        "email": f"{person.lower().replace(' ', '.')}.{index}@example.com",
        "phone": None,
        "days_ago": chance.randint(4, 45),
        "address": {
            "address1": f"{chance.choice(_STREETS)} {chance.randint(1, 180)}",
            "city": market["city"],
            "zip": market["zip"],
            "country": market["country"],
        },
        "shipping": {"price": _scaled("4.90", currency), "taxes": market["taxes"][0]},
    }
    told = [currency, "tax included" if market["included"] else "tax on top"]
    if currency != shop_currency():
        told.append("two currencies")
    if max(len(line["taxes"]) for line in lines) > 1:
        told.append("several taxes")
    return spec, told


def shop_currency() -> str:
    """Return the currency the seeded shop keeps its books in."""
    return "EUR"


def _line(chance: Random, currency: str, position: int) -> Spec:
    sku, name, _, _, price = catalogue.GOODS[chance.randrange(len(catalogue.GOODS))]
    taxes = _MARKETS[currency]["taxes"]
    return {
        "sku": sku,
        "name": name,
        "price": _scaled(price, currency),
        "quantity": chance.choice((1, 1, 1, 2, 3, 5)),
        "taxes": taxes[position % len(taxes)],
        "location": chance.choice((0, 0, 0, 1)),
    }


def _scaled(price: str, currency: str) -> str:
    places = _DIGITS.get(currency, 2)
    return f"{float(price) * float(_MARKETS[currency]['scale']):.{places}f}"


def _order_percent(spec: Spec, chance: Random) -> None:
    spec["order_discount"] = {"percent": str(chance.choice((10, 15, 33))), "code": "WELCOME"}


def _order_amount(spec: Spec, _: Random) -> None:
    spec["order_discount"] = {"amount": _scaled("7.77", spec["currency"]), "title": "Thank you"}


def _line_discounts(spec: Spec, chance: Random) -> None:
    for line in spec["lines"]:
        line["discounts"] = [{"percent": str(chance.choice((5, 12.5, 20))), "title": "Season"}]


def _both_discounts(spec: Spec, chance: Random) -> None:
    _line_discounts(spec, chance)
    _order_percent(spec, chance)


def _partly_sent(spec: Spec, _: Random) -> None:
    spec["lines"][0] |= {"quantity": 3, "fulfilled": 2}


def _unsent(spec: Spec, _: Random) -> None:
    for line in spec["lines"]:
        line["fulfilled"] = 0


def _two_tenders(spec: Spec, _: Random) -> None:
    spec["payments"] = [
        {"gateway": "gift_card", "amount": _scaled("10.00", spec["currency"])},
        {"gateway": "shopify_payments"},
    ]


def _phone_only(spec: Spec, chance: Random) -> None:
    spec |= {"email": None, "phone": f"+49301{chance.randint(100000, 999999)}"}


def _two_places(spec: Spec, chance: Random) -> None:
    spec["lines"].append(_line(chance, spec["currency"], 1))
    for place, line in enumerate(spec["lines"]):
        line["location"] = place % 3


def _bundle(spec: Spec, _: Random) -> None:
    taxes = _MARKETS[spec["currency"]]["taxes"][0]
    spec["lines"] += [
        {
            "sku": sku,
            "quantity": quantity,
            "price": _scaled(price, spec["currency"]),
            "group": "Tea set",
            "taxes": taxes,
            "discounts": [{"percent": "10", "title": "Bundle"}],
        }
        for sku, quantity, price in (("RT-POT-1L", 1, "45.00"), ("RT-MUG-SET", 2, "38.00"))
    ]


def _free_gift(spec: Spec, _: Random) -> None:
    gift = {"sku": "RT-GIFT-POUCH", "price": _scaled("5.00", spec["currency"]), "quantity": 1, "taxes": []}
    spec["lines"].append({**gift, "discounts": [{"percent": "100", "title": "Free gift"}]})


def _dozen(spec: Spec, chance: Random) -> None:
    spec["lines"][0]["quantity"] = chance.choice((7, 11, 12))


def _free_shipping(spec: Spec, _: Random) -> None:
    spec["shipping"]["discount"] = spec["shipping"]["price"]


_TWISTS: tuple[tuple[str, Callable[[Spec, Random], None]], ...] = (
    ("plain", lambda *_: None),
    ("order discount in percent", _order_percent),
    ("line discounts", _line_discounts),
    ("partly fulfilled", _partly_sent),
    ("gift card and card", _two_tenders),
    ("already partly refunded", lambda *_: None),
    ("phone only", _phone_only),
    ("several locations", _two_places),
    ("bundle", _bundle),
    ("free gift", _free_gift),
    ("many units", _dozen),
    ("order discount as amount", _order_amount),
    ("line and order discounts", _both_discounts),
    ("unfulfilled", _unsent),
    ("free shipping", _free_shipping),
)
