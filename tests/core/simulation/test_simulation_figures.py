"""A small past replayed by hand: every figure before and after, and why each return goes otherwise."""

from dataclasses import replace

from retour.core.policy import Asked, PolicyDocument
from retour.core.policy.document import Compare, Op, PromotionCondition, Several
from retour.core.policy.outcome import (
    Approval,
    Approving,
    Bonus,
    Fee,
    FeePer,
    Fees,
    MethodKind,
    Moment,
    Outcomes,
    Proposal,
    Requirements,
    ResolutionKind,
    ResolutionOffer,
    Resolutions,
    SettleOn,
)
from retour.core.rma.state import Disposition
from retour.core.simulation import (
    Change,
    Counts,
    Fate,
    Figures,
    Money,
    affected,
)
from retour.core.simulation.past import Found, Recorded, recorded
from tests.core.policy import builders as p
from tests.core.simulation import builders as b

SHIRT, SHOES = b.a_line("L1", 10_000, tax=1_597), b.a_line("L2", 5_000)
THEN = b.automatic()


def offering(*offers: ResolutionOffer) -> Resolutions:
    return Resolutions(offers)


def test_a_return_that_is_refused_pays_nothing_and_needs_no_quote() -> None:
    order = b.an_order(SHIRT, SHOES)
    past = b.a_past(order, Asked("L1", 1, "too_small"), recorded=10_000)
    court = b.a_court(p.with_default(p.a_window(2)), THEN)

    assert not court.needs_order(court.case(past))
    found = b.compared(court, past, order)

    assert (found.before, found.after, found.requoted) == (Money(refund_minor=10_000), Money(), False)
    assert found.changes == (Change.REFUSED, Change.PAYS_LESS)
    entry = affected(found, court)
    assert (entry.fate_before, entry.fate_after) == (Fate.AUTOMATIC, Fate.REFUSED)
    (line,) = entry.lines
    assert (line.after.code, line.after.closes_on, line.after.resolution) == (
        "window_closed",
        p.DELIVERED.date().replace(day=7),
        None,
    )
    assert line.after.message == "The time to return this article ended on 2026-03-07."
    assert [(why.group, why.rule_before, why.rule_after) for why in line.why] == [
        ("eligibility", "default", "default"),
        ("decision", "default", "default"),
    ]
    assert (line.why[0].before["window_days"], line.why[0].after["window_days"]) == (30, 2)


def test_a_fee_is_quoted_as_the_difference_to_what_was_recorded() -> None:
    order = b.an_order(SHIRT)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)

    found = b.compared(court, b.a_past(order, recorded=9_990), order)  # ten cents less than it would be today

    assert found.before == Money(refund_minor=9_990)
    assert found.after == Money(refund_minor=8_990, fee_minor=1_000)
    assert (found.changes, found.requoted) == ((Change.PAYS_LESS,), True)


def test_what_is_not_recorded_is_quoted_on_both_sides() -> None:
    order = b.an_order(SHIRT)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)

    found = b.compared(court, b.a_past(order), order)

    assert (found.before.refund_minor, found.after.refund_minor) == (10_000, 9_000)


def test_credit_is_no_refund_and_its_bonus_comes_beside_it() -> None:
    credit = ResolutionOffer(ResolutionKind.STORE_CREDIT, bonus=Bonus(bp=1_000))
    order, then = b.an_order(SHIRT), b.automatic(resolutions=offering(ResolutionOffer(ResolutionKind.REFUND_ORIGINAL)))
    court = b.a_court(b.automatic(resolutions=offering(credit)), then)

    found = b.compared(court, b.a_past(order, recorded=10_000), order)

    assert found.after == Money(credit_minor=10_000, bonus_minor=1_000)
    assert found.changes == (Change.PAYS_MORE, Change.RESOLUTION)
    figures = b.told([found]).books[0].after.figures
    assert (figures.refund_minor, figures.retained_minor) == (0, 10_000)


def test_an_exchange_moves_the_value_and_a_repair_moves_none() -> None:
    order, then = b.an_order(SHIRT), b.automatic()
    for kind, expected in ((ResolutionKind.EXCHANGE, Money(exchange_minor=10_000)), (ResolutionKind.REPAIR, Money())):
        court = b.a_court(b.automatic(resolutions=offering(ResolutionOffer(kind))), then)
        assert b.compared(court, b.a_past(order, recorded=10_000), order).after == expected


