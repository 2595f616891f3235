"""What happened before a request, as the facts need it: on the order, on its lines, and with its customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LinePast:
    """What happened to one order line: returns it was in that are not off, and how many of them were exchanges."""

    returned: int = 0
    exchanged: int = 0


@dataclass(frozen=True, slots=True)
class CustomerPast:
    """What a customer did in the orders and returns that were read.

    `orders_read` counts those orders, `first_order_at` is when the first of them was placed; `units_returned` counts
    the units of returns that are not off. `bonus` is in minor units of the books. `failed_payments` is nothing while one of the
    orders does not tell it.
    """

    orders_read: int = 0
    first_order_at: datetime | None = None
    units_bought: int = 0
    units_returned: int = 0
    exchanges: int = 0
    kept_items: int = 0
    partial_credits: int = 0
    bonus: int = 0
    rejected: int = 0
    not_accepted: int = 0
    wrong_items: int = 0
    failed_payments: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What happened before: units per line in live returns or refunded without one, and counts of earlier returns.

    What nobody looked up is nothing; a line that is missing from `lines`, once they were looked up, has no past.
    """

    claimed: Mapping[str, int] = field(default_factory=dict)
    refunded_without_return: Mapping[str, int] = field(default_factory=dict)
    returns_of_order: int = 0
    returns_of_customer: int | None = None
    lines: Mapping[str, LinePast] | None = None
    customer: CustomerPast | None = None
