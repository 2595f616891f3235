"""The money of a return explained: what was promised, and each settlement as it was computed and paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from retour.core.money import Money
from retour.core.refund import Plan
from retour.doors.dashboard import words
from retour.doors.dashboard.told import word
from retour.doors.dashboard.whole import Whole
from retour.store.refund import SettlementRow
from retour.web.differences import differences
from retour.web.explained import compared, explained
from retour.web.parts import MoneyRow
from retour.web.reader import Reader


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


def promised_rows(whole: Whole, reader: Reader) -> list[list[MoneyRow]]:
    """Return the tables of what was promised, one for each set of terms."""
    return [table(whole, plan, reader) for plan in whole.promised]


def paid_tables(whole: Whole, reader: Reader) -> list[Paid]:
    """Return the settlements; where one pays for all that was promised and differs, both stand side by side."""
    only = whole.settlements[0] if len(whole.settlements) == 1 and len(whole.promised) == 1 else None
    return [_paid(whole, row, reader, beside=row is only) for row in whole.settlements]


def changed_rows(whole: Whole, reader: Reader) -> list[MoneyRow]:
    """Return why another amount is paid than was promised; nothing while nothing is settled."""
    return [*differences(whole.kept, whole.order.order, reader, staff=True)] if whole.settlements else []


def table(whole: Whole, plan: Plan, reader: Reader) -> list[MoneyRow]:
    """Return a plan of the return as rows."""
    return [*explained([plan], whole.order.order, reader, staff=True)]


def _paid(whole: Whole, row: SettlementRow, reader: Reader, *, beside: bool) -> Paid:
    rows, compares = table(whole, row.plan, reader), False
    if beside and row.plan.total != whole.promised[0].total:
        rows, compares = [*compared(table(whole, whole.promised[0], reader), rows)], True
    return Paid(
        seq=row.seq,
        state=word(reader, words.SETTLEMENTS, row.state.value),
        code=row.state.value,
        rows=rows,
        compares=compares,
        total=Money(row.total_minor, row.currency),
        settled_at=row.settled_at,
    )
