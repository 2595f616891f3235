"""The money of a return explained: what was promised, and each settlement as it was computed and paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retour.core.money import Money
from retour.core.policy.outcome import ResolutionKind
from retour.core.refund import Plan
from retour.core.rma.exchange import AT_REST
from retour.doors.dashboard import words
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.store.refund import SettlementRow
from retour.web.differences import differences
from retour.web.explained import compared, explained
from retour.web.parts import MoneyRow
from retour.web.reader import Reader
from retour.web.resolutions import beside_refunds


@dataclass(frozen=True, slots=True)
class Paid:
    """One settlement: its table, its state in words, and whether it is shown beside the promise."""

    seq: int
    state: str
    code: str
    rows: Sequence[MoneyRow]
    compares: bool
    total: Money
    settled_at: datetime | None
    name: str
    awaits: bool
    reference: str | None
    note: str | None


def promised_rows(whole: Whole, reader: Reader) -> list[list[MoneyRow]]:
    """Return the tables of what was promised, one for each set of terms."""
    return [table(whole, plan, reader, outside=outside_of(whole, reader)) for plan in whole.promised]


def outside_of(whole: Whole, reader: Reader) -> str:
    """Return the names of what no payment takes."""
    lines = beside_refunds(whole.record.rma.lines)
    names = (whole.resolution_name(reader, line.resolution, line.resolution_ref) for line in lines)
    return ", ".join(dict.fromkeys(names))


def paid_tables(whole: Whole, reader: Reader) -> list[Paid]:
    """Return the settlements; where one pays for all that was promised and differs, both stand side by side."""
    only = whole.settlements[0] if len(whole.settlements) == 1 and len(whole.promised) == 1 else None
    return [_paid(whole, row, reader, beside=row is only) for row in whole.settlements]


def changed_rows(whole: Whole, reader: Reader) -> list[MoneyRow]:
    """Return why another amount is paid than was promised; nothing while nothing is settled."""
    return [*differences(whole.kept, whole.order.order, reader, staff=True)] if whole.settlements else []


def table(whole: Whole, plan: Plan, reader: Reader, *, outside: str | None = None) -> list[MoneyRow]:
    """Return a plan of the return as rows; `outside` is what takes what no payment takes."""
    return [*explained([plan], whole.order.order, reader, staff=True, outside=outside)]


def _paid(whole: Whole, row: SettlementRow, reader: Reader, *, beside: bool) -> Paid:
    name = whole.resolution_name(reader, row.resolution, row.resolution_ref)
    outside = None if row.resolution == ResolutionKind.REFUND_ORIGINAL else name
    rows, compares = table(whole, row.plan, reader, outside=outside), False
    if beside and row.plan.total != whole.promised[0].total:
        rows, compares = [*compared(table(whole, whole.promised[0], reader, outside=outside), rows)], True
    return Paid(
        seq=row.seq,
        state=word(reader, words.SETTLEMENTS, _state(whole, row)),
        code=row.state.value,
        rows=rows,
        compares=compares,
        total=Money(row.total_minor, row.currency),
        settled_at=row.handed_at if row.awaits_report else row.settled_at,
        name=name,
        awaits=row.awaits_report,
        reference=row.report_ref,
        note=row.report_note,
    )


def _state(whole: Whole, row: SettlementRow) -> str:
    """Return the code of a settlement's state in words: what was handed over to the merchant has words of its own."""
    if any(one.settlement_id == row.id and one.state not in AT_REST for one in whole.exchanges):
        return "exchange_under_way"
    return f"outside_{row.state.value}" if row.handed_to == "merchant" else row.state.value
