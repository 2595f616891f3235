"""The bonus for taking credit: added from another pocket, never part of the refund, taken back as it came."""

from retour.core.money import NOTHING, Sides, half_up, spread
from retour.core.order import Order
from retour.core.refund.fees import sides_of
from retour.core.refund.ledger import Ledger
from retour.core.refund.terms import WHOLE, BonusTerm


def bonus_step(order: Order, ledger: Ledger, term: BonusTerm, amount: Sides) -> Sides:
    """Return the bonus on an amount that is credited now, cumulatively over what its return was credited before.

    An amount below zero reverses a credit and gives the bonus that goes with it. The fixed amount is given once a
    return, whatever bonuses its lines have. Raise Refused(currency_mismatch).
    """
    before = next((credit.amount for credit in ledger.credited if credit.term == term), NOTHING)
    given = [c.term.fixed_minor for c in ledger.credited if c.term != term and c.amount.presentment > 0]
    fixed = max(0, term.fixed_minor - max(given, default=0))
    reached, so_far = _bonus(order, term, before + amount, fixed), _bonus(order, term, before, fixed)
    return reached - so_far


def same_parts(base: int, bonus: int, gone: int, amount: int) -> tuple[int, int]:
    """Return what of an amount goes back to base and to bonus, if `base` and `bonus` were spent together.

    `gone` went back before. In the same parts, cumulatively, so that a bonus never turns into base; minor units.
    """
    reached, before = spread(gone + amount, [base, bonus]), spread(gone, [base, bonus])
    return reached[0] - before[0], reached[1] - before[1]


def _bonus(order: Order, term: BonusTerm, credited: Sides, fixed_minor: int) -> Sides:
    if credited.presentment <= 0:
        return NOTHING
    bonus = sides_of(order, fixed_minor, term.currency)
    bonus += Sides(half_up(credited.presentment * term.bp, WHOLE), half_up(max(0, credited.shop) * term.bp, WHOLE))
    if term.at_most_minor is None:
        return bonus
    most = sides_of(order, term.at_most_minor, term.currency)
    return Sides(min(bonus.presentment, most.presentment), min(bonus.shop, most.shop))
