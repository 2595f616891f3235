"""The new orders of exchanges as rows: what is wanted, where each order stands, and when it is looked at next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from retour.core.exchange import Exchange
from retour.core.exchange_order import Back, Chosen
from retour.core.rma.exchange import ExchangeState
from retour.store import jobs
from retour.store.db import Db, Record

WANT: Final = """
INSERT INTO wanted_article (tenant_id, return_line_id, rma_id, article, actor, at)
VALUES (current_tenant(), $1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, return_line_id) DO UPDATE SET article = excluded.article, actor = excluded.actor, at = excluded.at
"""
WANTED: Final = """
SELECT return_line_id, article FROM wanted_article WHERE tenant_id = current_tenant() AND rma_id = $1
"""
BEGIN: Final = """
INSERT INTO exchange_order (tenant_id, settlement_id, rma_id, connection_id, state, articles, since, due_at)
VALUES (current_tenant(), $1, $2, $3, 'preparing', $4, $5, $5)
ON CONFLICT (tenant_id, settlement_id) DO UPDATE
   SET state = 'preparing', articles = excluded.articles, since = excluded.since, due_at = excluded.due_at,
       problem = NULL, tries = exchange_order.tries + 1, figures = NULL, effect_id = NULL, draft_ref = NULL,
       order_ref = NULL, order_id = NULL, pay_url = NULL, expires_at = NULL, reminded_at = NULL, back = NULL
 WHERE exchange_order.state IN ('stuck', 'by_hand') AND exchange_order.draft_ref IS NULL
RETURNING settlement_id
"""
# Nobody is asked to report what Retour carries out itself; whoever takes it over is, in three days as usual.
REPORT_DUE: Final = """
UPDATE settlement SET report_due_at = $2
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state IN ('handed_over', 'due')
"""
GET: Final = """
SELECT settlement_id, rma_id, connection_id, state, problem, tries, articles, figures::text AS figures, effect_id, draft_ref,
       order_ref, order_id, pay_url, back, expires_at, reminded_at, since, due_at
  FROM exchange_order WHERE tenant_id = current_tenant() AND settlement_id = $1
"""
OF_RMA: Final = """
SELECT settlement_id, rma_id, connection_id, state, problem, tries, articles, figures::text AS figures, effect_id, draft_ref,
       order_ref, order_id, pay_url, back, expires_at, reminded_at, since, due_at
  FROM exchange_order WHERE tenant_id = current_tenant() AND rma_id = $1 ORDER BY since, settlement_id
"""
SAVE: Final = """
UPDATE exchange_order SET state = $2, problem = $3, articles = $4, figures = $5::text::jsonb, effect_id = $6, draft_ref = $7,
       order_ref = $8, order_id = $9, pay_url = $10, back = $11, expires_at = $12, reminded_at = $13, since = $14,
       due_at = $15
 WHERE tenant_id = current_tenant() AND settlement_id = $1 AND state = $16
RETURNING settlement_id
"""
POSTPONE: Final = """
UPDATE exchange_order SET due_at = $2
 WHERE tenant_id = current_tenant() AND settlement_id = $1 AND state = $3 AND back IS NOT DISTINCT FROM $4
"""
NUDGE: Final = """
UPDATE exchange_order SET due_at = $2 WHERE tenant_id = current_tenant() AND effect_id = $1 RETURNING settlement_id
"""
# What the merchant carries out by hand is taken back only while nothing says that he has: no report, no lines, no order.
ASK_BACK: Final = """
UPDATE exchange_order SET back = $2, due_at = $3
 WHERE tenant_id = current_tenant() AND settlement_id = $1 AND state <> 'cancelled' AND back IS DISTINCT FROM 'reverse'
   AND (state <> 'by_hand' OR order_ref IS NULL
        AND NOT EXISTS (SELECT 1 FROM exchange e WHERE e.tenant_id = current_tenant() AND e.settlement_id = $1)
        AND EXISTS (SELECT 1 FROM settlement s WHERE s.tenant_id = current_tenant() AND s.id = $1
                       AND s.state IN ('handed_over', 'due')))
