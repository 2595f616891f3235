"""The simple form says what the document says, changes what it asks about, and leaves the rest as it was."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retour.core.policy import decode, encode, simple, template
from retour.core.policy.document import AllOf, Compare, Op, Rule
from retour.core.policy.outcome import (
    Anchor,
    Approval,
    Approving,
    ChargeMode,
    Eligibility,
    Fee,
    FeePer,
    Mode,
    Moment,
    NeverBecause,
    Outcomes,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    Start,
)
from retour.core.policy.simple import SimplePolicy

FIRST = SimplePolicy(
    mode=Mode.WINDOW,
    window_days=30,
    counted_from=Anchor.DELIVERED,
    automatic=False,
    over_units=None,
    over_minor=None,
    gift_cards_return=False,
    tags=("final-sale", "final sale"),
    moment=Moment.INSPECTED,
    shipping=ChargeMode.NONE,
    opened_deduction_bp=0,
    damaged_deduction_bp=0,
    restocking_fee_bp=0,
)
BP = st.integers(0, 10_000)
WISHES = st.builds(
    SimplePolicy,
    mode=st.sampled_from(Mode),
    window_days=st.integers(0, 3650),
    counted_from=st.sampled_from(Anchor),
    automatic=st.booleans(),
    over_units=st.none() | st.integers(0, 1000),
    over_minor=st.none() | st.integers(0, 10**9),
    gift_cards_return=st.booleans(),
    tags=st.lists(st.text("abc-", min_size=1, max_size=8), max_size=4, unique=True).map(tuple),
    moment=st.sampled_from(Moment),
    shipping=st.sampled_from(ChargeMode),
    opened_deduction_bp=BP,
    damaged_deduction_bp=BP,
    restocking_fee_bp=BP,
)


def test_the_first_policy_reads_as_it_was_made_and_writing_it_back_changes_nothing() -> None:
    first = template()

    assert simple.read(first) == FIRST
    assert simple.beyond(first) == ()
    assert simple.written(FIRST, first, currency="EUR") == first
    assert simple.read(template(automatic=True)).automatic


@given(WISHES)
def test_what_is_written_is_read_again_and_is_a_policy(wish: SimplePolicy) -> None:
    made = simple.written(wish, template(), currency="EUR")

    expected = wish if wish.automatic else replace(wish, over_units=None, over_minor=None)
    if wish.mode is not Mode.WINDOW:
        expected = replace(expected, counted_from=Anchor.DELIVERED, window_days=30)
    assert simple.read(made) == expected
    assert decode(encode(made)) == made
    assert simple.written(simple.read(made), made, currency="EUR") == made


def test_rules_made_elsewhere_stay_first_and_keep_their_ids() -> None:
    outlet = Rule("outlet", "Outlet", Outcomes(Eligibility(Mode.ALWAYS)), Compare("product.vendor", Op.EQ, "Outlet"))
    strange = Rule("final-sale", "Ours looks different", Outcomes(Eligibility(Mode.ALWAYS)), AllOf())
    asleep = Rule(
        "larger-requests", "Off", Outcomes(decision=Approving(Approval.REVIEW)),
        Compare("return.item_count", Op.GT, 2), enabled=False,
    )  # fmt: skip
    document = replace(template(automatic=True), rules=(outlet, strange, asleep))
    wish = replace(FIRST, automatic=True, over_units=5, over_minor=20_000)

    made = simple.written(wish, document, currency="EUR")

    assert simple.beyond(document) == (outlet, strange, asleep)
    assert [rule.id for rule in made.rules] == [
        "outlet", "final-sale", "larger-requests", "gift-cards", "final-sale-2", "larger-requests-2", "larger-values",
    ]  # fmt: skip
    assert made.rules[:3] == document.rules
    assert made.currency == "EUR"
    assert decode(encode(made)) == made


def test_a_fixed_fee_and_the_message_of_the_window_stay() -> None:
    first = template()
    fee = Fee(bp=500, fixed_minor=390, per=FeePer.RETURN)
    window = Eligibility(Mode.WINDOW, 14, (Start(Anchor.FULFILLED, 9),), message="Too late")
    offers = Resolutions(
        (ResolutionOffer(ResolutionKind.REFUND_ORIGINAL, restocking_fee=fee), ResolutionOffer(ResolutionKind.GIFT_CARD))
    )
    document = replace(first, currency="EUR", defaults=replace(first.defaults, eligibility=window, resolutions=offers))
    assert simple.read(document).restocking_fee_bp == 500

    kept = simple.written(replace(simple.read(document), restocking_fee_bp=0), document, currency="EUR")
    longer = simple.written(replace(simple.read(document), window_days=60), document, currency="EUR")
    from_order = simple.written(replace(simple.read(document), counted_from=Anchor.ORDERED), document, currency="EUR")

    assert kept.defaults.resolutions.offered[0].restocking_fee == replace(fee, bp=0)
    assert kept.defaults.resolutions.offered[1] == offers.offered[1]
    assert longer.defaults.eligibility == replace(window, window_days=60)
    assert from_order.defaults.eligibility == replace(window, counted_from=(Start(Anchor.ORDERED),))


@pytest.mark.parametrize(
    ("anchor", "starts"),
    [
        (Anchor.DELIVERED, (Start(Anchor.DELIVERED), Start(Anchor.FULFILLED, 5), Start(Anchor.ORDERED))),
        (Anchor.FULFILLED, (Start(Anchor.FULFILLED), Start(Anchor.ORDERED))),
        (Anchor.ORDERED, (Start(Anchor.ORDERED),)),
    ],
)
def test_a_window_is_counted_from_the_next_day_where_the_first_is_not_known(
    anchor: Anchor, starts: tuple[Start, ...]
) -> None:
    always = simple.written(replace(FIRST, mode=Mode.ALWAYS), template(), currency="EUR")
    assert always.defaults.eligibility == Eligibility(Mode.ALWAYS)

    made = simple.written(replace(FIRST, counted_from=anchor), always, currency="EUR")

    assert made.defaults.eligibility == Eligibility(Mode.WINDOW, 30, starts)


def test_a_store_that_takes_nothing_back_stays_so_until_somebody_says_otherwise() -> None:
    first = template()
    never = Eligibility(Mode.NEVER, because=NeverBecause.FINAL_SALE, message="Closed")
    document = replace(first, defaults=replace(first.defaults, eligibility=never))
    closed = simple.written(replace(FIRST, mode=Mode.NEVER), first, currency="EUR")

    assert simple.read(document).mode is Mode.NEVER
    assert simple.written(simple.read(document), document, currency="EUR").defaults.eligibility == never
    assert closed.defaults.eligibility == Eligibility(Mode.NEVER, because=NeverBecause.NEVER_ELIGIBLE)


def test_an_absolute_last_day_stays_until_the_form_says_a_number_of_days() -> None:
    last_day = Eligibility(Mode.WINDOW, until=date(2026, 12, 31))
    document = replace(template(), defaults=replace(template().defaults, eligibility=last_day))
    wish = simple.read(document)

    same = simple.written(wish, document, currency="EUR").defaults.eligibility
    changed = simple.written(replace(wish, window_days=14), document, currency="EUR").defaults.eligibility

    assert same == last_day
    assert (changed.window_days, changed.until) == (14, date(2026, 12, 31))
    assert changed.counted_from == template().defaults.eligibility.counted_from


def test_a_delay_of_the_approval_stays_while_requests_are_approved_by_themselves() -> None:
    delayed = Approving(Approval.AUTO_APPROVE, "After a night", after_hours=12)
    document = replace(template(), defaults=replace(template().defaults, decision=delayed))
    wish = simple.read(document)

    assert simple.written(wish, document, currency="EUR").defaults.decision == delayed
    by_hand = simple.written(replace(wish, automatic=False), document, currency="EUR").defaults.decision
    assert by_hand == Approving(Approval.REVIEW)
