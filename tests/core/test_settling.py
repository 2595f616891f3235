"""What is asked for becomes settlements: one per resolution, terms and time, each after the one before."""

from dataclasses import replace
from datetime import UTC, datetime

from retour.core.policy import LineDecision, compile_policy, decide, template
from retour.core.policy.document import PromotionCondition
from retour.core.policy.outcome import Fee, MethodKind, MethodOffer, Methods, PromotionMode
from retour.core.policy.outcome import FeePer as PolicyFeePer
from retour.core.refund import FeeKind, FeePer, FeeTerm, PromotionTerm, RefundTerms, UnitRange, Waiver, booked
from retour.core.refund import PromotionMode as Mode
from retour.core.rma import Grade, ReturnLine
from retour.core.settling import (
    Bearing,
    Returning,
    Standing,
    again,
    divide,
    judged_units,
    of_line,
    terms_for,
    units_now,
)
from tests.core.builders import a_ledger, a_line, an_order
from tests.core.policy.builders import knowing
from tests.core.rma import builders as b

ORDER = an_order(a_line("A", q=2, gross=2_000), a_line("B", q=1, gross=1_000))
PLAIN = RefundTerms()
FEE = RefundTerms(fees=(FeeTerm(FeeKind.RETURN, fixed_minor=300, per=FeePer.RETURN),))
LATER = datetime(2026, 5, 1, tzinfo=UTC)


def after(plans: tuple[object, ...]) -> object:
    ledger = a_ledger(ORDER)
    for plan in plans:
        ledger = booked(ledger, plan)  # type: ignore[arg-type]
    return ledger


def asked(line_ref: str, *units: UnitRange, terms: RefundTerms = PLAIN, **more: object) -> Returning:
    return replace(Returning(line_ref, units, "refund_original", terms), **more)  # type: ignore[arg-type]


def totals(*returning: Returning, bearing: Bearing | None = None) -> list[int]:
    parts = divide(ORDER, returning, after, bearing or Bearing())  # type: ignore[arg-type]
    return [part.plan.total.presentment for part in parts]


def test_lines_under_the_same_terms_are_one_settlement() -> None:
    (part,) = divide(
        ORDER, [asked("A", UnitRange(1, 1)), asked("B", UnitRange(1, 1)), asked("A", UnitRange(2, 2))], after
    )  # type: ignore[arg-type]

    assert part.plan.total.presentment == 3_000
    assert [(line.line_ref, len(line.units)) for line in part.lines] == [("A", 2), ("B", 1)]
    assert (part.resolution, part.not_before, part.ref) == ("refund_original", None, None)


def test_another_resolution_record_time_or_term_is_settled_apart() -> None:
    first = asked("A", UnitRange(1, 1))
    others: list[dict[str, object]] = [
        {"resolution": "store_credit"},
        {"ref": "record"},
        {"not_before": LATER},
        {"terms": FEE},
    ]

    for other in others:
        assert len(totals(first, asked("B", UnitRange(1, 1), **other))) == 2


def test_a_fee_of_the_return_is_charged_once_over_all_its_settlements() -> None:
    lines = asked("A", UnitRange(1, 1), terms=FEE), asked("B", UnitRange(1, 1), terms=FEE, not_before=LATER)
    parts = divide(ORDER, lines, after)  # type: ignore[arg-type]

    assert [part.plan.total.presentment for part in parts] == [700, 1_000]
    assert totals(asked("A", UnitRange(2, 2), terms=FEE), bearing=Bearing([part.plan for part in parts])) == [1_000]


def test_what_was_waived_is_not_charged_and_parcels_are_counted() -> None:
    per_parcel = RefundTerms(fees=(FeeTerm(FeeKind.LABEL, fixed_minor=100, per=FeePer.PARCEL),))

    assert totals(asked("B", UnitRange(1, 1), terms=FEE), bearing=Bearing(waivers=(Waiver(reason="kind"),))) == [1_000]
    assert totals(asked("B", UnitRange(1, 1), terms=per_parcel), bearing=Bearing(parcels=3)) == [700]


# --- terms ------------------------------------------------------------------------------------------------------------


def ruled(kind: str = "return") -> tuple[LineDecision, object]:
    label = MethodOffer(MethodKind.LABEL, fee=Fee(fixed_minor=490, per=PolicyFeePer.PARCEL))
    document = template()
    defaults = replace(
        document.defaults,
        methods=Methods((label, MethodOffer(MethodKind.DROP_OFF))),
        refund_terms=replace(document.defaults.refund_terms, promotions=PromotionMode.CLAWBACK),
    )
    document = replace(
        document, currency="EUR", defaults=defaults, promotions=(PromotionCondition("SPRING", minimum_minor=10_000),)
    )
    compiled = compile_policy(document, version="1")
    return decide(compiled, [knowing(**{"return.kind": kind})]).lines[0], compiled