def test_a_person_who_rejected_is_overruled_only_by_a_policy_that_asks_nobody() -> None:
    order, reviewing = b.an_order(SHIRT), p.a_policy()
    past = b.a_past(order, recorded=10_000, held={"L1": Fate.REJECTED})

    now_automatic = b.compared(b.a_court(THEN, reviewing), past, order)
    still_asked = b.compared(b.a_court(b.with_fee(reviewing, 100), reviewing), past, order)
    rejected_anyway = b.compared(b.a_court(reviewing, THEN), past, order)

    assert (now_automatic.before, now_automatic.after) == (Money(), Money(refund_minor=10_000))
    assert now_automatic.changes == (Change.TO_AUTOMATIC, Change.PAYS_MORE)
    assert still_asked.changes == ()
    assert rejected_anyway.changes == ()
    assert rejected_anyway.case.after.fate is Fate.REJECTED


def test_what_the_shopper_gave_up_stays_given_up() -> None:
    order = b.an_order(SHIRT)
    past = b.a_past(order, recorded=10_000, held={"L1": Fate.CLOSED})

    found = b.compared(b.a_court(b.with_fee(THEN, 100), THEN), past, order)

    assert (found.before, found.after, found.changes) == (Money(), Money(), ())
    assert found.case.after.fate is Fate.CLOSED


def test_lines_that_are_refused_leave_the_others_in_the_return() -> None:
    order = b.an_order(SHIRT, SHOES)
    candidate = b.automatic(
        p.a_policy(p.a_rule("no-shoes", p.NEVER, Compare("line.price_paid", Op.LT, 6_000)), currency="EUR")
    )
    past = b.a_past(order, recorded=15_000)

    found = b.compared(b.a_court(candidate, THEN), past, order)

    assert (found.before.refund_minor, found.after.refund_minor) == (15_000, 10_000)
    books = b.told([found], {"no-shoes": "No shoes"}).books[0]
    assert books.before.counts == Counts(returns=1, automatic=1)
    assert books.after.counts == Counts(returns=1, automatic=1)
    assert books.after.figures == Figures(
        lines=2, units=2, automatic=1, refused=1, value_minor=15_000, refund_minor=10_000
    )
    assert books.before.figures == Figures(lines=2, units=2, automatic=2, value_minor=15_000, refund_minor=15_000)
    assert books.after.figures.retained_minor == 5_000
    by_rule = {(row.group, row.key): row for row in books.by["rule"]}
    assert by_rule["eligibility", "no-shoes"].label == "No shoes"
    assert by_rule["eligibility", "no-shoes"].after == Figures(lines=1, units=1, refused=1, value_minor=5_000)
    assert by_rule["eligibility", "default"].after.refund_minor == 10_000
    assert (by_rule["eligibility", "default"].changed, by_rule["eligibility", "no-shoes"].changed) == (1, 1)
    assert {row.key: row.changed for row in books.by["reason"]} == {"too_small": 1}


def test_deductions_follow_the_policy_and_a_persons_word_does_not() -> None:
    then = b.automatic(refund_terms=replace(p.a_policy().defaults.refund_terms, opened_deduction_bp=1_000))
    stricter = b.automatic(refund_terms=replace(p.a_policy().defaults.refund_terms, opened_deduction_bp=5_000))
    order, court = b.an_order(SHIRT), b.a_court(stricter, then)

    proposed = b.a_past(
        order, recorded=Recorded(9_000, deduction_minor=1_000), found={"L1": (Found(1, "opened", True, 1_000),)}
    )
    overruled = b.a_past(
        order, recorded=Recorded(9_500, deduction_minor=500), found={"L1": (Found(1, "opened", True, 500),)}
    )

    found = b.compared(court, proposed, order)
    assert found.after == Money(refund_minor=5_000, deduction_minor=5_000)
    assert b.compared(court, overruled, order).changes == ()


def test_units_that_a_policy_would_not_accept_are_not_paid() -> None:
    inspection = p.a_policy().defaults.inspection
    strict = b.automatic(inspection=replace(inspection, damaged=Proposal(False, Disposition.DISPOSE)))
    lax = b.automatic(inspection=replace(inspection, damaged=Proposal(True, Disposition.DISPOSE)))
    order = b.an_order(b.a_line("L1", 10_000, quantity=2))
    past = b.a_past(
        order, Asked("L1", 2, "damaged"), recorded=10_000,
        found={"L1": (Found(1, "damaged", True), Found(1, "sealed", True))},
    )  # fmt: skip

    found = b.compared(b.a_court(strict, lax), past, order)

    assert (found.before.refund_minor, found.after.refund_minor) == (10_000, 5_000)


