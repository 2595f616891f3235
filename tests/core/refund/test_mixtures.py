"""The main property: no mixture of steps under any terms ever pays too much, and a preview is what is paid.

It can be run by the million: MIXTURES says how many, shared by some processes.
"""

import os
import random

import pytest
from hypothesis import given, settings

from retour.core.errors import Refused
from retour.core.order import Order
from retour.core.refund import booked, quote
from tests.core.builders import a_ledger
from tests.core.refund.generating import a_step, orders, randoms, some_terms
from tests.core.refund.holding import holds, never_too_much

pytestmark = pytest.mark.property

EXAMPLES = int(os.environ.get("MIXTURES", os.environ.get("EXAMPLES", "200")))
SLICES = 1 if EXAMPLES < 100_000 else 8


@pytest.mark.parametrize("part", range(SLICES))
@settings(max_examples=max(1, EXAMPLES // SLICES))
@given(orders(), randoms())
def test_no_mixture_of_steps_ever_pays_too_much(part: int, order: Order, rng: random.Random) -> None:
    terms, ledger = some_terms(rng, order), a_ledger(order)
    for _ in range(rng.randint(1, 6)):
        request = a_step(rng, order, ledger)
        try:
            plan = quote(order, ledger, request, terms)
        except Refused:
            continue
        assert plan == quote(order, ledger, request, terms)
        holds(order, ledger, plan)
        if rng.random() < 0.8:  # else: voided before it was paid, which frees its units
            ledger = booked(ledger, plan)
            never_too_much(order, ledger)
