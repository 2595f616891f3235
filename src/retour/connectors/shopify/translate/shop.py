"""What the platform says of itself: its own refund figures, and whether a connection is fit for work."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from retour.connectors.shopify.operation import VERSION_HEADER
from retour.core.effect import EffectKind
from retour.core.money import Sides
from retour.core.ports import Health, PlatformQuote

from .reading import Reading, many, one, text

Doc = Mapping[str, Any]
# What each kind of effect may be done with (shopify.dev/docs/api/usage/access-scopes).
SCOPES: Final[Mapping[EffectKind, str]] = {
    EffectKind.REQUEST_RETURN: "write_returns",
    EffectKind.APPROVE_RETURN: "write_returns",
    EffectKind.DECLINE_RETURN: "write_returns",
    EffectKind.OPEN_RETURN: "write_returns",
    EffectKind.CANCEL_RETURN: "write_returns",
    EffectKind.CLOSE_RETURN: "write_returns",
    EffectKind.REMOVE_FROM_RETURN: "write_returns",
    EffectKind.PROCESS_RETURN: "write_returns",
    EffectKind.REFUND_TENDER: "write_orders",
    EffectKind.RESTOCK: "write_inventory",
    EffectKind.TAG: "write_orders",
    EffectKind.UNTAG: "write_orders",
    EffectKind.NOTE: "write_orders",
}
EXCHANGE_SCOPES: Final[Mapping[EffectKind, str]] = {
    EffectKind.DRAFT_EXCHANGE: "write_draft_orders",
    EffectKind.RELEASE_EXCHANGE: "write_draft_orders",
    EffectKind.INVOICE_EXCHANGE: "write_draft_orders",
    EffectKind.DROP_EXCHANGE: "write_draft_orders",
    EffectKind.CANCEL_EXCHANGE: "write_orders",
    EffectKind.DRAFT_FEE: "write_draft_orders",
}
NEEDED: Final = ("read_orders", "read_returns", "read_locations", "read_inventory", "read_customers", "read_products")
CLOCK_SKEW_S: Final = 60


def quote(order: Doc) -> PlatformQuote | None:
    """Return the platform's figures per line, gross and tax, or nothing if it gave none or unreadable ones."""
    suggested, included = one(order, "suggestedRefund"), order.get("taxesIncluded") is True
    if not suggested:
        return None
    reading = Reading()
    lines: dict[str, tuple[Sides, Sides]] = {}
    for row in many(suggested, "refundLineItems"):
        ref = text(one(row, "lineItem"), "id") or ""
        subtotal, tax = reading.money(row.get("subtotalSet"), ref), reading.money(row.get("totalTaxSet"), ref)
        gross = subtotal if included else subtotal + tax
        before = lines.get(ref, (Sides(0, 0), Sides(0, 0)))
        lines[ref] = (before[0] + gross, before[1] + tax)
    freight = one(suggested, "shipping")
    amount, tax = reading.money(freight.get("amountSet"), ""), reading.money(freight.get("taxSet"), "")
    maximum = reading.money(suggested.get("maximumRefundableSet"), "").presentment
    if reading.findings:
        return None
    return PlatformQuote(lines=lines, shipping=amount if included else amount + tax, maximum_refundable=maximum)


def health(data: Doc, locations: Iterable[Doc], headers: Mapping[str, str], *, version: str, now: datetime) -> Health:
    """Return what a connection can do and what is wrong with it, in words for the merchant."""
    shop = one(data, "shop")
    granted = _granted(data)
    scopes = {**SCOPES, **EXCHANGE_SCOPES}
    capabilities = frozenset(kind.value for kind, scope in scopes.items() if scope in granted)
    problems = [f"The scope {scope} is missing." for scope in sorted({*NEEDED, *SCOPES.values()} - granted)]
    if not {*EXCHANGE_SCOPES.values(), "read_products"} <= granted:
        problems.append("Without write_draft_orders and read_products the new orders of exchanges are made by hand.")
    if "read_all_orders" not in granted:
        problems.append("Without the scope read_all_orders only the orders of the last 60 days can be read.")
    served = headers.get(VERSION_HEADER)
    if served is not None and served != version:
        problems.append(f"The shop answers with API version {served} instead of {version}.")
    skew = _skew_s(headers.get("date"), now)
    if skew > CLOCK_SKEW_S:
        problems.append(f"The clock of this machine differs from the platform's by {skew} seconds.")
    places = tuple(
        (text(row, "id") or "", text(row, "name") or "") for row in locations if row.get("isActive") is not False
    )
    if not places:
        problems.append("The shop has no active location to restock at.")
    return Health(
        ok=bool(capabilities) and set(NEEDED[:1]) <= granted,
        shop_name=text(shop, "name") or "",
        currency=text(shop, "currencyCode") or "",
        timezone=text(shop, "ianaTimezone") or "",
        capabilities=capabilities,
        problems=tuple(problems),
        locations=places,
    )


def _granted(data: Doc) -> set[str]:
    """Return the granted scopes; the right to write a thing includes the right to read it."""
    handles = {text(row, "handle") or "" for row in many(one(data, "currentAppInstallation"), "accessScopes")}
    return handles | {handle.replace("write_", "read_", 1) for handle in handles if handle.startswith("write_")}


def _skew_s(date: str | None, now: datetime) -> int:
    try:
        far = parsedate_to_datetime(date or "")
    except ValueError:
        return 0
    return int(abs((now - (far if far.tzinfo else far.replace(tzinfo=UTC))).total_seconds()))