def test_units_that_nobody_judged_count_as_sound_and_none_counts_twice() -> None:
    order = b.an_order(b.a_line("L1", 10_000, quantity=2))
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)
    broken, whole = Found(1, "damaged", False), Found(1, "sealed", True)

    partly = b.compared(court, b.a_past(order, Asked("L1", 2, "x"), found={"L1": (broken,)}), order)
    twice = b.compared(court, b.a_past(order, Asked("L1", 1, "x"), found={"L1": (broken, whole)}), order)

    assert (partly.before.refund_minor, partly.after.refund_minor) == (5_000, 4_500)
    assert twice.before.refund_minor == 0


def test_what_was_settled_is_the_record_once_all_is_inspected_and_the_promise_before() -> None:
    promised, settled = Recorded(100), Recorded(90)
    (line,) = b.a_past(b.an_order(SHIRT)).lines
    for changes, is_inspected, expected in (
        ({}, False, promised),
        ({"found": (Found(1, "sealed", True),)}, True, settled),
        ({"found": (Found(1, "sealed", True),)}, False, None),
        ({"held": Fate.REJECTED}, False, None),
    ):
        lines = (line._replace(**changes),)
        assert recorded(lines, promised=promised, settled=settled, is_inspected=is_inspected) == expected


def test_a_fee_per_parcel_is_charged_for_each_way_back() -> None:
    fee = Fee(fixed_minor=300, per=FeePer.PARCEL)
    then = b.automatic(replace(THEN, currency="EUR"), fees=Fees(return_fee=fee), methods=b.by("own_carrier"))
    shoes = p.a_rule("shoes", Outcomes(methods=b.by("drop_off")), Compare("line.price_paid", Op.LT, 6_000))
    order, apart = b.an_order(SHIRT, SHOES), replace(then, rules=(shoes,), several=Several.SPLIT)

    found = b.compared(b.a_court(apart, then), b.a_past(order, recorded=14_700), order)

    assert (found.after.fee_minor - found.before.fee_minor, found.after.refund_minor) == (300, 14_400)
    assert found.case.after.fate is Fate.AUTOMATIC


def test_other_ways_other_moments_and_other_questions_are_changes_too() -> None:
    order, then = b.an_order(SHIRT), b.automatic(methods=b.by("own_carrier", "label"))
    past = b.a_past(order, recorded=10_000)
    for defaults, change in (
        ({"methods": b.by("label")}, Change.METHOD),
        ({"settle_on": SettleOn(Moment.RECEIVED)}, Change.SETTLE_ON),
        ({"requirements": Requirements(note=True)}, Change.REQUIREMENTS),
        ({"decision": Approving(Approval.REVIEW)}, Change.TO_REVIEW),
    ):
        found = b.compared(b.a_court(b.automatic(then, **defaults), then), past, order)
        assert (found.changes, found.after) == ((change,), found.before)
    label = b.told([b.compared(b.a_court(b.automatic(methods=b.by("label")), then), past, order)])
    assert (label.books[0].before.figures.labels, label.books[0].after.figures.labels) == (0, 1)


def test_photos_and_several_ways_are_looked_at_by_a_person() -> None:
    order = b.an_order(SHIRT, SHOES)
    photos = b.automatic(requirements=Requirements(photos=1))
    apart = p.a_rule("shoes", Outcomes(methods=b.by("label")), Compare("line.price_paid", Op.LT, 6_000))
    mixed = b.automatic(p.a_policy(apart, currency="EUR"), methods=b.by("own_carrier"))
    past = b.a_past(order, recorded=15_000)

    found = [b.compared(b.a_court(policy, THEN), past, order) for policy in (photos, mixed)]

    assert [one.changes for one in found] == [
        (Change.TO_REVIEW, Change.REQUIREMENTS),
        (Change.TO_REVIEW, Change.METHOD),
    ]
    assert found[1].case.after.parcels == 2
    assert found[1].case.after.labels == 1