def test_the_fee_of_the_chosen_way_is_the_labels() -> None:
    line, policy = ruled()

    by_label = terms_for(line, policy, resolution="refund_original", ref=None, method="label")  # type: ignore[arg-type]
    by_hand = terms_for(line, policy, resolution="refund_original", ref=None, method="drop_off")  # type: ignore[arg-type]

    assert by_label.fees == (FeeTerm(FeeKind.LABEL, fixed_minor=490, currency="EUR", per=FeePer.PARCEL),)
    assert by_hand.fees == ()
    assert by_label.promotions == (
        PromotionTerm("SPRING", Mode.CLAWBACK, minimum_minor=10_000, currency="EUR"),
    )  # fmt: skip
    assert by_label == of_line(line, replace(b.a_line(), resolution="refund_original", method="label"), policy)  # type: ignore[arg-type]


def test_a_withdrawal_has_the_laws_floor_and_a_cancellation_only_its_own_fee() -> None:
    for kind, floor, fees in (("withdrawal", True, 1), ("cancellation", False, 0), ("return", False, 1)):
        line, policy = ruled(kind)
        terms = terms_for(line, policy, resolution="refund_original", ref=None, method="label")  # type: ignore[arg-type]
        assert (terms.legal_floor, len(terms.fees)) == (floor, fees)


# --- units ------------------------------------------------------------------------------------------------------------


def test_the_units_of_a_batch_are_those_that_its_plan_pays() -> None:
    opened = b.an_inspection(1, (1, 2), line_ref="A", grade=Grade.OPENED, deduction_basis_points=500)
    other = b.an_inspection(2, (3, 3), line_ref="A", batch_id=b.batch(2))
    unpaid = b.an_inspection(3, (1, 1), line_ref="B")
    ret = b.a_return(b.a_line(units=3, inspections=(opened, other, unpaid)))
    (part,) = divide(ORDER, [asked("A", UnitRange(2, 2))], after)  # type: ignore[arg-type]

    assert judged_units(ret, b.batch(), part.plan) == {
        "A": (UnitRange(2, 2, deduction_bp=500, grade="opened"),)
    }  # fmt: skip


def test_units_settled_before_are_taken_as_they_are_now() -> None:
    refused = b.an_inspection(1, (1, 1), accepted=False)
    ret = b.a_return(b.a_line(units=3, claimed=((1, 2),), inspections=(refused,)), b.a_line(2, 1, claimed=()))

    now = units_now(ret, (("L1", 1, 3), ("L2", 1, 1)))

    assert now == {"L1": (UnitRange(1, 1, accepted=False, grade="sealed"), UnitRange(2, 2))}


def test_units_that_came_and_units_that_were_lost_of_one_order_line_are_those_units_still() -> None:
    came, lost = b.a_line(units=2, claimed=((1, 2),)), b.a_line(units=1, claimed=((3, 3),))
    ret = b.a_return(came, replace(lost, id=b.uid(99), lost_at=b.NOW))

    assert units_now(ret, (("L1", 1, 3),)) == {"L1": (UnitRange(1, 2), UnitRange(3, 3))}


# --- as it is now -----------------------------------------------------------------------------------------------------


def standing() -> Standing:
    line, policy = ruled()
    return Standing(policy, {"A": line, "B": line}, after, Bearing())  # type: ignore[arg-type]


def test_a_judged_batch_is_quoted_again_for_the_same_units_under_the_frozen_terms() -> None:
    verdict = replace(b.an_inspection(1, (1, 2), grade=Grade.DAMAGED), line_ref="A", deduction_basis_points=1_000)
    line = replace(b.a_line(units=2, inspections=(verdict,)), line_ref="A", method="drop_off")
    (shown,) = divide(ORDER, [asked("A", UnitRange(1, 2))], after)  # type: ignore[arg-type]

    now = again(
        ORDER, b.a_return(line), shown.plan, standing(), batch_id=b.batch(), units=(), resolution="refund_original",
        ref=None,
    )  # fmt: skip

    assert (shown.plan.total.presentment, now.total.presentment) == (2_000, 1_800)


def test_units_settled_early_are_quoted_again_as_long_as_somebody_returns_them() -> None:
    line = replace(b.a_line(units=1), line_ref="B", method="drop_off")
    gone = replace(line, claimed=())
    (shown,) = divide(ORDER, [asked("B", UnitRange(1, 1))], after)  # type: ignore[arg-type]

    def total(of: ReturnLine) -> int:
        plan = again(
            ORDER, b.a_return(of), shown.plan, standing(), batch_id=b.batch(), units=(("B", 1, 1),),
            resolution="refund_original", ref=None,
        )  # fmt: skip
        return plan.total.presentment

    assert (total(line), total(gone)) == (1_000, 0)
