"""Replaying a policy over past returns: seconds, CPU and memory, beside a bare read of the same rows in the same run.

`RETOUR_BENCH_RETURNS=1000000 python -m bench simulate` adds a million to the 10,000 and 100,000: some 7 GB of database, and
as many minutes to fill it. `RETOUR_BENCH_RETURNS=0` measures 10,000 alone.
"""

import asyncio
import contextlib
import os
import random
import resource
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from retour.core import refund
from retour.core.money import Sides
from retour.core.order import Capture, FulfilledUnits, Fulfilment, Order, OrderLine, Person, Product, Tax, TenderKind
from retour.core.policy import Asked, CompiledPolicy, History, PolicyDocument, Request, compile_policy, decide, gather
from retour.core.policy.document import AllOf, AnyOf, Compare, Op, Rule
from retour.core.policy.encoding import frozen_line_decision
from retour.core.policy.gathering import time_zone
from retour.core.policy.outcome import Anchor, Eligibility, Fee, Mode, Outcomes, Start
from retour.core.policy.template import template
from retour.core.terms import terms_of
from retour.flows import simulation as simulations
from retour.store import simulation as store
from retour.store.db import Database, set_codecs
from retour.store.policy import context
from retour.store.simulation import reading
from retour.store.vault import Vault

from . import processes
from .installation import Installation, Merchant, installation, open_merchant
from .report import Report

SIZES = (10_000, 100_000)
PATTERNS = 20_000  # different returns; each is seeded as often as it takes, under ids of its own
FIRST = date(2025, 11, 1)
DAYS = 365
COUNTRIES = ("DE", "AT", "FR", "NL", "US", "GB", "PL", "IT", "ES", "SE")
REASONS = ("too_small", "too_large", "not_as_described", "changed_mind", "damaged", "other")
TYPES = ("Shirts", "Shoes", "Swimwear", "Underwear", "Bags", "Jackets", "Electronics", "Sale")
SEED_S = 3600.0