def test_what_is_kept_does_not_travel() -> None:
    kept = b.automatic(resolutions=offering(ResolutionOffer(ResolutionKind.KEEP_ITEM, share_bp=4_000)))
    order = b.an_order(SHIRT)

    found = b.compared(b.a_court(kept, THEN), b.a_past(order, recorded=10_000), order)

    assert found.after == Money(refund_minor=4_000)
    assert (found.case.after.parcels, found.case.after.labels) == (0, 0)
    assert found.case.after.lines[0].method == MethodKind.KEEP_ITEM.value


def test_returns_of_one_order_are_replayed_in_their_order() -> None:
    order = b.an_order(b.a_line("L1", 10_001, quantity=2))
    first, second = (
        b.a_past(order, Asked("L1", 1, "x"), key=key, recorded=minor) for key, minor in (("r1", 5_001), ("r2", 5_000))
    )
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)
    cases = [court.case(first), court.case(second)]

    both = court.quote(order, cases, frozenset({"r1", "r2"}))
    late = court.quote(order, cases, frozenset({"r2"}))

    assert set(late) == {"r2"}
    assert late["r2"] == both["r2"]
    quotes = [both["r1"], both["r2"]]
    assert [q.then.refund_minor for q in quotes if not isinstance(q, Exception)] == [5_001, 5_000]
    assert [q.after.fee_minor for q in quotes if not isinstance(q, Exception)] == [500, 500]


def test_what_cannot_be_quoted_keeps_what_was_recorded() -> None:
    order = b.an_order(SHIRT)
    past = b.a_past(b.an_order(SHIRT, SHOES), Asked("L2", 1, "x"), recorded=5_000)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN)

    found = b.compared(court, past, order)

    assert (found.before, found.after, found.quoted) == (Money(refund_minor=5_000), Money(refund_minor=5_000), False)
    assert b.told([found]).not_quoted == 1


def test_the_version_of_each_return_may_be_replaced_by_one_for_all() -> None:
    order = b.an_order(SHIRT)
    published, candidate = b.with_fee(THEN, 1_000), b.with_fee(THEN, 2_000)

    found = b.compared(b.a_court(candidate, THEN, published), b.a_past(order, recorded=10_000), order)

    assert (found.before, found.after) == (
        Money(refund_minor=9_000, fee_minor=1_000),
        Money(refund_minor=8_000, fee_minor=2_000),
    )


def test_returns_that_nothing_is_known_of_are_compared_under_the_published_policy() -> None:
    order = b.an_order(SHIRT)
    court = b.a_court(b.with_fee(THEN, 1_000), THEN, THEN)

    found = b.compared(court, b.a_past(order, version=None), order)

    assert (found.before.refund_minor, found.after.refund_minor) == (10_000, 9_000)


def test_lines_that_got_different_things_are_quoted_because_the_record_tells_only_the_sum() -> None:
    order = b.an_order(SHIRT, SHOES)
    then = b.automatic(p.a_policy(
        p.a_rule("credit", Outcomes(resolutions=offering(ResolutionOffer(ResolutionKind.STORE_CREDIT))),
                 Compare("line.price_paid", Op.LT, 6_000)), currency="EUR"))  # fmt: skip

    found = b.compared(b.a_court(then, then), b.a_past(order, recorded=15_000), order)

    assert (found.before, found.changes) == (Money(refund_minor=10_000, credit_minor=5_000), ())


def test_a_record_never_becomes_negative_by_a_difference() -> None:
    order = b.an_order(SHIRT)

    found = b.compared(b.a_court(b.with_fee(THEN, 9_000), THEN), b.a_past(order, recorded=500), order)

    assert found.after == Money(refund_minor=0, fee_minor=9_000)


def test_other_promotions_of_a_document_are_other_terms() -> None:
    promoted = replace(THEN, currency="EUR", promotions=(PromotionCondition("SPRING", minimum_minor=1),))
    order = b.an_order(SHIRT)

    court = b.a_court(promoted, THEN)

    assert court.needs_order(court.case(b.a_past(order, recorded=10_000)))
    assert b.compared(court, b.a_past(order, recorded=10_000), order).changes == ()


def test_a_document_that_is_the_published_one_changes_nothing() -> None:
    order = b.an_order(SHIRT, SHOES)
    policy: PolicyDocument = b.with_fee(THEN, 1_000)

    found = b.compared(b.a_court(policy, policy), b.a_past(order, recorded=13_500), order)

    assert (found.before, found.after, found.changes, found.requoted) == (
        Money(refund_minor=13_500), Money(refund_minor=13_500), (), False,
    )  # fmt: skip
