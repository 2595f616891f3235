"""Who bought an order: the shopper, what the platform counts of them, and how far it trusts the order."""

from collections.abc import Mapping
from typing import Any, Final

from retour.core.errors import Refused
from retour.core.money import parse_decimal
from retour.core.order import Figures, Person, Risk
from retour.core.postal import PostalAddress

from .reading import Reading, instant, many, one, text, texts

Doc = Mapping[str, Any]
# From the least to the most; a pending assessment says nothing yet.
RISKS: Final = {"NONE": Risk.NONE, "LOW": Risk.LOW, "MEDIUM": Risk.MEDIUM, "HIGH": Risk.HIGH}
MOST_ORDERS: Final = 2**31 - 1


def person(document: Doc, shop_currency: str = "", reading: Reading | None = None) -> Person:
    """Return the shopper of the order document; the order's own contact comes before the account's."""
    reading = reading or Reading()
    customer, address = one(document, "customer"), one(document, "shippingAddress")
    return Person(
        ref=text(customer, "id"),
        name=text(customer, "displayName") or text(address, "name"),
        email=text(document, "email") or text(one(customer, "defaultEmailAddress"), "emailAddress"),
        phone=text(document, "phone")
        or text(one(customer, "defaultPhoneNumber"), "phoneNumber")
        or text(address, "phone"),
        postcode=text(address, "zip"),
        tags=texts(customer, "tags"),
        home_country=text(one(customer, "defaultAddress"), "countryCodeV2"),
        figures=_figures(customer, shop_currency, reading),
        ship_to=_ship_to(address),
    )


def _ship_to(address: Doc) -> PostalAddress | None:
    """Return where the order was sent, as far as it is told; nothing if no address came with it."""
    if not address:
        return None
    return PostalAddress(
        name=text(address, "name") or "",
        company=text(address, "company") or "",
        street=tuple(line for line in (text(address, "address1"), text(address, "address2")) if line),
        town=text(address, "city") or "",
        postcode=text(address, "zip") or "",
        region=text(address, "provinceCode") or "",
        country=text(address, "countryCodeV2") or "",
    )


def _figures(customer: Doc, shop_currency: str, reading: Reading) -> Figures:
    if not customer:
        return Figures()
    placed, ref = customer.get("numberOfOrders"), text(customer, "id") or ""
    count = int(placed) if isinstance(placed, str | int) and str(placed).isdecimal() else None
    return Figures(
        orders_placed=count if count is not None and count <= MOST_ORDERS else None,
        spent=_spent(one(customer, "amountSpent"), shop_currency, ref, reading),
        since=instant(customer.get("createdAt")),
    )


def _spent(money: Doc, shop_currency: str, ref: str, reading: Reading) -> int | None:
    """Return what the customer has spent; in another currency than the books it is not known."""
    if not money or money.get("currencyCode") != shop_currency:
        return None
    try:
        return parse_decimal(str(money.get("amount")), shop_currency)
    except Refused as refused:
        reading.find(refused.code, ref, money.get("amount"))
        return None


def company(document: Doc) -> bool | None:
    """Return whether a company bought the order, or nothing."""
    kind = text(one(document, "purchasingEntity"), "__typename")
    return {"PurchasingCompany": True, "Customer": False}.get(kind or "")


def risk(document: Doc, ref: str, reading: Reading) -> Risk | None:
    """Return the highest of the assessments that are done, or nothing."""
    found = []
    for assessment in many(one(document, "risk"), "assessments"):
        level = text(assessment, "riskLevel")
        if level in RISKS:
            found.append(level)
        elif level != "PENDING":
            reading.find("unknown_risk_level", ref, level)
    highest = max(found, key=list(RISKS).index, default=None)
    return None if highest is None else RISKS[highest]
