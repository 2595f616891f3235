"""What is held: the exchange in figures before anything of it is settled, as it would be settled now."""

from functools import partial

from retour.core.errors import Refused
from retour.core.exchange import exchange, fees_of, given_of, together
from retour.core.exchange_order import chosen_for, handed_in, priced
from retour.core.hold import amount_of
from retour.core.money import Sides
from retour.core.policy.outcome import ExchangeTerms
from retour.core.refund import UnitRange
from retour.core.settling import Returning, divide, of_line
from retour.core.terms import offer_of
from retour.flows.card_hold.far import Look
from retour.store import exchange_order as exchange_orders
from retour.store import refund as refunds
from retour.store import rma as returns


async def amount(look: Look) -> int:
    """Return what is held on the card, in presentment minor units; raise Refused for what cannot be exchanged so."""
    if look.goods.worth <= 0:
        raise Refused("nothing_to_hold", "what is handed in is worth nothing, so nothing could be owed for it")
    db, order, ret = look.db, look.order.order, look.record.rma
    compiled = await look.far.policies.get(db, look.record.policy_version_id)
    rulings = await returns.rulings(db, ret.id, compiled)
    at = await refunds.position(db, look.record.order_id, past=False)
    bearing = await refunds.bearing_of(db, ret)
    lines = [line for line in ret.lines if line.id in look.hold.line_ids]
    returning = [
        Returning(
            line.line_ref, tuple(UnitRange(lo, hi) for lo, hi in line.claimed), line.resolution,
            of_line(rulings[line.line_ref], line, compiled), None, line.resolution_ref,
        )
        for line in lines
    ]  # fmt: skip
    named = await exchange_orders.wanted(db, ret.id)
    total = 0
    for part in divide(order, returning, partial(refunds.ledger_after, order, at), bearing):
        chosen = chosen_for(lines, handed_in(part.plan), named)
        if not chosen:
            raise Refused("article_unknown", "it is not known what every unit is exchanged for")
        plan_rows = (*part.plan.rows, *part.plan.adjustments)
        given = given_of(order, plan_rows)
        _, wanted = priced(chosen, look.seen.articles or {}, order, together(given))
        offer = offer_of(rulings[part.lines[0].line_ref], part.resolution, part.ref)
        done = exchange(
            given, wanted, offer.exchange if offer and offer.exchange else ExchangeTerms(),
            bonus=Sides(part.plan.bonus, part.plan.bonus_shop), fees=fees_of(plan_rows),
        )  # fmt: skip
        total += amount_of(done)
    return total
