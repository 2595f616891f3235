"""Simulating a policy from the command line: replayed here and now, with its progress, as a table or as JSON."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import click
import msgspec

from retour.cli.frame import (
    ACTOR,
    account_option,
    find_store,
    in_account,
    json_option,
    now,
    store_option,
    table,
    tell,
)
from retour.core.errors import Refused
from retour.core.money import format_decimal
from retour.core.policy import PolicyDocument, decode
from retour.core.simulation import BY, Affected, Against, Books, Figures, Mode, Result
from retour.flows import simulation as flow
from retour.store import policy as policies
from retour.store import simulation as simulations
from retour.store.db import Database, Db
from retour.store.simulation import SimulationRow

_DAY: Final = click.DateTime(["%Y-%m-%d"])
_COUNTED: Final = ("returns", "automatic", "review", "refused", "rejected", "closed")
_AMOUNTS: Final[Mapping[str, str]] = {
    "value": "value_minor", "refunds": "refund_minor", "store credit": "credit_minor", "exchanges": "exchange_minor",
    "fees": "fee_minor", "deductions": "deduction_minor", "bonus": "bonus_minor", "retained": "retained_minor",
}  # fmt: skip
_ROWS: Final = 10  # of each group
_RIGHT: Final = frozenset({1, 2, 3})


@click.command("simulate")
@click.argument("source")
@click.option("--from", "first", type=_DAY, required=True, help="First day (YYYY-MM-DD), where the store is.")
@click.option("--to", "last", type=_DAY, required=True, help="Last day, included.")
@click.option("--orders", is_flag=True, help="Replay over orders that nobody has returned, instead of returns.")
@click.option("--on", "judged", type=_DAY, help="With --orders: the day they are judged on (the last one by default).")
@click.option(
    "--csv", "csv", type=click.Path(exists=True, dir_okay=False), help="Replay over the returns in a CSV file."
)
@click.option("--against", type=int, help="Compare with this version instead of what was decided then.")
@click.option(
    "--list", "limit", type=click.IntRange(0, 20_000), default=20, show_default=True, help="Affected returns told."
)
@account_option
@store_option
@json_option
def simulate_policy(
    *,
    source: str,
    first: datetime,
    last: datetime,
    orders: bool,
    judged: datetime | None,
    csv: str | None,
    against: int | None,
    limit: int,
    account: str | None,
    store: str | None,
    as_json: bool,
) -> None:
    """Show what another policy would have changed: SOURCE is a JSON file, - for stdin, or the number of a version.

    Nothing but the simulation itself is written; what the figures mean: docs/simulator.md.
    """
    mode = _mode(orders=orders, is_file=csv is not None)
    imported = None if csv is None else Path(csv).read_bytes()
    candidate = None if source.isdigit() else _document(source)

    async def simulate(database: Database, tenant_id: UUID) -> tuple[SimulationRow, list[Affected]]:
        async with database.tx(tenant_id) as db:
            found = await find_store(db, store)
            simulation_id = await flow.start(
                db, store_id=found.id, candidate=candidate, mode=mode, imported=imported,
                version_id=await _numbered(db, found.id, int(source)) if candidate is None else None,
                against=Against.RECORDED if against is None else Against.VERSION,
                baseline_version_id=None if against is None else await _numbered(db, found.id, against),
                from_on=first.date(), until_on=last.date(), judged_on=_day(judged), actor=ACTOR, now=now(), nudge=False,
            )  # fmt: skip
        await flow.run(database, tenant_id=tenant_id, simulation_id=simulation_id, clock=now, told=_progress)
        async with database.tx(tenant_id) as db:
            row = await simulations.get(db, simulation_id, now=now())
            assert row is not None, "it was just kept"
            listed = await simulations.affected(db, simulation_id, limit=limit)
        return row, [one.affected for one in listed]

    row, affected = in_account(account, simulate)
    if row.result is None:
        raise Refused(row.failure or "not_finished", f"the simulation is {row.state.value}")
    document = {"id": row.id, "name": row.name, "result": row.result, "list": affected}
    tell(document, _lines(row, row.result, affected), as_json=as_json)


def _mode(*, orders: bool, is_file: bool) -> Mode:
    if orders and is_file:
        raise Refused("too_much_given", "give one of --orders and --csv")
    return Mode.ORDERS if orders else Mode.IMPORTED if is_file else Mode.RETURNS


def _progress(done: int, total: int) -> None:
    """Show on stderr how far it is, on one line if that is a terminal."""
    ended = "\r" if sys.stderr.isatty() and done < total else "\n"
    if sys.stderr.isatty() or done >= total:
        click.echo(f"{done} of {total}{ended}", nl=False, err=True)


def _day(at: datetime | None) -> date | None:
    return None if at is None else at.date()


def _document(source: str) -> PolicyDocument:
    raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return decode(msgspec.json.decode(raw))
    except msgspec.DecodeError as error:
        raise Refused("invalid_policy", f"{source} is not JSON: {error}") from error


async def _numbered(db: Db, store_id: UUID, number: int) -> UUID:
    found = await policies.numbered(db, store_id, number)
    if found is None:
        raise Refused("policy_not_found", f"the store has no version {number}")
    return found


def _lines(row: SimulationRow, found: Result, affected: Sequence[Affected]) -> Iterator[str]:
    what = "orders" if row.mode is Mode.ORDERS else "returns"
    yield f"{row.name}: {found.read} {what} from {row.from_on} to {row.until_on}, {found.affected} would go otherwise"
    if found.not_quoted:
        yield f"{found.not_quoted} could not be quoted again and stand as recorded"
    yield from (f"  {times:>8}  {change}" for change, times in found.changes.items())
    for books in found.books:
        yield ""
        yield from table(("", "before", "after", "change"), _figures(books), right=_RIGHT)
        for by in BY:
            rows = list(_groups(books, by))[:_ROWS]
            if rows:
                yield ""
                yield from table((f"by {by}", "lines", "refunds before", "after"), rows, right=_RIGHT)
    if affected:
        yield ""
        head = ("affected", "order", "before", "after", "changes", "why")
        yield from table(head, map(_entry, affected), right=frozenset({2, 3}))
    if len(affected) < found.affected:
        yield f"and {found.affected - len(affected)} more"


def _figures(books: Books) -> Iterator[tuple[object, ...]]:
    before, after = books.before, books.after
    for name in _COUNTED:
        yield _compared(name, getattr(before.counts, name), getattr(after.counts, name))
    yield _compared("labels", before.figures.labels, after.figures.labels)
    for name, field in _AMOUNTS.items():
        was, now_is = getattr(before.figures, field), getattr(after.figures, field)
        amounts = (format_decimal(minor, books.currency) for minor in (was, now_is, now_is - was))
        yield (f"{name} {books.currency}", *amounts)


def _compared(name: str, before: int, after: int) -> tuple[object, ...]:
    return name, before, after, after - before


def _groups(books: Books, by: str) -> Iterator[tuple[Any, ...]]:
    for row in books.by[by]:
        if row.changed:
            named = f"{row.group}: {row.label}" if row.group else row.label or "not known"
            yield named, row.changed, _refunds(row.before, books), _refunds(row.after, books)


def _refunds(figures: Figures, books: Books) -> str:
    return format_decimal(figures.refund_minor, books.currency)


def _entry(one: Affected) -> tuple[str, ...]:
    why = next((f"{w.group}: {w.rule_before} -> {w.rule_after}" for line in one.lines for w in line.why), "")
    told = next((line.after.message for line in one.lines if line.after.message), None)
    given = (format_decimal(side.given_minor, one.currency) for side in (one.before, one.after))
    return one.reference, one.order_name, *given, ", ".join(one.changes), told or why
