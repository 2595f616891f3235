"""What a simulation leaves out makes no difference: quotes without tenders, and returns that are not quoted at all."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.policy import LineFacts, PolicyDocument
from retour.core.policy.outcome import Eligibility, Group, Mode
from retour.core.refund import Ledger, Plan, RefundRequest, RefundTerms, booked, quote
from retour.core.simulation import Court, Fate
from retour.core.simulation.past import Found, PastLine, PastReturn, Recorded
from retour.store.expression import Cel
from tests.core.builders import a_ledger
from tests.core.policy.strategies import FACTS_OF_LINES, POLICIES, examples
from tests.core.refund.generating import a_step, orders, randoms, some_terms
from tests.core.simulation import builders as b

pytestmark = pytest.mark.property
WISHES = ("refund_original", "store_credit", "exchange", "repair")
GRADES = ("sealed", "opened", "damaged")


def paid(order: Order, ledger: Ledger, request: RefundRequest, terms: RefundTerms, *, hashed: bool) -> Plan | str:
    try:
        return quote(order, ledger, request, terms, hashed=hashed)
    except Refused as no:
        return no.code


def figures(plan: Plan) -> tuple[object, ...]:
    """Return all of a plan but where its money goes, and what people confirm and read."""
    return (
        plan.rows, plan.adjustments, plan.total, plan.taxes, plan.billed, plan.bonus, plan.bonus_shop, plan.fees,
        plan.credited, plan.order_rest,
    )  # fmt: skip


@examples
@given(orders(), randoms())
def test_what_is_paid_does_not_depend_on_the_payments_it_goes_back_to(order: Order, rng: random.Random) -> None:
    full, lean = a_ledger(order), Ledger()

    for _ in range(4):
        request, terms = a_step(rng, order, full), some_terms(rng, order)
        whole = paid(order, full, request, terms, hashed=True)
        part = paid(order, lean, request, terms, hashed=False)
        if isinstance(whole, str) or isinstance(part, str):
            assert whole == part
        else:
            assert figures(whole) == figures(part)
            full, lean = booked(full, whole), booked(lean, part)
            assert replace(full, tenders=()) == lean


def a_past(order: Order, facts: Sequence[LineFacts], chance: random.Random) -> PastReturn:
    """Return any return of the first lines of an order, some of its units inspected."""
    told = []
    wishes = chance.choice((WISHES, (chance.choice(WISHES),)))
    for line, its in zip(order.lines, facts, strict=False):
        units = chance.randint(1, line.quantity)
        found = Found(chance.randint(1, units), chance.choice(GRADES), chance.random() < 0.8, chance.choice((0, 2_500)))
        told.append(
            PastLine(
                line.ref,
                units,
                b.kept(replace(its, line_ref=line.ref, books_currency=order.shop_currency)),
                chance.choice(wishes),
                chance.choice((None, None, None, None, None, Fate.REJECTED, Fate.CLOSED)),
                chance.choice(((), (), (found,))),
            )
        )
    method = chance.choice(("label", "own_carrier"))
    return PastReturn("r", "r", order.ref, "", date(2026, 3, 1), tuple(told), method, "v", Recorded(1_000))


def often_paid(document: PolicyDocument, chance: random.Random) -> PolicyDocument:
    """Return the policy, most often accepting what no rule refuses: a return that gets nothing shows little."""
    if chance.random() < 0.2:
        return document
    decided = replace(document.defaults, eligibility=Eligibility(Mode.ALWAYS))
    return replace(document, defaults=decided, rules=chance.choice((document.rules, document.rules[:1], ())))


@settings(examples, suppress_health_check=[HealthCheck.filter_too_much])  # many policies give nothing, or pay otherwise
@given(POLICIES, POLICIES, orders(), st.lists(FACTS_OF_LINES, min_size=1, max_size=3), randoms())
def test_a_return_that_is_not_quoted_would_be_paid_the_same_in_each_world(
    candidate: PolicyDocument, then: PolicyDocument, order: Order, facts: Sequence[LineFacts], chance: random.Random
) -> None:
    then = often_paid(then, chance)
    other = chance.choice([group.value for group in Group])
    defaults = chance.choice((then.defaults, replace(then.defaults, **{other: getattr(candidate.defaults, other)})))
    near = replace(then, currency=None, defaults=defaults, rules=chance.choice((then.rules, candidate.rules[:1])))
    court = Court(near, None, {"v": replace(then, currency=None)}, Cel())
    case = court.case(a_past(order, facts, chance))
    quotes = court.quote(order, [case], frozenset({"r"}))["r"]

    assume(case.recorded is not None and not court.needs_order(case))
    assume(not isinstance(quotes, Refused))
    lean, full = court.compare(case), court.compare(case, quotes)

    assert (lean.before, lean.after, lean.changes) == (full.before, full.after, full.changes)
    assert all(
        money == quotes.then
        for world, money in ((case.before, quotes.before), (case.after, quotes.after))
        if world.is_paid and case.then.is_paid
    )
