"""Properties of simulations over generated policies and facts."""

from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.policy import LineFacts, PolicyDocument
from retour.core.simulation import BY, Against, Court, Fate, Figures, Mode, Result, Tally, facts_needed, summed
from retour.core.simulation.past import PastLine, PastReturn, Recorded
from retour.store.expression import Cel
from tests.core.policy.strategies import FACTS_OF_LINES, POLICIES, examples
from tests.core.simulation import builders as b

pytestmark = pytest.mark.property
PASTS = st.lists(st.lists(FACTS_OF_LINES, min_size=1, max_size=3), min_size=1, max_size=6)

# What the n-th return asked for, how it came back, and what a person or the shopper said of it.
WISHES = ("refund_original", "store_credit", "exchange")
WAYS = ("label", "own_carrier")
HELD = (None, None, Fate.REJECTED, Fate.CLOSED)


def simulated(
    candidate: PolicyDocument, then: PolicyDocument, pasts: Sequence[Sequence[LineFacts]], *, remembers: bool = True
) -> Result:
    """Return the result over returns whose orders are gone, so that what cannot be taken from the record stands.

    Unless it `remembers`, each return is judged by somebody who has not seen another, and added up by itself.
    """
    courts, tallies = Court(candidate, None, {"v": then}, Cel()), [Tally()]
    for n, lines in enumerate(pasts):
        court = courts if remembers else Court(candidate, None, {"v": then}, Cel())
        tally = tallies[0] if remembers else Tally()
        tallies += [] if remembers else [tally]
        told = tuple(
            PastLine(
                f"L{at}",
                1 + at,
                b.kept(replace(facts, books_currency=lines[0].books_currency)),
                WISHES[n % 3],
                HELD[n // 2 % 4],
            )
            for at, facts in enumerate(lines)
        )
        day = lines[0].today
        past = PastReturn(f"r{n}", f"r{n}", "O", "", day, told, WAYS[n // 3 % 2], "v", Recorded(997 * (n + 1)))
        case = court.case(past)
        tally.add(court.compare_unquoted(case) if court.needs_order(case) else court.compare(case))
    return summed([one.plain() for one in tallies], mode=Mode.RETURNS, against=Against.RECORDED, listed=0, rules={})


@examples
@given(POLICIES, PASTS)
def test_the_policy_of_the_past_changes_nothing(policy: PolicyDocument, pasts: Sequence[Sequence[LineFacts]]) -> None:
    found = simulated(policy, policy, pasts)

    assert (found.read, found.affected, found.changes) == (len(pasts), 0, {})
    assert all(books.before == books.after for books in found.books)
    assert all(
        row.before == row.after and not row.changed for books in found.books for by in BY for row in books.by[by]
    )


@examples
@given(POLICIES, POLICIES, PASTS)
def test_the_rows_of_every_group_add_up_to_the_total(
    candidate: PolicyDocument, then: PolicyDocument, pasts: Sequence[Sequence[LineFacts]]
) -> None:
    found = simulated(candidate, then, pasts)

    for books in found.books:
        for side in ("before", "after"):
            whole = getattr(books, side).figures
            assert whole.lines == whole.automatic + whole.review + whole.refused + whole.rejected + whole.closed
            for by in BY:
                groups = {row.group for row in books.by[by]}
                for group in groups:
                    rows = [getattr(row, side) for row in books.by[by] if row.group == group]
                    sums = (sum(getattr(row, field.name) for row in rows) for field in fields(Figures))
                    assert Figures(*sums) == whole
    assert sum(books.before.counts.returns for books in found.books) == len(pasts)


@examples
@given(POLICIES, POLICIES, PASTS)
def test_facts_that_are_not_needed_change_no_figure(
    candidate: PolicyDocument, then: PolicyDocument, pasts: Sequence[Sequence[LineFacts]]
) -> None:
    needed = facts_needed(candidate) | facts_needed(then) | {
        "line.price_paid", "line.reason", "line.sku", "line.title", "order.country", "product.ref", "return.value",
    }  # fmt: skip
    few = [
        [replace(line, values={name: value for name, value in line.values.items() if name in needed}) for line in lines]
        for lines in pasts
    ]

    assert simulated(candidate, then, few) == simulated(candidate, then, pasts)


@examples
@given(POLICIES, POLICIES, PASTS)
def test_what_was_judged_before_changes_no_figure(
    candidate: PolicyDocument, then: PolicyDocument, pasts: Sequence[Sequence[LineFacts]]
) -> None:
    again = [*pasts, *([replace(line, line_ref="other") for line in lines] for lines in pasts), *reversed(pasts)]

    assert simulated(candidate, then, again) == simulated(candidate, then, again, remembers=False)