TEMPORARY = """
CREATE TEMP TABLE pattern (k int PRIMARY KEY, document jsonb, decision json, promised jsonb, total bigint, ref text,
                           placed_at timestamptz, on_at timestamptz);
CREATE TEMP TABLE pattern_line (k int, at int, ref text, quantity int, kind text, PRIMARY KEY (k, at));
"""
# The n-th order, and with another first letter its shopper, its return, the lines of that.
PEOPLE = """
INSERT INTO person (tenant_id, id, store_id, sealed_key)
SELECT $1, ('0a000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, '' FROM generate_series($3::bigint, $4) n
"""
ORDERS = """
INSERT INTO sales_order (tenant_id, id, store_id, connection_id, person_id, far_ref, name, name_folded, currency,
                         shop_currency, total_minor, placed_at, far_updated_at, document)
SELECT $1, ('0b000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2, $5,
       ('0a000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, p.ref || '/' || n, '#' || n, n::text, 'EUR', 'EUR',
       p.total, p.placed_at, p.placed_at, p.document
  FROM generate_series($3::bigint, $4) n JOIN pattern p ON p.k = n % $6
"""
COUNTERS = """
INSERT INTO order_line_counter (tenant_id, order_id, line_ref, ordered, fulfilled, in_return)
SELECT $1, ('0b000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, l.ref, l.quantity, l.quantity, l.quantity
  FROM generate_series($2::bigint, $3) n JOIN pattern_line l ON l.k = n % $4
"""
RETURNS = """
INSERT INTO rma (tenant_id, id, store_id, order_id, person_id, channel, status, method, policy_version_id, decision, promised,
                 requested_at, decided_at)
SELECT $1, ('0c000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $2,
       ('0b000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('0a000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'portal', 'approved', 'own_carrier', $5, p.decision,
       p.promised, p.on_at, p.on_at
  FROM generate_series($3::bigint, $4) n JOIN pattern p ON p.k = n % $6
"""
LINES = """
INSERT INTO return_line (tenant_id, id, rma_id, order_id, line_ref, position, quantity, requested_quantity, reason, resolution,
                         decision)
SELECT $1, gen_random_uuid(), ('0c000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       ('0b000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, l.ref, l.at, l.quantity, l.quantity, 'other', l.kind,
       'approved'
  FROM generate_series($2::bigint, $3) n JOIN pattern_line l ON l.k = n % $4
"""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One return with its order, as JSON; its ids are given to each copy."""

    order: Order
    document: str
    decision: bytes
    promised: bytes
    lines: tuple[tuple[str, int, str], ...]
    on: datetime


def run(report: Report) -> None:
    """Simulate over 10,000 and 100,000 returns, or up to as many as the environment asks for."""
    most = int(os.environ.get("RETOUR_BENCH_RETURNS", "100000"))
    sizes = [size for size in SIZES if size < most] + ([most] if most > SIZES[0] else [])
    with installation() as here:
        asyncio.run(_measure(report, here, sizes or SIZES[:1]))


async def _measure(report: Report, here: Installation, sizes: Sequence[int]) -> None:
    vault = Vault.open(here.settings.data_dir / "keys", role="all")
    database = await Database.open(here.urls.app, pool_max=3)
    try:
        merchant = await open_merchant(database, vault)
        patterns = await _patterns(database, merchant)
        per_return: dict[int, float] = {}
        seeded = 0
        for size in sizes:
            await _seed(here, merchant, patterns, seeded + 1, size)
            seeded = size
            here.analyze()
            bare = await _bare(database, merchant)
            per_return[size] = await _simulate(report, here, database, merchant, size, bare)
        for less, more in pairwise(sizes):
            growth = per_return[more] / per_return[less]
            report.add("simulate", f"CPU a return, {more:,} to {less:,}", growth, at_most=1.5)
    finally:
        await database.close()


async def _simulate(
    report: Report, here: Installation, database: Database, merchant: Merchant, size: int, bare: float
) -> float:
    last = FIRST + timedelta(days=DAYS)
    async with database.tx(merchant.tenant_id) as db:
        wanted = await simulations.start(
            db, store_id=merchant.store_id, candidate=_candidate(), from_on=FIRST, until_on=last, actor="bench",
            now=datetime.now(UTC),
        )  # fmt: skip
    cpu, children, began = here.cpu_s(), _children_s(), time.perf_counter()
    own = time.process_time()
    memory: dict[int, float] = {}
    looking: list[float] = []
    watching = asyncio.create_task(_watch(memory, looking))
    await simulations.run(database, tenant_id=merchant.tenant_id, simulation_id=wanted, clock=lambda: datetime.now(UTC))
    watching.cancel()
    seconds, own = time.perf_counter() - began, time.process_time() - own - sum(looking)
    spent = here.cpu_s()["postgres"] - cpu["postgres"]
    async with database.tx(merchant.tenant_id) as db:
        row = await store.get(db, wanted, now=datetime.now(UTC))
    assert row is not None
    assert row.result is not None, row.failure
    name, limit = f"simulate {size:,}", 10.0 if size == 100_000 else None
    assert row.result.read == size, f"{row.result.read} of {size} returns were read"
    assert not row.result.not_quoted
    report.add(name, "seconds", seconds, at_most=limit)
    report.add(name, "returns/s", size / seconds)
    children = _children_s() - children
    cpu_us = (own + spent + children) * 1e6 / size
    report.add(name, "CPU us a return", cpu_us)
    report.add(name, "cores busy with it", cpu_us * size / 1e6 / seconds)
    report.add(name, "of it PostgreSQL, us", spent * 1e6 / size)
    report.add(name, "of it those that compute, us", children * 1e6 / size)
    report.add(name, "bare reads of the rows", seconds / bare)
    report.add(name, "affected, %", 100 * row.result.affected / size)
    report.add(name, "quoted anew, %", 100 * row.result.requoted / size)
    report.add(name, "MB of those that compute", sum(memory.values()))
    report.add(name, "MB of the database", await _database_mb(here))
    return cpu_us


async def _database_mb(here: Installation) -> float:
    connection = await asyncpg.connect(here.urls.owner)
    try:
        return float(await connection.fetchval("SELECT pg_database_size(current_database())")) / 2**20
    finally:
        await connection.close()


async def _bare(database: Database, merchant: Merchant) -> float:
    """Return the seconds it takes to read the same pages and do nothing with them."""
    began = time.perf_counter()
    start = datetime.combine(FIRST, datetime.min.time(), UTC) - timedelta(days=1)
    span = reading.Span(merchant.store_id, start, start + timedelta(days=DAYS + 3))
    after = None
    async with database.tx(merchant.tenant_id) as db:
        await reading.freeze(db)
        while (page := await reading.page_of_returns(db, span, after=after, limit=500)) is not None:
            after = page.after
    return time.perf_counter() - began


def _candidate() -> PolicyDocument:
    """Return a policy of thirty rules beside the published one: shorter windows, a fee, a final sale, a review."""
    base = template(automatic=True)
    window = Eligibility(Mode.WINDOW, 21, (Start(Anchor.DELIVERED), Start(Anchor.FULFILLED, 3)))
    fee = replace(base.defaults.resolutions, offered=tuple(
        replace(offer, restocking_fee=Fee(bp=1_500)) for offer in base.defaults.resolutions.offered
    ))  # fmt: skip
    rules = [
        Rule("electronics", "A fee on sound electronics", Outcomes(resolutions=fee),
             AllOf((_is("product.type", "Electronics"), Compare("line.reason", Op.IN, REASONS[:4])))),
        Rule("bags", "A fee on bags from abroad", Outcomes(resolutions=fee),
             AllOf((_is("product.type", "Bags"), _is("order.country", "US")))),
        Rule("shorter", "Three weeks", Outcomes(eligibility=window), _is("product.type", "Shoes")),
    ]  # fmt: skip
    rules += [
        Rule(f"rule-{n}", f"Rule {n}", Outcomes(eligibility=window), AllOf((
            _is("line.reason", REASONS[n % len(REASONS)]), _is("product.vendor", f"Vendor {n}"),
            AnyOf((_is("order.country", COUNTRIES[n % len(COUNTRIES)]), Compare("line.price_paid", Op.GT, 90_000 + n)))))
        ) for n in range(27)
    ]  # fmt: skip
    return replace(base, currency="EUR", rules=(*rules, *base.rules))


def _is(fact: str, value: str) -> Compare:
    return Compare(fact, Op.EQ, value)


async def _patterns(database: Database, merchant: Merchant) -> tuple[UUID, list[Pattern]]:
    async with database.tx(merchant.tenant_id) as db:
        store_now = await context(db, merchant.store_id)
    assert store_now is not None
    assert store_now.policy_version_id is not None
    compiled = compile_policy(template(automatic=True), version="1")
    chance = random.Random(7)
    found = [pattern for _ in range(PATTERNS) for pattern in _pattern(chance, compiled)]
    return store_now.policy_version_id, found


def _pattern(chance: random.Random, compiled: CompiledPolicy) -> Iterator[Pattern]:
    """Yield a return as the portal would have opened it, unless the policy would have refused it."""
    placed = datetime.combine(FIRST + timedelta(days=chance.randrange(DAYS)), datetime.min.time(), UTC) + timedelta(
        hours=10
    )
    shipped = placed + timedelta(days=chance.randrange(1, 5))
    delivered = shipped + timedelta(days=chance.randrange(1, 7))
    on = min(delivered + timedelta(days=chance.randrange(30)), datetime.combine(
        FIRST + timedelta(days=DAYS), datetime.min.time(), UTC))  # fmt: skip
    lines = tuple(_line(chance, n) for n in range(1, chance.randrange(2, 5)))
    total = sum(line.gross.shop for line in lines)
    order = Order(
        ref=f"gid://shopify/Order/{chance.getrandbits(40)}", name="#1", currency="EUR", shop_currency="EUR",
        placed_at=placed, updated_at=placed, total=Sides(total, total), lines=lines, taxes_included=True,
        country=chance.choice(COUNTRIES),
        captures=(Capture("gid://shopify/OrderTransaction/1", TenderKind.CARD, "shopify_payments", total, placed),),
        fulfilments=(
            Fulfilment("gid://shopify/Fulfillment/1", shipped, delivered, "gid://shopify/Location/1",
                       tuple(FulfilledUnits(f"f-{x.ref}", x.ref, x.quantity) for x in lines)),
        ),
    )  # fmt: skip
    asked = tuple(Asked(line.ref, 1, chance.choice(REASONS)) for line in lines[: chance.choice((1, 1, 2))])
    facts = gather(
        order, person=Person(), request=Request(asked, "return", "portal"), history=History(), now=on,
        zone=time_zone("Europe/Berlin"),
    )  # fmt: skip
    decided = decide(compiled, facts)
    if decided.objections:
        return
    kind = decided.lines[0].resolutions.outcome.offered[0].kind.value
    plan = refund.quote(
        order, _ledger(order),
        refund.RefundRequest(tuple(refund.RequestedLine(a.line_ref, (refund.UnitRange(1, 1),)) for a in asked), clamp=True),
        terms_of(decided.lines[0], kind),
    )  # fmt: skip
    promised = {"plans": [plan], "hash": plan.hash, "currency": "EUR", "total_minor": plan.total.presentment}
    yield Pattern(
        order, msgspec.json.encode(order).decode(),
        msgspec.json.encode([frozen_line_decision(line) for line in decided.lines]), msgspec.json.encode(promised),
        tuple((a.line_ref, a.quantity or 1, kind) for a in asked), on,
    )  # fmt: skip


def _ledger(order: Order) -> refund.Ledger:
    return refund.Ledger(
        tenders=tuple(
            refund.Tender(c.ref, c.kind, c.gateway, c.captured, 0, 0, 0, c.captured_at) for c in order.captures
        )
    )


def _line(chance: random.Random, n: int) -> OrderLine:
    quantity, price, article = chance.choice((1, 1, 2)), chance.randrange(1_500, 20_000), chance.randrange(800)
    gross = price * quantity
    tax = gross * 19 // 119
    return OrderLine(
        ref=f"gid://shopify/LineItem/{chance.getrandbits(40)}", position=n - 1, title=f"Article {article}",
        quantity=quantity, gross=Sides(gross, gross), list_value=Sides(gross, gross), taxes=(Tax("VAT 0.19", Sides(tax, tax)),),
        sku=f"SKU-{article}", variant_ref=f"gid://shopify/Variant/{article}", inventory_ref=f"gid://shopify/InventoryItem/{article}",
        product=Product(f"gid://shopify/Product/{article}", TYPES[article % len(TYPES)], f"Vendor {article % 40}",
                        ("summer", f"line-{article % 7}"), ("shirts",)),
    )  # fmt: skip


async def _seed(
    here: Installation, merchant: Merchant, patterns: tuple[UUID, list[Pattern]], first: int, last: int
) -> None:
    """Add the returns of these numbers, counted from one, as the owner of the tables."""
    connection = await asyncpg.connect(here.urls.owner, command_timeout=SEED_S)
    try:
        await set_codecs(connection)
        await connection.execute("SET ROLE retour_owner")
        await connection.execute("SELECT set_config('app.tenant', $1, false)", merchant.tenant_id.hex)
        await _keep(connection, patterns[1])
        for at in range(first, last + 1, 20_000):
            await _copy(connection, merchant, patterns, at, min(at + 19_999, last))
    finally:
        await connection.close()


async def _keep(connection: Any, patterns: Sequence[Pattern]) -> None:
    await connection.execute(TEMPORARY)
    rows = [
        (k, msgspec.Raw(p.document.encode()), msgspec.Raw(p.decision), msgspec.Raw(p.promised), p.order.total.presentment,
         p.order.ref, p.order.placed_at, p.on)
        for k, p in enumerate(patterns)
    ]  # fmt: skip
    await connection.copy_records_to_table("pattern", records=rows)
    lines = [(k, at, *line) for k, p in enumerate(patterns) for at, line in enumerate(p.lines, 1)]
    await connection.copy_records_to_table("pattern_line", records=lines)


async def _copy(
    connection: Any, merchant: Merchant, patterns: tuple[UUID, list[Pattern]], first: int, last: int
) -> None:
    version, kinds = patterns
    tenant, store_id, span = merchant.tenant_id, merchant.store_id, (first, last)
    await connection.execute(PEOPLE, tenant, store_id, *span)
    await connection.execute(ORDERS, tenant, store_id, *span, merchant.connection_id, len(kinds))
    await connection.execute(COUNTERS, tenant, *span, len(kinds))
    await connection.execute(RETURNS, tenant, store_id, *span, version, len(kinds))
    await connection.execute(LINES, tenant, *span, len(kinds))


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _watch(seen: dict[int, float], looking: list[float]) -> None:
    """Note the proportional memory of the processes that compute, until cancelled, and the CPU seconds that this takes."""
    while True:
        began = time.process_time()
        _look(seen)
        looking.append(time.process_time() - began)
        await asyncio.sleep(0.25)


def _look(seen: dict[int, float]) -> None:
    for pid in processes.children(os.getpid()):
        with contextlib.suppress(OSError, LookupError):
            if b"calculator" in Path(f"/proc/{pid}/cmdline").read_bytes():
                seen[pid] = max(seen.get(pid, 0.0), processes.memory_mb(pid))
