"""The shapes in which the API tells a simulation: its figures, and each return that would go otherwise."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from retour.core.simulation import (
    Affected,
    Against,
    Books,
    Change,
    Counts,
    Fate,
    Figures,
    GroupRow,
    Mode,
    Result,
    Side,
    State,
)
from retour.doors.api.shapes import Told
from retour.store.simulation import SimulationRow


class FiguresOut(Told):
    """Sums over lines; amounts in minor units of the books. What is retained is all that does not go back as money."""

    lines: int
    units: int
    automatic: int
    review: int
    refused: int
    rejected: int
    closed: int
    value_minor: int
    refund_minor: int
    credit_minor: int
    exchange_minor: int
    fee_minor: int
    deduction_minor: int
    bonus_minor: int
    labels: int
    retained_minor: int


class SideOut(Told):
    """One policy over everything that was read: whole returns, and sums over their lines."""

    returns: Counts
    figures: FiguresOut


class GroupRowOut(Told):
    """The lines of one rule, reason, product or country; `group` is the outcome group that a rule decided."""

    key: str
    label: str
    group: str | None
    changed: int
    before: FiguresOut
    after: FiguresOut


class BooksOut(Told):
    """The figures in one currency of the books, in total and by rule, reason, product and country."""

    currency: str
    before: SideOut
    after: SideOut
    by: dict[str, list[GroupRowOut]]


class ResultOut(Told):
    """What a finished simulation found; `changes` counts returns by the way in which they go otherwise."""

    read: int
    affected: int
    listed: int
    requoted: int
    not_quoted: int
    changes: dict[str, int]
    rules: dict[str, str]
    books: list[BooksOut]


class SimulationOut(Told):
    """A simulation as it stands; `result` is there once it is done, and in no list."""

    id: UUID
    store_id: UUID
    name: str
    mode: Mode
    against: Against
    policy_version_id: UUID | None
    against_version_id: UUID | None
    from_: date = msgspec.field(name="from")
    until: date
    judged_on: date | None
    state: State
    done: int
    total: int | None
    failure: str | None
    asked_by: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime
    result: ResultOut | None


class MoneyOut(Told):
    """The money of one return under one policy, in minor units of the books' currency."""

    refund_minor: int
    credit_minor: int
    exchange_minor: int
    fee_minor: int
    deduction_minor: int
    bonus_minor: int


class LineSideOut(Told):
    """One line under one policy; `code` and `message` say why it is refused, `closes_on` is its last day."""

    fate: Fate
    code: str | None
    message: str | None
    closes_on: date | None
    resolution: str | None
    method: str | None


class WhyOut(Told):
    """One outcome group that is ruled otherwise: who decided it, and what was said."""

    group: str
    rule_before: str
    rule_after: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


class AffectedLineOut(Told):
    """One line of an affected return before and after."""

    line_ref: str
    title: str
    sku: str | None
    quantity: int
    reason: str | None
    before: LineSideOut
    after: LineSideOut
    why: list[WhyOut]


class AffectedOut(Told):
    """One return (or order) that would go otherwise; `reference` is its number, the order's name, or the file's word."""

    reference: str
    order_name: str
    rma_id: UUID | None
    requested_on: date
    country: str | None
    currency: str
    changes: list[Change]
    fate_before: Fate
    fate_after: Fate
    before: MoneyOut
    after: MoneyOut
    lines: list[AffectedLineOut]


def simulation_out(row: SimulationRow) -> SimulationOut:
    """Return a simulation as the API tells it."""
    return SimulationOut(
        id=row.id, store_id=row.store_id, name=row.name, mode=row.mode, against=row.against,
        policy_version_id=row.candidate_version_id, against_version_id=row.baseline_version_id, from_=row.from_on,
        until=row.until_on, judged_on=row.judged_on, state=row.state, done=row.done, total=row.total, failure=row.failure,
        asked_by=row.actor, created_at=row.created_at, started_at=row.started_at, finished_at=row.finished_at,
        expires_at=row.expires_at, result=None if row.result is None else result_out(row.result),
    )  # fmt: skip


def affected_out(of: Affected) -> AffectedOut:
    """Return an affected return as the API tells it."""
    return msgspec.convert(of, AffectedOut, from_attributes=True)


def result_out(of: Result) -> ResultOut:
    """Return a result as the API tells it."""
    return ResultOut(
        read=of.read, affected=of.affected, listed=of.listed, requoted=of.requoted, not_quoted=of.not_quoted,
        changes=dict(of.changes), rules=dict(of.rules), books=[_books(books) for books in of.books],
    )  # fmt: skip


def _books(of: Books) -> BooksOut:
    by = {name: [_row(row) for row in rows] for name, rows in of.by.items()}
    return BooksOut(currency=of.currency, before=_side(of.before), after=_side(of.after), by=by)


def _side(of: Side) -> SideOut:
    return SideOut(returns=of.counts, figures=_figures(of.figures))


def _row(of: GroupRow) -> GroupRowOut:
    return GroupRowOut(
        key=of.key, label=of.label, group=of.group, changed=of.changed, before=_figures(of.before), after=_figures(of.after)
    )  # fmt: skip


def _figures(of: Figures) -> FiguresOut:
    return FiguresOut(**asdict(of), retained_minor=of.retained_minor)