RETURNING settlement_id
"""
UNPAID_DAYS: Final = """
SELECT s.unpaid_days, s.remind_days FROM store s JOIN rma r ON r.tenant_id = s.tenant_id AND r.store_id = s.id
 WHERE r.tenant_id = current_tenant() AND r.id = $1
"""
TURN: Final = """
UPDATE settlement SET state = 'quoted', resolution = $2, resolution_ref = NULL, handed_to = NULL, handed_at = NULL,
       handed_shop_minor = NULL, comparison = NULL, platform_quote = NULL, report_due_at = NULL, report_ref = NULL,
       report_note = NULL, reported_by = NULL, reported_at = NULL, settled_at = NULL, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state IN ('handed_over', 'due', 'settled')
RETURNING id
"""
REVERSE: Final = """
UPDATE settlement SET state = 'reversed', plan = $2, plan_hash = $3, total_minor = 0, report_due_at = NULL, due_at = NULL
 WHERE tenant_id = current_tenant() AND id = $1 AND handed_to = 'merchant' AND state IN ('handed_over', 'due', 'settled')
RETURNING id
"""
_FIGURES: Final = msgspec.json.Decoder(Exchange)


@dataclass(frozen=True, slots=True)
class ExchangeOrder:
    """The new order of one settlement's exchange; `back` is what becomes of the goods once it is given up."""

    settlement_id: UUID
    rma_id: UUID
    connection_id: UUID
    state: ExchangeState
    tries: int
    articles: tuple[Chosen, ...]
    since: datetime
    problem: str | None = None
    figures: Exchange | None = None
    effect_id: UUID | None = None
    draft_ref: str | None = None
    order_ref: str | None = None
    order_id: UUID | None = None
    pay_url: str | None = None
    back: Back | None = None
    expires_at: datetime | None = None
    reminded_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def is_drafted(self) -> bool:
        """Return whether the platform has it, or is being asked for it: it keeps the address that it was drafted for."""
        if self.state in (ExchangeState.PREPARING, ExchangeState.CANCELLED):
            return False
        return self.state is ExchangeState.DRAFTING or (self.draft_ref or self.order_ref) is not None

    def at(
        self, state: ExchangeState, now: datetime, *, due: datetime | None, problem: str | None = None
    ) -> "ExchangeOrder":
        """Return it in another state, to be looked at again when it is `due`."""
        return replace(self, state=state, since=now, due_at=due, problem=problem)


async def want(db: Db, *, line_id: UUID, rma_id: UUID, article: str, actor: str, at: datetime) -> None:
    """Write which article a line of a return is exchanged for; a later word replaces an earlier one."""
    await db.execute(WANT, line_id, rma_id, article, actor, at)


async def wanted(db: Db, rma_id: UUID) -> dict[UUID, str]:
    """Return the articles that the lines of a return are exchanged for, by the id of the line."""
    return {row["return_line_id"]: row["article"] for row in await db.fetch(WANTED, rma_id)}


async def begin(
    db: Db, *, settlement_id: UUID, rma_id: UUID, connection_id: UUID, articles: Sequence[Chosen], at: datetime
) -> bool:
    """Begin the new order of a settlement that was handed over; return whether one could be begun.

    Another one is begun only where the first is stuck or was left to the merchant, and no draft of it stands.
    """
    begun = await db.fetchval(BEGIN, settlement_id, rma_id, connection_id, list(articles), at)
    if begun is None:
        return False
    await db.execute(REPORT_DUE, settlement_id, None)
    await jobs.defer(db, [jobs.Job(jobs.Task.EXCHANGE, settlement_id, jobs.Queue.MONEY)])
    return True


