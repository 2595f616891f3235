"""Every word on a repair at every point: where it leads, or the code it is refused with."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from retour.core.errors import Refused
from retour.core.money import NOTHING
from retour.core.refund import RefundRequest, RefundTerms, RequestedLine, UnitRange, emptied, quote
from retour.core.repair import REPLACEMENT, TABLE, RepairAct, Work, allow, work_of
from tests.core.builders import a_ledger, a_line, an_order

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ENDS = {RepairAct.SEND_BACK: Work.SENT_BACK, RepairAct.REPLACE: Work.REPLACED, RepairAct.REFUND: Work.REFUNDED}


def test_the_table_knows_every_pair_and_every_open_point_has_a_way_to_an_end() -> None:
    assert set(TABLE) == {(work, act) for work in Work for act in RepairAct}
    for work in (Work.WAITING, Work.IN_REPAIR):
        assert {act: TABLE[work, act] for act in ENDS} == ENDS


@pytest.mark.parametrize("work", [Work.SENT_BACK, Work.REPLACED, Work.REFUNDED])
@pytest.mark.parametrize("act", list(RepairAct))
def test_what_is_over_stays_over(work: Work, act: RepairAct) -> None:
    with pytest.raises(Refused) as refused:
        allow(work, act)
    assert refused.value.code == "already_reported"


def test_a_repair_begins_once() -> None:
    assert allow(Work.WAITING, RepairAct.BEGIN) is Work.IN_REPAIR
    with pytest.raises(Refused) as refused:
        allow(Work.IN_REPAIR, RepairAct.BEGIN)
    assert refused.value.code == "already_begun"


def test_of_a_replacement_nothing_is_repaired_or_sent_back() -> None:
    assert allow(Work.WAITING, RepairAct.REPLACE, kind=REPLACEMENT) is Work.REPLACED
    assert allow(Work.WAITING, RepairAct.REFUND, kind=REPLACEMENT) is Work.REFUNDED
    for act in (RepairAct.BEGIN, RepairAct.SEND_BACK):
        with pytest.raises(Refused) as refused:
            allow(Work.WAITING, act, kind=REPLACEMENT)
        assert refused.value.code == "not_a_repair"
    with pytest.raises(Refused) as over:
        allow(Work.REPLACED, RepairAct.BEGIN, kind=REPLACEMENT)
    assert over.value.code == "already_reported"


def test_where_a_repair_stands_follows_from_what_was_written() -> None:
    assert work_of(begun_at=None, outcome=None) is Work.WAITING
    assert work_of(begun_at=NOW, outcome=None) is Work.IN_REPAIR
    assert work_of(begun_at=None, outcome="replaced") is Work.REPLACED


def test_what_is_given_up_pays_and_charges_nothing() -> None:
    order = an_order(a_line("A", q=1, gross=1_000))
    asked = RefundRequest((RequestedLine("A", (UnitRange(1, 1),)),))
    plan = quote(order, a_ledger(order), asked, RefundTerms())

    given_up = emptied(plan)

    assert (given_up.total, given_up.rows, given_up.legs, given_up.fees) == (NOTHING, (), (), ())
    assert replace(given_up, currency=plan.currency) == given_up
