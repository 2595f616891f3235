"""Paying for units that were never sent: they must still be here, and the platform frees their stock with the refund."""

from collections.abc import Iterable
from dataclasses import replace

from retour.core.effect import RefundedUnits
from retour.core.errors import Refused
from retour.core.kind import Kind, was_sent
from retour.core.order import Order
from retour.core.rma import Return


def check_unsent(ret: Return, order: Order) -> None:
    """Raise Refused(already_shipped) if units of a cancellation have left meanwhile: they can only come back."""
    if ret.kind != Kind.CANCELLATION:
        return
    for line in ret.lines:
        if was_sent(order.fulfilled(line.line_ref), line.claimed):
            raise Refused("already_shipped", "the units were sent before they could be cancelled", field="lines")


def refunded(
    ret: Return, order: Order, units: Iterable[RefundedUnits], *, location_ref: str | None
) -> list[RefundedUnits]:
    """Return the lines of a refund; those of a cancellation are freed at the store's location, else where it sends from."""
    if ret.kind != Kind.CANCELLATION:
        return list(units)
    sent_from = next((parcel.location_ref for parcel in order.fulfilments if parcel.location_ref), None)
    return [replace(line, cancelled=True, location_ref=location_ref or sent_from) for line in units]