async def get(db: Db, settlement_id: UUID) -> ExchangeOrder | None:
    """Return the new order of a settlement, or nothing."""
    row = await db.fetchrow(GET, settlement_id)
    return _row(row) if row else None


async def list_of_rma(db: Db, rma_id: UUID) -> list[ExchangeOrder]:
    """Return the new orders of a return."""
    return [_row(row) for row in await db.fetch(OF_RMA, rma_id)]


async def save(db: Db, order: ExchangeOrder, *, was: ExchangeState) -> bool:
    """Write how an order stands now; return False and write nothing if it has moved on from `was` by now."""
    figures = msgspec.json.encode(order.figures).decode() if order.figures is not None else None
    saved = await db.fetchval(
        SAVE, order.settlement_id, order.state.value, order.problem, list(order.articles), figures, order.effect_id,
        order.draft_ref, order.order_ref, order.order_id, order.pay_url, order.back and order.back.value,
        order.expires_at, order.reminded_at, order.since, order.due_at, was.value,
    )  # fmt: skip
    return saved is not None


async def postpone(db: Db, order: ExchangeOrder, *, due: datetime) -> None:
    """Write when an order is looked at again, unless it has moved or somebody has decided about it since it was read."""
    await db.execute(POSTPONE, order.settlement_id, due, order.state.value, order.back and order.back.value)


async def nudge(db: Db, effect_id: UUID, *, at: datetime) -> None:
    """Let the order that awaits an effect be looked at now that its outcome is known."""
    waiting = await db.fetchval(NUDGE, effect_id, at)
    if waiting is not None:
        await jobs.defer(db, [jobs.Job(jobs.Task.EXCHANGE, waiting, jobs.Queue.MONEY)])


async def ask_back(db: Db, settlement_id: UUID, *, back: Back, at: datetime) -> bool:
    """Ask for an order to be given up; return whether there was one that could be.

    What the merchant has carried out by hand is not ours to take back: he is asked to (`reversal_asked`).
    """
    asked = await db.fetchval(ASK_BACK, settlement_id, back.value, at)
    if asked is not None:
        await jobs.defer(db, [jobs.Job(jobs.Task.EXCHANGE, settlement_id, jobs.Queue.MONEY)])
    return asked is not None


async def patience(db: Db, rma_id: UUID) -> tuple[int | None, tuple[int, ...]]:
    """Return how many days the store of a return waits for a difference to be paid, and when it reminds before."""
    row = await db.fetchrow(UNPAID_DAYS, rma_id)
    assert row is not None, "a return has its store"
    return row["unpaid_days"], tuple(row["remind_days"])


async def report_due(db: Db, settlement_id: UUID, *, at: datetime | None) -> None:
    """Say when a settlement that nobody reports on is shown as late."""
    await db.execute(REPORT_DUE, settlement_id, at)


async def turn(db: Db, settlement_id: UUID, *, resolution: str) -> bool:
    """Let the goods of an exchange be paid for in another way; the caller takes its booked rows back."""
    return await db.fetchval(TURN, settlement_id, resolution) is not None


async def reverse(db: Db, settlement_id: UUID, *, plan: object, plan_hash: str) -> bool:
    """Write that a settlement was taken back whole, with the plan that pays for nothing."""
    return await db.fetchval(REVERSE, settlement_id, plan, plan_hash) is not None


_NAMES: Final = frozenset(field.name for field in fields(ExchangeOrder))


def _row(row: Record) -> ExchangeOrder:
    found: Mapping[str, object] = {key: value for key, value in row.items() if key in _NAMES}
    return ExchangeOrder(
        **{
            **found,
            "state": ExchangeState(row["state"]),
            "articles": msgspec.convert(row["articles"], tuple[Chosen, ...]),
            "figures": _FIGURES.decode(row["figures"]) if row["figures"] else None,
            "back": Back(row["back"]) if row["back"] else None,
        }  # type: ignore[arg-type]  # the statement selects the fields
    )
