"""How many units of each order line can still come back, computed from what was shipped, claimed and refunded."""

from collections.abc import Mapping
from dataclasses import dataclass

from retour.core.errors import Objection
from retour.core.order import Order


@dataclass(frozen=True, slots=True)
class Returnable:
    """The units of one line: shipped, claimed by returns that are not cancelled, refunded without a return, left."""

    line_ref: str
    shipped: int
    claimed: int
    refunded: int
    left: int

    def objections(self, quantity: int) -> tuple[Objection, ...]:
        """Return why that many units cannot come back; an empty answer means they can."""
        field = f"lines[{self.line_ref}].quantity"
        if quantity < 1:
            return (Objection("quantity_not_positive", "At least one unit must come back.", field),)
        if self.shipped == 0:
            return (Objection("not_shipped", "Nothing of this line has been shipped yet.", field),)
        if self.left == 0:
            return (
                Objection("nothing_left", "Every shipped unit of this line is already returned or refunded.", field),
            )
        if quantity > self.left:
            said = f"{quantity} units were asked for and {self.left} can come back."
            return (Objection("more_than_returnable", said, field),)
        return ()


def returnable(
    order: Order, *, claimed: Mapping[str, int], refunded_without_return: Mapping[str, int]
) -> dict[str, Returnable]:
    """Return per line ref what can come back: `shipped − claimed − refunded without a return`, never below zero.

    `claimed` counts units of the line in returns that are not rejected, cancelled or expired. Shipped units are capped
    at what was ordered and not cancelled, so that a platform's surplus fulfilment opens no gate.
    """
    answer, sent = {}, order.sent()
    for line in order.lines:
        shipped = max(0, min(sent.get(line.ref, 0), line.quantity - line.cancelled))
        taken, refunded = claimed.get(line.ref, 0), refunded_without_return.get(line.ref, 0)
        left = max(0, shipped - taken - refunded)
        answer[line.ref] = Returnable(line.ref, shipped, taken, refunded, left)
    return answer
