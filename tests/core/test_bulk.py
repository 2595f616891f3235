"""What can be done to several returns at once, and what each act has to be told."""

import pytest

from retour.core.bulk import NEEDS, TEXT_MOST, BulkAct, Needs, check_said, why_not
from retour.core.errors import Refused
from retour.core.rma.moves import Decision

OK = None


@pytest.mark.parametrize(
    ("act", "status", "goods", "held", "code"),
    [
        (BulkAct.APPROVE, Decision.REQUESTED, "no_label", False, OK),
        (BulkAct.APPROVE, Decision.IN_REVIEW, "no_label", False, OK),
        (BulkAct.APPROVE, Decision.APPROVED, "in_transit", False, "is_approved"),
        (BulkAct.REJECT, Decision.APPROVED, "received", False, "already_received"),
        (BulkAct.REJECT, Decision.CANCELLED, "received", False, "is_cancelled"),
        (BulkAct.CANCEL, Decision.APPROVED, "in_transit", False, OK),
        (BulkAct.CANCEL, Decision.APPROVED, "inspected", False, "already_received"),
        (BulkAct.CANCEL, Decision.RESOLVED, "received", False, "is_resolved"),
        (BulkAct.HOLD, Decision.APPROVED, "no_label", False, OK),
        (BulkAct.HOLD, Decision.APPROVED, "no_label", True, "already_held"),
        (BulkAct.HOLD, Decision.REJECTED, "no_label", False, "is_rejected"),
        (BulkAct.RELEASE, Decision.APPROVED, "no_label", True, OK),
        (BulkAct.RELEASE, Decision.APPROVED, "no_label", False, "not_held"),
        (BulkAct.TAG, Decision.RESOLVED, "received", True, OK),
    ],
)
def test_an_act_can_be_done_to_a_return_or_says_why_not(
    act: BulkAct, status: Decision, goods: str, held: bool, code: str | None
) -> None:
    assert why_not(act, status=status, goods=goods, held=held) == code


@pytest.mark.parametrize(
    ("act", "said", "code", "field"),
    [
        (BulkAct.REJECT, " ", "message_missing", "message"),
        (BulkAct.HOLD, "", "reason_missing", "message"),
        (BulkAct.NOTE, "", "text_missing", "message"),
        (BulkAct.NOTE, "x" * (TEXT_MOST + 1), "text_too_long", "message"),
        (BulkAct.TAG, "", "invalid_tag", "tag"),
        (BulkAct.TAG, "x" * 41, "invalid_tag", "tag"),
        (BulkAct.UNTAG, "a\nb", "invalid_tag", "tag"),
        (BulkAct.PRIORITY, "now", "invalid_priority", "priority"),
    ],
)
def test_an_act_that_lacks_what_it_needs_is_refused(act: BulkAct, said: str, code: str, field: str) -> None:
    with pytest.raises(Refused) as no:
        check_said(act, said)

    assert (no.value.code, no.value.field) == (code, field)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (BulkAct.APPROVE, ""), (BulkAct.ASSIGN, ""), (BulkAct.TAG, "vip"), (BulkAct.PRIORITY, "high"),
        (BulkAct.REJECT, "Worn"),
    ],
)  # fmt: skip
def test_an_act_with_what_it_needs_goes_on(act: BulkAct, said: str) -> None:
    check_said(act, said)


def test_acts_that_decide_need_nothing_but_words() -> None:
    assert {act for act in BulkAct if act not in NEEDS} == {BulkAct.APPROVE, BulkAct.CANCEL, BulkAct.RELEASE}
    assert NEEDS[BulkAct.ASSIGN] is Needs.STAFF
