"""The facts that every line of a request shares because they are about its order and its customer."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from retour.core.money import half_up
from retour.core.order import ChargeKind, Order, Person, TenderKind
from retour.core.policy.document import FactValue
from retour.core.policy.facts import ParcelDays
from retour.core.policy.history import CustomerPast, History

POSTCODE_PREFIX = 4  # characters: enough for a zone of delivery, too few for a house


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the merchant-local calendar day of an aware instant."""
    return instant.astimezone(zone).date()


def days_since(day: date | None, today: date) -> int | None:
    """Return the days from then to today, or nothing."""
    return None if day is None else (today - day).days


def last_days(parcels: Sequence[ParcelDays]) -> tuple[date | None, date | None]:
    """Return when the last parcel left and when it arrived; nothing has arrived while one is still on its way."""
    if not parcels:
        return None, None
    arrived = [parcel.delivered_on for parcel in parcels if parcel.delivered_on is not None]
    delivered_on = max(arrived) if len(arrived) == len(parcels) else None
    return max(parcel.fulfilled_on for parcel in parcels), delivered_on


def order_facts(
    order: Order,
    *,
    person: Person,
    history: History,
    shipped: int,
    parcels: Sequence[ParcelDays],
    today: date,
    zone: ZoneInfo,
) -> dict[str, FactValue]:
    """Return the facts of the order; `shipped` counts its units that left, `parcels` are all of its parcels."""
    listed = sum(line.list_value.shop for line in order.lines)
    taken_off = sum(share.amount.shop for line in order.lines for share in line.discounts)
    units = sum(line.quantity - line.cancelled for line in order.lines)
    kinds = {capture.kind for capture in order.captures}
    placed_on = local_day(order.placed_at, zone)
    fulfilled_on, delivered_on = last_days(parcels)
    return {
        "order.country": order.country,
        "order.province": order.province,
        "order.postcode_prefix": postcode_prefix(person.postcode),
        "order.zone": None,  # the policy's own, told by its document
        "order.currency": order.currency,
        "order.tags": order.tags,
        "order.channel": order.channel,
        "order.app": order.app,
        "order.discount_codes": order.discount_codes,
        "order.discount": taken_off,
        "order.discount_bp": share_bp(taken_off, listed),
        "order.paid_with": tuple(sorted(kind.value for kind in kinds)),
        "order.gateways": tuple(sorted({capture.gateway for capture in order.captures})),
        "order.gift_card_paid": TenderKind.GIFT_CARD in kinds,
        "order.failed_payments": order.failed_payments,
        "order.total": order.total.shop,
        "order.shipping_paid": sum(c.gross.shop for c in order.charges if c.kind is ChargeKind.SHIPPING),
        "order.refunded": sum(refund.total.shop for refund in order.refunds),
        "order.item_count": units,
        "order.line_count": len(order.lines),
        "order.fulfilment": "none" if not shipped else "partly" if shipped < units else "fully",
        "order.test": order.test,
        "order.cancelled": order.cancelled_at is not None,
        "order.risk": None if order.risk is None else order.risk.value,
        "order.placed_on": placed_on,
        "order.fulfilled_on": fulfilled_on,
        "order.delivered_on": delivered_on,
        "order.days_since_ordered": (today - placed_on).days,
        "order.days_since_fulfilled": days_since(fulfilled_on, today),
        "order.days_since_delivered": days_since(delivered_on, today),
        "order.earlier_returns": history.returns_of_order,
    }


def customer_facts(
    order: Order, *, person: Person, history: History, today: date, zone: ZoneInfo
) -> dict[str, FactValue]:
    """Return the facts of the customer; what the history was not asked about is not known."""
    told = person.figures
    first = _first_order(history.customer, told.orders_placed)
    return {
        "customer.tags": person.tags,
        "customer.country": person.home_country,
        "customer.type": None if order.company is None else "company" if order.company else "person",
        "customer.email_domain": email_domain(person.email),
        "customer.orders_placed": told.orders_placed,
        "customer.total_spent": told.spent,
        "customer.days_since_first_order": None if first is None else (today - local_day(first, zone)).days,
        "customer.days_known": None if told.since is None else (today - local_day(told.since, zone)).days,
        "customer.earlier_returns": history.returns_of_customer,
        **_past_facts(history.customer),
    }


def _past_facts(past: CustomerPast | None) -> dict[str, FactValue]:
    if past is None:
        return dict.fromkeys(_PAST)
    bought = past.units_bought
    return dict(
        zip(
            _PAST,
            (
                bought,
                past.units_returned,
                share_bp(past.units_returned, bought) if bought else None,
                past.exchanges,
                past.kept_items,
                past.partial_credits,
                past.bonus,
                past.rejected,
                past.not_accepted,
                past.wrong_items,
                past.failed_payments,
            ),
            strict=True,
        )
    )


_PAST = (
    "customer.units_bought",
    "customer.units_returned",
    "customer.return_share_bp",
    "customer.exchanges",
    "customer.kept_items",
    "customer.partial_credits",
    "customer.bonus_credit",
    "customer.rejected_returns",
    "customer.returns_not_accepted",
    "customer.returns_with_wrong_items",
    "customer.failed_payments",
)


def _first_order(past: CustomerPast | None, orders_placed: int | None) -> datetime | None:
    """Return when the first order was placed if no order of the customer can be missing among those read."""
    if past is None or orders_placed is None or past.orders_read < orders_placed:
        return None
    return past.first_order_at


def share_bp(part: int, whole: int) -> int:
    """Return a share in basis points, half up; a share of nothing is nothing."""
    return half_up(part * 10_000, whole) if whole else 0


def postcode_prefix(postcode: str | None) -> str | None:
    """Return the first letters and digits of a postcode in capitals, or nothing."""
    folded = "".join(c for c in postcode or "" if c.isalnum())
    return folded[:POSTCODE_PREFIX].upper() or None


def email_domain(address: str | None) -> str | None:
    """Return what follows the last @ in small letters, or nothing."""
    _, at, domain = (address or "").rpartition("@")
    return domain.strip().casefold() or None if at else None
